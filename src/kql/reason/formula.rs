//! Formulas over atoms, and their clauses.

/// A formula in which only atoms are negated.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Formula {
    Always(bool),
    Literal { atom: usize, positive: bool },
    All(Vec<Formula>),
    Any(Vec<Formula>),
}

/// Literals of atoms, as `atom + 1` or its negative.
pub(super) type Clause = Vec<i32>;

impl Formula {
    pub(super) fn negated(self) -> Self {
        let each = |parts: Vec<Self>| parts.into_iter().map(Self::negated).collect();
        match self {
            Self::Always(value) => Self::Always(!value),
            Self::Literal { atom, positive } => Self::Literal { atom, positive: !positive },
            Self::All(parts) => Self::Any(each(parts)),
            Self::Any(parts) => Self::All(each(parts)),
        }
    }

    /// How many literals it has.
    fn size(&self) -> usize {
        match self {
            Self::Always(_) | Self::Literal { .. } => 1,
            Self::All(parts) | Self::Any(parts) => parts.iter().map(Self::size).sum(),
        }
    }

    /// Adds "one of `unless`, or this".
    fn demand(&self, unless: &mut Clause, next: &mut usize, clauses: &mut Vec<Clause>) {
        match self {
            Self::Always(true) => {}
            Self::Always(false) => clauses.push(unless.clone()),
            Self::Literal { atom, positive } => {
                let mut clause = unless.clone();
                clause.push(signed(*atom, *positive));
                clauses.push(clause);
            }
            Self::All(parts) => parts.iter().for_each(|part| part.demand(unless, next, clauses)),
            Self::Any(parts) => {
                let mut clause = unless.clone();
                for part in parts {
                    match part {
                        Self::Always(true) => return,
                        Self::Always(false) => {}
                        Self::Literal { atom, positive } => clause.push(signed(*atom, *positive)),
                        Self::All(_) | Self::Any(_) => {
                            // A new variable stands for the part; one direction is enough.
                            let variable = *next;
                            *next += 1;
                            clause.push(signed(variable, true));
                            part.demand(&mut vec![signed(variable, false)], next, clauses);
                        }
                    }
                }
                clauses.push(clause);
            }
        }
    }

    /// Literals whose truth makes the formula true, one branch of each alternative; nothing if the
    /// assignment does not make it true.
    fn support(&self, model: &[bool]) -> Option<Clause> {
        match self {
            Self::Always(true) => Some(Clause::new()),
            Self::Always(false) => None,
            Self::Literal { atom, positive } => {
                (model[*atom] == *positive).then(|| vec![signed(*atom, *positive)])
            }
            Self::All(parts) => together(parts.iter(), model),
            Self::Any(parts) => {
                let supports = parts.iter().filter_map(|part| part.support(model));
                supports.min_by_key(Vec::len)
            }
        }
    }

    /// The fewest literals whose truth makes the formula true, whatever contradicts them; nothing if it
    /// is never true.
    pub(super) fn shortest(&self) -> Option<Clause> {
        match self {
            Self::Always(true) => Some(Clause::new()),
            Self::Always(false) => None,
            Self::Literal { atom, positive } => Some(vec![signed(*atom, *positive)]),
            Self::All(parts) => {
                let all: Option<Vec<Clause>> = parts.iter().map(Self::shortest).collect();
                all.map(|all| all.concat())
            }
            Self::Any(parts) => parts.iter().filter_map(Self::shortest).min_by_key(Vec::len),
        }
    }
}

/// Formulas that hold together.
#[derive(Debug, Clone, Default)]
pub(super) struct All<'f>(pub(super) Vec<&'f Formula>);

impl All<'_> {
    /// How many literals they have.
    pub(super) fn size(&self) -> usize {
        self.0.iter().map(|formula| formula.size()).sum()
    }

    /// Clauses that have a model if and only if the formulas do. New variables begin at `next`.
    pub(super) fn clauses(&self, next: &mut usize) -> Vec<Clause> {
        let mut clauses = Vec::new();
        for formula in &self.0 {
            formula.demand(&mut Vec::new(), next, &mut clauses);
        }
        clauses
    }

    /// As of a formula.
    pub(super) fn support(&self, model: &[bool]) -> Option<Clause> {
        together(self.0.iter().copied(), model)
    }
}

fn together<'f>(mut formulas: impl Iterator<Item = &'f Formula>, model: &[bool]) -> Option<Clause> {
    let mut literals = Clause::new();
    formulas.try_for_each(|formula| {
        literals.extend(formula.support(model)?);
        Some(())
    })?;
    literals.sort_unstable();
    literals.dedup();
    Some(literals)
}

pub(super) fn signed(atom: usize, positive: bool) -> i32 {
    let number = i32::try_from(atom + 1).unwrap_or(i32::MAX);
    if positive { number } else { -number }
}
