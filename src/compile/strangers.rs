//! Rows of other tables at a marker: an exclusion must not take them all out for want of its columns.
//!
//! A marker may stand where rows pass of tables that nobody named, or of which no columns are known.
//! Nothing can be proven of those but one thing: a column that such a row does not have is null there,
//! or empty. A condition that is true of nothing but nulls takes out every row that it was not made
//! for.

use super::exclusion::Ready;
use super::judge::{Case, Judged};
use super::verdict::hold;
use crate::kql::reason::TAKES_OTHER_TABLES;
use crate::kql::{Event, Finding, Place, Reach, evaluate};

/// Holds the item for each exclusion that would take out rows of tables that it cannot be judged on.
pub(super) fn judge(case: &Case<'_>, judged: &mut Judged) {
    for ready in case.ready {
        let marked = case.places(&ready.table).into_iter().any(Place::is_marked);
        let truth = || evaluate(&ready.resolved.predicate, &Event::default(), case.now());
        if let Some(strangers) = strangers(case, ready).filter(|_| marked && truth().may_be_true())
        {
            let message = format!(
                "{strangers} pass its marker, and it is not false for those that have none of its \
                 columns"
            );
            let finding = Finding {
                code: TAKES_OTHER_TABLES,
                exclusion: None,
                message,
                acknowledgeable: true,
                at: None,
                example: None,
            };
            hold(case, &finding, &[ready.exclusion], judged);
        }
    }
}

/// Whose rows may pass the query's markers beside those of the exclusion's table, of tables whose
/// columns are not known.
fn strangers(case: &Case<'_>, ready: &Ready<'_>) -> Option<String> {
    let rows_of = |table: &str| format!("rows of `{table}` may");
    let refused = case.spine.refusals.iter().find_map(|refusal| match &refusal.reach {
        Reach::Nothing => None,
        Reach::Table(table) if *table == ready.table || ready.table.is_empty() => None,
        Reach::Table(table) => Some(rows_of(table)),
        Reach::Pattern(_) | Reach::Anything => Some("rows of tables without a name may".to_owned()),
    });
    let tables = case.spine.tables();
    let alone = ready.table.is_empty() && tables.len() == 1;
    let open = || {
        let is_open = |table: &&&str| {
            **table != ready.table && !alone && case.schema.columns(table).is_none()
        };
        tables.iter().find(is_open).map(|table| rows_of(table))
    };
    refused.or_else(open)
}
