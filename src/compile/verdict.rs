//! What is proven about the exclusions at one place of a query, put into diagnostics.
//!
//! A finding is an error and holds the item, unless the exclusions that it is about acknowledge it.
//! That an exclusion excludes nothing or everything, or that together they blind the query, cannot be
//! acknowledged. The events that prove the rest fine are shown as notes.

use std::collections::{BTreeMap, BTreeSet};

use super::exclusion::Ready;
use super::judge::{Case, Judged};
use crate::content::{Exclusion, Polarity};
use crate::diag::{Code, Diagnostic};
use crate::ident::ContentId;
use crate::kql::reason::{
    ADMITS_NOTHING, BLINDS_ALTERNATIVE, BLINDS_QUERY, BLINDS_RECENT, EXCLUDES_EVERYTHING,
    EXCLUDES_NOTHING, HAS_NO_EFFECT, MAY_EXCLUDE_NOTHING, Question, SHADOWED, STAR_IS_LITERAL,
    TAKES_OTHER_TABLES, TOO_BROAD,
};
use crate::kql::{Finding, Judgement};

/// Shows what an exclusion takes out and what it leaves. Notes of this code are for reviewers.
pub(super) const WITNESS: Code = Code::new("exclusion-witness");

/// Judges the exclusions at one place.
pub(super) fn prove(
    case: &Case<'_>,
    (question, judgement): (&Question, &Judgement),
    (here, effective): (&[&Ready<'_>], &BTreeSet<usize>),
    judged: &mut Judged,
) {
    let mut rest = Rest::new();
    let mut warnings = Vec::new();
    for finding in &judgement.findings {
        let concerned: Vec<&Exclusion> = match finding.exclusion {
            Some(at) => vec![here[at].exclusion],
            None => deciding(question, here, finding, &mut rest),
        };
        if is_acknowledged(case, finding, &concerned) {
            continue;
        }
        let elsewhere = finding.exclusion.is_some_and(|at| effective.contains(&at));
        if finding.code == HAS_NO_EFFECT && elsewhere {
            judged.remarks.push(diagnostic(case, finding, &concerned, Diagnostic::note));
            continue;
        }
        match weight(case, finding, &concerned) {
            Weight::Holds => {
                judged.errors.push(diagnostic(case, finding, &concerned, Diagnostic::error));
            }
            Weight::Warns => {
                warnings.push(diagnostic(case, finding, &concerned, Diagnostic::warning));
            }
            Weight::Nothing => {}
        }
    }
    // An exclusion that takes out everything shadows all others: that is said once, as the error.
    if judged.errors.is_empty() {
        judged.remarks.extend(warnings);
    }
    judged.remarks.extend(witnesses(case, judgement, here));
}

/// Holds the item for a finding, unless those whom it concerns take responsibility for it.
pub(super) fn hold(
    case: &Case<'_>,
    finding: &Finding,
    concerned: &[&Exclusion],
    judged: &mut Judged,
) {
    if !is_acknowledged(case, finding, concerned) {
        judged.errors.push(diagnostic(case, finding, concerned, Diagnostic::error));
    }
}

enum Weight {
    Holds,
    Warns,
    Nothing,
}

fn weight(case: &Case<'_>, finding: &Finding, concerned: &[&Exclusion]) -> Weight {
    let named = |exclusion: &&Exclusion| {
        exclusion.applies_to.content.iter().any(|id| is_named(case, &id.value))
    };
    match finding.code {
        SHADOWED | STAR_IS_LITERAL | MAY_EXCLUDE_NOTHING => Weight::Warns,
        // An exclusion for a tag or a table meets queries on which it has nothing to do.
        HAS_NO_EFFECT if !concerned.iter().any(named) => Weight::Nothing,
        _ => Weight::Holds,
    }
}

/// More exclusions than this are not taken away one by one to see which of them decide.
pub(super) const TAKEN_AWAY: usize = 16;

/// The judgements without each of the exclusions, at the moments of findings.
type Rest = BTreeMap<(usize, Option<i64>), Judgement>;

/// The exclusions whose removal makes the finding go away; all of them if no single one's does.
/// It is asked for again at the moment that it is about.
fn deciding<'e>(
    question: &Question,
    here: &[&Ready<'e>],
    finding: &Finding,
    rest: &mut Rest,
) -> Vec<&'e Exclusion> {
    let mut found = Vec::new();
    if here.len() > 1 && here.len() <= TAKEN_AWAY {
        for (at, ready) in here.iter().enumerate() {
            let judge = || question.without(at).judge_when(finding);
            let without = rest.entry((at, finding.at)).or_insert_with(judge);
            let stays = |f: &Finding| f.code == finding.code && f.message == finding.message;
            if !without.findings.iter().any(stays) {
                found.push(ready.exclusion);
            }
        }
    }
    if found.is_empty() { here.iter().map(|ready| ready.exclusion).collect() } else { found }
}

fn is_acknowledged(case: &Case<'_>, finding: &Finding, concerned: &[&Exclusion]) -> bool {
    let by = |exclusion: &&Exclusion| {
        exclusion.acknowledge.iter().any(|acknowledgement| {
            let content = acknowledgement.value.content.as_ref();
            acknowledgement.value.code == finding.code.as_str()
                && content.is_none_or(|id| is_named(case, id))
        })
    };
    finding.acknowledgeable && !concerned.is_empty() && concerned.iter().all(by)
}

/// Whether the id is the content's, or that of the hunt that it was promoted from.
fn is_named(case: &Case<'_>, id: &ContentId) -> bool {
    *id == case.content.id.value || case.hunt.is_some_and(|hunt| hunt.id.value == *id)
}

fn diagnostic(
    case: &Case<'_>,
    finding: &Finding,
    concerned: &[&Exclusion],
    make: impl Fn(Code, String) -> Diagnostic,
) -> Diagnostic {
    let names: Vec<String> = concerned.iter().map(|e| format!("`{}`", e.id.value)).collect();
    let who = match names.as_slice() {
        [one] => format!("exclusion {one}"),
        several => format!("exclusions {}", several.join(", ")),
    };
    let mut diagnostic = make(finding.code, format!("{who}: {}", finding.said()));
    for exclusion in concerned {
        let condition = &exclusion.condition;
        let text = if concerned.len() > 1 { exclusion.id.value.as_str() } else { "" };
        diagnostic = diagnostic.at(&condition.source, condition.span.clone(), text);
    }
    if let [first, ..] = concerned {
        diagnostic = diagnostic.about(first.id.value.as_str());
    }
    let diagnostic = diagnostic.because(format!("judged on `{}`", case.content.key()));
    let diagnostic = match &finding.example {
        Some(example) => diagnostic.because(example.clone()),
        None => diagnostic,
    };
    diagnostic.help(way_on(finding, concerned))
}

fn way_on(finding: &Finding, concerned: &[&Exclusion]) -> String {
    let keeps = concerned.iter().any(|exclusion| exclusion.polarity == Polarity::Keep);
    let mend = match finding.code {
        EXCLUDES_NOTHING if keeps => {
            "a `keep` that joins two `!=` by `or` is always true; say what to exclude with `when`"
        }
        EXCLUDES_NOTHING => "join by `or` what cannot be so at once, or write `in (…)`",
        ADMITS_NOTHING => "mend the query's filters; often an `and` should be an `or`",
        EXCLUDES_EVERYTHING | BLINDS_QUERY | BLINDS_RECENT | BLINDS_ALTERNATIVE => {
            "narrow it: name what makes the harmless events different from the attack"
        }
        HAS_NO_EFFECT => "compare it with the query's own filters",
        TOO_BROAD => "name a value",
        STAR_IS_LITERAL => "write `startswith`, `endswith` or `contains`",
        TAKES_OTHER_TABLES => "name what only rows of its table have, such as `Type`",
        SHADOWED => "take it out, or narrow the others",
        _ => "simplify the condition",
    };
    match finding.acknowledgeable {
        true => format!(
            "{mend}; or say that it is right: `acknowledge: [{{ code: {}, reason: … }}]`",
            finding.code
        ),
        false => mend.to_owned(),
    }
}

/// One note per exclusion: an event that it takes out, and one that is left.
fn witnesses(case: &Case<'_>, judgement: &Judgement, here: &[&Ready<'_>]) -> Vec<Diagnostic> {
    let left = judgement.survivor.as_ref();
    let left = left.map(|left| format!("what is still found, for example: {left}"));
    let judged = format!("judged on `{}`", case.content.key());
    here.iter()
        .zip(&judgement.excluded)
        .filter_map(|(ready, excluded)| Some((ready.exclusion, excluded.as_ref()?)))
        .map(|(exclusion, excluded)| {
            let id = &exclusion.id;
            let message = format!("exclusion `{}` takes out, for example: {excluded}", id.value);
            let note = Diagnostic::note(WITNESS, message)
                .at(&id.source, id.span.clone(), "")
                .about(id.value.as_str())
                .because(judged.clone());
            match &left {
                Some(left) => note.because(left.clone()),
                None => note,
            }
        })
        .collect()
}
