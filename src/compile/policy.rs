//! What the fleet's policy wants of every exclusion.

use crate::content::Exclusion;
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
    let owner = "add `owner: team@example.com`: who answers for it";
    let expires = "add `expires: 2027-05-01`: the last day in force, UTC";
    let tests = "add `tests` with an event that is excluded and one that is kept";
    [
        lack(exclusion.owner.is_none(), policy.needs_owner, WITHOUT_OWNER, "owner", owner),
        lack(
            exclusion.expires.is_none(),
            policy.needs_expires,
            WITHOUT_EXPIRES,
            "expires",
            expires,
        ),
        lack(exclusion.tests.is_empty(), policy.needs_tests, WITHOUT_TESTS, "tests", tests),
    ]
    .into_iter()
    .flatten()
    .collect()
}
