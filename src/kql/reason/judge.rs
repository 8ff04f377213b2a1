//! All questions about a place at once, and what the answers mean for a deployment.

use super::{Answer, Case, Witness};
use crate::diag::Code;
use crate::kql::predicate::{Check, TextOperator};
use crate::kql::{Predicate, Value};

/// Never true.
pub const EXCLUDES_NOTHING: Code = Code::new("exclusion-excludes-nothing");
/// Always true.
pub const EXCLUDES_EVERYTHING: Code = Code::new("exclusion-excludes-everything");
/// No event that the query admits survives.
pub const BLINDS_QUERY: Code = Code::new("exclusion-blinds-query");
/// No event of the last day that the query admits is known to survive.
pub const BLINDS_RECENT: Code = Code::new("exclusion-blinds-recent");
/// No event that one alternative of a leading filter admits survives.
pub const BLINDS_ALTERNATIVE: Code = Code::new("exclusion-blinds-alternative");
/// No event that the query admits is excluded.
pub const HAS_NO_EFFECT: Code = Code::new("exclusion-has-no-effect");
/// Every event that it excludes is also excluded by others.
pub const SHADOWED: Code = Code::new("exclusion-shadowed");
/// A part of it is met by every text or address.
pub const TOO_BROAD: Code = Code::new("exclusion-too-broad");
/// It is not known whether it is ever true.
pub const MAY_EXCLUDE_NOTHING: Code = Code::new("exclusion-may-exclude-nothing");
/// It is not known whether any event that the query admits survives.
pub const MAY_BLIND_QUERY: Code = Code::new("exclusion-may-blind-query");
/// It is not known whether any event that one alternative of a filter admits survives.
pub const MAY_BLIND_ALTERNATIVE: Code = Code::new("exclusion-may-blind-alternative");
/// The query's own filters contradict each other.
pub const ADMITS_NOTHING: Code = Code::new("query-admits-nothing");

/// Something about exclusions that must not go unsaid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Stable name.
    pub code: Code,
    /// The exclusion's index; none if it is about all of them together.
    pub exclusion: Option<usize>,
    /// A lower-case sentence.
    pub message: String,
    /// Whether a person may take responsibility for it. Otherwise the exclusion has to change.
    pub acknowledgeable: bool,
    /// The moment of which it is true, in ticks; none if it is so today.
    pub at: Option<i64>,
}

impl Finding {
    /// The sentence, with the moment.
    #[must_use]
    pub fn said(&self) -> String {
        match self.at {
            None => self.message.clone(),
            Some(at) => format!("{} (at {})", self.message, Value::Datetime(at)),
        }
    }
}

/// What is known about the exclusions of a place.
#[derive(Debug, Clone, PartialEq)]
pub struct Judgement {
    /// Ordered by exclusion, those about all of them last.
    pub findings: Vec<Finding>,
    /// An event that the query still finds.
    pub survivor: Option<Witness>,
    /// For each exclusion, an event that the query admits and it takes out.
    pub excluded: Vec<Option<Witness>>,
}

/// Asks everything.
#[must_use]
pub fn judge(case: &Case) -> Judgement {
    let mut judgement = Judgement { findings: Vec::new(), survivor: None, excluded: Vec::new() };
    let survives = case.survives();
    if let Answer::Witness(witness) = &survives {
        judgement.survivor = Some(witness.clone());
    } else if case.admits().is_refuted() {
        let message = "the query's own filters contradict each other";
        judgement.add(ADMITS_NOTHING, None, message.to_owned(), true);
    }
    for exclusion in 0..case.exclusions().len() {
        let witness = judge_one(case, exclusion, &mut judgement);
        judgement.excluded.push(witness);
    }
    if judgement.findings.iter().any(|finding| finding.code == ADMITS_NOTHING)
        || case.exclusions().len() == 0
    {
        return judgement;
    }
    match survives {
        Answer::Witness(_) => {}
        Answer::Refuted => {
            let message = "no event that the query admits survives its exclusions".to_owned();
            judgement.add(BLINDS_QUERY, None, message, false);
            return judgement;
        }
        Answer::Undecided => {
            let message = "it is not known whether any event survives the exclusions".to_owned();
            judgement.add(MAY_BLIND_QUERY, None, message + &why(case), true);
        }
    }
    for alternative in case.alternatives(judgement.survivor.as_ref()) {
        let text = alternative.text;
        match alternative.answer {
            Answer::Witness(_) => {}
            Answer::Refuted => {
                let message = format!("no event with `{text}` survives the exclusions");
                judgement.add(BLINDS_ALTERNATIVE, None, message, true);
            }
            Answer::Undecided => {
                let message = format!("it is not known whether an event with `{text}` survives");
                judgement.add(MAY_BLIND_ALTERNATIVE, None, message + &why(case), true);
            }
        }
    }
    judgement
}

/// The questions about one exclusion; an event that it takes out.
fn judge_one(case: &Case, exclusion: usize, judgement: &mut Judgement) -> Option<Witness> {
    let about = Some(exclusion);
    for part in broad_parts(case, exclusion) {
        judgement.add(TOO_BROAD, about, format!("`{part}` is met by every value"), true);
    }
    let alone = case.exclusions().len() == 1;
    let own = if alone { case.has_effect(exclusion) } else { case.has_own_effect(exclusion) };
    if let Answer::Witness(witness) = own {
        // It is proof of whatever less could be asked, but that the exclusion ever spares an event.
        let spares = judgement.survivor.is_some() || !is_always_true(case, exclusion, judgement);
        return spares.then_some(witness);
    }
    if is_never_true(case, exclusion, judgement) || is_always_true(case, exclusion, judgement) {
        return None;
    }
    let effect = if alone { own.clone() } else { case.has_effect(exclusion) };
    match effect {
        Answer::Refuted => {
            let message = "the query admits no event that it excludes".to_owned();
            judgement.add(HAS_NO_EFFECT, about, message, true);
            None
        }
        // Whether it does anything is no question of safety.
        Answer::Undecided => None,
        Answer::Witness(witness) => {
            if own.is_refuted() {
                let message = "other exclusions take out everything that it does".to_owned();
                judgement.add(SHADOWED, about, message, true);
            }
            Some(witness)
        }
    }
}

/// Whether that is proven; that it is not known is noted too.
fn is_never_true(case: &Case, exclusion: usize, judgement: &mut Judgement) -> bool {
    let about = Some(exclusion);
    match case.excludes_something(exclusion) {
        Answer::Refuted => {
            let message = "it is never true: it excludes nothing".to_owned();
            judgement.add(EXCLUDES_NOTHING, about, message, false);
            return true;
        }
        Answer::Undecided => {
            let message = "it is not known whether it can be true".to_owned();
            judgement.add(MAY_EXCLUDE_NOTHING, about, message, true);
        }
        Answer::Witness(_) => {}
    }
    false
}

/// Whether that is proven. If it is not known, it is not known either whether anything survives, which
/// is what matters.
fn is_always_true(case: &Case, exclusion: usize, judgement: &mut Judgement) -> bool {
    let is = case.spares_something(exclusion).is_refuted();
    if is {
        let message = "it is always true: it excludes everything".to_owned();
        judgement.add(EXCLUDES_EVERYTHING, Some(exclusion), message, false);
    }
    is
}

/// What keeps an answer from being found.
fn why(case: &Case) -> String {
    if case.is_exhausted() {
        return ": there are too many values to look at".to_owned();
    }
    let open = case.open_parts();
    match open.as_slice() {
        [] => String::new(),
        [first, ..] => {
            let shown: String = first.chars().take(60).collect();
            format!(": `{shown}` is not understood")
        }
    }
}

/// Parts that test for an empty text, for a pattern that everything fits, or for every network.
fn broad_parts(case: &Case, exclusion: usize) -> Vec<String> {
    let tests = case.exclusions().nth(exclusion).into_iter().flat_map(Predicate::tests);
    let broad = tests.filter(|test| match &test.check {
        Check::Text { operator, needle, .. } => needle.is_empty() && *operator != TextOperator::Is,
        Check::Ipv4InRange(range) => range.ends_with("/0"),
        Check::Regex(pattern) => {
            let odd = ["", "q", "Z9", " ", "-", "\u{1}~"];
            odd.iter().all(|text| pattern.matches(text).is_true())
        }
        _ => false,
    });
    broad.map(ToString::to_string).collect()
}

impl Judgement {
    pub(super) fn add(
        &mut self,
        code: Code,
        about: Option<usize>,
        message: String,
        acknowledgeable: bool,
    ) {
        self.findings.push(Finding { code, exclusion: about, message, acknowledgeable, at: None });
    }
}
