//! Which opaque parts of a query's filters may be taken as satisfiable.
//!
//! A part over columns that have nothing to do with the exclusions can be met by an event that
//! survives them as well as by any other: whoever wrote the query meant it to find something. A part
//! that may read a column of an exclusion cannot: perhaps it wants what the exclusion takes out.

use std::collections::BTreeSet;

use crate::kql::Predicate;
use crate::kql::predicate::{Check, Opaque, TextOperator};

/// More comparisons of parts than this are not made: then nothing is assumed.
const COMPARISONS: usize = 200_000;

/// The opaque parts that may be taken to be true or false. The filters are conjuncts.
pub(super) fn assumable(filters: &[Predicate], exclusions: &[Predicate]) -> BTreeSet<Opaque> {
    let read: BTreeSet<&str> = exclusions.iter().flat_map(Predicate::columns).collect();
    let opaque: BTreeSet<&Opaque> = filters.iter().flat_map(Predicate::opaque).collect();
    let leaves: usize = filters.iter().map(|filter| filter.leaves().len()).sum();
    if opaque.len() * leaves > COMPARISONS {
        return BTreeSet::new();
    }
    let far = |part: &&&Opaque| {
        let near = Ties::of(filters, |leaf| !is_part(leaf, part)).near(&read);
        let mut shared = part.columns.iter().map(String::as_str).filter(|c| near.contains(c));
        let apart = match &part.elsewhere {
            None => shared.next().is_none(),
            Some(text) => {
                // What other tables have ties no values: of each it names but a few.
                let ties = Ties::of(filters, |leaf| !is_elsewhere(leaf));
                shared.all(|column| {
                    let others = read.iter().copied().filter(|other| *other != column).collect();
                    let tied = ties.clone().near(&others).contains(column);
                    !tied && spares_most(exclusions, column, text)
                })
            }
        };
        apart && (!part.any_column || exclusions.is_empty())
    };
    opaque.iter().filter(far).map(|part| (*part).clone()).collect()
}

/// A part is not tied by what it says itself.
fn is_part(leaf: &Predicate, part: &Opaque) -> bool {
    matches!(leaf, Predicate::Opaque(opaque) if opaque == part)
}

fn is_elsewhere(leaf: &Predicate) -> bool {
    matches!(leaf, Predicate::Opaque(opaque) if opaque.elsewhere.is_some())
}

/// Columns that some filter ties to each other: in a disjunction over two columns, what one may be
/// depends on the other.
#[derive(Clone)]
struct Ties<'p>(Vec<BTreeSet<&'p str>>);

impl<'p> Ties<'p> {
    /// Those by the leaves in question.
    fn of(filters: &'p [Predicate], leaf: impl Fn(&Predicate) -> bool) -> Self {
        let columns = |filter: &'p Predicate| -> BTreeSet<&'p str> {
            let leaves = filter.leaves().into_iter().filter(|one| leaf(one));
            leaves.flat_map(Predicate::columns).collect()
        };
        Self(filters.iter().map(columns).filter(|columns| columns.len() > 1).collect())
    }

    /// Columns on which something may depend that reads these.
    fn near(self, read: &BTreeSet<&'p str>) -> BTreeSet<&'p str> {
        let Self(mut ties) = self;
        let mut near = read.clone();
        loop {
            let before = ties.len();
            ties.retain(|columns| {
                let tied = columns.iter().any(|column| near.contains(column));
                if tied {
                    near.extend(columns);
                }
                !tied
            });
            if ties.len() == before {
                return near;
            }
        }
    }
}

/// Whether the exclusions take out only events with a few values of a column, values of which the
/// text that decides about the part does not speak.
fn spares_most(exclusions: &[Predicate], column: &str, text: &str) -> bool {
    exclusions.iter().all(|exclusion| only_names_values(exclusion, column, text, true))
}

fn only_names_values(predicate: &Predicate, column: &str, text: &str, positive: bool) -> bool {
    let each = |part: &Predicate| only_names_values(part, column, text, positive);
    match predicate {
        Predicate::All(parts) | Predicate::Any(parts) => parts.iter().all(each),
        Predicate::Not(part) => only_names_values(part, column, text, !positive),
        Predicate::Always(_) => true,
        Predicate::Opaque(opaque) => !opaque.columns.contains(column) && !opaque.any_column,
        Predicate::Test(test) if test.subject.column != column => true,
        Predicate::Test(test) => match &test.check {
            Check::Text { operator: TextOperator::Is, needle, .. } => {
                positive && !needle.is_empty() && !text.contains(&bare(needle))
            }
            Check::Equal(value) => positive && !text.contains(&value.to_string().to_lowercase()),
            _ => false,
        },
    }
}

/// In lower case and without backslashes, which a text may have escaped.
fn bare(text: &str) -> String {
    text.to_lowercase().replace('\\', "")
}
