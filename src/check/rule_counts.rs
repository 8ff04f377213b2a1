//! More rules in a workspace than it takes.

use super::Subject;
use crate::diag::{Code, Diagnostic};
use crate::state::Kind;
use crate::state::desired::DesiredState;

const TOO_MANY: Code = Code::new("too-many-rules");

/// Microsoft's documented limits; support raises them for some.
const MOST_RULES: usize = 512;
const MOST_NRT: usize = 50;

pub(super) fn check(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let fleet = subject.fleet.workspaces().into_iter();
    let both = fleet.zip(&subject.compiled.desired.workspaces);
    both.flat_map(|((_, workspace), desired)| {
        let kinds: Vec<Kind> =
            desired.items.values().filter_map(|item| kind(&item.state)).collect();
        let rules = kinds.iter().filter(|kind| **kind != Kind::Hunt).count();
        let nrt = kinds.iter().filter(|kind| **kind == Kind::Nrt).count();
        let limits = [(rules, "rules", MOST_RULES), (nrt, "near-real-time rules", MOST_NRT)];
        let over = limits.into_iter().filter(|(count, _, most)| count > most);
        let over = over.map(|(count, what, most)| {
            let key = &workspace.key;
            let message = format!("{count} {what} are for `{key}`; a workspace takes {most}");
            Diagnostic::warning(TOO_MANY, message)
                .at(&workspace.id.source, workspace.id.span.clone(), "")
                .help("leave some out with `content: { exclude: […] }`, or have the limit raised")
        });
        over.collect::<Vec<_>>()
    })
    .collect()
}

fn kind(state: &DesiredState) -> Option<Kind> {
    match state {
        DesiredState::Present(present) => Some(present.kind),
        DesiredState::Held(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::check_files;

    #[test]
    fn a_workspace_takes_fifty_near_real_time_rules() {
        let rule = |n: usize| format!("id: r{n}\nname: R{n}\nkind: NRT\nseverity: Low\nquery: T\n");
        let files: Vec<String> = (0..51).map(rule).collect();
        let files: Vec<&str> = files.iter().map(String::as_str).collect();
        check_files(&files[..50], &[]);
        check_files(&files, &["warning too-many-rules"]);
    }
}
