//! The words for what guards object to, beyond those of the objection itself.

use super::escape;
use crate::plan::Exceeded;

/// What was found, and which acknowledgement covers it, if one does.
pub(super) fn sentence(found: &Exceeded) -> String {
    let sentence = escape::visible(&found.sentence());
    match &found.acknowledged {
        None => sentence,
        Some(ack) => format!("{sentence} (`--ack {ack}`)"),
    }
}

/// How to go on where somebody objects.
pub(super) fn way_on(found: &[Exceeded]) -> Option<String> {
    let open = found.iter().filter(|one| one.acknowledged.is_none());
    let flags: Vec<String> = open.map(Exceeded::flag).collect();
    (!flags.is_empty()).then(|| acknowledge(&flags))
}

/// How to say once that what guards object to is meant.
#[must_use]
pub fn acknowledge(flags: &[String]) -> String {
    format!(
        "look whether content, a label or a switch is missing by accident; if all of it is meant, say so \
         once, for `apply` or for `plan --out`: `{}`",
        flags.join(" ")
    )
}
