//! Items against workspaces: how each stands in each, as a sign and a word.
//!
//! Only items of which something is to be told have a row; workspaces that stand alike share a column.

use super::{escape, summary, width, wording};
use crate::ident::{ItemKey, WorkspaceKey};
use crate::plan::{Change, Effect, Plan};

/// Columns of a name in a table of markdown.
const NAME: usize = 60;

/// Items against workspaces.
#[derive(Debug)]
pub(super) struct Matrix<'p> {
    /// Which workspaces each column is of, in fleet order.
    pub(super) columns: Vec<Vec<&'p WorkspaceKey>>,
    /// What is worst first.
    pub(super) rows: Vec<Row<'p>>,
}

/// One item.
#[derive(Debug)]
pub(super) struct Row<'p> {
    /// Its display name where it first stands.
    pub(super) name: &'p str,
    /// The item.
    pub(super) key: &'p ItemKey,
    /// One cell per column; empty where the workspace has nothing of it.
    pub(super) cells: Vec<String>,
}

impl<'p> Matrix<'p> {
    /// What would be done.
    pub(super) fn of_plan(plan: &'p Plan) -> Self {
        Self::of(plan, |change| !summary::is_quiet(change), of_change, ". in sync")
    }

    /// What moved outside git. Where nothing did there is nothing to say, also of what moved in git.
    pub(super) fn of_drift(plan: &'p Plan) -> Self {
        Self::of(plan, summary::is_told_as_drift, of_drifted, "")
    }

    /// The name of an item; where two are called alike, its key.
    pub(super) fn name_of(&self, row: &Row<'_>) -> String {
        let alike = self.rows.iter().filter(|other| other.name == row.name).count();
        let name = if alike > 1 { row.key.to_string() } else { row.name.to_owned() };
        width::cut(&escape::visible(&name), NAME)
    }

    /// Whether it says more than a list would: several workspaces, and something in them.
    pub(super) fn is_worth_showing(&self) -> bool {
        self.columns.iter().map(Vec::len).sum::<usize>() > 1 && !self.rows.is_empty()
    }

    fn of(
        plan: &'p Plan,
        told: impl Fn(&Change) -> bool,
        cell: impl Fn(&Change) -> String,
        untold: &str,
    ) -> Self {
        let mut items: Vec<(&ItemKey, &str)> = Vec::new();
        let mut places = std::collections::BTreeMap::new();
        for (_, change) in summary::all_ordered(plan).into_iter().filter(|(_, c)| told(c)) {
            places.entry(&change.key).or_insert_with(|| {
                items.push((&change.key, &change.name));
                items.len() - 1
            });
        }
        let mut columns: Vec<(Vec<String>, Vec<&WorkspaceKey>)> = Vec::new();
        let mut known = std::collections::HashMap::new();
        for workspace in &plan.workspaces {
            let empty = if workspace.unreadable.is_some() { "? unknown" } else { "" };
            let mut cells = vec![empty.to_owned(); items.len()];
            for change in &workspace.changes {
                if let Some(place) = places.get(&change.key) {
                    cells[*place] = match (told(change), workspace.frozen.is_some()) {
                        (true, true) if change.action.writes() => {
                            format!("{}, frozen", cell(change))
                        }
                        (true, _) => cell(change),
                        (false, _) => untold.to_owned(),
                    };
                }
            }
            let at = *known.entry(cells.clone()).or_insert_with(|| {
                columns.push((cells, Vec::new()));
                columns.len() - 1
            });
            columns[at].1.push(&workspace.key);
        }
        let row = |(at, (key, name)): (usize, &(&'p ItemKey, &'p str))| Row {
            name,
            key,
            cells: columns.iter().map(|(cells, _)| cells[at].clone()).collect(),
        };
        let rows = items.iter().enumerate().map(row).collect();
        Self { columns: columns.into_iter().map(|(_, keys)| keys).collect(), rows }
    }
}

/// What a column is called: `A` to `Z`, then `AA`.
pub(super) fn label(at: usize) -> String {
    let letter = |number: usize| char::from(b'A' + u8::try_from(number % 26).unwrap_or(0));
    match at / 26 {
        0 => letter(at).to_string(),
        more => format!("{}{}", label(more - 1), letter(at)),
    }
}

fn of_change(change: &Change) -> String {
    let quieter = if change.effect == Effect::Quieter { ", QUIETER" } else { "" };
    format!("{} {}{quieter}", wording::sign(change.action), wording::action_word(change))
}

fn of_drifted(change: &Change) -> String {
    if summary::is_drift(change) || summary::is_foreign(change) {
        format!("! {}", change.class)
    } else if summary::is_accepted(change) {
        ". accepted".to_owned()
    } else {
        ". observed".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{self, change, plan, workspace};
    use super::*;
    use crate::plan::{Action, Class};

    #[test]
    fn workspaces_that_stand_alike_share_a_column() {
        let calm = || change("calm", Class::InSync, Action::None);
        let new = || change("new", Class::New, Action::Create);
        let made = plan(vec![
            workspace("a/x", vec![calm(), new()]),
            workspace("b/x", vec![new()]),
            workspace("c/x", vec![fixture::updated(), change("new", Class::InSync, Action::None)]),
            fixture::unreadable("d/x"),
        ]);
        let matrix = Matrix::of_plan(&made);
        let columns: Vec<usize> = matrix.columns.iter().map(Vec::len).collect();
        assert_eq!(columns, [2, 1, 1]);
        let rows: Vec<(&str, Vec<&str>)> = matrix
            .rows
            .iter()
            .map(|row| (row.key.id.as_str(), row.cells.iter().map(String::as_str).collect()))
            .collect();
        assert_eq!(
            rows,
            [
                ("updated", vec!["", "~ update, QUIETER", "? unknown"]),
                ("new", vec!["+ create", ". in sync", "? unknown"]),
            ]
        );
    }

    #[test]
    fn a_frozen_workspace_has_a_column_of_its_own() {
        let one = |name| workspace(name, vec![change("new", Class::New, Action::Create)]);
        let mut made = plan(vec![one("a/x"), one("b/x")]);
        made.workspaces[1].frozen = Some(fixture::freeze());
        assert_eq!(Matrix::of_plan(&made).rows[0].cells, ["+ create", "+ create, frozen"]);
    }
}
