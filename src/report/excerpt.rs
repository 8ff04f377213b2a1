//! The part of a file that a diagnostic is about, small however large the file is.

use crate::diag::{Label, Position, Source, Span};
use crate::report::escape;

/// Labels this many lines apart are shown in one stretch.
const NEAR: usize = 12;
/// A stretch is never longer: the place and its beginning say enough.
const LINES: usize = 24;
/// A longer line is cut around its first label.
const LINE: usize = 240;
/// Characters that stay before the label in a line that is cut.
const BEFORE: usize = 60;

/// A stretch of a file and where the labels stand in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Excerpt {
    /// The file.
    pub(super) path: String,
    /// Where the first label begins in the file.
    pub(super) position: Position,
    /// The line of the excerpt's first line in the file.
    pub(super) first_line: usize,
    /// The text, visible.
    pub(super) text: String,
    /// The labels' spans in `text`, in the order of the labels.
    pub(super) spans: Vec<Span>,
}

/// Labels that are near to each other in one file, the primary one's stretch first.
pub(super) fn clusters(labels: &[Label]) -> Vec<Vec<&Label>> {
    let mut clusters: Vec<Vec<&Label>> = Vec::new();
    for label in labels {
        let line = line_of(label);
        let near = |other: &&Label| {
            other.source.path() == label.source.path() && line_of(other).abs_diff(line) <= NEAR
        };
        // Near to the first one of a stretch, so that a chain of labels cannot make it grow.
        match clusters.iter_mut().find(|cluster| cluster.first().is_some_and(near)) {
            Some(cluster) => cluster.push(label),
            None => clusters.push(vec![label]),
        }
    }
    clusters
}

fn line_of(label: &Label) -> usize {
    label.source.position(label.span.start).line
}

impl Excerpt {
    /// The stretch that shows all labels of a cluster.
    ///
    /// An empty cluster gives an empty excerpt.
    pub(super) fn of(cluster: &[&Label]) -> Self {
        let Some(primary) = cluster.first() else {
            let position = Position { line: 1, column: 1 };
            return Self {
                path: String::new(),
                position,
                first_line: 1,
                text: String::new(),
                spans: Vec::new(),
            };
        };
        let source = &primary.source;
        let spans: Vec<Span> = cluster.iter().map(|label| clamped(source, &label.span)).collect();
        let first = spans.iter().map(|span| span.start).min().unwrap_or(0);
        let last = spans.iter().map(|span| span.end).max().unwrap_or(0);
        let start = source.text()[..first].rfind('\n').map_or(0, |newline| newline + 1);
        let (text, spans) = stretch(&source.text()[start..], start, last, &spans);
        Self {
            path: source.path().to_owned(),
            position: source.position(primary.span.start),
            first_line: source.position(start).line,
            text,
            spans,
        }
    }

    /// The column at which the first label begins in the excerpt, from 1.
    pub(super) fn column(&self) -> usize {
        let start = self.spans.first().map_or(0, |span| span.start);
        let before = &self.text[..start];
        before[before.rfind('\n').map_or(0, |newline| newline + 1)..].chars().count() + 1
    }
}

/// A span within the text, on character boundaries.
fn clamped(source: &Source, span: &Span) -> Span {
    let text = source.text();
    let boundary = |offset: usize| {
        let mut offset = offset.min(text.len());
        while !text.is_char_boundary(offset) {
            offset -= 1;
        }
        offset
    };
    let start = boundary(span.start);
    let end = boundary(span.end).max(start);
    // A block scalar ends with the line end before the next key, which would be underlined too.
    start..start + text[start..end].trim_end().len()
}

/// The lines from `start` to the one of `last`, made visible and cut, with the spans moved along.
fn stretch(rest: &str, start: usize, last: usize, spans: &[Span]) -> (String, Vec<Span>) {
    let mut marks: Vec<usize> = spans.iter().flat_map(|span| [span.start, span.end]).collect();
    marks.sort_unstable();
    let mut moved: Vec<usize> = Vec::with_capacity(marks.len());
    let mut out = String::new();
    let mut offset = start;
    for line in rest.split_inclusive('\n').take(LINES) {
        if offset > last {
            break;
        }
        let content = line.trim_end_matches(['\n', '\r']);
        let window = window(content, offset, &marks);
        for (index, character) in content.char_indices() {
            note(&marks, &mut moved, offset + index, out.len());
            if window.contains(&index) {
                out += &escape::visible_line(character.encode_utf8(&mut [0; 4]));
            } else if index == window.end || index + character.len_utf8() == window.start {
                out.push('…');
            }
        }
        note(&marks, &mut moved, offset + content.len(), out.len());
        out.push('\n');
        offset += line.len();
    }
    let text = out.trim_end_matches('\n');
    moved.resize(marks.len(), text.len());
    let place = |offset: usize| {
        let at = marks.iter().position(|mark| *mark == offset);
        at.map_or(0, |at| moved[at].min(text.len()))
    };
    let spans = spans.iter().map(|span| place(span.start)..place(span.end)).collect();
    (text.to_owned(), spans)
}

/// Notes where every mark up to `offset` stands in the excerpt.
fn note(marks: &[usize], moved: &mut Vec<usize>, offset: usize, out: usize) {
    while marks.get(moved.len()).is_some_and(|mark| *mark <= offset) {
        moved.push(out);
    }
}

/// The bytes of a line that are shown.
fn window(content: &str, offset: usize, marks: &[usize]) -> Span {
    let places: Vec<usize> = content.char_indices().map(|(index, _)| index).collect();
    if places.len() <= LINE {
        return 0..content.len();
    }
    let first = marks.iter().find(|mark| **mark >= offset).map_or(0, |mark| mark - offset);
    let focus = places.partition_point(|place| *place < first);
    let from = focus.min(places.len()).saturating_sub(BEFORE);
    let to = (from + LINE).min(places.len());
    places[from.min(places.len() - 1)]..places.get(to).copied().unwrap_or(content.len())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn excerpt(text: &str, spans: &[(usize, usize)]) -> Excerpt {
        let source = Arc::new(Source::new("a.yaml", text));
        let labels: Vec<Label> = spans
            .iter()
            .map(|span| Label {
                source: Arc::clone(&source),
                span: span.0..span.1,
                text: String::new(),
            })
            .collect();
        Excerpt::of(&labels.iter().collect::<Vec<_>>())
    }

    #[test]
    fn only_the_lines_of_the_labels_are_taken() {
        let made = excerpt("one\ntwo\nthree\nfour\n", &[(8, 13), (4, 7)]);
        assert_eq!((made.text.as_str(), made.first_line), ("two\nthree", 2));
        assert_eq!(made.spans, [4..9, 0..3]);
        assert_eq!(made.position, Position { line: 3, column: 1 });
    }

    #[test]
    fn spans_follow_what_was_made_visible() {
        let made = excerpt("\u{1b}key: v", &[(1, 4)]);
        assert_eq!(made.text, "\\u{1b}key: v");
        assert_eq!(&made.text[made.spans[0].clone()], "key");
    }

    #[test]
    fn a_label_on_empty_lines_stays_inside_the_excerpt() {
        assert_eq!(excerpt("a\n\n\n\n", &[(0, 1), (2, 4)]).spans, [0..1, 1..1]);
        assert_eq!(excerpt("", &[(0, 9)]).spans.first(), Some(&(0..0)));
    }

    proptest::proptest! {
        #[test]
        fn any_span_gives_a_small_excerpt_with_spans_inside(
            text in "(.|\n|ä|\r\n){0,600}", start in 0..2000usize, length in 0..2000usize,
        ) {
            let made = excerpt(&text, &[(start, start + length)]);
            proptest::prop_assert!(made.text.get(made.spans[0].clone()).is_some());
            proptest::prop_assert!(made.text.len() <= LINES * (LINE + 2) * 10);
        }
    }
}
