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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::sample::{self, ENVIRONMENT, FLEET, fleet, shown};
    use super::*;
    use crate::state::Kind;

    fn check_bound(resources: &str, expect: &[&str]) {
        let text = format!("{ENVIRONMENT}    resources: {resources}\n");
        let fleet = fleet(&[("fleet.yaml", FLEET), ("a.yaml", &text)]);
        let item = |id, kind| sample::content(id, kind, "x.yaml", json!({}));
        let catalog = sample::catalog(vec![
            item("rule-1", Kind::Scheduled),
            item("rule-2", Kind::Nrt),
            item("hunt-1", Kind::Hunt),
        ]);
        let mut diagnostics = Diagnostics::new();
        check(fleet.workspaces()[0].1, &catalog, &mut diagnostics);
        assert_eq!(shown(&diagnostics), expect, "{resources}");
    }

    #[test]
    fn an_item_is_not_bound_to_the_name_of_another() {
        check_bound("{ rule-1: RULE-2 }", &["resource-name-taken a.yaml:9 RULE-2"]);
        check_bound("{ rule-1: rule-2, rule-2: other }", &[]);
        check_bound("{ rule-1: rule-1 }", &[]);
        // Rules and saved searches are different lists.
        check_bound("{ rule-1: hunt-1 }", &[]);
    }
}
