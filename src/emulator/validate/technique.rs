//! Tactics, techniques and sub-techniques of a rule.
//!
//! Which technique belongs to which tactic is Microsoft's own validator's table (Azure-Sentinel,
//! September 2024, ATT&CK 13.1): a line per tactic in `techniques.txt`.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde_json::Value;

use super::fields::texts;
use crate::emulator::refusal::Refusal;

/// The techniques of each tactic.
pub(super) fn tactics() -> &'static BTreeMap<&'static str, Vec<&'static str>> {
    static TACTICS: OnceLock<BTreeMap<&str, Vec<&str>>> = OnceLock::new();
    TACTICS.get_or_init(|| {
        let lines = include_str!("techniques.txt").lines();
        let read = lines.filter_map(|line| line.split_once(':'));
        read.map(|(tactic, techniques)| (tactic, techniques.split_whitespace().collect())).collect()
    })
}

/// Checks `tactics`, `techniques` and `subTechniques`.
pub(super) fn check(properties: &Value) -> Result<(), Refusal> {
    let named = texts(properties, "tactics");
    if let Some(tactic) = named.iter().find(|tactic| !tactics().contains_key(**tactic)) {
        let text = format!("The value '{tactic}' is not valid for 'Tactics'.");
        return Err(Refusal::invalid("Properties.Tactics", &text));
    }
    for technique in texts(properties, "techniques") {
        if !is_technique(technique) {
            let text = format!(
                "The technique '{technique}' is invalid. The expected format is 'T####', where '#' represents a digit."
            );
            return Err(Refusal::invalid("Properties.Techniques", &text));
        }
        if !named.iter().any(|tactic| tactics()[*tactic].contains(&technique)) {
            let text = format!(
                "No valid tactic corresponding to the technique {technique} was provided in the tactics field."
            );
            return Err(Refusal::invalid("Properties.Techniques", &text));
        }
    }
    for technique in texts(properties, "subTechniques") {
        let parts = technique.split_once('.');
        if !parts.is_some_and(|(parent, sub)| is_technique(parent) && are_digits(sub, 3)) {
            let text = format!(
                "The sub-technique '{technique}' is invalid. The expected format is 'T####.###', where '#' represents a digit."
            );
            return Err(Refusal::invalid("Properties.SubTechniques", &text));
        }
    }
    Ok(())
}

/// `T####`.
fn is_technique(text: &str) -> bool {
    text.strip_prefix('T').is_some_and(|digits| are_digits(digits, 4))
}

fn are_digits(text: &str, count: usize) -> bool {
    text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_technique_goes_with_each_of_its_tactics() {
        for (tactic, techniques) in tactics() {
            // Some are misspelled in the validator (`T806`): nobody can use those.
            for technique in techniques.iter().filter(|technique| is_technique(technique)) {
                let properties = json!({"tactics": [tactic], "techniques": [technique]});
                assert_eq!(check(&properties), Ok(()), "{technique} with {tactic}");
            }
        }
    }

    #[test]
    fn one_tactic_of_several_is_enough() {
        let tactics = json!(["Execution", "CommandAndControl"]);
        assert_eq!(check(&json!({"tactics": tactics, "techniques": ["T1219"]})), Ok(()));
    }
}
