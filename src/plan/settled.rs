//! What was found to be in sync, so that it need not be found again.
//!
//! A fleet has the same item in hundreds of workspaces, and in nearly all of them it is as the files say.
//! Where all that a decision rests on is the same, so is the decision: it is made once, and the workspaces
//! share it. The comparison of two sides is of whole values, not of hashes, and leaves out only where a
//! resource stands and who wrote it when.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Action, BaselineSide, Change, Class, DesiredSide, Options, Sides, decide, replaced};
use crate::arm::WorkspaceId;
use crate::ident::ItemKey;
use crate::state::baseline::Baseline;
use crate::state::body::Apart;
use crate::state::{LiveItem, MetadataItem};

/// As many forms of one item are remembered: exclusions and parameters give customers their own, and a
/// fleet in which all are different gains nothing by remembering them.
const FORMS: usize = 8;

/// Items that were found to be in sync in this run.
#[derive(Debug, Clone, Default)]
pub(super) struct Settled {
    by_item: BTreeMap<ItemKey, Vec<Form>>,
}

/// One form of an item that is in sync.
#[derive(Debug, Clone)]
struct Form {
    sides: Sides,
    change: Arc<Change>,
}

impl Settled {
    /// What [`decide`] decides. What is in sync with nothing to be said of it is shared: it does not say
    /// who last wrote the live item.
    pub(super) fn decide(
        &mut self,
        sides: Sides,
        workspace: &WorkspaceId,
        options: &Options,
    ) -> Arc<Change> {
        let forms = self.by_item.entry(sides.key.clone()).or_default();
        if let Some(at) = forms.iter().position(|form| is_same(&form.sides, &sides)) {
            // Neighbours in the fleet are often alike.
            forms[..=at].rotate_right(1);
            return Arc::clone(&forms[0].change);
        }
        let mut change = decide(sides, workspace, options);
        if !is_calm(&change) {
            return Arc::new(change);
        }
        let sides = (*change.sides).clone();
        change.modified = None;
        replaced::let_go(&mut change);
        let change = Arc::new(change);
        forms.truncate(FORMS - 1);
        forms.insert(0, Form { sides, change: Arc::clone(&change) });
        change
    }
}

/// Whether an item is as the files say, stands, and there is nothing else to be said of it.
fn is_calm(change: &Change) -> bool {
    let recorded = match &change.sides.baseline {
        BaselineSide::Ours(baseline) => baseline.record().is_ok(),
        BaselineSide::None | BaselineSide::Ambiguous(_) | BaselineSide::Other(..) => false,
    };
    (change.class, change.action) == (Class::InSync, Action::None)
        && recorded
        && matches!(change.sides.desired, DesiredSide::Present(_))
        && change.fields.is_empty()
        && change.observed.is_empty()
        && change.quieter_by.is_empty()
        && replaced::stands(change, false)
}

/// Whether two items' sides are the same in all that a decision rests on.
fn is_same(one: &Sides, other: &Sides) -> bool {
    let Sides {
        key,
        arm_name,
        name,
        desired,
        live,
        baseline,
        clash,
        observed,
        prune,
        edits_acknowledged,
        retire_blocked,
        left_out,
        rollback,
        owner,
        today,
    } = one;
    key.family == other.key.family
        && key.id.as_str() == other.key.id.as_str()
        && arm_name.as_str() == other.arm_name.as_str()
        && *name == other.name
        && is_same_desired(desired, &other.desired)
        && match (live, &other.live) {
            (Some(live), Some(other)) => is_same_item(live, other),
            (live, other) => live == other,
        }
        && match (baseline, &other.baseline) {
            (BaselineSide::Ours(one), BaselineSide::Ours(other)) => is_same_baseline(one, other),
            (one, other) => one == other,
        }
        && *clash == other.clash
        && *observed == other.observed
        && *prune == other.prune
        && *edits_acknowledged == other.edits_acknowledged
        && *retire_blocked == other.retire_blocked
        && *left_out == other.left_out
        && *rollback == other.rollback
        && owner.as_str() == other.owner.as_str()
        && *today == other.today
}

fn is_same_desired(one: &DesiredSide, other: &DesiredSide) -> bool {
    match (one, other) {
        (DesiredSide::Present(one), DesiredSide::Present(other)) => {
            Arc::ptr_eq(one, other) || one == other
        }
        (one, other) => one == other,
    }
}

fn is_same_item(one: &LiveItem, other: &LiveItem) -> bool {
    let LiveItem { family, name, kind, body } = one;
    *family == other.family
        && name.as_str() == other.name.as_str()
        && *kind == other.kind
        && body.is_alike(&other.body, &Apart::ITEM)
}

/// A record that is read from the same text under the same names is the same record.
fn is_same_baseline(one: &Baseline, other: &Baseline) -> bool {
    let MetadataItem { name, family, body } = &one.metadata;
    one.name.as_str() == other.name.as_str()
        && name.as_str() == other.metadata.name.as_str()
        && *family == other.metadata.family
        && one.metadata.parent_name() == other.metadata.parent_name()
        && body.is_alike(&other.metadata.body, &Apart::RECORD)
}
