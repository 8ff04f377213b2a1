//! Filling the template, and cutting what is too long.

use std::collections::BTreeMap;

use minijinja::value::{Serde, Value};
use minijinja::{Environment, Error, ErrorKind};
use serde::Serialize;

use super::entry::Detail;
use super::escape;
use super::list::{Ended, Named, Objected, Row, Table, Unread};
use crate::report::count::form;

/// The one template of all reports.
const TEMPLATE: &str = include_str!("../templates/report.md.j2");

/// How many entries of a list are shown before those of the next one.
const BEGINNING: usize = 15;

/// What the template is filled with.
#[derive(Debug, Default, Serialize)]
pub(super) struct Page {
    pub(super) title: &'static str,
    pub(super) sentence: String,
    pub(super) halted: Option<Halted>,
    pub(super) objections: Vec<Objected>,
    pub(super) acknowledged: Vec<Objected>,
    pub(super) unreadable: Vec<Unread>,
    /// What did not end as planned, worst first.
    pub(super) troubles: Vec<Ended>,
    pub(super) quieter: Vec<Named>,
    pub(super) columns: Vec<&'static str>,
    pub(super) rows: Vec<Row>,
    pub(super) items: Table,
    pub(super) details: Vec<Detail>,
    /// How many more there are than could ever fit.
    pub(super) more_details: usize,
    /// What was done.
    pub(super) done: Vec<Ended>,
    pub(super) hints: Vec<String>,
    pub(super) legend: &'static str,
    /// What has everything.
    pub(super) whole: &'static str,
}

/// Where a rollout halted, and how every ring ended.
#[derive(Debug, Serialize)]
pub(super) struct Halted {
    pub(super) head: String,
    pub(super) rings: Vec<String>,
}

/// A list of the page: its name in the template, its length, and what its entries are called.
type List = (&'static str, usize, &'static str, &'static str);

impl Page {
    /// The document in at most `limit` bytes.
    pub(super) fn render(&self, limit: usize) -> String {
        let environment = environment();
        // The lists are turned into template values once, however often the document is tried.
        let page = Value::from(Serde(self));
        let all = self.lists().iter().map(|(_, length, ..)| length).sum();
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

    /// What must not be missed comes first: what is refused, unknown workspaces, what failed, what makes
    /// detection quieter, the tables, then the changes, worst first.
    fn lists(&self) -> [List; 9] {
        [
            ("objections", self.objections.len(), "objection", "objections"),
            ("acknowledged", self.acknowledged.len(), "acknowledgement", "acknowledgements"),
            (
                "unreadable",
                self.unreadable.len(),
                "reason why workspaces could not be read",
                "reasons why workspaces could not be read",
            ),
            (
                "troubles",
                self.troubles.len(),
                "item that did not end as planned",
                "items that did not end as planned",
            ),
            (
                "quieter",
                self.quieter.len(),
                "change that makes detection quieter",
                "changes that make detection quieter",
            ),
            ("rows", self.rows.len(), "row of the table", "rows of the table"),
            ("items", self.items.rows.len(), "item of the table", "items of the table"),
            ("details", self.details.len(), "change in full", "changes in full"),
            ("done", self.done.len(), "item that is done", "items that are done"),
        ]
    }

    fn fill(&self, environment: &Environment<'_>, page: &Value, entries: usize) -> String {
        let lists = self.lists();
        let mut shown = BTreeMap::new();
        let mut missing = Vec::new();
        for ((list, length, one, more), taken) in lists.into_iter().zip(share(&lists, entries)) {
            shown.insert(list, taken);
            let left_out = length - taken + if list == "details" { self.more_details } else { 0 };
            if left_out > 0 {
                missing.push(format!("{left_out} {}", form(left_out, one, more)));
            }
        }
        if self.items.left > 0 {
            let columns = form(self.items.left, "column", "columns");
            missing.push(format!("{} {columns} of the table of items", self.items.left));
        }
        let context = Value::from(Serde(Shape { shown, cut: self.cut(&missing) }));
        let context = minijinja::value::merge_maps([context, page.clone()]);
        let rendered = environment.render_named_str("report.md.j2", TEMPLATE, context);
        let document = rendered.expect("invariant: the template and its values are built together");
        tidy(&document)
    }

    /// What is not shown, and what has it; empty when all is.
    fn cut(&self, missing: &[String]) -> String {
        match missing {
            [] => String::new(),
            parts => format!("not shown: {}. {} has everything.", parts.join(", "), self.whole),
        }
    }
}

/// How many entries of each list are shown of so many in all. The beginning of every list comes first, so
/// that no list pushes out those after it; then the lists are filled up in their order.
fn share(lists: &[List], entries: usize) -> Vec<usize> {
    let mut left = entries;
    let mut taken: Vec<usize> = vec![0; lists.len()];
    for most in [BEGINNING, usize::MAX] {
        for ((_, length, ..), taken) in lists.iter().zip(&mut taken) {
            let more = (*length).min(most).saturating_sub(*taken).min(left);
            *taken += more;
            left -= more;
        }
    }
    taken
}

/// What changes from one try to the next.
#[derive(Debug, Serialize)]
struct Shape {
    shown: BTreeMap<&'static str, usize>,
    cut: String,
}

/// An environment without built-in filters, in which a value that passed none of ours is an error:
/// a template cannot forget to escape.
fn environment() -> Environment<'static> {
    let mut environment = Environment::empty();
    environment.add_filter("code", |text: &str| Value::from_safe_string(escape::code(text)));
    environment.add_filter("prose", |text: &str| Value::from_safe_string(escape::prose(text)));
    environment.add_filter("fence", |text: &str| Value::from_safe_string(escape::fence(text)));
    environment.add_filter("places", |places: &Value| -> Result<Value, Error> {
        let number = |name: &str| places.get_attr(name).and_then(usize::try_from);
        let named = places.get_attr("named")?;
        let named = named.as_str().unwrap_or_default();
        Ok(Value::from_safe_string(escape::places(number("number")?, named, number("more")?)))
    });
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
    fn no_list_pushes_out_the_next_one() {
        let lists = [("a", 100, "", ""), ("b", 3, "", ""), ("c", 40, "", "")];
        let check = |entries, expect: [usize; 3]| assert_eq!(share(&lists, entries), expect);
        check(10, [10, 0, 0]);
        check(20, [15, 3, 2]);
        check(50, [32, 3, 15]);
        check(143, [100, 3, 40]);
    }

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
