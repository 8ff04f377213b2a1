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

    /// For people: the shard and what it is of.
    pub(super) fn name(&self) -> String {
        let shard = self.shard.as_ref().map_or("all".to_owned(), |shard| format!("shard {shard}"));
        match self.selection.as_slice() {
            [] => format!("{shard} of everything"),
            words => format!("{shard} of {}", words.join(" ")),
        }
    }
}
