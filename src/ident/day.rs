//! A calendar day in UTC.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;

use super::Invalid;

/// A day in UTC, such as an exclusion's last day in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(Date);

impl Day {
    /// The day of a calendar date.
    #[must_use]
    pub const fn new(date: Date) -> Self {
        Self(date)
    }

    /// The calendar date.
    #[must_use]
    pub const fn date(self) -> Date {
        self.0
    }

    /// The day after; the last day that the calendar has stays itself.
    #[must_use]
    pub fn next(self) -> Self {
        self.0.tomorrow().map_or(self, Self)
    }

    /// Days from `self` to `other`; negative when `other` is earlier.
    #[must_use]
    pub fn days_until(self, other: Self) -> i64 {
        self.0.duration_until(other.0).as_hours() / 24
    }
}

impl FromStr for Day {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let written_out = text.len() == 10 && text.bytes().filter(|b| *b == b'-').count() == 2;
        match text.parse::<Date>() {
            Ok(date) if written_out => Ok(Self(date)),
            _ => Err(Invalid::new(format!("`{text}` is not a day such as `2027-05-01`"))),
        }
    }
}

impl fmt::Display for Day {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.0.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_written_out_and_has_a_next_one() {
        let day: Day = "2027-12-31".parse().unwrap();
        assert_eq!(day.next().to_string(), "2028-01-01");
        assert_eq!(day.days_until("2028-01-10".parse().unwrap()), 10);
        for text in ["2027-5-1", "20270501", "2027-02-30", "2027-05-01T00:00:00", "tomorrow"] {
            assert!(text.parse::<Day>().is_err(), "{text}");
        }
    }
}
