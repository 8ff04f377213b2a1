//! An event: one row of a table, as a test writes it or as the reasoning finds it.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use super::value::{clock, datetime, timespan};
use super::{ColumnType, Columns, Value};
use crate::diag::closest;

/// Values by column. A column that is absent is null; of type string, empty.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Event {
    /// By column.
    pub values: BTreeMap<String, Value>,
}

/// A value of a test event that does not fit its table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventError {
    /// The column.
    pub column: String,
    /// A lower-case sentence.
    pub message: String,
}

impl Event {
    /// Reads an event. On an open table, strings stay strings, whole numbers are `long`.
    ///
    /// # Errors
    /// Columns that the table does not have, and values that are not of their column's type.
    pub fn read(
        values: &BTreeMap<String, serde_json::Value>,
        columns: Option<&Columns>,
    ) -> Result<Self, Vec<EventError>> {
        let mut event = Self::default();
        let mut errors = Vec::new();
        for (column, json) in values {
            let kind = match columns.map(|columns| columns.get(column)) {
                Some(None) => {
                    let known = columns.into_iter().flatten().map(|(name, _)| name.as_str());
                    let near = closest(column, known);
                    let near = near.map(|near| format!(", but `{near}`")).unwrap_or_default();
                    let message = format!("the table has no column `{column}`{near}");
                    errors.push(EventError { column: column.clone(), message });
                    continue;
                }
                Some(Some(kind)) => Some(*kind),
                None => None,
            };
            match typed(json, kind) {
                Some(value) => {
                    event.values.insert(column.clone(), value);
                }
                None => {
                    let word = kind.map_or("scalar", ColumnType::word);
                    let message = format!("`{json}` is no {word}");
                    errors.push(EventError { column: column.clone(), message });
                }
            }
        }
        if errors.is_empty() { Ok(event) } else { Err(errors) }
    }

    /// The value of a column of this type.
    #[must_use]
    pub fn value(&self, column: &str, kind: ColumnType) -> Cow<'_, Value> {
        match self.values.get(column) {
            Some(Value::Null) | None if kind == ColumnType::String => {
                Cow::Owned(Value::Text(String::new()))
            }
            Some(value) => Cow::Borrowed(value),
            None => Cow::Owned(Value::Null),
        }
    }
}

fn typed(json: &serde_json::Value, kind: Option<ColumnType>) -> Option<Value> {
    use serde_json::Value as Json;
    if json.is_null() {
        return Some(Value::Null);
    }
    let text = match json {
        Json::String(text) => text.clone(),
        other => other.to_string(),
    };
    Some(match kind {
        None => match json {
            Json::String(_) => Value::Text(text),
            Json::Bool(value) => Value::Bool(*value),
            Json::Number(number) => match number.as_i64() {
                Some(value) => Value::Long(value),
                None => Value::Real(number.as_f64()?),
            },
            _ => Value::Dynamic(json.clone()),
        },
        Some(ColumnType::String) => match json {
            Json::Array(_) | Json::Object(_) => return None,
            _ => Value::Text(text),
        },
        Some(ColumnType::Bool) => Value::Bool(text.to_ascii_lowercase().parse().ok()?),
        Some(ColumnType::Int | ColumnType::Long) => Value::Long(text.parse().ok()?),
        Some(ColumnType::Real | ColumnType::Decimal) => Value::Real(text.parse().ok()?),
        Some(ColumnType::Datetime) => Value::Datetime(datetime(&text)?),
        Some(ColumnType::Timespan) => Value::Timespan(timespan(&text).or_else(|| clock(&text))?),
        Some(ColumnType::Guid) => Value::Guid(super::value::guid(&text)?),
        Some(ColumnType::Dynamic) => Value::Dynamic(json.clone()),
    })
}

/// `Column: value, …`, by column.
impl fmt::Display for Event {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.values.is_empty() {
            return formatter.write_str("any event");
        }
        for (index, (column, value)) in self.values.iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            write!(formatter, "{comma}{column}: {value}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::kql::Schema;

    #[test]
    fn values_have_their_columns_types() {
        let columns = Schema::builtin().columns("DeviceNetworkEvents");
        let read = |json: serde_json::Value| {
            let values = serde_json::from_value(json).unwrap();
            Event::read(&values, columns)
        };
        let event = read(json!({"RemotePort": "443", "Timestamp": "2026-01-01T00:00:00Z",
            "RemoteUrl": 5, "AdditionalFields": {"a": [1]}}))
        .unwrap();
        assert_eq!(
            event.to_string(),
            "AdditionalFields: {\"a\":[1]}, RemotePort: 443, RemoteUrl: \"5\", \
             Timestamp: 2026-01-01T00:00:00Z"
        );
        assert_eq!(*event.value("RemoteIP", ColumnType::String), Value::Text(String::new()));
        assert_eq!(*event.value("LocalPort", ColumnType::Int), Value::Null);
        let errors = read(json!({"RemotePort": "https", "Nope": 1})).unwrap_err();
        let columns: Vec<&str> = errors.iter().map(|error| error.column.as_str()).collect();
        assert_eq!(columns, ["Nope", "RemotePort"]);
        let slip = read(json!({"DeviceNam": "a"})).unwrap_err();
        assert_eq!(slip[0].message, "the table has no column `DeviceNam`, but `DeviceName`");
    }
}
