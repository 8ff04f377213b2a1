//! Diagnostics as text: place, source underlined, code, further facts, one way to mend it.

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use super::page::Page;
use crate::diag::{Diagnostic, Diagnostics, Label, Severity};
use crate::report::count::count;
use crate::report::escape;
use crate::report::excerpt::{Excerpt, clusters};
use crate::report::style::{Paint, Style};

/// What renders when no width is known; a terminal of this width is the usual one.
const WIDTH: usize = 100;

/// Every diagnostic in the order of the list, and a closing line with the counts. Notes are only
/// counted, but with `verbose`.
#[must_use]
pub fn diagnostics(diagnostics: &Diagnostics, style: Style) -> String {
    let renderer = if style.color { Renderer::styled() } else { Renderer::plain() };
    let width = if style.width == 0 { WIDTH } else { style.width.max(40) };
    let renderer = renderer.decor_style(DecorStyle::Ascii).term_width(width);
    let mut out = String::new();
    for diagnostic in diagnostics {
        if diagnostic.severity != Severity::Note || style.verbose {
            for line in one(diagnostic, &renderer).lines() {
                out += &further_place(line.trim_end());
                out.push('\n');
            }
            out.push('\n');
        }
    }
    let mut page = Page::new(style);
    page.closing(closing_paint(diagnostics), &closing(diagnostics, style));
    out + &page.finish()
}

/// A second place is drawn as `::: path`, which a build's log would take for a command: it gets the
/// arrow of the first.
fn further_place(line: &str) -> String {
    let Some((before, path)) = line.split_once("::: ") else { return line.to_owned() };
    let mut painted = before.split('\u{1b}');
    let is_blank = |text: &str| text.trim().is_empty();
    let blank = painted.next().is_some_and(is_blank)
        && painted.all(|part| part.split_once('m').is_some_and(|(_, text)| is_blank(text)));
    if blank { format!("{before}--> {path}") } else { line.to_owned() }
}

fn one(diagnostic: &Diagnostic, renderer: &Renderer) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let title =
        level.primary_title(escape::visible(&diagnostic.message)).id(diagnostic.code.as_str());
    let mut group = Group::with_title(title);
    for cluster in clusters(&diagnostic.labels) {
        group = place(group, &cluster, diagnostic.labels.first());
    }
    for note in &diagnostic.notes {
        group = group.element(Level::NOTE.message(escape::visible(note)));
    }
    if let Some(help) = &diagnostic.help {
        group = group.element(Level::HELP.message(escape::visible(help)));
    }
    renderer.render(&[group])
}

/// One stretch of a file. Where a line was cut, its place stands in an `Origin` of its own, since the
/// excerpt would give a wrong column.
fn place<'a>(group: Group<'a>, cluster: &[&Label], primary: Option<&Label>) -> Group<'a> {
    let excerpt = Excerpt::of(cluster);
    let path = escape::visible(&excerpt.path);
    let true_column = excerpt.column() == excerpt.position.column;
    let mut snippet = Snippet::source(excerpt.text).line_start(excerpt.first_line);
    let group = if true_column {
        snippet = snippet.path(path);
        group
    } else {
        let position = excerpt.position;
        group.element(Origin::path(path).line(position.line).char_column(position.column))
    };
    for (label, span) in cluster.iter().zip(excerpt.spans) {
        let kind = match primary.is_some_and(|primary| std::ptr::eq(primary, *label)) {
            true => AnnotationKind::Primary,
            false => AnnotationKind::Context,
        };
        snippet = snippet.annotation(kind.span(span).label(escape::visible(&label.text)));
    }
    group.element(snippet)
}

/// The counts. Notes that are not shown are said to be there.
fn closing(diagnostics: &Diagnostics, style: Style) -> String {
    let some = |severity: Severity, noun: &str| {
        let found = diagnostics.count(severity);
        (found > 0).then(|| count(found, noun))
    };
    let problems: Vec<String> =
        [some(Severity::Error, "error"), some(Severity::Warning, "warning")]
            .into_iter()
            .flatten()
            .collect();
    let problems = match problems.is_empty() {
        true => "No problems found".to_owned(),
        false => problems.join(", "),
    };
    match some(Severity::Note, "note") {
        None => format!("{problems}."),
        Some(notes) if style.verbose => format!("{problems}, {notes}."),
        Some(notes) => format!("{problems}; {notes}, shown with `-v`."),
    }
}

fn closing_paint(diagnostics: &Diagnostics) -> Paint {
    if diagnostics.has_errors() { Paint::Bad } else { Paint::Strong }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::diag::{Code, Source};

    const WIDE: Style = Style { color: false, width: 100, verbose: false };

    fn source() -> Arc<Source> {
        let text = "exclusions:\r\n  - id: own-instance\r\n    when: process.nme =~ \"a\"\r\n";
        Arc::new(Source::new("content/exclusions/a.yaml", text))
    }

    fn at(source: &Arc<Source>, text: &str) -> std::ops::Range<usize> {
        let start = source.text().find(text).unwrap();
        start..start + text.len()
    }

    #[test]
    fn a_diagnostic_shows_its_place_its_code_and_a_way_on() {
        let source = source();
        let list: Diagnostics = [
            Diagnostic::error(Code::new("unknown-column"), "`process.nme` is no column")
                .at(&source, at(&source, "process.nme"), "not a column of DeviceNetworkEvents")
                .at(&source, at(&source, "own-instance"), "in this exclusion")
                .because("similar names: `process.name`")
                .help("write `process.name`"),
            Diagnostic::warning(Code::new("no-content"), "the directory has no content files"),
            Diagnostic::note(Code::new("moved-stub"), "the file says that its content moved"),
        ]
        .into_iter()
        .collect();
        insta::assert_snapshot!(diagnostics(&list, WIDE));
    }

    #[test]
    fn a_huge_line_is_shown_around_the_place_with_its_true_column() {
        let text = format!("query: {}NEEDLE{}", "x".repeat(500_000), "y".repeat(500_000));
        let source = Arc::new(Source::new("content/big.yaml", text));
        let span = at(&source, "NEEDLE");
        let list: Diagnostics =
            [Diagnostic::error(Code::new("bad"), "no").at(&source, span, "this")]
                .into_iter()
                .collect();
        let shown = diagnostics(&list, WIDE);
        assert!(shown.contains("content/big.yaml:1:500008"), "{shown}");
        assert!(shown.contains("NEEDLE") && shown.len() < 2_000, "{shown}");
    }

    #[test]
    fn wrong_spans_and_hidden_characters_do_no_harm() {
        let source = Arc::new(Source::new("a.yaml", "nä\u{1b}[2Jme: x"));
        let list: Diagnostics = [
            Diagnostic::error(Code::new("bad"), "a\u{1b}[2J").at(&source, 2..4, "split"),
            Diagnostic::error(Code::new("bad"), "b").at(&source, 900..1000, "beyond"),
        ]
        .into_iter()
        .collect();
        let shown = diagnostics(&list, WIDE);
        assert!(!shown.contains('\u{1b}') && shown.contains("2 errors."), "{shown}");
    }

    #[test]
    fn a_place_in_another_file_is_no_command_to_a_pipeline() {
        let (here, there) = (source(), Arc::new(Source::new("content/b.yaml", "id: x ::: y\n")));
        let list: Diagnostics = [Diagnostic::error(Code::new("duplicate-id"), "twice")
            .at(&here, at(&here, "own-instance"), "")
            .at(&there, 0..5, "also here")]
        .into_iter()
        .collect();
        for color in [false, true] {
            let shown = diagnostics(&list, Style { color, ..WIDE });
            assert!(shown.contains("content/b.yaml:1:1"), "{shown}");
            assert!(shown.contains("id: x ::: y") && shown.matches(":::").count() == 1, "{shown}");
            assert_eq!(shown.matches("--> ").count(), 2, "{shown}");
        }
    }

    #[test]
    fn nothing_found_is_said() {
        assert_eq!(diagnostics(&Diagnostics::new(), WIDE), "No problems found.\n");
    }
}
