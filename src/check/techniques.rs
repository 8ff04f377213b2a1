//! Techniques whose tactic is not named.

use super::item::Item;
use crate::arm::tactics_of;
use crate::diag::{Code, Diagnostic};
use crate::state::Field;

const WITHOUT_TACTIC: Code = Code::new("technique-without-tactic");
const NEWER: Code = Code::new("technique-newer-than-service");

/// Of rules: a hunt's tags take any text.
pub(super) fn check(item: &Item<'_>) -> Vec<Diagnostic> {
    if !item.is_rule() {
        return Vec::new();
    }
    let named = item.texts(Field::Tactics);
    let one = |technique: &str| {
        let number = technique.strip_prefix('T')?.parse().ok()?;
        let tactics = tactics_of(number);
        if tactics.is_empty() {
            let message = format!(
                "the service may not know `{technique}`: it knew ATT&CK 13.1 when its rules were last \
                 published"
            );
            let help = "name an older technique of the same tactic, if the service refuses it";
            return Some(Diagnostic::warning(NEWER, message).help(help));
        }
        if tactics.iter().any(|tactic| named.contains(tactic)) {
            return None;
        }
        let message = format!("`{technique}` stands without one of its tactics");
        let help = format!("add one of {} to `tactics`", listed(&tactics));
        Some(Diagnostic::error(WITHOUT_TACTIC, message).help(help))
    };
    let key = ["relevantTechniques", "techniques"];
    let key = key.into_iter().find(|key| item.keys.contains_key(*key)).unwrap_or("tactics");
    let found = item.texts(Field::Techniques).into_iter().filter_map(one);
    found.map(|diagnostic| item.at(key, diagnostic)).collect()
}

/// `a`, `b`.
pub(super) fn listed(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::super::sample::{check_hunt, check_rule};

    #[test]
    fn a_technique_needs_one_of_its_tactics() {
        let with = |tactic: &str, technique: &str| {
            format!("tactics: [{tactic}]\nrelevantTechniques: [{technique}]")
        };
        check_rule(&with("CommandAndControl", "T1219"), "T", &[]);
        check_rule(&with("CommandAndControl", "T1071.001"), "T", &[]);
        check_rule(&with("Execution", "T1219"), "T", &["error technique-without-tactic"]);
        check_rule("relevantTechniques: [T1219]", "T", &["error technique-without-tactic"]);
        check_rule(&with("Execution", "T1659"), "T", &["warning technique-newer-than-service"]);
        check_hunt(&with("Execution", "T1219"), "T", &[]);
    }
}
