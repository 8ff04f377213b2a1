//! `sentinelops.tests/v1`.

use serde_json::{Value, json};

use crate::report::exclusion_test::{Judgement, TestReport, TestResult, expectation_word};

/// Every test with what became of its event.
#[must_use]
pub fn exclusion_tests(report: &TestReport) -> Value {
    let failed = report.failed();
    json!({
        "format": "sentinelops.tests/v1",
        "tests": report.results.iter().map(result).collect::<Vec<_>>(),
        "summary": {"failed": failed, "passed": report.results.len() - failed},
    })
}

fn result(result: &TestResult) -> Value {
    json!({
        "exclusion": result.exclusion.as_str(),
        "path": result.path,
        "line": result.line,
        "number": result.number,
        "expect": expectation_word(result.expect),
        "passed": result.passed,
        "judgements": result.judgements.iter().map(judgement).collect::<Vec<_>>(),
    })
}

fn judgement(judgement: &Judgement) -> Value {
    json!({
        "key": judgement.key.to_string(),
        "parameters": judgement.parameters,
        "verdict": judgement.verdict.as_str(),
        "detail": judgement.verdict.detail(),
        "assumed": judgement.assumed,
    })
}

#[cfg(test)]
mod tests {
    use super::super::to_text;
    use super::*;
    use crate::report::fixture;

    #[test]
    fn tests_are_a_document() {
        insta::assert_snapshot!(to_text(&exclusion_tests(&fixture::tests())));
    }
}
