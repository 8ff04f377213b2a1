//! True facts about atoms, of one literal or two each, for every event and every reading of KQL.

use std::collections::BTreeMap;

use super::atom::{Atom, Atoms, Family, Position, Shape};
use super::formula::signed;
use super::solver::Facts;
use crate::kql::predicate::TextOperator;
use crate::kql::term::{Relation, relation};
use crate::kql::{Event, Value, evaluate};

/// In groups larger than this, the query's filters are compared with exclusions only: a list of a
/// thousand domains has half a million pairs, and almost none of them says anything.
const LARGE: usize = 64;

/// Comparisons of two atoms for one case. Facts that are not looked for are only missed: what is
/// proven without them stays proven.
const COMPARISONS: usize = 20_000;

/// Facts about all atoms of a case.
pub(super) fn lemmas(atoms: &Atoms) -> Facts {
    let mut facts = Facts::new(atoms.list().len());
    let mut texts: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    let mut cuts: BTreeMap<(&str, Family), Vec<(Position, usize)>> = BTreeMap::new();
    let mut constants: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    let mut columns: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, atom) in atoms.list().iter().enumerate() {
        if let Some(column) = &atom.column {
            columns.entry(column).or_default().push(index);
        }
        match &atom.shape {
            Shape::Text { subject, .. } => texts.entry(subject).or_default().push(index),
            Shape::Cut { subject, family, position } => {
                cuts.entry((subject, *family)).or_default().push((*position, index));
                let never = Position::Whole(0);
                if *family == Family::Length && *position <= never {
                    facts.add(signed(index, false));
                }
            }
            Shape::Constant { subject, .. } => constants.entry(subject).or_default().push(index),
            Shape::Side { other, total } => {
                facts.add_either(signed(index, false), signed(*other, false));
                if *total {
                    facts.add_either(signed(index, true), signed(*other, true));
                }
            }
            Shape::Null | Shape::Free => {}
        }
    }
    let mut comparisons = COMPARISONS;
    for group in texts.values() {
        compare_texts(atoms, group, &mut comparisons, &mut facts);
    }
    for group in cuts.values_mut() {
        group.sort_unstable();
        for pair in group.windows(2) {
            facts.add_either(signed(pair[0].1, false), signed(pair[1].1, true));
        }
    }
    for group in constants.values() {
        for (first, second) in pairs(atoms, group) {
            if first < second && spend(&mut comparisons) {
                facts.add_either(signed(first, false), signed(second, false));
            }
        }
    }
    for group in columns.values() {
        nulls(atoms, group, &mut comparisons, &mut facts);
        exact_texts(atoms, group, &mut comparisons, &mut facts);
    }
    facts.once()
}

fn spend(comparisons: &mut usize) -> bool {
    let enough = *comparisons > 0;
    *comparisons = comparisons.saturating_sub(1);
    enough
}

/// Atoms that are worth comparing, in both orders.
fn pairs<'p>(
    atoms: &'p Atoms,
    group: &'p [usize],
) -> Box<dyn Iterator<Item = (usize, usize)> + 'p> {
    if group.len() <= LARGE {
        let each = move |first: &'p usize| group.iter().map(|second| (*first, *second));
        return Box::new(group.iter().flat_map(each).filter(|(first, second)| first != second));
    }
    let (exclusions, filters): (Vec<usize>, Vec<usize>) =
        group.iter().copied().partition(|atom| atoms.is_of_exclusion(*atom));
    let each = move |exclusion: usize| {
        let filters = filters.clone().into_iter();
        filters.flat_map(move |filter| [(exclusion, filter), (filter, exclusion)])
    };
    Box::new(exclusions.into_iter().flat_map(each))
}

fn compare_texts(atoms: &Atoms, group: &[usize], comparisons: &mut usize, facts: &mut Facts) {
    let comparison = |index: usize| match &atoms.list()[index].shape {
        Shape::Text { operator, needle, cased, .. } => Some((*operator, needle.as_str(), *cased)),
        _ => None,
    };
    for (first, second) in pairs(atoms, group) {
        if !spend(comparisons) {
            return;
        }
        let (Some(left), Some(right)) = (comparison(first), comparison(second)) else {
            continue;
        };
        match relation(left, right) {
            Relation::Implies => facts.add_either(signed(first, false), signed(second, true)),
            Relation::Excludes => facts.add_either(signed(first, false), signed(second, false)),
            Relation::None => {}
        }
    }
}

/// A null column is not below anything, equals nothing, and is no true flag.
fn nulls(atoms: &Atoms, group: &[usize], comparisons: &mut usize, facts: &mut Facts) {
    let is_null = |index: &&usize| atoms.list()[**index].shape == Shape::Null;
    for null in group.iter().filter(is_null) {
        for other in group {
            if !spend(comparisons) {
                return;
            }
            let atom = &atoms.list()[*other];
            let event = Event::default();
            let outcome = evaluate(&atom.leaf, &event, atoms.now());
            let impossible = atom.side && !outcome.may_be_true();
            if other != null && impossible && reads_bare_column(atom) {
                facts.add_either(signed(*null, false), signed(*other, false));
            }
        }
    }
}

fn reads_bare_column(atom: &Atom) -> bool {
    match &atom.leaf {
        crate::kql::Predicate::Test(test) => {
            test.subject.functions.is_empty() && test.subject.kind != crate::kql::ColumnType::String
        }
        _ => false,
    }
}

/// A column that equals a text, case included, decides everything else about that column.
fn exact_texts(atoms: &Atoms, group: &[usize], comparisons: &mut usize, facts: &mut Facts) {
    // Comparisons of the bare column with texts are known from `compare_texts`.
    let is_bare = |index: &usize| match &atoms.list()[*index].leaf {
        crate::kql::Predicate::Test(test) => test.subject.functions.is_empty(),
        _ => false,
    };
    let is_text = |index: &usize| matches!(atoms.list()[*index].shape, Shape::Text { .. });
    let others: Vec<usize> =
        group.iter().copied().filter(|index| !(is_text(index) && is_bare(index))).collect();
    for exact in group {
        let atom = &atoms.list()[*exact];
        let (Shape::Text { operator: TextOperator::Is, needle, cased: true, .. }, Some(column)) =
            (&atom.shape, &atom.column)
        else {
            continue;
        };
        let crate::kql::Predicate::Test(test) = &atom.leaf else { continue };
        if !test.subject.functions.is_empty() || test.subject.kind != crate::kql::ColumnType::String
        {
            continue;
        }
        let values = BTreeMap::from([(column.clone(), Value::Text(needle.clone()))]);
        let event = Event { values };
        for other in &others {
            if !spend(comparisons) {
                return;
            }
            let about = &atoms.list()[*other];
            let outcome = evaluate(&about.leaf, &event, atoms.now());
            let (certain, possible) = match about.side {
                true => (outcome.is_true(), outcome.may_be_true()),
                false => (outcome.is_false(), outcome.may_be_false()),
            };
            if certain {
                facts.add_either(signed(*exact, false), signed(*other, true));
            } else if !possible {
                facts.add_either(signed(*exact, false), signed(*other, false));
            }
        }
    }
}
