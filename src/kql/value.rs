//! Values and types of KQL, and how its literals are read and written.

use std::fmt;

use jiff::civil::{Date, DateTime, Time};

use crate::ident::Day;

/// The scalar types that columns have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ColumnType {
    /// True, false or null.
    Bool,
    /// 32 bits.
    Int,
    /// 64 bits.
    Long,
    /// A floating-point number.
    Real,
    /// A decimal number.
    Decimal,
    /// A point in time.
    Datetime,
    /// A length of time.
    Timespan,
    /// A GUID.
    Guid,
    /// JSON.
    Dynamic,
    /// Text; the only type that is never null.
    String,
}

impl ColumnType {
    /// The name that KQL gives it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::Int => "int",
            Self::Long => "long",
            Self::Real => "real",
            Self::Decimal => "decimal",
            Self::Datetime => "datetime",
            Self::Timespan => "timespan",
            Self::Guid => "guid",
            Self::Dynamic => "dynamic",
            Self::String => "string",
        }
    }

    /// The type of this name, in any of the spellings that KQL knows.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Some(match word {
            "bool" | "boolean" => Self::Bool,
            "int" | "int32" => Self::Int,
            "long" | "int64" => Self::Long,
            "real" | "double" => Self::Real,
            "decimal" => Self::Decimal,
            "datetime" | "date" => Self::Datetime,
            "timespan" | "time" => Self::Timespan,
            "guid" | "uuid" | "uniqueid" => Self::Guid,
            "dynamic" => Self::Dynamic,
            "string" => Self::String,
            _ => return None,
        })
    }

    /// Whether values are numbers.
    #[must_use]
    pub fn is_number(self) -> bool {
        matches!(self, Self::Int | Self::Long | Self::Real | Self::Decimal)
    }

    /// Whether operators of text apply.
    #[must_use]
    pub fn is_text(self) -> bool {
        matches!(self, Self::String | Self::Dynamic)
    }
}

/// A value of a column or literal. Times count ticks of 100 nanoseconds; points in time count them
/// from 1970 in UTC.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// The missing value of any type but string.
    Null,
    /// `bool`.
    Bool(bool),
    /// `int` and `long`.
    Long(i64),
    /// `real` and `decimal`.
    Real(f64),
    /// `string`.
    Text(String),
    /// `datetime`.
    Datetime(i64),
    /// `timespan`.
    Timespan(i64),
    /// `guid`, in lower case.
    Guid(String),
    /// `dynamic`, other than null.
    Dynamic(serde_json::Value),
}

/// Ticks in a second.
pub const SECOND: i64 = 10_000_000;
/// Ticks in a day.
pub const DAY: i64 = 86_400 * SECOND;

impl Value {
    /// The type of a literal; null has none.
    #[must_use]
    pub fn kind(&self) -> Option<ColumnType> {
        Some(match self {
            Self::Null => return None,
            Self::Bool(_) => ColumnType::Bool,
            Self::Long(_) => ColumnType::Long,
            Self::Real(_) => ColumnType::Real,
            Self::Text(_) => ColumnType::String,
            Self::Datetime(_) => ColumnType::Datetime,
            Self::Timespan(_) => ColumnType::Timespan,
            Self::Guid(_) => ColumnType::Guid,
            Self::Dynamic(_) => ColumnType::Dynamic,
        })
    }
}

/// As a person would write it in a test event.
impl fmt::Display for Value {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => formatter.write_str("null"),
            Self::Bool(value) => write!(formatter, "{value}"),
            Self::Long(value) => write!(formatter, "{value}"),
            Self::Real(value) => write!(formatter, "{value}"),
            Self::Text(value) => formatter.write_str(&quote(value)),
            Self::Datetime(ticks) => formatter.write_str(&show_datetime(*ticks)),
            Self::Timespan(ticks) => write!(formatter, "{}s", *ticks as f64 / SECOND as f64),
            Self::Guid(value) => formatter.write_str(value),
            Self::Dynamic(value) => write!(formatter, "{value}"),
        }
    }
}

/// A text as a KQL string literal in double quotes.
#[must_use]
pub fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        match character {
            '"' => quoted += "\\\"",
            '\\' => quoted += "\\\\",
            '\n' => quoted += "\\n",
            '\r' => quoted += "\\r",
            '\t' => quoted += "\\t",
            other if other.is_control() || matches!(other, '\u{2028}' | '\u{2029}') => {
                quoted += &format!("\\u{:04x}", u32::from(other));
            }
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

/// The text that a string literal stands for, in any of its forms; nothing if an escape is unknown.
#[must_use]
pub fn unquote(literal: &str) -> Option<String> {
    let literal = literal.strip_prefix(['h', 'H']).unwrap_or(literal);
    for fence in ["```", "~~~"] {
        if let Some(inner) = literal.strip_prefix(fence) {
            return inner.strip_suffix(fence).map(str::to_owned);
        }
    }
    let (verbatim, literal) = match literal.strip_prefix('@') {
        Some(rest) => (true, rest),
        None => (false, literal),
    };
    let mark = literal.chars().next().filter(|mark| matches!(mark, '"' | '\''))?;
    let inner = literal.strip_prefix(mark)?.strip_suffix(mark)?;
    if verbatim {
        return Some(inner.replace(&format!("{mark}{mark}"), &mark.to_string()));
    }
    unescape(inner)
}

fn unescape(inner: &str) -> Option<String> {
    let mut text = String::with_capacity(inner.len());
    let mut characters = inner.chars().peekable();
    while let Some(character) = characters.next() {
        if character != '\\' {
            text.push(character);
            continue;
        }
        let digits = match characters.next()? {
            literal @ ('\\' | '"' | '\'') => {
                text.push(literal);
                continue;
            }
            'u' => 4,
            'x' => 2,
            first @ '0'..='7' => {
                let mut code = first.to_digit(8)?;
                for _ in 1..3 {
                    let Some(digit) = characters.next_if(|next| next.is_digit(8)) else { break };
                    code = code * 8 + digit.to_digit(8)?;
                }
                text.push(char::from_u32(code)?);
                continue;
            }
            other => {
                text.push(control(other)?);
                continue;
            }
        };
        let code: String = characters.by_ref().take(digits).collect();
        let code = u32::from_str_radix(&code, 16).ok().filter(|_| code.len() == digits)?;
        text.push(char::from_u32(code)?);
    }
    Some(text)
}

/// The character that a letter behind a backslash stands for.
fn control(letter: char) -> Option<char> {
    Some(match letter {
        'a' => '\u{7}',
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'v' => '\u{b}',
        _ => return None,
    })
}

/// Reads a bare word: `true`, `True`, `TRUE` and the same of `false`; no other spelling.
#[must_use]
pub fn boolean(word: &str) -> Option<Value> {
    match word {
        "true" | "True" | "TRUE" => Some(Value::Bool(true)),
        "false" | "False" | "FALSE" => Some(Value::Bool(false)),
        _ => None,
    }
}

/// Reads a number token: `5`, `1.5`, `1e3`, `0x1f`, `5m`, or a bare GUID.
#[must_use]
pub fn number(word: &str) -> Option<Value> {
    if let Ok(value) = word.parse::<i64>() {
        return Some(Value::Long(value));
    }
    if let Some(digits) = word.strip_prefix("0x").or_else(|| word.strip_prefix("0X")) {
        return i64::from_str_radix(digits, 16).ok().map(Value::Long);
    }
    if word.len() == 36
        && let Some(guid) = guid(word)
    {
        return Some(Value::Guid(guid));
    }
    if let Some(ticks) = timespan(word) {
        return Some(Value::Timespan(ticks));
    }
    let real = word.parse::<f64>().ok().filter(|value| value.is_finite());
    real.filter(|_| word.starts_with(|c: char| c.is_ascii_digit())).map(Value::Real)
}

/// A length of time as KQL writes it, `1.5h`, in ticks.
#[must_use]
pub fn timespan(word: &str) -> Option<i64> {
    let unit_at = word.find(|c: char| c.is_ascii_alphabetic())?;
    let (count, unit) = word.split_at(unit_at);
    let ticks: i64 = match unit {
        "d" | "day" | "days" => DAY,
        "h" | "hr" | "hrs" | "hour" | "hours" => 3600 * SECOND,
        "m" | "min" | "minute" | "minutes" => 60 * SECOND,
        "s" | "sec" | "second" | "seconds" => SECOND,
        "ms" | "milli" | "millis" | "millisec" | "millisecond" | "milliseconds" => SECOND / 1000,
        "micro" | "micros" | "microsec" | "microsecond" | "microseconds" => 10,
        "tick" | "ticks" => 1,
        _ => return None,
    };
    if let Ok(count) = count.parse::<i64>() {
        return count.checked_mul(ticks);
    }
    let exact = count.parse::<f64>().ok()? * ticks as f64;
    (exact.abs() < 9e18).then(|| exact.round() as i64)
}

/// Reads a typed literal such as `datetime(2027-05-02)`; `datetime(null)` is null.
#[must_use]
pub fn typed_literal(word: &str) -> Option<Value> {
    let (kind, rest) = word.split_once('(')?;
    let inner = rest.strip_suffix(')')?.trim();
    let kind = ColumnType::from_word(kind)?;
    if inner == "null" {
        return Some(Value::Null);
    }
    match kind {
        ColumnType::Bool => match inner.to_ascii_lowercase().as_str() {
            "true" | "1" => Some(Value::Bool(true)),
            "false" | "0" => Some(Value::Bool(false)),
            _ => None,
        },
        ColumnType::Int | ColumnType::Long => inner.parse().ok().map(Value::Long),
        ColumnType::Real | ColumnType::Decimal => {
            inner.parse::<f64>().ok().filter(|value| value.is_finite()).map(Value::Real)
        }
        ColumnType::Datetime => datetime(inner.trim_matches(['"', '\''])).map(Value::Datetime),
        ColumnType::Timespan => {
            let inner = inner.trim_matches(['"', '\'']);
            timespan(inner).or_else(|| clock(inner)).map(Value::Timespan)
        }
        ColumnType::Guid => guid(inner.trim_matches(['"', '\''])).map(Value::Guid),
        ColumnType::Dynamic | ColumnType::String => None,
    }
}

/// A GUID in one spelling, `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx` in lower case; it may be written
/// without dashes, in braces or in parentheses.
#[must_use]
pub fn guid(text: &str) -> Option<String> {
    let text = text.trim();
    let braced = [('{', '}'), ('(', ')')]
        .into_iter()
        .find_map(|(open, close)| text.strip_prefix(open)?.strip_suffix(close));
    let bare = braced.unwrap_or(text);
    let digits: String = match bare.len() {
        32 => bare.to_ascii_lowercase(),
        36 => {
            let dashes = [8, 13, 18, 23].into_iter().all(|at| bare.as_bytes()[at] == b'-');
            if !dashes {
                return None;
            }
            bare.replace('-', "").to_ascii_lowercase()
        }
        _ => return None,
    };
    let valid = digits.len() == 32 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    let part = |range: std::ops::Range<usize>| digits.get(range).unwrap_or("");
    let parts = [part(0..8), part(8..12), part(12..16), part(16..20), part(20..32)];
    valid.then(|| parts.join("-"))
}

/// A point in time in ISO form, with a blank or `T` between day and time; in UTC, unless an offset
/// such as `+02:00` says otherwise.
#[must_use]
pub fn datetime(text: &str) -> Option<i64> {
    let text = text.trim();
    let (day, time) = match text.split_once(['T', ' ']) {
        Some((day, time)) => (day, time.trim()),
        None => (text, ""),
    };
    let day: Date = Some(day).filter(|day| day.len() == 10)?.parse().ok()?;
    let (time, ahead) = match time.strip_suffix(['Z', 'z']) {
        Some(time) => (time, 0),
        None => offset(time)?,
    };
    // Hours alone are no time to KQL.
    if !(time.is_empty() || time.contains(':')) {
        return None;
    }
    // What else a time may be followed by would be read over in silence.
    if !time.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b':' | b'.')) {
        return None;
    }
    let time: Time = match time.len() {
        0 => Time::midnight(),
        _ => time.parse().ok()?,
    };
    ticks_of(DateTime::from_parts(day, time)).checked_sub(ahead)
}

/// A time without its offset from UTC, and that offset in ticks.
fn offset(time: &str) -> Option<(&str, i64)> {
    let Some(at) = time.rfind(['+', '-']) else { return Some((time, 0)) };
    let (time, offset) = time.split_at(at);
    let (hours, minutes) = offset[1..].split_once(':')?;
    let part = |text: &str, below: i64| {
        let digits = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse::<i64>().ok().filter(|value| digits && *value < below)
    };
    let ticks = (part(hours, 15)? * 60 + part(minutes, 60)?) * 60 * SECOND;
    let time = time.trim_end();
    (!time.is_empty()).then_some((time, if offset.starts_with('-') { -ticks } else { ticks }))
}

/// Noon of a day in UTC, in ticks: what `now()` is where a query is judged.
#[must_use]
pub fn noon(day: Day) -> i64 {
    ticks_of(day.date().at(12, 0, 0, 0))
}

/// The ticks of a civil time in UTC.
#[must_use]
pub fn ticks_of(moment: DateTime) -> i64 {
    let epoch = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);
    let since = moment.duration_since(epoch);
    since.as_secs() * SECOND + i64::from(since.subsec_nanos()) / 100
}

fn show_datetime(ticks: i64) -> String {
    let epoch = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);
    let span = jiff::SignedDuration::new(ticks.div_euclid(SECOND), 0)
        + jiff::SignedDuration::from_nanos(ticks.rem_euclid(SECOND) * 100);
    epoch.checked_add(span).map_or_else(|_| format!("tick {ticks}"), |moment| format!("{moment}Z"))
}

/// `[d.]hh:mm[:ss]`, in ticks.
pub(super) fn clock(text: &str) -> Option<i64> {
    let (days, time) = match text.split_once('.') {
        Some((days, time)) if time.contains(':') => {
            (days.parse::<i64>().ok().filter(|days| *days >= 0)?, time)
        }
        _ => (0, text),
    };
    let below = |part: &str, limit: i64| {
        let digits = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        part.parse::<i64>().ok().filter(|value| digits && *value < limit)
    };
    let mut parts = time.split(':');
    let (hours, minutes) = (below(parts.next()?, 24)?, below(parts.next()?, 60)?);
    let seconds = parts.next().map_or(Some(0), |part| below(part, 60))?;
    let whole = days.checked_mul(86_400)?.checked_add(hours * 3600 + minutes * 60 + seconds)?;
    whole.checked_mul(SECOND).filter(|_| parts.next().is_none())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn string_literals_stand_for_their_text() {
        for (literal, expect) in [
            (r#""a\"b\\c\n""#, Some("a\"b\\c\n")),
            (r"'it\'s'", Some("it's")),
            (r#"@"c:\d""e""#, Some("c:\\d\"e")),
            ("h'x'", Some("x")),
            ("H@'x''y'", Some("x'y")),
            ("```a\nb```", Some("a\nb")),
            (r#""\u0041\x42""#, Some("AB")),
            (r#""\q""#, None),
            (r#""\/""#, None),
            (r#""\101\7x\1234\a\b\f\v""#, Some("A\u{7}xS4\u{7}\u{8}\u{c}\u{b}")),
        ] {
            assert_eq!(unquote(literal).as_deref(), expect, "{literal}");
        }
    }

    #[test]
    fn numbers_times_and_typed_literals_are_read() {
        let check = |word: &str, expect: Option<Value>| assert_eq!(number(word), expect, "{word}");
        check("5", Some(Value::Long(5)));
        check("0x1F", Some(Value::Long(31)));
        check("1.5", Some(Value::Real(1.5)));
        check("1e3", Some(Value::Real(1000.0)));
        check("1.5h", Some(Value::Timespan(5400 * SECOND)));
        check("5x", None);
        let typed = |word: &str, expect| assert_eq!(typed_literal(word), expect, "{word}");
        typed("datetime(1970-01-02)", Some(Value::Datetime(DAY)));
        typed("datetime(1970-01-01 00:00:01.5)", Some(Value::Datetime(15_000_000)));
        typed("datetime(1969-12-31T23:59:59Z)", Some(Value::Datetime(-SECOND)));
        typed("datetime(1970-01-01T02:00:01+02:00)", Some(Value::Datetime(SECOND)));
        typed("datetime(1969-12-31 19:00:01 -05:00)", Some(Value::Datetime(SECOND)));
        typed("datetime(1970-01-01T02:00:01+0200)", None);
        typed("datetime(1970-01-01T02:00:01+02)", None);
        typed("datetime(1970-01-01T02:00:01[Europe/Berlin])", None);
        typed("datetime(1970-01-01+02:00)", None);
        typed("time(1.02:00:00)", Some(Value::Timespan(DAY + 7200 * SECOND)));
        typed("time(30:00)", None);
        typed("time(-1:30)", None);
        typed("time(-1.01:30)", None);
        typed("time(1:+30)", None);
        typed("datetime(2020-01-01 10)", None);
        typed("timespan(2d)", Some(Value::Timespan(2 * DAY)));
        typed("int(null)", Some(Value::Null));
        typed("datetime(last week)", None);
        typed("long(-9223372036854775808)", Some(Value::Long(i64::MIN)));
    }

    #[test]
    fn a_guid_is_the_same_in_all_its_spellings() {
        let same = Some(Value::Guid("74be27de-1e4e-49d9-b579-fe0b331d3642".to_owned()));
        for word in [
            "guid(74be27de-1e4e-49d9-b579-fe0b331d3642)",
            "guid(74BE27DE-1E4E-49D9-B579-FE0B331D3642)",
            "guid(74be27de1e4e49d9b579fe0b331d3642)",
            "guid({74be27de-1e4e-49d9-b579-fe0b331d3642})",
            "guid(\"(74be27de-1e4e-49d9-b579-fe0b331d3642)\")",
            "uuid('74be27de1e4e49d9b579fe0b331d3642')",
        ] {
            assert_eq!(typed_literal(word), same, "{word}");
        }
        assert_eq!(number("74BE27DE-1e4e-49d9-b579-fe0b331d3642"), same);
        for word in ["guid(74be27de)", "guid(zzbe27de-1e4e-49d9-b579-fe0b331d3642)", "guid()"] {
            assert_eq!(typed_literal(word), None, "{word}");
        }
    }

    proptest! {
        #[test]
        fn what_is_quoted_can_be_unquoted(text in any::<String>()) {
            // Characters beyond 16 bits are never escaped.
            prop_assert_eq!(unquote(&quote(&text)), Some(text));
        }
    }
}
