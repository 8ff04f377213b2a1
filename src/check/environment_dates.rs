//! Overrides and accepted drift whose last day is over.
//!
//! An override that made a rule louder makes it quieter by ending; drift that was left alone is
//! restored. Both were said once, and are said again.

use super::Subject;
use crate::diag::{Code, Diagnostic};
use crate::environment::Workspace;

const OVERRIDE_ENDED: Code = Code::new("override-ended");
const ACCEPTANCE_ENDED: Code = Code::new("acceptance-ended");

pub(super) fn check(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let workspaces = subject.fleet.workspaces().into_iter();
    workspaces.flat_map(|(_, workspace)| of_workspace(subject, workspace)).collect()
}

/// What fleet and ring say is repeated by every workspace, and said once by the caller.
fn of_workspace(subject: &Subject<'_>, workspace: &Workspace) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (id, keys) in &workspace.settings.overrides {
        for (key, layered) in keys {
            let Some(day) = layered.expires.filter(|day| *day < subject.today) else { continue };
            let message =
                format!("the override of `{key}` ended on {day}: the content's own value is back");
            let warning = Diagnostic::warning(OVERRIDE_ENDED, message)
                .at(&layered.value.source, layered.value.span.clone(), "")
                .about(id.as_str());
            found.push(warning.help("renew it, or take it out"));
        }
    }
    for accepted in &workspace.settings.accepted {
        let until = accepted.value.until;
        if until < subject.today {
            let message = format!("what was accepted until {until} is drift again");
            let warning = Diagnostic::warning(ACCEPTANCE_ENDED, message)
                .at(&accepted.source, accepted.span.clone(), "")
                .about(accepted.value.content.as_str());
            found.push(warning.help("renew it, or take it out and let `apply` restore the fields"));
        }
    }
    found
}
