//! What a stage does to the columns of the rows that pass it.

use std::collections::BTreeSet;
use std::ops::Range;

use super::{Reader, Rows};
use crate::kql::Stage;
use crate::kql::bound::find;
use crate::kql::item::{Item, items, only_name};
use crate::kql::operator::{kind, setting, settings};
use crate::kql::predicate::names_in;

impl Reader<'_> {
    pub(super) fn pass(&self, rows: &mut Rows, stage: &Stage) {
        let query = self.query;
        let Range { start, end } = stage.tokens;
        let words = start + 1 + 2 * stage.operator.matches('-').count()..end;
        match stage.operator.as_str() {
            "where" | "filter" => self.reads(rows, words),
            "serialize" | "extend" => self.extend(rows, words),
            "project" => self.project(rows, words),
            "project-keep" => {
                let items = self.items(words);
                let bare = items.iter().all(|item| self.bare(&item.value).is_some());
                self.take(rows, if bare { &items } else { &[] }, BTreeSet::new());
            }
            "project-away" => self.project_away(rows, words),
            "project-rename" => self.project_rename(rows, words),
            "project-reorder" | "as" | "take" | "limit" | "sample" | "consume" | "render" => {}
            "sort" | "order" => self.sort(rows, words),
            "top" => {
                let by = words.clone().find(|index| query.word(*index) == "by");
                by.into_iter().for_each(|by| self.sort(rows, by..end));
            }
            "distinct" => self.distinct(rows, words),
            "summarize" => self.summarize(rows, words),
            "count" => {
                rows.close();
                rows.add("Count".to_owned());
            }
            "parse" | "parse-where" | "parse-kv" => self.parse(rows, words),
            "mv-expand" | "mvexpand" => self.expand(rows, words),
            "mv-apply" | "mvapply" => {
                let on = self.top_level(words.clone(), "on").unwrap_or(end);
                self.expand(rows, words.start..on);
                // What the inner expression computes is not looked at.
                let assigned = (on..end).filter(|index| query.is(index + 1, "="));
                assigned.for_each(|index| rows.lose(query.word(index)));
            }
            "join" | "lookup" => self.join(rows, words),
            "union" => {
                let (settings, from) = settings(query, words.start, end);
                let together = self.union(Some(rows.clone()), from..end);
                *rows = together;
                let named = settings.iter().filter(|s| s.name.starts_with("with"));
                named.for_each(|setting| rows.add(setting.value.clone()));
                if kind(&settings) == "inner" {
                    rows.close();
                }
            }
            operator => {
                if matches!(operator, "invoke" | "evaluate" | "make-series") {
                    self.arguments_read(rows, words);
                }
                rows.unnamed = true;
                rows.close();
            }
        }
    }

    /// The columns that an expression reads; nothing where it is not understood.
    fn names(&self, range: Range<usize>) -> Vec<String> {
        let start = range.start;
        let names = names_in(self.query, range).into_iter();
        names.filter(|name| find(self.query, start, name).is_none()).collect()
    }

    fn reads(&self, rows: &mut Rows, range: Range<usize>) {
        self.names(range).iter().for_each(|name| rows.note(name));
    }

    fn items(&self, range: Range<usize>) -> Vec<Item> {
        items(self.query, range)
    }

    /// The only name that an item is made of.
    fn bare(&self, value: &Range<usize>) -> Option<String> {
        only_name(self.query, value.clone())
    }

    /// Behind a name that an earlier item of the same stage gives, it is not certain which is meant.
    fn listed(&self, rows: &mut Rows, items: &[Item]) {
        let mut given: BTreeSet<&str> = BTreeSet::new();
        for item in items {
            let names = self.names(item.value.clone());
            names.iter().filter(|n| !given.contains(n.as_str())).for_each(|name| rows.note(name));
            given.extend(item.names.iter().map(String::as_str));
        }
    }

    fn extend(&self, rows: &mut Rows, words: Range<usize>) {
        let items = self.items(words);
        self.listed(rows, &items);
        let written = items.iter().flat_map(|item| item.written(self.query));
        written.for_each(|name| rows.add(name));
    }

    fn project(&self, rows: &mut Rows, words: Range<usize>) {
        let items = self.items(words);
        self.listed(rows, &items);
        self.take(rows, &items, BTreeSet::new());
    }

    /// Leaves what the items name, and the columns given.
    fn take(&self, rows: &mut Rows, items: &[Item], mut columns: BTreeSet<String>) {
        let unnamed = items.iter().filter(|item| item.names.is_empty());
        columns.extend(unnamed.filter_map(|item| self.bare(&item.value)));
        rows.retain(&columns);
        if rows.mixed {
            rows.listed.extend(columns);
        }
        items.iter().flat_map(|item| item.names.clone()).for_each(|name| rows.add(name));
    }

    fn project_away(&self, rows: &mut Rows, words: Range<usize>) {
        for item in self.items(words) {
            match self.bare(&item.value) {
                Some(name) => {
                    rows.note(&name);
                    rows.lose(&name);
                }
                None => rows.close(),
            }
        }
    }

    fn project_rename(&self, rows: &mut Rows, words: Range<usize>) {
        let items = self.items(words);
        self.listed(rows, &items);
        for item in &items {
            self.names(item.value.clone()).iter().for_each(|name| rows.lose(name));
        }
        items.into_iter().flat_map(|item| item.names).for_each(|name| rows.add(name));
    }

    fn sort(&self, rows: &mut Rows, words: Range<usize>) {
        let query = self.query;
        let by = words.clone().find(|index| query.word(*index) == "by");
        let Some(by) = by else { return };
        for part in query.split(by + 1..words.end, ",") {
            let ordering = |index: &usize| matches!(query.word(*index), "asc" | "desc" | "nulls");
            let end = part.clone().find(ordering).unwrap_or(part.end);
            self.reads(rows, part.start..end);
        }
    }

    fn distinct(&self, rows: &mut Rows, words: Range<usize>) {
        let (_, start) = settings(self.query, words.start, words.end);
        if self.query.is(start, "*") {
            return;
        }
        self.project(rows, start..words.end);
    }

    fn summarize(&self, rows: &mut Rows, words: Range<usize>) {
        let query = self.query;
        // A setting of `summarize` is a hint; every other `a = …` is an aggregate.
        let mut start = words.start;
        while let Some((hint, behind)) = setting(query, start, words.end) {
            if !hint.name.starts_with("hint.") {
                break;
            }
            start = behind;
        }
        let top = self.top_level(start..words.end, "by");
        let by = top.unwrap_or(words.end);
        let aggregates = self.items(start..by);
        let groups = self.items((by + 1).min(words.end)..words.end);
        self.listed(rows, &aggregates);
        self.listed(rows, &groups);
        let mut columns = BTreeSet::new();
        let mut made = BTreeSet::new();
        let mut all = false;
        for aggregate in aggregates.iter().filter(|item| item.names.is_empty()) {
            let value = aggregate.value.clone();
            match query.word(value.start) {
                "arg_max" | "arg_min" | "take_any" | "any" => {
                    for argument in self.arguments(&value) {
                        all |= query.is(argument.start, "*");
                        columns.extend(self.bare(&argument));
                    }
                }
                "count" if value.len() == 3 => made.extend(["count_".to_owned()]),
                function => {
                    let argument = self.arguments(&value).into_iter().next();
                    let name = argument.and_then(|argument| self.bare(&argument));
                    made.extend(name.and_then(|name| default_name(function, &name)));
                }
            }
        }
        for group in groups.iter().filter(|item| item.names.is_empty()) {
            // `bin(TimeGenerated, 1h)` keeps the name.
            let bin = matches!(query.word(group.value.start), "bin" | "floor" | "startofday");
            let column = self.arguments(&group.value).into_iter().next();
            made.extend(column.filter(|_| bin).and_then(|column| self.bare(&column)));
        }
        let items: Vec<Item> = aggregates.into_iter().chain(groups).collect();
        if all {
            items.into_iter().flat_map(|item| item.names).for_each(|name| rows.add(name));
        } else {
            self.take(rows, &items, columns);
        }
        made.into_iter().for_each(|name| rows.add(name));
    }

    /// The arguments of a call that is all there is.
    fn arguments(&self, call: &Range<usize>) -> Vec<Range<usize>> {
        let open = call.start + 1;
        match self.query.closing(open) {
            Some(close) if self.query.is(open, "(") && close + 1 == call.end => {
                self.query.split(open + 1..close, ",")
            }
            _ => Vec::new(),
        }
    }

    fn top_level(&self, range: Range<usize>, word: &str) -> Option<usize> {
        let mut index = range.start;
        while index < range.end {
            if self.query.word(index) == word {
                return Some(index);
            }
            index = self.query.closing(index).unwrap_or(index) + 1;
        }
        None
    }

    /// What a plugin, a saved function or `make-series` is given.
    fn arguments_read(&self, rows: &mut Rows, words: Range<usize>) {
        let query = self.query;
        let mut start = words.start;
        for mark in ["on", "from", "in", "step", "by"] {
            let end = self.top_level(start..words.end, mark).unwrap_or(start);
            for item in self.items(start..end) {
                let default = self.top_level(item.value.clone(), "default");
                self.reads(rows, item.value.start..default.unwrap_or(item.value.end));
            }
            start = if query.word(end) == mark { end + 1 } else { end };
        }
        for item in self.items(start..words.end) {
            self.reads(rows, item.value);
        }
    }

    /// What stands behind `with` or `as` is written.
    fn parse(&self, rows: &mut Rows, words: Range<usize>) {
        let query = self.query;
        let (_, start) = settings(query, words.start, words.end);
        let mark = (start..words.end).find(|index| matches!(query.word(*index), "with" | "as"));
        let mark = mark.unwrap_or(words.end);
        self.reads(rows, start..mark);
        let names = (mark + 1..words.end).filter_map(|index| query.name_at(index, words.end));
        names.for_each(|(name, _)| rows.add(name));
    }

    fn expand(&self, rows: &mut Rows, words: Range<usize>) {
        let query = self.query;
        let mut start = words.start;
        while matches!(query.word(start), "bagexpansion" | "with_itemindex" | "kind") {
            let (name, value) = (query.word(start), query.name_at(start + 2, words.end));
            rows.made.extend(value.filter(|_| name == "with_itemindex").map(|(name, _)| name));
            start += 3;
        }
        let mut made = Vec::new();
        for item in self.items(start..words.end) {
            let ends = |index: &usize| matches!(query.word(*index), "to" | "limit");
            let value = item.value.start..item.value.clone().find(ends).unwrap_or(item.value.end);
            self.reads(rows, value.clone());
            let bare = self.bare(&value);
            // `a.b` becomes `a_b`.
            let path: Vec<&str> = value.step_by(2).map(|index| query.word(index)).collect();
            let name = item.names.into_iter().next();
            made.extend(name.or(bare).or_else(|| (path.len() > 1).then(|| path.join("_"))));
        }
        made.into_iter().for_each(|name| rows.add(name));
    }

    /// Columns of the right side count only where that side lists them.
    fn join(&self, rows: &mut Rows, words: Range<usize>) {
        let query = self.query;
        let (settings, start) = settings(query, words.start, words.end);
        let end = match query.closing(start) {
            Some(close) if query.is(start, "(") => close + 1,
            _ => self.top_level(start..words.end, "on").unwrap_or(words.end),
        };
        let mut right = self.pipe(start..end);
        let keys: Vec<String> = (end < words.end)
            .then(|| query.split(end + 1..words.end, ","))
            .into_iter()
            .flatten()
            .filter_map(|key| {
                let side = ["$left", "$right"].contains(&query.word(key.start));
                let from = if side { key.start + 2 } else { key.start };
                let own = query.word(key.start) != "$right";
                query.name_at(from, key.end).filter(|_| own).map(|(name, _)| name)
            })
            .collect();
        let kind = kind(&settings);
        if kind == "rightsemi" || kind.starts_with("rightanti") {
            *rows = right;
            return;
        }
        keys.iter().for_each(|key| rows.note(key));
        if kind == "leftsemi" || kind.ends_with("anti") || kind.ends_with("antisemi") {
            return;
        }
        rows.mixed |= right.only.is_none() || right.mixed;
        let listed = right.only.take().unwrap_or_default();
        let added = listed.into_iter().chain(right.made).filter(|name| !keys.contains(name));
        let added: Vec<String> = added.filter(|name| !rows.read.contains(name)).collect();
        added.into_iter().for_each(|name| rows.add(name));
    }
}

/// What `summarize` calls a column that has no name.
fn default_name(function: &str, column: &str) -> Option<String> {
    match function {
        "sum" | "avg" | "min" | "max" | "dcount" => Some(format!("{function}_{column}")),
        "make_set" => Some(format!("set_{column}")),
        "make_list" => Some(format!("list_{column}")),
        _ => None,
    }
}
