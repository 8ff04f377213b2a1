//! How far a query looks back by its own filters on the time of an event.

use crate::ident::Duration;
use crate::kql::predicate::{Constant, Constants};
use crate::kql::value::{SECOND, timespan};
use crate::kql::{Query, TokenKind, Value};

/// One filter on time: `TimeGenerated > ago(1d)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Window {
    /// How far back it begins.
    pub(super) length: Duration,
    /// Its words, as they stand in the query.
    pub(super) text: String,
}

/// Columns that say when an event was, or came in.
const TIMES: &[&str] = &["TimeGenerated", "Timestamp", "ingestion_time"];

/// Every lower bound on time that a query compares with, as far as it is a literal length or a `let`
/// of one.
pub(super) fn windows(query: &Query<'_>) -> Vec<Window> {
    let reader = Reader { query, constants: query.constants() };
    let count = query.tokens().len();
    let times = (0..count).filter(|at| TIMES.contains(&query.word(*at)));
    times.filter_map(|at| reader.window(at)).collect()
}

/// The shortest length before now that a query names anywhere: where it looks at the latest events
/// under another name for their time.
pub(super) fn shortest(query: &Query<'_>) -> Option<Duration> {
    let reader = Reader { query, constants: query.constants() };
    let lengths = (0..query.tokens().len()).filter_map(|at| reader.length(at));
    let ticks = lengths.filter(|ticks| *ticks > 0).min()?;
    Some(Duration::from_seconds(u64::try_from(ticks / SECOND).ok()?))
}

struct Reader<'q, 'a> {
    query: &'q Query<'a>,
    constants: Constants,
}

impl Reader<'_, '_> {
    /// The bound behind a column of time.
    fn window(&self, time: usize) -> Option<Window> {
        let call = self.query.word(time + 1) == "(" && self.query.word(time + 2) == ")";
        let operator = if call { time + 3 } else { time + 1 };
        if !matches!(self.query.word(operator), ">" | ">=" | "between") {
            return None;
        }
        let end = self.end(operator + 1);
        let lengths = (operator + 1..end).filter_map(|at| self.length(at));
        let ticks = lengths.max().filter(|ticks| *ticks > 0)?;
        let text = self.query.text()[self.query.span(&(time..end))].to_owned();
        let seconds = u64::try_from(ticks / SECOND).ok()?;
        Some(Window { length: Duration::from_seconds(seconds), text })
    }

    /// Where the comparison ends: at `and`, `or`, a bar, a comma, or the bracket around it.
    fn end(&self, from: usize) -> usize {
        let count = self.query.tokens().len();
        let mut depth = 0_i32;
        for at in from..count {
            match self.query.word(at) {
                "(" | "[" | "{" => depth += 1,
                ")" | "]" | "}" if depth == 0 => return at,
                ")" | "]" | "}" => depth -= 1,
                "and" | "or" | "|" | "," | ";" if depth == 0 => return at,
                _ => {}
            }
        }
        count
    }

    /// The ticks before now that begin here: `ago(1d)`, `now(-1d)`, `now() - 1d`, or a `let` of one.
    fn length(&self, at: usize) -> Option<i64> {
        let word = |ahead: usize| self.query.word(at + ahead);
        match (word(0), word(1)) {
            ("ago", "(") if word(3) == ")" => self.span(at + 2),
            ("now", "(") if word(2) == "-" && word(4) == ")" => self.span(at + 3),
            ("now", "(") if word(2) == ")" && word(3) == "-" => self.span(at + 4),
            (name, _) => match self.constants.get(name) {
                Some(Constant::Now(ticks)) => Some(-*ticks),
                _ => None,
            },
        }
    }

    fn span(&self, at: usize) -> Option<i64> {
        let word = self.query.word(at);
        match self.constants.get(word) {
            Some(Constant::Value(Value::Timespan(ticks))) => Some(*ticks),
            Some(_) => None,
            None => {
                let number = self.query.tokens().get(at)?.kind == TokenKind::Number;
                number.then(|| timespan(word)).flatten()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(query: &str, expect: &[&str]) {
        let found = windows(&Query::parse(query));
        let found: Vec<String> = found.iter().map(|w| w.length.to_string()).collect();
        assert_eq!(found, expect, "{query}");
    }

    #[test]
    fn bounds_on_time_are_read() {
        check("T | where TimeGenerated > ago(1d) and a == 1", &["P1D"]);
        check("T | where TimeGenerated >= now(-70m)", &["PT1H10M"]);
        check("T | where Timestamp > now() - 2h", &["PT2H"]);
        check("T | where ingestion_time() > ago(5m)", &["PT5M"]);
        check("T | where TimeGenerated between (ago(14d) .. ago(1d))", &["P14D"]);
        check("T | where TimeGenerated between (startofday(ago(7d)) .. now())", &["P7D"]);
    }

    #[test]
    fn lets_are_looked_up() {
        check("let x = 3d; T | where TimeGenerated > ago(x)", &["P3D"]);
        check("let x = ago(3d); T | where TimeGenerated > x", &["P3D"]);
        check("let x = f(3d); T | where TimeGenerated > x", &[]);
    }

    #[test]
    fn other_columns_and_upper_bounds_are_no_windows() {
        check("T | where Created > ago(90d)", &[]);
        check("T | where TimeGenerated < ago(1d)", &[]);
        check("T | where a > 1 or b > ago(2d)", &[]);
    }
}
