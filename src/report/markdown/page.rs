//! Filling the template, and cutting what is too long.

use minijinja::value::{Serde, Value};
use minijinja::{Environment, Error, ErrorKind};
use serde::Serialize;

use super::entry::{Detail, Named, Objected, Row, Unread};
use super::escape;
use crate::report::count::form;

/// The one template of both reports.
const TEMPLATE: &str = include_str!("../templates/report.md.j2");

/// What the template is filled with.
#[derive(Debug, Serialize)]
pub(super) struct Page {
    pub(super) title: &'static str,
    pub(super) sentence: String,
    pub(super) objections: Vec<Objected>,
    pub(super) acknowledged: Vec<Objected>,
    pub(super) unreadable: Vec<Unread>,
    pub(super) quieter: Vec<Named>,
    pub(super) columns: Vec<&'static str>,
    pub(super) rows: Vec<Row>,
    pub(super) details: Vec<Detail>,
    pub(super) hints: Vec<&'static str>,
    pub(super) legend: &'static str,
    /// The command that shows everything.
    pub(super) command: &'static str,
}

/// How many entries of each list are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
struct Shown {
    objections: usize,
    acknowledged: usize,
    unreadable: usize,
    quieter: usize,
    rows: usize,
    details: usize,
}

impl Page {
    /// The document in at most `limit` bytes.
    pub(super) fn render(&self, limit: usize) -> String {
        let environment = environment();
        // The lists are turned into template values once, however often the document is tried.
        let page = Value::from(Serde(self));
        let all = self.entries();
        let whole = self.fill(&environment, &page, all);
        if whole.len() <= limit {
            return whole;
        }
        // The most entries, in order of importance, with which the document fits.
        let (mut fits, mut too_many) = (0, all);
        while too_many - fits > 1 {
            let middle = fits + (too_many - fits) / 2;
            if self.fill(&environment, &page, middle).len() <= limit {
                fits = middle;
            } else {
                too_many = middle;
            }
        }
        self.fill(&environment, &page, fits)
    }

    fn entries(&self) -> usize {
        let refused = self.objections.len() + self.acknowledged.len();
        let told = self.unreadable.len() + self.quieter.len();
        refused + told + self.rows.len() + self.details.len()
    }

    /// What must not be missed comes first: what is refused, unknown workspaces, what makes detection quieter, the
    /// table, then the changes, worst first.
    fn shown(&self, entries: usize) -> Shown {
        let mut left = entries;
        let mut take = |length: usize| {
            let taken = length.min(left);
            left -= taken;
            taken
        };
        Shown {
            objections: take(self.objections.len()),
            acknowledged: take(self.acknowledged.len()),
            unreadable: take(self.unreadable.len()),
            quieter: take(self.quieter.len()),
            rows: take(self.rows.len()),
            details: take(self.details.len()),
        }
    }

    fn fill(&self, environment: &Environment<'_>, page: &Value, entries: usize) -> String {
        let shown = self.shown(entries);
        let context = Value::from(Serde(Shape { shown, cut: self.cut(shown) }));
        let context = minijinja::value::merge_maps([context, page.clone()]);
        let rendered = environment.render_named_str("report.md.j2", TEMPLATE, context);
        let document = rendered.expect("invariant: the template and its values are built together");
        tidy(&document)
    }

    /// What is not shown; empty when all is.
    fn cut(&self, shown: Shown) -> String {
        let Shown { objections, acknowledged, unreadable, quieter, rows, details } = shown;
        let missing = [
            (self.objections.len() - objections, "objection", "objections"),
            (self.acknowledged.len() - acknowledged, "acknowledgement", "acknowledgements"),
            (
                self.unreadable.len() - unreadable,
                "workspace that could not be read",
                "workspaces that could not be read",
            ),
            (
                self.quieter.len() - quieter,
                "change that makes detection quieter",
                "changes that make detection quieter",
            ),
            (self.rows.len() - rows, "row of the table", "rows of the table"),
            (self.details.len() - details, "change in full", "changes in full"),
        ];
        let parts: Vec<String> = missing
            .into_iter()
            .filter(|(number, ..)| *number > 0)
            .map(|(number, one, more)| format!("{number} {}", form(number, one, more)))
            .collect();
        let command = self.command;
        match parts.as_slice() {
            [] => String::new(),
            parts => format!(
                "not shown: {}. `{command} --format json` has everything.",
                parts.join(", ")
            ),
        }
    }
}

/// What changes from one try to the next.
#[derive(Debug, Serialize)]
struct Shape {
    shown: Shown,
    cut: String,
}

/// An environment without built-in filters, in which a value that passed none of ours is an error:
/// a template cannot forget to escape.
fn environment() -> Environment<'static> {
    let mut environment = Environment::empty();
    environment.add_filter("code", |text: &str| Value::from_safe_string(escape::code(text)));
    environment.add_filter("prose", |text: &str| Value::from_safe_string(escape::prose(text)));
    environment.add_filter("fence", |text: &str| Value::from_safe_string(escape::fence(text)));
    // For words and numbers of this program only.
    environment.add_filter("own", |text: Value| Value::from_safe_string(text.to_string()));
    environment.set_formatter(|out, _, value| match value.as_str() {
        Some(text) if value.is_safe() => out.write_str(text).map_err(Error::from),
        _ => Err(Error::new(ErrorKind::BadEscape, "a value that no filter escaped")),
    });
    environment
}

/// Never two blank lines, one line end at the end; blocks of diffs have no blank lines without a sign.
fn tidy(document: &str) -> String {
    let mut out = String::with_capacity(document.len());
    let mut blank = true;
    for line in document.lines() {
        if !(line.is_empty() && blank) {
            out += line;
            out.push('\n');
        }
        blank = line.is_empty();
    }
    out.truncate(out.trim_end_matches('\n').len());
    out.push('\n');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_without_a_filter_is_an_error() {
        let values = Value::from_pairs([("name", "x")]);
        let check = |template: &str, expect: bool| {
            assert_eq!(
                environment().render_str(template, values.clone()).is_ok(),
                expect,
                "{template}"
            );
        };
        check("{{ name | code }}", true);
        check("{{ name }}", false);
        check("{{ name | safe }}", false);
    }
}
