//! Comparisons of texts: terms, case, addresses.
//!
//! Terms are maximal runs of alphanumeric characters; `has` wants the needle between borders of
//! terms. Case is ignored for ASCII letters at least. Where the documentation is silent (letters
//! beyond ASCII, needles that begin or end with no letter), every reading is tried, and if they
//! differ the outcome stays open.

mod ascii;

use std::borrow::Cow;

use super::Truth;
use super::predicate::TextOperator;

/// One reading of what the documentation leaves open.
#[derive(Debug, Clone, Copy)]
struct Reading {
    /// Letters beyond ASCII belong to terms, and their case is ignored.
    unicode: bool,
    /// A border is also wanted beside a needle's end that is no letter.
    strict: bool,
}

const READINGS: [Reading; 4] = [
    Reading { unicode: false, strict: false },
    Reading { unicode: false, strict: true },
    Reading { unicode: true, strict: false },
    Reading { unicode: true, strict: true },
];

/// Compares a text with a needle.
#[must_use]
pub(super) fn compare(text: &str, operator: TextOperator, needle: &str, cased: bool) -> Truth {
    if needle.is_empty() && is_term_operator(operator) {
        return Truth::UNKNOWN;
    }
    if text.is_ascii() && needle.is_ascii() {
        return ascii::compare(text.as_bytes(), operator, needle.as_bytes(), cased);
    }
    by_readings(text, operator, needle, cased)
}

fn by_readings(text: &str, operator: TextOperator, needle: &str, cased: bool) -> Truth {
    let outcomes = READINGS.map(|reading| {
        let (text, needle) = if cased {
            (text.to_owned(), needle.to_owned())
        } else {
            (fold(text, reading), fold(needle, reading))
        };
        Truth::of(holds(&text, operator, &needle, reading))
    });
    outcomes.into_iter().fold(outcomes[0], Truth::or_maybe)
}

/// Whether the operator looks at terms.
#[must_use]
pub(super) fn is_term_operator(operator: TextOperator) -> bool {
    matches!(operator, TextOperator::Has | TextOperator::HasPrefix | TextOperator::HasSuffix)
}

fn fold(text: &str, reading: Reading) -> String {
    if reading.unicode { text.to_lowercase() } else { text.to_ascii_lowercase() }
}

fn holds(text: &str, operator: TextOperator, needle: &str, reading: Reading) -> bool {
    let around = Around { left: true, right: true };
    match operator {
        TextOperator::Is => text == needle,
        TextOperator::StartsWith => text.starts_with(needle),
        TextOperator::EndsWith => text.ends_with(needle),
        TextOperator::Contains => text.contains(needle),
        TextOperator::Has | TextOperator::HasPrefix | TextOperator::HasSuffix => {
            occurs(text, around, needle, wanted(operator), reading)
        }
    }
}

/// Which ends of a needle have to be borders of terms.
fn wanted(operator: TextOperator) -> Around {
    match operator {
        TextOperator::Has => Around { left: true, right: true },
        TextOperator::HasPrefix => Around { left: true, right: false },
        TextOperator::HasSuffix => Around { left: false, right: true },
        _ => Around { left: false, right: false },
    }
}

#[derive(Debug, Clone, Copy)]
struct Around {
    left: bool,
    right: bool,
}

/// Whether the needle occurs in the text with the wanted borders; `around` says whether the text's
/// own ends are borders.
fn occurs(text: &str, around: Around, needle: &str, wanted: Around, reading: Reading) -> bool {
    if needle.is_empty() {
        return false;
    }
    let in_term =
        |c: char| if reading.unicode { c.is_alphanumeric() } else { c.is_ascii_alphanumeric() };
    let asks = |end: Option<char>| reading.strict || end.is_some_and(in_term);
    let mut from = 0;
    while let Some(found) = text[from..].find(needle) {
        let (start, end) = (from + found, from + found + needle.len());
        let before = text[..start].chars().next_back();
        let after = text[end..].chars().next();
        let left = !wanted.left
            || !asks(needle.chars().next())
            || before.map_or(around.left, |c| !in_term(c));
        let right = !wanted.right
            || !asks(needle.chars().next_back())
            || after.map_or(around.right, |c| !in_term(c));
        if left && right {
            return true;
        }
        let step = text[start..].chars().next().map_or(1, char::len_utf8);
        from = start + step;
    }
    false
}

/// What one comparison of a text says about another of the same text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Relation {
    /// If the first is true, so is the second.
    Implies,
    /// They are never both true.
    Excludes,
    /// Neither is known.
    None,
}

/// A comparison: operator, needle, whether case counts.
pub(super) type Comparison<'a> = (TextOperator, &'a str, bool);

/// The relation of two comparisons of one text. Valid under every reading.
#[must_use]
pub(super) fn relation<'a>(first: Comparison<'a>, second: Comparison<'a>) -> Relation {
    let (operator, needle, cased) = first;
    let (other, sought, other_cased) = second;
    if operator == TextOperator::Is && cased {
        return match compare(needle, other, sought, other_cased) {
            Truth::TRUE => Relation::Implies,
            Truth::FALSE => Relation::Excludes,
            _ => Relation::None,
        };
    }
    if !(needle.is_ascii() && sought.is_ascii()) {
        return Relation::None;
    }
    let exact = cased && other_cased;
    let folded = |text: &'a str| match !exact && text.bytes().any(|b| b.is_ascii_uppercase()) {
        true => Cow::Owned(text.to_ascii_lowercase()),
        false => Cow::Borrowed(text),
    };
    let (needle, sought) = (folded(needle), folded(sought));
    if excludes(operator, &needle, other, &sought) {
        return Relation::Excludes;
    }
    // A comparison without case says nothing about one with case, unless there are no letters.
    let comparable = cased || !other_cased || !sought.bytes().any(|b| b.is_ascii_alphabetic());
    if comparable && implies(operator, &needle, other, &sought) {
        return Relation::Implies;
    }
    Relation::None
}

fn excludes(operator: TextOperator, needle: &str, other: TextOperator, sought: &str) -> bool {
    match (operator, other) {
        (TextOperator::Is, _) => compare(needle, other, sought, true) == Truth::FALSE,
        (_, TextOperator::Is) => compare(sought, operator, needle, true) == Truth::FALSE,
        (TextOperator::StartsWith, TextOperator::StartsWith) => {
            !needle.starts_with(sought) && !sought.starts_with(needle)
        }
        (TextOperator::EndsWith, TextOperator::EndsWith) => {
            !needle.ends_with(sought) && !sought.ends_with(needle)
        }
        _ => false,
    }
}

fn implies(operator: TextOperator, needle: &str, other: TextOperator, sought: &str) -> bool {
    // Which of the needle's ends are borders of a term in every text that passes.
    let around = match operator {
        TextOperator::Is | TextOperator::Has => Around { left: true, right: true },
        TextOperator::StartsWith | TextOperator::HasPrefix => Around { left: true, right: false },
        TextOperator::EndsWith | TextOperator::HasSuffix => Around { left: false, right: true },
        TextOperator::Contains => Around { left: false, right: false },
    };
    match other {
        TextOperator::Is => operator == TextOperator::Is && needle == sought,
        TextOperator::StartsWith => {
            matches!(operator, TextOperator::Is | TextOperator::StartsWith)
                && needle.starts_with(sought)
        }
        TextOperator::EndsWith => {
            matches!(operator, TextOperator::Is | TextOperator::EndsWith)
                && needle.ends_with(sought)
        }
        TextOperator::Contains => needle.contains(sought),
        TextOperator::Has | TextOperator::HasPrefix | TextOperator::HasSuffix => {
            READINGS.iter().all(|reading| occurs(needle, around, sought, wanted(other), *reading))
        }
    }
}

/// Whether a text is a range of IPv4 addresses as everybody writes them: `10.0.0.0/8`, `10.1.2.3`.
#[must_use]
pub(super) fn is_range(text: &str) -> bool {
    let (network, bits) = text.split_once('/').unwrap_or((text, "32"));
    let plain = bits.bytes().all(|byte| byte.is_ascii_digit());
    plain
        && bits.parse::<u32>().is_ok_and(|bits| bits <= 32)
        && matches!(address(network), Address::Valid(_))
}

/// Whether a text is an IPv4 address in a range such as `10.0.0.0/8`; null if it is no address.
#[must_use]
pub(super) fn in_range(text: &str, range: &str) -> Truth {
    let (network, bits) = match range.split_once('/') {
        Some((network, bits)) => (network, bits.parse::<u32>().ok().filter(|bits| *bits <= 32)),
        None => (range, Some(32)),
    };
    match (address(text), address(network), bits) {
        (Address::Valid(value), Address::Valid(network), Some(bits)) => {
            let shift = 32 - bits;
            Truth::of(shift == 32 || value >> shift == network >> shift)
        }
        (Address::Invalid, _, _) => Truth::NULL,
        _ => Truth::UNKNOWN,
    }
}

/// Whether a text is an address of one of the three private networks of RFC 1918.
#[must_use]
pub(super) fn is_private(text: &str) -> Truth {
    let ranges = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"];
    let outcomes = ranges.map(|range| in_range(text, range));
    match outcomes.iter().find(|outcome| **outcome != Truth::FALSE) {
        Some(outcome) => *outcome,
        None => Truth::FALSE,
    }
}

enum Address {
    Valid(u32),
    /// Certainly none.
    Invalid,
    /// With a mask, or in a shape that some parsers take.
    Unclear,
}

fn address(text: &str) -> Address {
    let parts: Vec<Option<u32>> = text
        .split('.')
        .map(|part| {
            let digits = part.bytes().all(|b| b.is_ascii_digit()) && matches!(part.len(), 1..=3);
            let plain = digits && (part.len() == 1 || !part.starts_with('0'));
            part.parse().ok().filter(|value| plain && *value < 256)
        })
        .collect();
    match parts.as_slice() {
        [Some(a), Some(b), Some(c), Some(d)] => Address::Valid(a << 24 | b << 16 | c << 8 | d),
        _ if text.bytes().any(|byte| byte.is_ascii_digit()) => Address::Unclear,
        _ => Address::Invalid,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use TextOperator::{Contains, EndsWith, Has, HasPrefix, HasSuffix, Is, StartsWith};

    fn check(text: &str, operator: TextOperator, needle: &str, expect: bool) {
        let found = compare(text, operator, needle, false);
        assert_eq!(found, Truth::of(expect), "{text:?} {operator:?} {needle:?}");
    }

    #[test]
    fn has_looks_for_whole_terms() {
        check("North America", Has, "america", true);
        check("North-America", Has, "america", true);
        check("NorthAmerica", Has, "america", false);
        check("a.com", Has, "a.com", true);
        check("xa.com", Has, "a.com", false);
        check("www.a.com/x", Has, "a.com", true);
        check("a.community", Has, "a.com", false);
        check("a_b", Has, "a", true);
        check("screenconnect.com", Has, "com", true);
        check("North America", HasPrefix, "ame", true);
        check("North America", HasPrefix, "meri", false);
        check("North America", HasSuffix, "rica", true);
        check("North America", HasSuffix, "ric", false);
        check("aab ab", Has, "ab", true);
    }

    #[test]
    fn case_is_ignored_only_without_cs() {
        check("aBc", Is, "ABC", true);
        assert_eq!(compare("aBc", Is, "abc", true), Truth::FALSE);
        check("FabriKam", Contains, "BRik", true);
        check("Fabrikam", StartsWith, "fab", true);
        check("Fabrikam", EndsWith, "KAM", true);
        assert_eq!(compare("FabriKam", Contains, "Kam", true), Truth::TRUE);
        assert_eq!(compare("Fabrikam", EndsWith, "Kam", true), Truth::FALSE);
    }

    #[test]
    fn what_the_documentation_leaves_open_stays_open() {
        let open = Truth::TRUE.or_maybe(Truth::FALSE);
        assert_eq!(compare("xa.com", Has, ".com", false), open);
        assert_eq!(compare("ÄB", Has, "b", false), open);
        assert_eq!(compare("É", Is, "é", false), open);
        assert_eq!(compare("a", Has, "", false), Truth::UNKNOWN);
    }

    #[test]
    fn addresses_are_compared_by_network() {
        assert_eq!(in_range("10.1.2.3", "10.0.0.0/8"), Truth::TRUE);
        assert_eq!(in_range("11.1.2.3", "10.0.0.0/8"), Truth::FALSE);
        assert_eq!(in_range("11.1.2.3", "0.0.0.0/0"), Truth::TRUE);
        assert_eq!(in_range("host", "10.0.0.0/8"), Truth::NULL);
        assert_eq!(in_range("10.1/16", "10.0.0.0/8"), Truth::UNKNOWN);
        for (text, expect) in
            [("172.31.0.1", true), ("172.32.0.1", false), ("192.168.1.1", true), ("8.8.8.8", false)]
        {
            assert_eq!(is_private(text), Truth::of(expect), "{text}");
        }
    }

    fn operator() -> impl Strategy<Value = TextOperator> {
        prop::sample::select(vec![Is, Has, HasPrefix, HasSuffix, Contains, StartsWith, EndsWith])
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        #[test]
        fn relations_hold_for_every_text(
            (first, needle, cased) in (operator(), "[aA.]{0,3}", any::<bool>()),
            (second, sought, other_cased) in (operator(), "[aA.]{0,3}", any::<bool>()),
            text in "[aAb. ]{0,6}",
        ) {
            let left = compare(&text, first, &needle, cased);
            let right = compare(&text, second, &sought, other_cased);
            match relation((first, &needle, cased), (second, &sought, other_cased)) {
                Relation::Implies if left.is_true() => prop_assert!(right.may_be_true()),
                Relation::Excludes if left.is_true() => prop_assert!(!right.is_true()),
                _ => {}
            }
        }
    }
}
