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

/// It compares with a text that has a star where others write a pattern.
pub const STAR_IS_LITERAL: Code = Code::new("exclusion-star-is-literal");
/// It is true, or may be, for rows of tables that have none of its columns.
pub const TAKES_OTHER_TABLES: Code = Code::new("exclusion-takes-other-tables");

/// Everything that can be found about the exclusions of a query.
pub const FINDINGS: [Code; 14] = [
    EXCLUDES_NOTHING,
    EXCLUDES_EVERYTHING,
    BLINDS_QUERY,
    BLINDS_RECENT,
    BLINDS_ALTERNATIVE,
    HAS_NO_EFFECT,
    SHADOWED,
    TOO_BROAD,
    STAR_IS_LITERAL,
    MAY_EXCLUDE_NOTHING,
    MAY_BLIND_QUERY,
    MAY_BLIND_ALTERNATIVE,
    ADMITS_NOTHING,
    TAKES_OTHER_TABLES,
];

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
    /// An event that shows it, in a lower-case sentence; not for what there is no event of.
    pub example: Option<String>,
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
    let mut judgement = answers(case);
    // Last, so that no step that an example takes is one that an answer lacks.
    for finding in &mut judgement.findings {
        if finding.example.is_none() {
            finding.example = example(case, finding);
        }
    }
    judgement
}

/// An event that shows a finding to a reviewer.
fn example(case: &Case, finding: &Finding) -> Option<String> {
    let (answer, words) = match (finding.code, finding.exclusion) {
        (EXCLUDES_NOTHING, Some(at)) => (near_miss(case, at)?, "it does not take out, for example"),
        (EXCLUDES_EVERYTHING, Some(at)) => (case.has_effect(at), "it takes out, for example"),
        (HAS_NO_EFFECT, Some(at)) => (
            case.excludes_something(at),
            "it would take out the following, which the query's filters keep out anyway",
        ),
        (SHADOWED, Some(at)) => (case.has_effect(at), "others take out, for example"),
        (TOO_BROAD, Some(at)) => (case.has_effect(at), "it takes out, for example"),
        (BLINDS_QUERY, _) => (case.admits(), "no longer found is, for example"),
        _ => return None,
    };
    match answer {
        Answer::Witness(witness) => Some(format!("{words}: {witness}")),
        Answer::Refuted | Answer::Undecided => None,
    }
}

/// An event that the query admits and that meets a part of an exclusion.
fn near_miss(case: &Case, exclusion: usize) -> Option<Answer> {
    let leading: Vec<Predicate> = case.leading().cloned().collect();
    let parts = case.exclusions().nth(exclusion)?.tests().into_iter();
    let mut found = parts.map(|part| {
        let part = Predicate::Test(part.clone());
        Case::new(leading.clone(), vec![part], case.now()).has_effect(0)
    });
    found.find(|answer| matches!(answer, Answer::Witness(_)))
}

fn answers(case: &Case) -> Judgement {
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
                let lost =
                    alternative.lost.map(|w| format!("no longer found is, for example: {w}"));
                judgement.add(BLINDS_ALTERNATIVE, None, message, true);
                if let Some(finding) = judgement.findings.last_mut() {
                    finding.example = lost;
                }
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
    for part in parts(case, exclusion, is_broad) {
        judgement.add(TOO_BROAD, about, format!("`{part}` is met by every value"), true);
    }
    for part in parts(case, exclusion, has_star) {
        let message = format!("the star in `{part}` stands for itself, not for any text");
        judgement.add(STAR_IS_LITERAL, about, message, true);
    }
    let alone = case.exclusions().len() == 1;
    let own = case.has_own_effect(exclusion, judgement.survivor.as_ref());
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
        [] => ": no such event was found, and none was ruled out".to_owned(),
        [first, ..] => {
            let shown: String = tidy(first).chars().take(60).collect();
            format!(": `{shown}` is not understood")
        }
    }
}

/// The tokens of an opaque part as people write them.
fn tidy(tokens: &str) -> String {
    [(" (", "("), ("( ", "("), (" )", ")"), (" ,", ","), (" . ", ".")]
        .into_iter()
        .fold(tokens.to_owned(), |text, (from, to)| text.replace(from, to))
}

/// Whether a test is for an empty text, for a pattern that everything fits, or for every network.
fn is_broad(check: &Check) -> bool {
    match check {
        Check::Text { operator, needle, .. } => needle.is_empty() && *operator != TextOperator::Is,
        Check::Ipv4InRange(range) => range.ends_with("/0"),
        Check::Regex(pattern) => {
            let odd = ["", "q", "Z9", " ", "-", "\u{1}~"];
            odd.iter().all(|text| pattern.matches(text).is_true())
        }
        _ => false,
    }
}

/// Whether a test is for a text such as `srv-*`.
fn has_star(check: &Check) -> bool {
    let pattern =
        |needle: &str| needle.len() > 1 && (needle.starts_with('*') || needle.ends_with('*'));
    matches!(check, Check::Text { needle, .. } if pattern(needle))
}

fn parts(case: &Case, exclusion: usize, is: fn(&Check) -> bool) -> Vec<String> {
    let tests = case.exclusions().nth(exclusion).into_iter().flat_map(Predicate::tests);
    tests.filter(|test| is(&test.check)).map(ToString::to_string).collect()
}

impl Judgement {
    pub(super) fn add(
        &mut self,
        code: Code,
        about: Option<usize>,
        message: String,
        acknowledgeable: bool,
    ) {
        let (exclusion, at, example) = (about, None, None);
        self.findings.push(Finding { code, exclusion, message, acknowledgeable, at, example });
    }
}
