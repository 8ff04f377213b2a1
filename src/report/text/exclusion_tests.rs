//! Results of exclusion tests as text.

use super::page::Page;
use crate::report::count::count;
use crate::report::escape;
use crate::report::exclusion_test::{Judgement, TestReport, TestResult, expectation_word};
use crate::report::style::{Paint, Style};

/// What failed and why, what passed (each with `-v`, else counted), and a closing sentence.
#[must_use]
pub fn exclusion_tests(report: &TestReport, style: Style) -> String {
    let mut page = Page::new(style);
    for result in &report.results {
        if !result.passed || style.verbose {
            self::result(&mut page, result);
        }
    }
    page.gap();
    let (failed, all) = (report.failed(), report.results.len());
    let sentence = match (all, failed) {
        (0, _) => "No exclusion has a test in this selection.".to_owned(),
        (_, 0) => format!("{} passed.", count(all, "test")),
        _ => format!("{} failed, {} passed.", count(failed, "test"), all - failed),
    };
    page.closing(Paint::Strong, &sentence);
    page.finish()
}

fn result(page: &mut Page, result: &TestResult) {
    let (paint, word) = match result.passed {
        true => (Paint::Good, "passed"),
        false => (Paint::Bad, "FAILED"),
    };
    let place = format!("{}:{}", escape::visible(&result.path), result.line);
    let expect = expectation_word(result.expect);
    let text = format!("{place} {}, test {}: expects {expect}", result.exclusion, result.number);
    page.sentence(0, paint, word, &text);
    if result.judgements.is_empty() {
        page.line(4, "it was judged on no content");
    }
    for judgement in &result.judgements {
        page.line(4, &judged(judgement));
        for condition in &judgement.assumed {
            page.line(8, &format!("assuming {}", escape::visible(condition)));
        }
    }
}

fn judged(judgement: &Judgement) -> String {
    let parameters = match judgement.parameters.as_str() {
        "" => String::new(),
        values => format!(" with {}", escape::visible(values)),
    };
    let detail = match judgement.verdict.detail() {
        Some(detail) => format!(": {}", escape::visible(detail)),
        None => String::new(),
    };
    format!("{} in {}{parameters}{detail}", judgement.verdict.as_str(), judgement.key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    const WIDE: Style = Style { color: false, width: 100, verbose: false };

    #[test]
    fn a_failed_test_says_what_became_of_its_event() {
        insta::assert_snapshot!(exclusion_tests(&fixture::tests(), WIDE));
    }

    #[test]
    fn passed_tests_are_only_counted_unless_asked_for() {
        let mut report = fixture::tests();
        report.results.retain(|result| result.passed);
        assert_eq!(exclusion_tests(&report, WIDE), "1 test passed.\n");
        let verbose = exclusion_tests(&report, Style { verbose: true, ..WIDE });
        assert!(verbose.contains("assuming ipv4_is_private(RemoteIP)"), "{verbose}");
    }
}
