//! Satisfiability of clauses: unit propagation and backtracking, counted in steps, in a fixed order.

use super::formula::Clause;

/// What became of a search for a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    /// A value for every variable.
    Model(Vec<bool>),
    /// There is none.
    None,
    /// The steps are used up.
    OutOfSteps,
}

/// Clauses of one or two literals that hold in every search of a case: looked up, not watched.
#[derive(Debug, Clone, Default)]
pub(super) struct Facts {
    alone: Vec<i32>,
    /// By literal: what holds if it does.
    implied: Vec<Vec<i32>>,
}

impl Facts {
    /// No facts about so many variables.
    pub(super) fn new(variables: usize) -> Self {
        Self { alone: Vec::new(), implied: vec![Vec::new(); 2 * variables] }
    }

    /// The literal holds.
    pub(super) fn add(&mut self, literal: i32) {
        self.alone.push(literal);
    }

    /// One of the two holds.
    pub(super) fn add_either(&mut self, first: i32, second: i32) {
        for (denied, other) in [(first, second), (second, first)] {
            self.implied[slot(-denied)].push(other);
        }
    }

    /// The same without repeats.
    pub(super) fn once(mut self) -> Self {
        for implied in &mut self.implied {
            implied.sort_unstable();
            implied.dedup();
        }
        self
    }

    /// What holds if the literal does.
    fn implied(&self, literal: i32) -> &[i32] {
        self.implied.get(slot(literal)).map_or(&[], Vec::as_slice)
    }
}

/// Looks for a model of the clauses over variables `0..variables`.
pub(super) fn solve(
    clauses: &[Clause],
    facts: &Facts,
    variables: usize,
    steps: &mut u64,
) -> Outcome {
    let mut search = Search {
        clauses,
        facts,
        values: vec![None; variables],
        watched: vec![Vec::new(); 2 * variables],
        watches: Vec::with_capacity(clauses.len()),
        trail: Vec::new(),
        done: 0,
    };
    if !search.start() {
        return Outcome::None;
    }
    search.run(steps)
}

struct Search<'c> {
    clauses: &'c [Clause],
    facts: &'c Facts,
    values: Vec<Option<bool>>,
    /// By literal: the clauses that watch it.
    watched: Vec<Vec<usize>>,
    /// By clause: the positions of its two watched literals.
    watches: Vec<[usize; 2]>,
    /// Assigned literals in order; decisions are marked, with whether both values were tried.
    trail: Vec<(i32, Reason)>,
    done: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reason {
    Forced,
    Decided,
}

fn variable(literal: i32) -> usize {
    literal.unsigned_abs() as usize - 1
}

fn slot(literal: i32) -> usize {
    2 * variable(literal) + usize::from(literal < 0)
}

impl Search<'_> {
    /// Sets up the watches; false if a clause cannot hold.
    fn start(&mut self) -> bool {
        let facts = self.facts;
        if !facts.alone.iter().all(|literal| self.assign(*literal, Reason::Forced)) {
            return false;
        }
        for (index, clause) in self.clauses.iter().enumerate() {
            match clause.as_slice() {
                [] => return false,
                [only] => {
                    self.watches.push([0, 0]);
                    if !self.assign(*only, Reason::Forced) {
                        return false;
                    }
                }
                [first, second, ..] => {
                    self.watches.push([0, 1]);
                    self.watched[slot(*first)].push(index);
                    self.watched[slot(*second)].push(index);
                }
            }
        }
        true
    }

    fn value(&self, literal: i32) -> Option<bool> {
        self.values[variable(literal)].map(|value| value == (literal > 0))
    }

    /// False if the literal is already known to be false.
    fn assign(&mut self, literal: i32, reason: Reason) -> bool {
        match self.value(literal) {
            Some(value) => value,
            None => {
                self.values[variable(literal)] = Some(literal > 0);
                self.trail.push((literal, reason));
                true
            }
        }
    }

    fn run(&mut self, steps: &mut u64) -> Outcome {
        let mut next = 0;
        loop {
            if *steps == 0 {
                return Outcome::OutOfSteps;
            }
            if !self.propagate(steps) {
                if !self.backtrack() {
                    return Outcome::None;
                }
                next = 0;
                continue;
            }
            while self.values.get(next).is_some_and(Option::is_some) {
                next += 1;
            }
            if next == self.values.len() {
                return Outcome::Model(self.values.iter().map(|v| *v == Some(true)).collect());
            }
            // False first: models then ask little of the event.
            let literal = super::formula::signed(next, false);
            self.assign(literal, Reason::Decided);
        }
    }

    /// Draws conclusions; false on a contradiction.
    fn propagate(&mut self, steps: &mut u64) -> bool {
        while self.done < self.trail.len() {
            *steps = steps.saturating_sub(1);
            let literal = self.trail[self.done].0;
            let falsified = -literal;
            self.done += 1;
            let facts = self.facts;
            for implied in facts.implied(literal) {
                *steps = steps.saturating_sub(1);
                if !self.assign(*implied, Reason::Forced) {
                    return false;
                }
            }
            let watching = std::mem::take(&mut self.watched[slot(falsified)]);
            let mut kept = Vec::with_capacity(watching.len());
            let mut consistent = true;
            for (at, clause) in watching.iter().enumerate() {
                *steps = steps.saturating_sub(1);
                if self.rewatch(*clause, falsified, steps) {
                    continue;
                }
                kept.push(*clause);
                let [first, second] = self.watches[*clause];
                let literals = &self.clauses[*clause];
                let other = if literals[first] == falsified { second } else { first };
                if !self.assign(literals[other], Reason::Forced) {
                    kept.extend(&watching[at + 1..]);
                    consistent = false;
                    break;
                }
            }
            self.watched[slot(falsified)] = kept;
            if !consistent {
                return false;
            }
        }
        true
    }

    /// Lets a clause watch another literal than a false one; false if there is no other.
    fn rewatch(&mut self, clause: usize, falsified: i32, steps: &mut u64) -> bool {
        let clauses = self.clauses;
        let literals = &clauses[clause];
        let [first, second] = self.watches[clause];
        let side = usize::from(literals[first] != falsified);
        let (here, other) = if side == 0 { (first, second) } else { (second, first) };
        // On from here: what lies before was false when the watch went past it.
        for position in (here + 1..literals.len()).chain(0..here) {
            let literal = literals[position];
            if position != other && self.value(literal) != Some(false) {
                self.watches[clause][side] = position;
                self.watched[slot(literal)].push(clause);
                return true;
            }
            *steps = steps.saturating_sub(1);
        }
        false
    }

    /// Turns the last decision round; false if there is none.
    fn backtrack(&mut self) -> bool {
        while let Some((literal, reason)) = self.trail.pop() {
            self.values[variable(literal)] = None;
            if reason == Reason::Decided {
                self.done = self.trail.len();
                return self.assign(-literal, Reason::Forced);
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn it_agrees_with_trying_everything(
            clauses in prop::collection::vec(
                prop::collection::vec((1..=6i32, any::<bool>()), 0..4), 0..24),
            as_facts: bool,
        ) {
            let clauses: Vec<Clause> = clauses
                .into_iter()
                .map(|clause| {
                    let mut clause: Clause =
                        clause.into_iter().map(|(v, sign)| if sign { v } else { -v }).collect();
                    clause.sort_unstable();
                    clause.dedup();
                    clause
                })
                .collect();
            let holds = |model: &[bool]| {
                clauses.iter().all(|clause| {
                    clause.iter().any(|literal| model[variable(*literal)] == (*literal > 0))
                })
            };
            let possible = (0..64u32)
                .any(|bits| holds(&(0..6).map(|v| bits >> v & 1 == 1).collect::<Vec<_>>()));
            let mut facts = Facts::new(6);
            let mut rest = Vec::new();
            for clause in &clauses {
                match clause.as_slice() {
                    [only] if as_facts => facts.add(*only),
                    [first, second] if as_facts => facts.add_either(*first, *second),
                    _ => rest.push(clause.clone()),
                }
            }
            match solve(&rest, &facts, 6, &mut 1_000_000) {
                Outcome::Model(model) => prop_assert!(holds(&model)),
                Outcome::None => prop_assert!(!possible),
                Outcome::OutOfSteps => prop_assert!(false),
            }
        }
    }
}
