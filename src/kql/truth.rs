//! What a predicate may be for an event: a set of possible outcomes.
//!
//! KQL's booleans are true, false or null. Where the documentation leaves an outcome open (null
//! under `and`, terms with letters beyond ASCII), or a part is opaque, several stay possible; only
//! what is certain is ever used as proof.

/// A set of possible outcomes, never empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Truth(u8);

const T: u8 = 1;
const F: u8 = 2;
const N: u8 = 4;

impl Truth {
    /// Certainly true.
    pub const TRUE: Self = Self(T);
    /// Certainly false.
    pub const FALSE: Self = Self(F);
    /// Certainly null.
    pub const NULL: Self = Self(N);
    /// False or null: `where` drops the row either way.
    pub const FALSE_OR_NULL: Self = Self(F | N);
    /// Nothing is known.
    pub const UNKNOWN: Self = Self(T | F | N);

    /// True or false.
    #[must_use]
    pub fn of(value: bool) -> Self {
        if value { Self::TRUE } else { Self::FALSE }
    }

    /// True in every case.
    #[must_use]
    pub fn is_true(self) -> bool {
        self == Self::TRUE
    }

    /// False in every case.
    #[must_use]
    pub fn is_false(self) -> bool {
        self == Self::FALSE
    }

    /// False in some case.
    #[must_use]
    pub fn may_be_false(self) -> bool {
        self.0 & F != 0
    }

    /// True in some case.
    #[must_use]
    pub fn may_be_true(self) -> bool {
        self.0 & T != 0
    }

    /// Either outcome.
    #[must_use]
    pub fn or_maybe(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// `not`: null stays null.
    #[must_use]
    pub fn negated(self) -> Self {
        let swapped = ((self.0 & T) << 1) | ((self.0 & F) >> 1);
        Self(swapped | (self.0 & N))
    }

    /// `and`. Of null with true, one page of the documentation says null and another false.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        self.combined(other, |left, right| match (left, right) {
            (T, T) => T,
            (F, _) | (_, F) => F,
            _ => F | N,
        })
    }

    /// `or`. Of null with false, null or false.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        self.combined(other, |left, right| match (left, right) {
            (T, _) | (_, T) => T,
            (F, F) => F,
            _ => F | N,
        })
    }

    fn combined(self, other: Self, outcome: fn(u8, u8) -> u8) -> Self {
        let mut set = 0;
        for left in [T, F, N] {
            for right in [T, F, N] {
                if self.0 & left != 0 && other.0 & right != 0 {
                    set |= outcome(left, right);
                }
            }
        }
        Self(set)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn null_is_not_false() {
        assert_eq!(Truth::NULL.negated(), Truth::NULL);
        assert_eq!(Truth::FALSE.negated(), Truth::TRUE);
        assert_eq!(Truth::NULL.or(Truth::TRUE), Truth::TRUE);
        assert_eq!(Truth::NULL.and(Truth::FALSE), Truth::FALSE);
        assert_eq!(Truth::NULL.and(Truth::TRUE), Truth::FALSE_OR_NULL);
        assert!(!Truth::UNKNOWN.is_true() && Truth::UNKNOWN.may_be_true());
        assert_eq!(Truth::UNKNOWN.and(Truth::FALSE), Truth::FALSE);
        assert_eq!(Truth::UNKNOWN.negated(), Truth::UNKNOWN);
    }
}
