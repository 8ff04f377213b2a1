//! What is proven about the exclusions at one place of a query, put into words.
//!
//! Refuted is an error, a witness is fine and shown as a note, and what is undecided holds the item
//! until the exclusions concerned acknowledge it. That an exclusion excludes nothing or everything,
//! or that together they blind the query, cannot be acknowledged.

use super::exclusion::Ready;
use super::judge::{Case, Judged};
use crate::content::Exclusion;
use crate::diag::{Code, Diagnostic};
use crate::kql::reason::{Answer, Case as Question};

const EXCLUDES_NOTHING: Code = Code::new("exclusion-excludes-nothing");
const EXCLUDES_EVERYTHING: Code = Code::new("exclusion-excludes-everything");
const BLINDS_QUERY: Code = Code::new("exclusion-blinds-query");
const BLINDS_ALTERNATIVE: Code = Code::new("exclusion-blinds-alternative");
const NO_EFFECT: Code = Code::new("exclusion-has-no-effect");
const SHADOWED: Code = Code::new("exclusion-shadowed");
const UNDECIDED: Code = Code::new("exclusion-undecided");
const WITNESS: Code = Code::new("exclusion-witness");

/// Asks every question about the exclusions at one place.
pub(super) fn prove(
    case: &Case<'_>,
    question: &Question,
    here: &[&Ready<'_>],
    judged: &mut Judged,
) {
    let sound_before = judged.errors.len();
    for (at, ready) in here.iter().enumerate() {
        alone(case, question, at, ready.exclusion, judged);
    }
    // Together is asked only where each makes sense alone: one bad exclusion explains the rest.
    if judged.errors.len() == sound_before {
        together(case, question, here, judged);
    }
}

/// What one exclusion does by itself.
fn alone(
    case: &Case<'_>,
    question: &Question,
    at: usize,
    exclusion: &Exclusion,
    judged: &mut Judged,
) {
    let id = &exclusion.id.value;
    let something = question.excludes_something(at);
    if something.is_refuted() {
        let message = format!("exclusion `{id}` excludes nothing: no event can meet its condition");
        let help =
            "a `keep` that joins two `!=` by `or` is always true; say `when` they are excluded";
        judged.errors.push(about(case, exclusion, EXCLUDES_NOTHING, message).help(help));
        return;
    }
    let spares = question.spares_something(at);
    if spares.is_refuted() {
        let message =
            format!("exclusion `{id}` excludes everything: every event meets its condition");
        judged.errors.push(
            about(case, exclusion, EXCLUDES_EVERYTHING, message)
                .help("name what makes the harmless events different"),
        );
        return;
    }
    let effect = question.has_effect(at);
    if effect.is_refuted()
        && exclusion.applies_to.content.iter().any(|named| is_named(case, &named.value))
    {
        let message =
            format!("exclusion `{id}` has no effect: the query admits no event that it takes out");
        let diagnostic = about(case, exclusion, NO_EFFECT, message)
            .help("compare it with the query's own filters, or acknowledge it with a reason");
        unless_acknowledged(case, &[exclusion], NO_EFFECT, diagnostic, judged);
    } else if [&something, &spares, &effect].contains(&&Answer::Undecided) {
        let message = format!("it is not known what exclusion `{id}` takes out of the query");
        let diagnostic = undecided(case, exclusion, message);
        unless_acknowledged(case, &[exclusion], UNDECIDED, diagnostic, judged);
    } else if let Answer::Witness(witness) = effect {
        let message = format!("exclusion `{id}` takes out, for example: {witness}");
        judged.remarks.push(note(case, exclusion, message));
    }
}

/// What all exclusions at the place do together.
fn together(case: &Case<'_>, question: &Question, here: &[&Ready<'_>], judged: &mut Judged) {
    let exclusions: Vec<&Exclusion> = here.iter().map(|ready| ready.exclusion).collect();
    let Some(first) = exclusions.first() else { return };
    match question.survives() {
        Answer::Refuted if question.admits().is_refuted() => {
            let message = "the query's own filters admit no event".to_owned();
            judged.remarks.push(note(case, first, message));
        }
        Answer::Refuted => {
            let message =
                format!("{} the query: no event that it admits is left", blind(&exclusions));
            judged.errors.push(
                concerning(case, &exclusions, BLINDS_QUERY, message)
                    .help("the query would never find anything again; narrow them"),
            );
            return;
        }
        Answer::Undecided => {
            let message =
                format!("it is not known whether an event is left besides {}", names(&exclusions));
            let deciding = deciding(question, here, Question::survives);
            let diagnostic = undecided(case, first, message);
            unless_acknowledged(case, &deciding, UNDECIDED, diagnostic, judged);
        }
        Answer::Witness(witness) => {
            let message =
                format!("besides {} an event is left, for example: {witness}", names(&exclusions));
            judged.remarks.push(note(case, first, message));
        }
    }
    alternatives(case, question, here, &exclusions, judged);
    for (at, exclusion) in exclusions.iter().enumerate() {
        if exclusions.len() > 1
            && question.has_own_effect(at).is_refuted()
            && !question.has_effect(at).is_refuted()
        {
            let message = format!(
                "exclusion `{}` is shadowed: others take out all that it does",
                exclusion.id.value
            );
            let remark = Diagnostic::warning(SHADOWED, message)
                .at(&exclusion.condition.source, exclusion.condition.span.clone(), "")
                .about(exclusion.id.value.as_str())
                .help("take it out, or narrow the others");
            judged.remarks.push(remark);
        }
    }
}

/// Each alternative of a leading filter that an exclusion reads must keep a survivor of its own.
fn alternatives(
    case: &Case<'_>,
    question: &Question,
    here: &[&Ready<'_>],
    exclusions: &[&Exclusion],
    judged: &mut Judged,
) {
    for (number, alternative) in question.alternatives().iter().enumerate() {
        let text = &alternative.text;
        let answer = |q: &Question| {
            q.alternatives()
                .into_iter()
                .find(|a| a.text == *text)
                .map_or(Answer::Undecided, |a| a.answer)
        };
        match &alternative.answer {
            Answer::Witness(_) => {}
            Answer::Refuted => {
                let deciding = deciding(question, here, answer);
                let message = format!(
                    "{} one alternative of the query: no event is left where {text}",
                    blind(&deciding)
                );
                let diagnostic = concerning(case, &deciding, BLINDS_ALTERNATIVE, message)
                    .help("narrow them, or acknowledge it with a reason");
                unless_acknowledged(case, &deciding, BLINDS_ALTERNATIVE, diagnostic, judged);
            }
            Answer::Undecided => {
                let deciding = deciding(question, here, answer);
                let message = format!(
                    "it is not known whether an event is left where {text} (alternative {})",
                    number + 1
                );
                let diagnostic = undecided(case, exclusions[0], message);
                unless_acknowledged(case, &deciding, UNDECIDED, diagnostic, judged);
            }
        }
    }
}

/// The exclusions whose removal decides the question; all of them if no single one does.
fn deciding<'e>(
    question: &Question,
    here: &[&Ready<'e>],
    ask: impl Fn(&Question) -> Answer,
) -> Vec<&'e Exclusion> {
    let found: Vec<&Exclusion> = here
        .iter()
        .enumerate()
        .filter(|(at, _)| matches!(ask(&question.without(*at)), Answer::Witness(_)))
        .map(|(_, ready)| ready.exclusion)
        .collect();
    if found.is_empty() { here.iter().map(|ready| ready.exclusion).collect() } else { found }
}

fn unless_acknowledged(
    case: &Case<'_>,
    concerned: &[&Exclusion],
    code: Code,
    diagnostic: Diagnostic,
    judged: &mut Judged,
) {
    let acknowledged = |exclusion: &&Exclusion| {
        exclusion.acknowledge.iter().any(|ack| {
            let named = ack.value.content.as_ref().is_none_or(|id| is_named(case, id));
            ack.value.code == code.as_str() && named
        })
    };
    if !concerned.iter().all(acknowledged) {
        judged.errors.push(diagnostic);
    }
}

/// Whether the id is the content's, or that of the hunt it was promoted from.
fn is_named(case: &Case<'_>, id: &crate::ident::ContentId) -> bool {
    *id == case.content.id.value || case.hunt.is_some_and(|hunt| hunt.id.value == *id)
}

fn about(case: &Case<'_>, exclusion: &Exclusion, code: Code, message: String) -> Diagnostic {
    concerning(case, &[exclusion], code, message)
}

fn concerning(
    case: &Case<'_>,
    exclusions: &[&Exclusion],
    code: Code,
    message: String,
) -> Diagnostic {
    let mut diagnostic = Diagnostic::error(code, message);
    for exclusion in exclusions {
        let condition = &exclusion.condition;
        let text = if exclusions.len() > 1 { exclusion.id.value.as_str() } else { "" };
        diagnostic = diagnostic.at(&condition.source, condition.span.clone(), text);
    }
    if let Some(first) = exclusions.first() {
        diagnostic = diagnostic.about(first.id.value.as_str());
    }
    diagnostic.because(format!("judged on `{}`, which is held", case.content.key()))
}

fn undecided(case: &Case<'_>, exclusion: &Exclusion, message: String) -> Diagnostic {
    about(case, exclusion, UNDECIDED, message).help(format!(
        "simplify the condition, or say `acknowledge: [{{ code: {UNDECIDED}, reason: … }}]`"
    ))
}

fn note(case: &Case<'_>, exclusion: &Exclusion, message: String) -> Diagnostic {
    Diagnostic::note(WITNESS, message)
        .at(&exclusion.condition.source, exclusion.condition.span.clone(), "")
        .about(exclusion.id.value.as_str())
        .because(format!("in `{}`", case.content.key()))
}

fn names(exclusions: &[&Exclusion]) -> String {
    let names: Vec<String> = exclusions.iter().map(|e| format!("`{}`", e.id.value)).collect();
    names.join(", ")
}

fn blind(exclusions: &[&Exclusion]) -> String {
    match exclusions {
        [one] => format!("exclusion `{}` blinds", one.id.value),
        many => format!("exclusions {} together blind", names(many)),
    }
}
