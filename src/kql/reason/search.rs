//! The search for a witness: models of the Boolean abstraction, turned into events and checked.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use super::atom::Atoms;
use super::formula::{All, Clause, Formula};
use super::solver::{Facts, Outcome, solve};
use super::{Answer, Witness, candidate};
use crate::kql::predicate::Opaque;
use crate::kql::trial::survives;
use crate::kql::{Assumptions, Event, Predicate, Value};

/// Is there an event for which all `wanted` are true and none of `unwanted` is?
pub(super) struct Question<'q> {
    pub(super) wanted: Vec<&'q Predicate>,
    pub(super) unwanted: Vec<&'q Predicate>,
    pub(super) atoms: &'q Atoms,
    /// Holds for every such event.
    pub(super) formula: All<'q>,
    pub(super) assumable: &'q BTreeSet<Opaque>,
    pub(super) values: &'q RefCell<candidate::Known>,
}

/// Evaluating one test costs about as much as this many steps of the solver.
pub(super) const EVALUATION: u64 = 50;

/// The same for one of many tests, most of which need not be evaluated.
const SHARE: u64 = 10;

/// Searches within a number of steps.
pub(super) fn search(question: &Question<'_>, lemmas: &Facts, steps: &mut u64) -> Answer {
    let size = question.formula.size();
    if !pay(steps, size) {
        return Answer::Undecided;
    }
    let mut variables = question.atoms.list().len();
    let mut clauses = question.formula.clauses(&mut variables);
    // Clauses are only proofs as long as none of them merely says "no event was found for this".
    let mut proven = true;
    loop {
        // Every round sets the clauses up and reads the model anew.
        let literals: usize = clauses.iter().map(Vec::len).sum();
        if !pay(steps, size + variables + literals) {
            return Answer::Undecided;
        }
        match solve(&clauses, lemmas, variables, steps) {
            Outcome::None if proven => return Answer::Refuted,
            Outcome::None | Outcome::OutOfSteps => return Answer::Undecided,
            Outcome::Model(model) => {
                // A model of the clauses is one of the formula.
                let support = question.formula.support(&model).unwrap_or_default();
                match realise(question, support, &Event::default(), steps) {
                    Ok(witness) => return Answer::Witness(witness),
                    Err(failed) => {
                        proven = false;
                        clauses.push(failed.into_iter().map(|literal| -literal).collect());
                    }
                }
            }
        }
    }
}

/// Changes a known event only as far as the goal, which is one of the question's formulas, asks. That
/// is a guess, much cheaper than a search and as good a proof: the evaluator checks it as any other.
pub(super) fn adapt(
    question: &Question<'_>,
    goal: &Formula,
    known: &Event,
    steps: &mut u64,
) -> Option<Witness> {
    let mut support = goal.shortest()?;
    support.sort_unstable();
    support.dedup();
    if !pay(steps, support.len()) {
        return None;
    }
    realise(question, support, known, steps).ok()
}

/// Takes steps; false if there are not so many left.
fn pay(steps: &mut u64, count: usize) -> bool {
    let count = u64::try_from(count).unwrap_or(u64::MAX);
    let enough = *steps >= count;
    *steps = steps.saturating_sub(count);
    enough
}

/// An event like the `base` for which the literals hold, or those of them for which none was found.
fn realise(
    question: &Question<'_>,
    support: Clause,
    base: &Event,
    steps: &mut u64,
) -> Result<Witness, Clause> {
    let mut by_column: BTreeMap<&str, Vec<(usize, bool)>> = BTreeMap::new();
    let mut opaque: Vec<(usize, bool)> = Vec::new();
    for literal in &support {
        let requirement = (literal.unsigned_abs() as usize - 1, *literal > 0);
        match &question.atoms.list()[requirement.0].column {
            Some(column) => by_column.entry(column).or_default().push(requirement),
            None => opaque.push(requirement),
        }
    }
    let signed = |(atom, positive): &(usize, bool)| super::formula::signed(*atom, *positive);
    let mut assumed = Assumptions::new();
    for requirement in &opaque {
        let atom = &question.atoms.list()[requirement.0];
        let Predicate::Opaque(part) = &atom.leaf else { continue };
        if !question.assumable.contains(part) {
            return Err(vec![signed(requirement)]);
        }
        // "Not true" is taken as false, "not false" as true.
        assumed.insert(part.clone(), atom.side == requirement.1);
    }
    let mut event = base.clone();
    for (column, requirements) in &by_column {
        match value(question, column, requirements, steps) {
            Some(value) => {
                event.values.insert((*column).to_owned(), value);
            }
            None => return Err(requirements.iter().map(signed).collect()),
        }
    }
    let leaves = |predicates: &[&Predicate]| -> usize {
        predicates.iter().map(|predicate| predicate.size()).sum()
    };
    let tests = u64::try_from(leaves(&question.wanted) + leaves(&question.unwanted));
    *steps = steps.saturating_sub(tests.unwrap_or(u64::MAX).saturating_mul(SHARE));
    let now = question.atoms.now();
    if !survives(&question.wanted, &question.unwanted, &event, now, &assumed) {
        return Err(support);
    }
    let assuming = assumed.into_iter().map(|(part, value)| {
        if value { format!("`{}`", part.text) } else { format!("not `{}`", part.text) }
    });
    Ok(Witness { event, assuming: assuming.collect() })
}

/// A value of a column that meets the requirements, which are looked at once.
fn value(
    question: &Question<'_>,
    column: &str,
    requirements: &[(usize, bool)],
    steps: &mut u64,
) -> Option<Value> {
    if let Some(known) = question.values.borrow().get(requirements) {
        return known.clone();
    }
    let list = question.atoms.list();
    let atoms: Vec<_> = requirements.iter().map(|(atom, wants)| (&list[*atom], *wants)).collect();
    let found = candidate::value(column, &atoms, question.atoms.now(), steps);
    // That none was found because the steps were used up says nothing.
    if found.is_some() || *steps > 0 {
        question.values.borrow_mut().insert(requirements.to_vec(), found.clone());
    }
    found
}
