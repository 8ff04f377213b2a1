//! Rows that a query takes out again by other rows of the same table: what is left of these depends
//! on every column that the other rows are chosen by.

use std::collections::BTreeSet;
use std::ops::Range;

use super::Reader;
use crate::kql::meaning::{Reads, keys};
use crate::kql::operator::{kind, settings};
use crate::kql::{Predicate, Query, Stage};

impl Reader<'_> {
    /// What a stage takes out by other rows of the table: a part for each column, since they tie no
    /// column to another.
    pub(super) fn taken_out_by_itself(&self, stage: &Stage) -> Vec<Predicate> {
        let query = self.query;
        let tokens = query.behind_operator(stage);
        let (other, keys) = match stage.operator.as_str() {
            "where" | "filter" if negates(query, tokens.clone()) => (tokens, 0..0),
            "join" if is_anti(query, tokens.clone()) => (tokens.clone(), keys(query, tokens)),
            "right-join" if is_anti(query, tokens.clone()) => {
                let pipe = query.pipe_around(stage.tokens.start);
                let start = pipe.map_or(0, |pipe| pipe.start);
                (start..stage.tokens.start, keys(query, tokens))
            }
            _ => return Vec::new(),
        };
        let mut other = self.names_behind(other);
        if !self.table.is_empty() && !other.contains(self.table) {
            return Vec::new();
        }
        for name in keys.filter_map(|index| Some(query.name_at(index, index + 3)?.0)) {
            other.remove(&name);
        }
        other.retain(|name| self.columns.is_none_or(|columns| columns.contains_key(name)));
        let text = &query.text()[stage.span.clone()];
        let part = |column: String| {
            let about = format!("`{column}` of other rows of its table in: {text}");
            let columns = BTreeSet::from([column]);
            self.unread(&about, Reads { columns, elsewhere: true, ..Reads::default() })
        };
        other.into_iter().map(part).collect()
    }

    /// Every name in some brackets, and in the lets that are named there.
    fn names_behind(&self, tokens: Range<usize>) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        let mut next = vec![tokens];
        while let Some(tokens) = next.pop() {
            for index in tokens.clone() {
                let Some((name, _)) = self.query.name_at(index, tokens.end) else { continue };
                if found.insert(name.clone()) {
                    let lets = self.query.statements().iter();
                    let named = lets.filter(|statement| statement.name.as_ref() == Some(&name));
                    next.extend(named.map(|statement| statement.body.clone()));
                }
            }
        }
        found
    }
}

fn is_anti(query: &Query<'_>, tokens: Range<usize>) -> bool {
    kind(&settings(query, tokens.start, tokens.end).0).contains("anti")
}

/// Whether a condition may turn what it compares with another table round.
fn negates(query: &Query<'_>, tokens: Range<usize>) -> bool {
    tokens.into_iter().any(|index| {
        let word = query.word(index);
        word == "not" || (word == "in" && query.is(index - 1, "!")) || word.starts_with("!in")
    })
}
