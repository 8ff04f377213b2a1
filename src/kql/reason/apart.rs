//! What exclusions do to a row on its way, told apart from what the query does.

use std::collections::BTreeMap;

use crate::kql::Predicate;

/// The conditions of a way in a query with exclusions.
#[derive(Debug, Clone, PartialEq)]
pub struct Apart {
    /// What the query asks on one of its ways without them, too.
    pub filters: Vec<Predicate>,
    /// Everything else, true for what it takes out. The same exclusion is the same predicate, whichever
    /// others are in the query.
    pub exclusions: Vec<Predicate>,
}

/// Tells the conditions of a way apart, given all ways of the query without exclusions.
#[must_use]
pub fn apart(way: Vec<Predicate>, without: &[Vec<Predicate>]) -> Apart {
    let key = |predicate: &Predicate| format!("{:?}", anywhere(predicate.clone()));
    let known: BTreeMap<String, &Predicate> =
        without.iter().flatten().map(|predicate| (key(predicate), predicate)).collect();
    let mut apart = Apart { filters: Vec::new(), exclusions: Vec::new() };
    for condition in way {
        match known.get(&key(&condition)) {
            // As it was read, so that the exclusions' own words are not among those that decide it.
            Some(filter) => apart.filters.push((*filter).clone()),
            None => apart.exclusions.push(anywhere(condition).negated()),
        }
    }
    apart
}

/// The same but for the text of the query that it stands in.
fn anywhere(predicate: Predicate) -> Predicate {
    predicate.map_leaves(&mut |leaf| match leaf {
        Predicate::Opaque(mut opaque) => {
            opaque.elsewhere = opaque.elsewhere.map(|_| "".into());
            Predicate::Opaque(opaque)
        }
        other => other,
    })
}
