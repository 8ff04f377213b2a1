//! Reasoning about a query's leading filters and its exclusions, sound both ways.
//!
//! A question is "is there an event such that …". A *witness* is an event, checked by the evaluator.
//! A *refutation* shows that there is none: tests become Boolean atoms, true facts about them become
//! clauses (a text that has `"a b"` has `"a"`; nothing is both below 3 and above 5), opaque parts
//! stay free, and no assignment is left. If neither is found, the answer is *undecided*. Work is
//! counted in steps, never in time, so that answers do not depend on the machine.
//!
//! What is not understood in a filter of the query is assumed to be satisfiable if nothing connects
//! it with a column of an exclusion; the witness says so.

mod always;
mod apart;
mod assume;
mod atom;
mod candidate;
mod formula;
mod judge;
mod lemma;
mod moment;
mod sample;
mod search;
mod solver;

pub use always::always_true;
pub use apart::{Apart, apart};
pub use judge::{
    ADMITS_NOTHING, BLINDS_ALTERNATIVE, BLINDS_QUERY, BLINDS_RECENT, EXCLUDES_EVERYTHING,
    EXCLUDES_NOTHING, FINDINGS, Finding, HAS_NO_EFFECT, Judgement, MAY_BLIND_ALTERNATIVE,
    MAY_BLIND_QUERY, MAY_EXCLUDE_NOTHING, SHADOWED, STAR_IS_LITERAL, TAKES_OTHER_TABLES, TOO_BROAD,
    judge,
};

pub use moment::{Clock, Dated, Question};

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::fmt;

use self::atom::{Atoms, Want};
use self::formula::{All, Formula};
use self::solver::Facts;
use super::predicate::Opaque;
use super::{Event, Predicate, evaluate};

/// Steps that one question may take.
const STEPS: u64 = 1_000_000;

/// Steps that all questions about one place may take: well below a second. Whatever is asked beyond
/// them is not decided.
const ALL_STEPS: u64 = 8_000_000;

/// An event that proves an answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Witness {
    /// The columns that matter; all others are as they please.
    pub event: Event,
    /// Parts of leading filters that are taken to be true or false.
    pub assuming: Vec<String>,
}

/// Is there such an event?
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// Yes, this one.
    Witness(Witness),
    /// No, there is none.
    Refuted,
    /// It is not known.
    Undecided,
}

impl Answer {
    /// Whether it is certain that there is none.
    #[must_use]
    pub fn is_refuted(&self) -> bool {
        *self == Self::Refuted
    }
}

/// One alternative of a leading filter, and whether an event can still come through it.
#[derive(Debug, Clone, PartialEq)]
pub struct Alternative {
    /// The leading filter's index.
    pub filter: usize,
    /// The alternative, as KQL.
    pub text: String,
    /// Whether an event that it admits survives all exclusions.
    pub answer: Answer,
    /// Where none does, an event that it admits.
    pub lost: Option<Witness>,
}

/// A place's leading filters together with all exclusions placed there.
#[derive(Debug, Clone)]
pub struct Case {
    leading: Vec<Part>,
    exclusions: Vec<Part>,
    /// By exclusion: what it means in atoms that it is not true.
    fails: Vec<Formula>,
    atoms: Atoms,
    lemmas: Facts,
    assumable: BTreeSet<Opaque>,
    /// What is left of the steps.
    steps: Cell<u64>,
    /// Values that were found for what was required of a column, or that none was: the questions about
    /// one place require the same again and again.
    values: RefCell<candidate::Known>,
}

/// A predicate, and what it means in atoms that it is true.
#[derive(Debug, Clone)]
struct Part {
    predicate: Predicate,
    holds: Formula,
}

/// Predicates that are true for the event in question, or are not, and formulas to that effect.
#[derive(Default)]
struct Wish<'c> {
    wanted: Vec<&'c Predicate>,
    unwanted: Vec<&'c Predicate>,
    formulas: All<'c>,
}

impl<'c> Wish<'c> {
    fn with(mut self, parts: impl IntoIterator<Item = &'c Part>) -> Self {
        for part in parts {
            self.wanted.push(&part.predicate);
            self.formulas.0.push(&part.holds);
        }
        self
    }

    fn without(mut self, exclusions: impl IntoIterator<Item = (&'c Part, &'c Formula)>) -> Self {
        for (part, fails) in exclusions {
            self.unwanted.push(&part.predicate);
            self.formulas.0.push(fails);
        }
        self
    }
}

impl Case {
    /// Prepares the questions, for one moment: `now` is in ticks. The filters are conjuncts.
    #[must_use]
    pub fn new(leading: Vec<Predicate>, exclusions: Vec<Predicate>, now: i64) -> Self {
        let assumable = assume::assumable(&leading, &exclusions);
        let mut atoms = Atoms::new(now);
        // Exclusions first: their atoms are compared with all others, leading ones need not be.
        let fails = exclusions.iter().map(|each| atoms.translate(each, Want::NotTrue)).collect();
        let exclusions = parts(exclusions, &mut atoms);
        atoms.mark_exclusions();
        let leading = parts(leading, &mut atoms);
        let lemmas = lemma::lemmas(&atoms);
        let (steps, values) = (Cell::new(ALL_STEPS), RefCell::default());
        Self { leading, exclusions, fails, atoms, lemmas, assumable, steps, values }
    }

    /// The same with a part of the steps.
    #[must_use]
    pub(crate) fn with_share(self, parts: u64) -> Self {
        self.steps.set(ALL_STEPS / parts.max(1));
        self
    }

    /// Opaque parts of the query's filters that may decide about what the exclusions read.
    pub(crate) fn open_parts(&self) -> Vec<&str> {
        let parts = self.leading.iter().chain(&self.exclusions);
        let opaque = parts.flat_map(|part| part.predicate.opaque());
        let open = opaque.filter(|part| !self.assumable.contains(part));
        open.map(|part| part.text.as_str()).collect()
    }

    /// Whether there are no steps left, so that nothing more can be decided.
    pub(crate) fn is_exhausted(&self) -> bool {
        self.steps.get() == 0
    }

    /// Does the query admit an event at all?
    #[must_use]
    pub fn admits(&self) -> Answer {
        self.ask(Wish::default().with(&self.leading))
    }

    /// Is the exclusion true for an event, whatever the query admits? Refuted: it excludes nothing.
    #[must_use]
    pub fn excludes_something(&self, exclusion: usize) -> Answer {
        self.ask(Wish::default().with([&self.exclusions[exclusion]]))
    }

    /// Is it not true for an event, whatever the query admits? Refuted: it excludes everything.
    #[must_use]
    pub fn spares_something(&self, exclusion: usize) -> Answer {
        self.ask(Wish::default().without([(&self.exclusions[exclusion], &self.fails[exclusion])]))
    }

    /// Does an event that the query admits survive all exclusions? Refuted: they blind the query.
    #[must_use]
    pub fn survives(&self) -> Answer {
        self.ask(Wish::default().with(&self.leading).without(self.failing()))
    }

    /// Does the query admit an event that the exclusion takes out? Refuted: it has no effect.
    #[must_use]
    pub fn has_effect(&self, exclusion: usize) -> Answer {
        self.ask(Wish::default().with(&self.leading).with([&self.exclusions[exclusion]]))
    }

    /// Does it take out an event that no other exclusion does? Refuted: others shadow it. A known
    /// survivor is a good start to look from.
    #[must_use]
    pub fn has_own_effect(&self, exclusion: usize, survivor: Option<&Witness>) -> Answer {
        let others = self.failing().enumerate().filter(|(other, _)| *other != exclusion);
        let own = &self.exclusions[exclusion];
        let wish = Wish::default().with(&self.leading).with([own]);
        self.ask_from(survivor, &own.holds, wish.without(others.map(|(_, failing)| failing)))
    }

    /// For each alternative of a leading filter (an element of `has_any` or `in`, a branch of `or`)
    /// over columns that an exclusion reads: can an event that it admits survive? Alternatives that
    /// admit nothing even without exclusions are left out. A known survivor answers for those that it
    /// has come through.
    #[must_use]
    pub fn alternatives(&self, survivor: Option<&Witness>) -> Vec<Alternative> {
        let comes_through = |branch: &Predicate, survivor: &&Witness| {
            evaluate(branch, &survivor.event, self.atoms.now()).is_true()
        };
        let exclusions = self.exclusions.iter();
        let read: BTreeSet<&str> = exclusions.flat_map(|part| part.predicate.columns()).collect();
        let mut found = Vec::new();
        for (filter, part) in self.leading.iter().enumerate() {
            let mut branches = Vec::new();
            branches_of(&part.predicate, &part.holds, true, &mut branches);
            if branches.len() < 2 {
                continue;
            }
            for (branch, formula) in &branches {
                if !branch.columns().iter().any(|column| read.contains(column)) {
                    continue;
                }
                if let Some(known) = survivor.filter(|survivor| comes_through(branch, survivor)) {
                    let answer = Answer::Witness(known.clone());
                    let text = branch.to_string();
                    found.push(Alternative { filter, text, answer, lost: None });
                    continue;
                }
                let through = || {
                    let mut wish = Wish::default().with(&self.leading);
                    wish.wanted.push(branch);
                    wish.formulas.0.push(formula);
                    wish
                };
                if self.is_exhausted() {
                    let text = "one of its further alternatives".to_owned();
                    found.push(Alternative { filter, text, answer: Answer::Undecided, lost: None });
                    return found;
                }
                let unseen = through().without(self.failing());
                let answer = self.ask_from(survivor, formula, unseen);
                let lost = match answer.is_refuted().then(|| self.ask(through())) {
                    // Its own fault.
                    Some(Answer::Refuted) => continue,
                    Some(Answer::Witness(witness)) => Some(witness),
                    Some(Answer::Undecided) | None => None,
                };
                found.push(Alternative { filter, text: branch.to_string(), answer, lost });
            }
        }
        found
    }

    /// The exclusions, in the order in which they were given.
    pub fn exclusions(&self) -> impl ExactSizeIterator<Item = &Predicate> {
        self.exclusions.iter().map(|part| &part.predicate)
    }

    fn leading(&self) -> impl Iterator<Item = &Predicate> {
        self.leading.iter().map(|part| &part.predicate)
    }

    fn now(&self) -> i64 {
        self.atoms.now()
    }

    /// Each exclusion, and what it means that it is not true.
    fn failing(&self) -> impl Iterator<Item = (&Part, &Formula)> {
        self.exclusions.iter().zip(&self.fails)
    }

    /// Is there such an event?
    fn ask(&self, wish: Wish<'_>) -> Answer {
        self.within_steps(&self.question(wish), |question, left| {
            search::search(question, &self.lemmas, left)
        })
    }

    /// Is there such an event? One that was found before may be close to it: changed so far that it
    /// meets one part of what is wished for. What it takes for granted is not known here.
    fn ask_from(&self, known: Option<&Witness>, part: &Formula, wish: Wish<'_>) -> Answer {
        let known = known.filter(|known| known.assuming.is_empty());
        self.within_steps(&self.question(wish), |question, left| {
            known
                .and_then(|known| search::adapt(question, part, &known.event, left))
                .map_or_else(|| search::search(question, &self.lemmas, left), Answer::Witness)
        })
    }

    fn question<'q>(&'q self, wish: Wish<'q>) -> search::Question<'q> {
        search::Question {
            wanted: wish.wanted,
            unwanted: wish.unwanted,
            atoms: &self.atoms,
            formula: wish.formulas,
            assumable: &self.assumable,
            values: &self.values,
        }
    }

    fn within_steps<'q>(
        &self,
        question: &search::Question<'q>,
        ask: impl FnOnce(&search::Question<'q>, &mut u64) -> Answer,
    ) -> Answer {
        let allowed = self.steps.get().min(STEPS);
        let mut left = allowed;
        let answer = ask(question, &mut left);
        self.steps.set(self.steps.get() - (allowed - left));
        answer
    }
}

/// What a disjunction consists of, those within it and negated conjunctions included; otherwise the
/// predicate itself. The formula was made of the predicate, so the two have one shape.
fn branches_of<'c>(
    predicate: &Predicate,
    formula: &'c Formula,
    positive: bool,
    found: &mut Vec<(Predicate, &'c Formula)>,
) {
    match (predicate, formula) {
        (Predicate::Not(inner), _) => branches_of(inner, formula, !positive, found),
        (Predicate::Any(parts), Formula::Any(formulas)) if positive => {
            for (part, formula) in parts.iter().zip(formulas) {
                branches_of(part, formula, positive, found);
            }
        }
        (Predicate::All(parts), Formula::Any(formulas)) if !positive => {
            for (part, formula) in parts.iter().zip(formulas) {
                branches_of(part, formula, positive, found);
            }
        }
        (whole, _) => {
            let whole = whole.clone();
            found.push((if positive { whole } else { whole.negated() }, formula));
        }
    }
}

fn parts(predicates: Vec<Predicate>, atoms: &mut Atoms) -> Vec<Part> {
    let read =
        |predicate: Predicate| Part { holds: atoms.translate(&predicate, Want::True), predicate };
    predicates.into_iter().map(read).collect()
}

impl fmt::Display for Witness {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.event)?;
        if !self.assuming.is_empty() {
            write!(formatter, ", assuming {}", self.assuming.join(" and "))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
