//! Words for an operator that does not go with a column's type, and what does.

use super::Subject;
use crate::kql::{ColumnType, Value};

/// `an int column`.
pub(super) fn column(kind: ColumnType) -> String {
    format!("{} column", with_article(kind))
}

/// Why a value, or the operator between, does not go with a column.
pub(super) fn mismatch(kind: ColumnType, value: &Value) -> String {
    match value.kind() {
        Some(other) if other != kind && !(kind.is_number() && other.is_number()) => {
            format!("{} is not compared with {}", column(kind), with_article(other))
        }
        _ => format!("this operator does not go with {}", column(kind)),
    }
}

/// How values of its type are compared.
pub(super) fn compare(subject: &Subject) -> String {
    let name = subject.to_string();
    match subject.kind {
        ColumnType::String => format!("compare it with a text: `{name} =~ \"…\"`"),
        ColumnType::Bool => format!("write `{name}` or `not({name})`"),
        ColumnType::Int | ColumnType::Long | ColumnType::Real | ColumnType::Decimal => {
            format!("compare it with a number, without quotes: `{name} == 1`, `{name} in (1, 2)`")
        }
        ColumnType::Datetime => {
            format!("compare it with a time: `{name} < datetime(2027-01-31)`, `{name} > ago(1d)`")
        }
        ColumnType::Timespan => format!("compare it with a length of time: `{name} > 5m`"),
        ColumnType::Guid => format!("compare it with a guid: `{name} == guid(…)`"),
        ColumnType::Dynamic => format!("read a value out of it: `tostring({name}.key) =~ \"…\"`"),
    }
}

fn with_article(kind: ColumnType) -> String {
    let article = if kind == ColumnType::Int { "an" } else { "a" };
    format!("{article} {}", kind.word())
}

#[cfg(test)]
mod tests {
    use crate::kql::{EcsMap, Polarity, Rows, Schema, Scope, resolve};

    #[track_caller]
    fn check(text: &str, message: &str, help: &str) {
        let (ecs, rows) = (EcsMap::builtin(), Rows::default());
        let table = "DeviceNetworkEvents";
        let scope = Scope { table, schema: Schema::builtin(), ecs: &ecs, rows: &rows };
        let errors = resolve(text, Polarity::When, scope).expect_err(text);
        let [error] = errors.as_slice() else { panic!("{text}: {errors:?}") };
        assert_eq!(error.code.as_str(), "exclusion-type-mismatch", "{text}");
        assert_eq!(error.message, message, "{text}");
        let said = error.help.as_deref().unwrap_or("");
        assert!(said.contains(help), "{text}: {said}");
    }

    #[test]
    fn a_mistaken_type_is_said_with_how_it_is_compared() {
        let number = "an int column is not compared with a string";
        check("RemotePort == '443'", number, "`RemotePort == 1`");
        check("RemotePort has '443'", number, "`RemotePort == 1`");
        check("RemotePort in ('443', '80')", number, "`RemotePort in (1, 2)`");
        check("RemoteUrl == 443", "a string column is not compared with a long", "=~ \"…\"`");
        check("RemoteUrl < 'x'", "texts have no order in KQL", "=~ \"…\"`");
        let time = "a datetime column is not compared with a string";
        check("Timestamp > '2026-01-01'", time, "datetime(2027-01-31)");
        check("RemotePort > ago(1d)", "an int column is not compared with a time", "number");
        let switch = "a bool column is not compared with a string";
        check("IsInitiatingProcessRemoteSession == 'true'", switch, "write `IsInitiating");
        check("RemoteUrl", "a string column is not a condition", "=~ \"…\"`");
        check(
            "ipv4_is_private(RemotePort)",
            "an address is a text, not an int column",
            "addresses",
        );
        check("'DeviceName == 1'", "this is not a condition", "compare a column");
    }
}
