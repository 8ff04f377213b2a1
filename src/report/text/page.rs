//! A text under construction.

use crate::report::diff::Line;
use crate::report::style::{Paint, Style};
use crate::report::{escape, width};

/// A diff longer than this says how much is left; `-v` and JSON have it whole. Three screens: more
/// is scrolled past and not read.
const DIFF_LINES: usize = 120;

/// A longer display name is cut; the key beside it stays whole.
const NAME: usize = 80;

/// Lines that follow a head are indented by this much more than it.
const HANG: usize = 4;

/// A text under construction.
pub(super) struct Page {
    pub(super) style: Style,
    out: String,
}

impl Page {
    pub(super) fn new(style: Style) -> Self {
        Self { style, out: String::new() }
    }

    pub(super) fn finish(self) -> String {
        self.out
    }

    /// A blank line, but never two, and none at the top.
    pub(super) fn gap(&mut self) {
        if !self.out.is_empty() && !self.out.ends_with("\n\n") {
            self.out.push('\n');
        }
    }

    /// A painted beginning and the rest of a sentence, wrapped, continued with a hanging indent.
    pub(super) fn sentence(&mut self, indent: usize, paint: Paint, head: &str, rest: &str) {
        let text = match (head.is_empty(), rest.is_empty()) {
            (true, _) => rest.to_owned(),
            (false, true) => head.to_owned(),
            (false, false) => format!("{head} {rest}"),
        };
        let limit = match self.style.width {
            0 => 0,
            // A narrower terminal than this wraps by itself more readably than one word a line.
            columns => columns.max(40).saturating_sub(indent + HANG),
        };
        for (index, line) in width::wrap(&text, limit).iter().enumerate() {
            let blanks = if index == 0 { indent } else { indent + HANG };
            self.out += &" ".repeat(blanks);
            match line.strip_prefix(head) {
                Some(after) if index == 0 => {
                    self.out += &self.style.paint(paint, head);
                    self.out += after;
                }
                _ => self.out += line,
            }
            self.out.push('\n');
        }
    }

    /// The closing sentence, on one line however long, so that it can be searched for.
    pub(super) fn closing(&mut self, paint: Paint, text: &str) {
        self.out += &self.style.paint(paint, text);
        self.out.push('\n');
    }

    /// A row of a table, never wrapped.
    pub(super) fn row(&mut self, text: &str) {
        self.out += "  ";
        self.out += text;
        self.out.push('\n');
    }

    /// What several workspaces share, each told once.
    pub(super) fn shared<F>(&mut self, folds: &[&F], tell: impl Fn(&mut Self, &F)) {
        if folds.is_empty() {
            return;
        }
        self.gap();
        self.sentence(0, Paint::Strong, "The same in several workspaces", "");
        for fold in folds {
            tell(self, fold);
        }
    }

    /// A plain sentence.
    pub(super) fn line(&mut self, indent: usize, text: &str) {
        self.sentence(indent, Paint::Quiet, "", text);
    }

    /// The lines of a diff, never wrapped, so that they can be copied.
    pub(super) fn diff(&mut self, indent: usize, lines: &[Line]) {
        let limit = if self.style.verbose { usize::MAX } else { DIFF_LINES };
        for line in lines.iter().take(limit) {
            let text = line.to_text();
            let painted = match line.sign {
                '-' => self.style.paint(Paint::Bad, &text),
                '+' => self.style.paint(Paint::Good, &text),
                '~' => self.style.paint(Paint::Care, &text),
                '@' | '\\' => self.style.paint(Paint::Quiet, &text),
                _ => text,
            };
            self.out += &" ".repeat(indent);
            self.out += if line.text.is_empty() { painted.trim_end() } else { &painted };
            self.out.push('\n');
        }
        if lines.len() > limit {
            let left = lines.len() - limit;
            let said =
                format!("… {left} more lines are not shown; `-v` and `--format json` have them");
            self.line(indent, &said);
        }
    }

    /// A way on, as it can be pasted.
    pub(super) fn hint(&mut self, text: &str) {
        self.sentence(0, Paint::Care, "hint:", text);
    }

    /// A display name, visible, and cut when it is very long.
    pub(super) fn name(&self, name: &str) -> String {
        let name = escape::visible(name);
        if self.style.verbose { name } else { width::cut(&name, NAME) }
    }
}
