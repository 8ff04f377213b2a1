//! The same comparisons where text and needle are ASCII, as nearly all are: letters have one case to
//! ignore and one way to be part of a term, so that nothing need be copied to compare it.

use super::{Around, Truth, wanted};
use crate::kql::predicate::TextOperator;

/// Compares as every reading does. The needle of an operator that looks at terms is not empty.
pub(super) fn compare(text: &[u8], operator: TextOperator, needle: &[u8], cased: bool) -> Truth {
    let same = |part: &[u8]| match cased {
        true => part == needle,
        false => part.eq_ignore_ascii_case(needle),
    };
    let size = needle.len();
    match operator {
        TextOperator::Is => Truth::of(same(text)),
        TextOperator::StartsWith => Truth::of(text.get(..size).is_some_and(same)),
        TextOperator::EndsWith => {
            let start = text.len().checked_sub(size);
            Truth::of(start.is_some_and(|start| same(&text[start..])))
        }
        TextOperator::Contains => Truth::of(size == 0 || text.windows(size).any(same)),
        TextOperator::Has | TextOperator::HasPrefix | TextOperator::HasSuffix => {
            let [loose, strict] =
                [false, true].map(|strict| occurs(text, needle, wanted(operator), strict, same));
            Truth::of(loose).or_maybe(Truth::of(strict))
        }
    }
}

/// Whether the needle stands somewhere between borders of terms. Where an end of it is no letter or
/// digit, only the strict reading wants a border there.
fn occurs(
    text: &[u8],
    needle: &[u8],
    wanted: Around,
    strict: bool,
    same: impl Fn(&[u8]) -> bool,
) -> bool {
    let asks = |end: Option<&u8>| strict || end.is_some_and(u8::is_ascii_alphanumeric);
    let (left, right) = (wanted.left && asks(needle.first()), wanted.right && asks(needle.last()));
    let is_border = |beside: Option<&u8>| !beside.is_some_and(u8::is_ascii_alphanumeric);
    let starts = 0..(text.len() + 1).saturating_sub(needle.len());
    starts.into_iter().any(|start| {
        let end = start + needle.len();
        same(&text[start..end])
            && (!left || is_border(start.checked_sub(1).and_then(|at| text.get(at))))
            && (!right || is_border(text.get(end)))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{by_readings, is_term_operator};
    use super::*;

    const OPERATORS: [TextOperator; 7] = [
        TextOperator::Is,
        TextOperator::Has,
        TextOperator::HasPrefix,
        TextOperator::HasSuffix,
        TextOperator::Contains,
        TextOperator::StartsWith,
        TextOperator::EndsWith,
    ];

    proptest! {
        #[test]
        fn it_says_what_the_readings_say(
            text in "[aAb.\\- 1]{0,7}",
            needle in "[aAb.\\- 1]{0,3}",
            cased: bool,
        ) {
            for operator in OPERATORS {
                if needle.is_empty() && is_term_operator(operator) {
                    continue;
                }
                let quick = compare(text.as_bytes(), operator, needle.as_bytes(), cased);
                let slow = by_readings(&text, operator, &needle, cased);
                prop_assert_eq!(quick, slow, "{:?} {:?} {:?}", text, operator, needle);
            }
        }
    }
}
