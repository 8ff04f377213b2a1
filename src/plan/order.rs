//! The one order of changes within a workspace.

use std::sync::Arc;

use super::{Action, Change, Class, Effect};

/// Worst news first: rules that the service disabled, then what makes detection quieter, then what
/// someone has to decide, then the rest; in each group by key.
pub(super) fn by_weight(mut changes: Vec<Arc<Change>>) -> Vec<Arc<Change>> {
    changes.sort_by(|left, right| {
        weight(left).cmp(&weight(right)).then_with(|| left.key.cmp(&right.key))
    });
    changes
}

fn weight(change: &Change) -> u8 {
    match (change.class, change.effect, change.action) {
        (Class::AutoDisabled, _, _) => 0,
        (_, Effect::Quieter, _) => 1,
        (_, _, Action::Refuse) => 2,
        (Class::Held, _, _) => 3,
        (Class::InSync, _, _) => 5,
        _ => 4,
    }
}
