//! Lengths of time as Sentinel content writes them: `1h`, `PT1H`, `1h10m`, `P1DT12H`.

use std::fmt;
use std::str::FromStr;

use super::Invalid;

/// A length of time in whole seconds, compared by value: `24h`, `1d`, `PT24H` and `P1D` are equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Duration {
    seconds: u64,
}

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

impl Duration {
    /// From seconds.
    #[must_use]
    pub const fn from_seconds(seconds: u64) -> Self {
        Self { seconds }
    }

    /// In seconds.
    #[must_use]
    pub const fn as_seconds(self) -> u64 {
        self.seconds
    }
}

impl FromStr for Duration {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let seconds = match text.strip_prefix(['P', 'p']) {
            Some(rest) => iso(rest),
            None => short(text),
        };
        seconds.map(Self::from_seconds).ok_or_else(|| {
            Invalid::new(format!("`{text}` is not a duration such as `1h`, `1d` or `PT30M`"))
        })
    }
}

/// `1DT12H30M`, after the `P`. Years and months have no fixed length and are refused.
fn iso(text: &str) -> Option<u64> {
    let (date, time) = match text.split_once(['T', 't']) {
        Some((date, time)) if !time.is_empty() => (date, time),
        Some(_) => return None,
        None => (text, ""),
    };
    if date.is_empty() && time.is_empty() {
        return None;
    }
    let date = parts(date, &[('w', 7 * DAY), ('d', DAY)])?;
    let time = parts(time, &[('h', HOUR), ('m', MINUTE), ('s', 1)])?;
    date.checked_add(time)
}

/// `1h10m`, `7d`.
fn short(text: &str) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    parts(text, &[('d', DAY), ('h', HOUR), ('m', MINUTE), ('s', 1)])
}

/// Numbers, each followed by one of the units, the units in the given order and each at most once.
fn parts(mut text: &str, units: &[(char, u64)]) -> Option<u64> {
    let mut total: u64 = 0;
    let mut units = units.iter();
    while !text.is_empty() {
        let digits = text.find(|c: char| !c.is_ascii_digit())?;
        let number: u64 = text[..digits].parse().ok()?;
        let unit = text[digits..].chars().next()?.to_ascii_lowercase();
        let (_, seconds) = units.find(|(name, _)| *name == unit)?;
        total = total.checked_add(number.checked_mul(*seconds)?)?;
        text = &text[digits + unit.len_utf8()..];
    }
    Some(total)
}

/// ISO 8601 as .NET prints a TimeSpan: `PT5M`, `PT1H`, `P1D`, `P1DT2H`, `PT0S`.
impl fmt::Display for Duration {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::from("P");
        let days = self.seconds / DAY;
        let rest = self.seconds % DAY;
        if days > 0 {
            text += &format!("{days}D");
        }
        if rest > 0 || days == 0 {
            text.push('T');
        }
        for (unit, size, within) in [('H', HOUR, DAY), ('M', MINUTE, HOUR), ('S', 1, MINUTE)] {
            let count = rest % within / size;
            if count > 0 {
                text += &format!("{count}{unit}");
            }
        }
        if self.seconds == 0 {
            text += "0S";
        }
        formatter.pad(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: &str) {
        let shown = text.parse::<Duration>().map(|duration| duration.to_string());
        assert_eq!(shown.unwrap_or_else(|_| "refused".into()), expect, "{text}");
    }

    #[test]
    fn both_forms_are_read_and_shown_as_iso() {
        check("1h", "PT1H");
        check("24h", "P1D");
        check("PT24H", "P1D");
        check("25h", "P1DT1H");
        check("1h10m", "PT1H10M");
        check("P2DT1H30M", "P2DT1H30M");
        check("p7d", "P7D");
        check("90s", "PT1M30S");
        check("0m", "PT0S");
    }

    #[test]
    fn what_has_no_fixed_length_or_no_unit_is_refused() {
        for text in ["", "1", "h", "P", "PT", "P1M", "P1Y", "1m1h", "1.5h", "-1h", "1h ", "PT1D"] {
            check(text, "refused");
        }
        check("99999999999999999999d", "refused");
    }
}
