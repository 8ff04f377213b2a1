//! The tests of exclusions: each judged on every query that the exclusion is compiled into.

use std::collections::{BTreeMap, BTreeSet};

use super::exclusion::Ready;
use super::judge::{Case, Site};
use super::test_report::{Judgement, TestResult, TestVerdict};
use crate::content::{Exclusion, ExclusionTest, Expectation};
use crate::diag::{Code, Diagnostic, Located};
use crate::ident::ExclusionId;
use crate::kql::{Event, Verdict, try_event};

const FAILED: Code = Code::new("exclusion-test-failed");

/// What became of one test's event on one query.
#[derive(Debug, Clone)]
pub(super) struct Trial {
    pub(super) exclusion: ExclusionId,
    /// Which of the exclusion's tests, from 0.
    pub(super) test: usize,
    pub(super) judgement: Judgement,
}

/// Tries the tests of every exclusion of a query at all places of its table.
pub(super) fn try_all(case: &Case<'_>, sites: &BTreeMap<&str, Vec<Site<'_>>>) -> Vec<Trial> {
    let mut trials = Vec::new();
    for ready in case.ready.iter().filter(|ready| !ready.exclusion.tests.is_empty()) {
        let sites = sites.get(ready.table.as_str()).map(Vec::as_slice).unwrap_or_default();
        for (test, located) in ready.exclusion.tests.iter().enumerate() {
            if !is_about(case, &located.value) {
                continue;
            }
            for site in sites {
                let judgement = judgement(case, ready, site, &located.value);
                let exclusion = ready.exclusion.id.value.clone();
                trials.push(Trial { exclusion, test, judgement });
            }
        }
    }
    trials
}

/// A test that names its content is judged on that alone, and on a rule that was promoted from it.
fn is_about(case: &Case<'_>, test: &ExclusionTest) -> bool {
    let Some(named) = &test.content else { return true };
    let hunt = case.hunt.is_some_and(|hunt| hunt.id.value == named.value);
    named.value == case.content.id.value || hunt
}

fn judgement(
    case: &Case<'_>,
    ready: &Ready<'_>,
    site: &Site<'_>,
    test: &ExclusionTest,
) -> Judgement {
    let (verdict, assumed) = verdict(case, ready, site, test);
    Judgement { key: case.content.key(), parameters: case.parameters.to_owned(), verdict, assumed }
}

fn verdict(
    case: &Case<'_>,
    ready: &Ready<'_>,
    site: &Site<'_>,
    test: &ExclusionTest,
) -> (TestVerdict, Vec<String>) {
    let values: BTreeMap<String, serde_json::Value> = test
        .event
        .iter()
        .map(|(name, value)| {
            let column = case.ecs.column(&ready.table, name).unwrap_or(name);
            (column.to_owned(), value.clone())
        })
        .collect();
    let event = match Event::read(&values, case.schema.columns(&ready.table)) {
        Ok(event) => event,
        Err(errors) => {
            let why: Vec<String> = errors.into_iter().map(|error| error.message).collect();
            return (TestVerdict::Unjudged(why.join("; ")), Vec::new());
        }
    };
    let trial = try_event(&site.leading, &[&ready.resolved.predicate], &event, case.now());
    let verdict = match trial.verdict {
        Verdict::NotReached { filter } => {
            let text = site.place.leading.get(filter).map(|filter| filter.text.trim().to_owned());
            TestVerdict::NotReached(text)
        }
        Verdict::Excluded { .. } => TestVerdict::Excluded,
        Verdict::Kept => TestVerdict::Kept,
        Verdict::Undecided { .. } => {
            let why = "the exclusion has a part that cannot be evaluated offline";
            TestVerdict::Unjudged(why.into())
        }
    };
    (verdict, trial.assumed)
}

/// The results of one exclusion's tests over all queries, and an error for each that failed.
pub(super) fn conclude(
    exclusion: &Exclusion,
    trials: &BTreeMap<(ExclusionId, usize), Vec<Judgement>>,
) -> (Vec<TestResult>, Vec<Diagnostic>) {
    let mut results = Vec::new();
    let mut failures = Vec::new();
    for (number, test) in exclusion.tests.iter().enumerate() {
        let key = (exclusion.id.value.clone(), number);
        let judgements = trials.get(&key).cloned().unwrap_or_default();
        let failure = failure(&test.value, &judgements);
        if let Some(why) = &failure {
            failures.push(failed(exclusion, number, test, why));
        }
        results.push(TestResult {
            exclusion: exclusion.id.value.clone(),
            path: test.source.path().to_owned(),
            line: test.source.position(test.span.start).line,
            number: number + 1,
            expect: test.value.expect,
            judgements,
            passed: failure.is_none(),
        });
    }
    (results, failures)
}

/// Why a test failed: it passes if at least one query gives the expected verdict and none that is
/// reached gives the other.
fn failure(test: &ExclusionTest, judgements: &[Judgement]) -> Option<String> {
    let expected = |verdict: &TestVerdict| {
        matches!(
            (test.expect, verdict),
            (Expectation::Excluded, TestVerdict::Excluded)
                | (Expectation::Kept, TestVerdict::Kept)
                | (Expectation::Unreached, TestVerdict::NotReached(_))
        )
    };
    let against = |verdict: &TestVerdict| match (test.expect, verdict) {
        (_, TestVerdict::Unjudged(_)) => true,
        (Expectation::Excluded | Expectation::Kept, TestVerdict::NotReached(_)) => false,
        (_, verdict) => !expected(verdict),
    };
    if judgements.is_empty() {
        return Some("the exclusion applies to no query that the test is about".into());
    }
    let wrong = judgements.iter().find(|judgement| against(&judgement.verdict));
    let wrong = wrong.or_else(|| {
        let none = !judgements.iter().any(|judgement| expected(&judgement.verdict));
        judgements.first().filter(|_| none)
    })?;
    let detail = wrong.verdict.detail().map(|d| format!(" ({})", d.trim())).unwrap_or_default();
    Some(format!("on `{}` the event is {}{detail}", wrong.key, words(&wrong.verdict)))
}

fn words(verdict: &TestVerdict) -> &'static str {
    match verdict {
        TestVerdict::Excluded => "excluded",
        TestVerdict::Kept => "kept",
        TestVerdict::NotReached(_) => "not reached: the query's own filter rejects it",
        TestVerdict::Unjudged(_) => "not judged",
    }
}

fn failed(
    exclusion: &Exclusion,
    number: usize,
    test: &Located<ExclusionTest>,
    why: &str,
) -> Diagnostic {
    let expect = match test.value.expect {
        Expectation::Excluded => "excluded",
        Expectation::Kept => "kept",
        Expectation::Unreached => "unreached",
    };
    let id = &exclusion.id.value;
    Diagnostic::error(
        FAILED,
        format!("test {} of exclusion `{id}` expects `{expect}`, but {why}", number + 1),
    )
    .at(&test.source, test.span.clone(), "")
    .about(id.as_str())
    .help("mend the exclusion or the event; until then, what the exclusion applies to is held")
}

/// The exclusions whose tests failed.
pub(super) fn failing(results: &[TestResult]) -> BTreeSet<ExclusionId> {
    results.iter().filter(|result| !result.passed).map(|r| r.exclusion.clone()).collect()
}
