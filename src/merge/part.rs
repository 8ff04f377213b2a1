//! What a report is a part of.

use serde::{Deserialize, Serialize};

/// What a report is a part of: written into every report of `plan`, `apply` and `drift`, as `part`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Part {
    /// Marks what the repository owns.
    pub owner: String,
    /// `sha256:…` over the files that it was made from.
    pub files: String,
    /// The digest of the saved plan that was applied.
    pub digest: Option<String>,
    /// The rings that have workspaces of what was selected, whichever rings were named, in order of rollout.
    pub rings: Vec<String>,
    /// The rings that the run itself waited by, in order of rollout: those of the fleet where rings were named,
    /// else those of the run.
    pub order: Vec<String>,
    /// What was selected, as `ring=broad`; sorted, without the shard.
    pub selection: Vec<String>,
    /// The shard of that, `2/4`.
    pub shard: Option<String>,
    /// Every shard of that which has a workspace; empty where it is not divided.
    pub shards: Vec<String>,
    /// Every exit code that holds; the process ended with the first of them by precedence.
    pub exits: Vec<u8>,
}

impl Part {
    /// The rings that were named.
    pub(super) fn named_rings(&self) -> impl Iterator<Item = &str> {
        self.selection.iter().filter_map(|word| word.strip_prefix("ring="))
    }

    /// What was selected but for rings: reports of one such selection are those of one run, ring by ring.
    pub(super) fn besides_rings(&self) -> Vec<&str> {
        let words = self.selection.iter().map(String::as_str);
        words.filter(|word| !word.starts_with("ring=")).collect()
    }

    /// Whether it reports of a ring: it names that, or none and has it.
    pub(super) fn is_about(&self, ring: &str) -> bool {
        let mut named = self.named_rings().peekable();
        let is_it = |name: &str| name.eq_ignore_ascii_case(ring);
        match named.peek() {
            Some(_) => named.any(is_it),
            None => self.rings.iter().any(|name| is_it(name)),
        }
    }

    /// Whether another ring waits for how this one ends.
    fn lets_wait(&self, ring: &str) -> bool {
        let place = self.order.iter().position(|name| name.eq_ignore_ascii_case(ring));
        place.is_some_and(|at| at + 1 < self.order.len())
    }

    /// For people: the shard and what it is of.
    pub(super) fn name(&self) -> String {
        let shard = self.shard.as_ref().map_or("all".to_owned(), |shard| format!("shard {shard}"));
        match self.selection.as_slice() {
            [] => format!("{shard} of everything"),
            words => format!("{shard} of {}", words.join(" ")),
        }
    }
}

/// Which rings wait for which.
pub(super) struct Waiting<'p> {
    parts: &'p [Part],
    /// Whether somebody asks if the next ring may begin, so that one waits for rings that a run took for its last.
    next: bool,
}

impl<'p> Waiting<'p> {
    pub(super) fn new(parts: &'p [Part], next: bool) -> Self {
        Self { parts, next }
    }

    /// Where a ring comes in the rollout.
    pub(super) fn place(&self, ring: &str) -> Option<usize> {
        let longest = self.parts.iter().map(|part| &part.order).max_by_key(|order| order.len())?;
        longest.iter().position(|name| name.eq_ignore_ascii_case(ring))
    }

    /// Whether another ring waits for how this one ends.
    pub(super) fn is_followed(&self, ring: &str) -> bool {
        let undivided = |part: &Part| part.named_rings().next().is_none();
        self.parts.iter().any(|part| part.lets_wait(ring) || (self.next && undivided(part)))
    }
}
