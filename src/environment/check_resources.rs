//! Items that a workspace binds to a resource which another item needs.

use std::collections::BTreeMap;

use super::Workspace;
use crate::content::{Catalog, Content};
use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::ident::{ArmName, Family};

const TAKEN: Code = Code::new("resource-name-taken");

/// An item that is not bound has its id as its name.
pub(super) fn check(workspace: &Workspace, catalog: &Catalog, diagnostics: &mut Diagnostics) {
    let resources = &workspace.resources;
    if resources.is_empty() {
        return;
    }
    let free = |content: &&Content| !resources.contains_key(&content.id.value);
    let by_name: BTreeMap<(Family, ArmName), &Content> = catalog
        .contents
        .iter()
        .filter(free)
        .filter_map(|content| Some((name(content)?, content)))
        .collect();
    for content in &catalog.contents {
        let Some(bound) = resources.get(&content.id.value) else { continue };
        let key = (content.kind.family(), bound.value.clone());
        if let Some(other) = by_name.get(&key) {
            let message = format!("`{}` is the resource of another item", bound.value);
            let error = Diagnostic::error(TAKEN, message)
                .at(&bound.source, bound.span.clone(), "")
                .at(&other.id.source, other.id.span.clone(), "its id is its name")
                .help("bind the other item to its own resource too, or take this line out");
            diagnostics.push(error);
        }
    }
}

fn name(content: &Content) -> Option<(Family, ArmName)> {
    Some((content.kind.family(), content.id.value.as_str().parse().ok()?))
}
