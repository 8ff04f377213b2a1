//! What the fleet's policy wants of every exclusion.

use crate::content::{Exclusion, Expectation};
use crate::diag::{Code, Diagnostic};
use crate::environment::Policy;

const WITHOUT_OWNER: Code = Code::new("exclusion-without-owner");
const WITHOUT_EXPIRES: Code = Code::new("exclusion-without-expires");
const WITHOUT_TESTS: Code = Code::new("exclusion-without-tests");

/// What an exclusion lacks. Each is an error: what the exclusion applies to is held.
pub(super) fn lacks(exclusion: &Exclusion, policy: &Policy) -> Vec<Diagnostic> {
    let lack = |missing: bool, wanted: bool, code: Code, key: &str, help: &str| {
        (missing && wanted).then(|| {
            let id = &exclusion.id;
            Diagnostic::error(code, format!("exclusion `{}` has no `{key}`", id.value))
                .at(&id.source, id.span.clone(), "")
                .about(id.value.as_str())
                .because("`policy.exclusionsNeed` in `environments/fleet.yaml` asks for it")
                .help(help)
        })
    };
    let nobody = exclusion.owner.as_ref().is_none_or(|owner| owner.value.trim().is_empty());
    let owner = "add `owner: team@example.com`: who answers for it";
    let expires = "add `expires: 2027-05-01`: the last day in force, UTC";
    let tests = "add `tests` with an event that is excluded and one that is kept";
    [
        lack(nobody, policy.needs_owner, WITHOUT_OWNER, "owner", owner),
        lack(
            exclusion.expires.is_none(),
            policy.needs_expires,
            WITHOUT_EXPIRES,
            "expires",
            expires,
        ),
        lack(exclusion.tests.is_empty(), policy.needs_tests, WITHOUT_TESTS, "tests", tests),
        one_sided(exclusion, policy),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Tests that show only one side: without an event that is excluded they do not show what it does,
/// without one that is kept they do not show where it ends.
fn one_sided(exclusion: &Exclusion, policy: &Policy) -> Option<Diagnostic> {
    if exclusion.tests.is_empty() || !policy.needs_tests {
        return None;
    }
    let expects = |what: Expectation| exclusion.tests.iter().any(|test| test.value.expect == what);
    let lacking = match (expects(Expectation::Excluded), expects(Expectation::Kept)) {
        (true, true) => return None,
        (false, true) => "`excluded`",
        (true, false) => "`kept`",
        (false, false) => "`excluded` and none that expects `kept`",
    };
    let id = &exclusion.id;
    let message = format!("exclusion `{}` has no test that expects {lacking}", id.value);
    let first = &exclusion.tests[0];
    let diagnostic = Diagnostic::error(WITHOUT_TESTS, message)
        .at(&first.source, first.span.clone(), "")
        .about(id.value.as_str())
        .because("`policy.exclusionsNeed` in `environments/fleet.yaml` asks for tests")
        .help("add `tests` with an event that is excluded and one that is kept");
    Some(diagnostic)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::content::load;

    /// The codes of what an exclusion with these tests lacks.
    fn lacking(tests: &str) -> Vec<String> {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("content/exclusions");
        std::fs::create_dir_all(&folder).unwrap();
        let text = format!(
            "exclusions:\n- id: x\n  scenario: s\n  appliesTo: {{content: [h]}}\n  scope: all\n  \
             when: a == 1\n  owner: a@b.example\n  expires: 2027-01-01\n{tests}"
        );
        std::fs::write(folder.join("x.yaml"), text).unwrap();
        std::fs::write(root.path().join("content/h.yaml"), "id: h\nname: x\nquery: T\n").unwrap();
        let (catalog, diagnostics) = load(root.path());
        assert_eq!(catalog.exclusions.len(), 1, "{diagnostics:?}");
        let lacks = lacks(&catalog.exclusions[0], &Policy::default());
        lacks.into_iter().map(|diagnostic| diagnostic.message).collect()
    }

    fn test(expect: &str) -> String {
        format!("  - {{expect: {expect}, event: {{a: 1}}}}\n")
    }

    #[test]
    fn tests_show_an_event_that_is_excluded_and_one_that_is_kept() {
        let with = |expects: &[&str]| {
            let tests: String = expects.iter().map(|expect| test(expect)).collect();
            lacking(&format!("  tests:\n{tests}"))
        };
        assert_eq!(lacking(""), ["exclusion `x` has no `tests`"]);
        assert_eq!(with(&["excluded", "kept"]), [""; 0]);
        assert_eq!(with(&["excluded"]), ["exclusion `x` has no test that expects `kept`"]);
        assert_eq!(
            with(&["kept", "unreached"]),
            ["exclusion `x` has no test that expects `excluded`"]
        );
        assert_eq!(
            with(&["unreached"]),
            ["exclusion `x` has no test that expects `excluded` and none that expects `kept`"]
        );
    }
}
