//! Predicates as KQL, for people and for comparing: equal predicates print equally.

use std::fmt;

use super::{Bound, Check, Function, Predicate, Subject, Test, TextOperator};
use crate::kql::Value;
use crate::kql::value::{DAY, SECOND, quote};

impl fmt::Display for Predicate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Always(value) => write!(formatter, "{value}"),
            Self::Not(inner) => write!(formatter, "not({inner})"),
            Self::All(parts) => joined(formatter, parts, " and "),
            Self::Any(parts) => joined(formatter, parts, " or "),
            Self::Test(test) => write!(formatter, "{test}"),
            Self::Opaque(opaque) => formatter.write_str(&opaque.text),
        }
    }
}

fn joined(formatter: &mut fmt::Formatter<'_>, parts: &[Predicate], word: &str) -> fmt::Result {
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            formatter.write_str(word)?;
        }
        match part {
            Predicate::All(_) | Predicate::Any(_) | Predicate::Opaque(_) => {
                write!(formatter, "({part})")?;
            }
            _ => write!(formatter, "{part}")?,
        }
    }
    Ok(())
}

impl fmt::Display for Test {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let subject = &self.subject;
        match &self.check {
            Check::True => write!(formatter, "{subject}"),
            Check::Null => write!(formatter, "isnull({subject})"),
            Check::Empty => write!(formatter, "isempty({subject})"),
            Check::Equal(value) => write!(formatter, "{subject} == {}", literal(value)),
            Check::Below { bound, inclusive } => {
                let operator = if *inclusive { "<=" } else { "<" };
                let bound = match bound {
                    Bound::Value(value) => literal(value),
                    Bound::Now(0) => "now()".to_owned(),
                    Bound::Now(ticks) if *ticks < 0 => {
                        format!("ago({})", span(ticks.saturating_neg()))
                    }
                    Bound::Now(ticks) => format!("now({})", span(*ticks)),
                };
                write!(formatter, "{subject} {operator} {bound}")
            }
            Check::Text { operator, needle, cased } => {
                write!(formatter, "{subject} {} {}", word(*operator, *cased), quote(needle))
            }
            Check::Regex(pattern) => {
                write!(formatter, "{subject} matches regex {}", quote(pattern.as_str()))
            }
            Check::Ipv4InRange(range) => {
                write!(formatter, "ipv4_is_in_range({subject}, {})", quote(range))
            }
            Check::Ipv4Private => write!(formatter, "ipv4_is_private({subject})"),
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for function in self.functions.iter().rev() {
            formatter.write_str(match function {
                Function::Lower => "tolower(",
                Function::Upper => "toupper(",
                Function::Length => "strlen(",
            })?;
        }
        let plain = self.column.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if plain {
            formatter.write_str(&self.column)?;
        } else {
            write!(formatter, "[{}]", quote(&self.column))?;
        }
        formatter.write_str(&")".repeat(self.functions.len()))
    }
}

fn word(operator: TextOperator, cased: bool) -> &'static str {
    match (operator, cased) {
        (TextOperator::Is, true) => "==",
        (TextOperator::Is, false) => "=~",
        (TextOperator::Has, true) => "has_cs",
        (TextOperator::Has, false) => "has",
        (TextOperator::HasPrefix, true) => "hasprefix_cs",
        (TextOperator::HasPrefix, false) => "hasprefix",
        (TextOperator::HasSuffix, true) => "hassuffix_cs",
        (TextOperator::HasSuffix, false) => "hassuffix",
        (TextOperator::Contains, true) => "contains_cs",
        (TextOperator::Contains, false) => "contains",
        (TextOperator::StartsWith, true) => "startswith_cs",
        (TextOperator::StartsWith, false) => "startswith",
        (TextOperator::EndsWith, true) => "endswith_cs",
        (TextOperator::EndsWith, false) => "endswith",
    }
}

fn literal(value: &Value) -> String {
    match value {
        Value::Datetime(_) => format!("datetime({value})"),
        Value::Timespan(ticks) => span(*ticks),
        Value::Guid(guid) => format!("guid({guid})"),
        Value::Real(real) => format!("{real:?}"),
        other => other.to_string(),
    }
}

/// A length of time in the largest unit that divides it.
fn span(ticks: i64) -> String {
    let units =
        [(DAY, "d"), (3600 * SECOND, "h"), (60 * SECOND, "m"), (SECOND, "s"), (10_000, "ms")];
    match units.iter().find(|(size, _)| ticks % size == 0) {
        Some((size, unit)) => format!("{}{unit}", ticks / size),
        None => format!("{ticks}tick"),
    }
}

#[cfg(test)]
mod tests {
    use crate::kql::Schema;
    use crate::kql::predicate::{Constants, Context, filter};

    #[test]
    fn what_is_printed_means_the_same() {
        let constants = Constants::new();
        let columns = Schema::builtin().columns("DeviceNetworkEvents");
        let context = Context { columns, constants: &constants };
        for text in [
            "RemoteUrl has_any ('a', 'b\"') and not(RemotePort in (1, 2))",
            "Timestamp between (ago(5d) .. now()) or Timestamp > datetime(2026-01-02 03:04:05)",
            "tolower(RemoteUrl) endswith_cs 'x' and strlen(RemoteUrl) >= 3",
            "f(RemoteUrl) == RemoteIP and isnull(LocalPort)",
            "ipv4_is_private(RemoteIP) or RemoteIP matches regex @'^\\d'",
        ] {
            let predicate = filter(text, context);
            let printed = predicate.to_string();
            assert_eq!(filter(&printed, context), predicate, "{printed}");
        }
    }
}
