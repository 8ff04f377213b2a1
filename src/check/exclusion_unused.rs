//! Exclusions that are compiled into nothing.

use super::Subject;
use crate::content::Exclusion;
use crate::diag::{Code, Diagnostic, closest};
use crate::kql::Schema;
use crate::state::DesiredState;

const UNUSED: Code = Code::new("exclusion-unused");

/// An exclusion whose content or scope exists but never meets. While items are held, nobody can say.
pub(super) fn check(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let workspaces = &subject.compiled.desired.workspaces;
    let mut items = workspaces.iter().flat_map(|workspace| workspace.items.values());
    if items.any(|item| matches!(item.state, DesiredState::Held(_))) {
        return Vec::new();
    }
    subject
        .catalog
        .exclusions
        .iter()
        .filter(|exclusion| !subject.compiled.reach.contains_key(&exclusion.id.value))
        .map(|exclusion| {
            let id = &exclusion.id;
            let message = format!("exclusion `{}` applies to no item in any workspace", id.value);
            Diagnostic::warning(UNUSED, message)
                .at(&id.source, id.span.clone(), "")
                .about(id.value.as_str())
                .help(way_on(exclusion))
        })
        .collect()
}

/// The table that was probably meant, if one is named that nobody knows.
fn way_on(exclusion: &Exclusion) -> String {
    let known = Schema::builtin();
    let mut unknown =
        exclusion.applies_to.tables.iter().filter(|table| known.columns(&table.value).is_none());
    let near = unknown.find_map(|table| {
        closest(&table.value, known.tables()).map(|near| (table.value.as_str(), near))
    });
    match near {
        Some((table, near)) => format!("no query reads `{table}`; did you mean `{near}`?"),
        None => "look at `appliesTo` and `scope`, or take it out".to_owned(),
    }
}
