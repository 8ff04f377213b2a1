//! Tactics, techniques and sub-techniques of a rule.

use serde_json::Value;

use super::fields::texts;
use crate::arm::{is_tactic, tactics_of};
use crate::emulator::refusal::Refusal;

/// Checks `tactics`, `techniques` and `subTechniques`.
pub(super) fn check(properties: &Value) -> Result<(), Refusal> {
    let path = "Properties";
    let tactics = texts(properties, path, "tactics")?;
    for tactic in &tactics {
        if !is_tactic(tactic) {
            let text = format!("The value '{tactic}' is not valid for 'Tactics'.");
            return Err(Refusal::invalid("Properties.Tactics", &text));
        }
    }
    for technique in texts(properties, path, "techniques")? {
        let Some(number) = number(technique) else {
            let text = format!(
                "The technique '{technique}' is invalid. The expected format is 'T####', where '#' represents a digit."
            );
            return Err(Refusal::invalid("Properties.Techniques", &text));
        };
        if !tactics_of(number).iter().any(|tactic| tactics.contains(tactic)) {
            let text = format!(
                "No valid tactic corresponding to the technique {technique} was provided in the tactics field."
            );
            return Err(Refusal::invalid("Properties.Techniques", &text));
        }
    }
    for technique in texts(properties, path, "subTechniques")? {
        let parts = technique.split_once('.');
        let digits = |text: &str| text.len() == 3 && text.bytes().all(|b| b.is_ascii_digit());
        if !parts.is_some_and(|(parent, sub)| number(parent).is_some() && digits(sub)) {
            let text = format!(
                "The sub-technique '{technique}' is invalid. The expected format is 'T####.###', where '#' represents a digit."
            );
            return Err(Refusal::invalid("Properties.SubTechniques", &text));
        }
    }
    Ok(())
}

/// The number of a technique that is written as `T####`.
fn number(text: &str) -> Option<u16> {
    let digits = text.strip_prefix('T')?;
    let written_out = digits.len() == 4 && digits.bytes().all(|byte| byte.is_ascii_digit());
    written_out.then(|| digits.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(properties: &Value, expect: &str) {
        let text = super::check(properties).err().map_or("fine".into(), |refusal| refusal.message);
        assert!(text.contains(expect), "{text}");
    }

    #[test]
    fn techniques_and_their_parts_stand_apart() {
        check(
            &json!({
                "tactics": ["CommandAndControl"],
                "techniques": ["T1071"], "subTechniques": ["T1071.001"],
            }),
            "fine",
        );
        check(&json!({"techniques": null, "tactics": ["Execution"]}), "fine");
        let text = "Invalid data model. [Properties.Techniques: The technique 'T1071.001' is invalid. The expected format is 'T####', where '#' represents a digit.]";
        check(&json!({"techniques": ["T1071.001"]}), text);
        check(&json!({"subTechniques": ["T1071"]}), "The expected format is 'T####.###'");
        check(&json!({"tactics": ["execution"]}), "The value 'execution' is not valid");
        check(&json!({"tactics": "Execution"}), "must be a list");
        check(&json!({"techniques": [1]}), "must be a list of strings");
    }

    #[test]
    fn a_technique_needs_one_of_its_tactics() {
        let text = "No valid tactic corresponding to the technique T1219 was provided in the tactics field.";
        check(&json!({"tactics": ["Execution"], "techniques": ["T1219"]}), text);
        check(&json!({"techniques": ["T1219"]}), text);
        check(
            &json!({"tactics": ["Execution", "CommandAndControl"], "techniques": ["T1219"]}),
            "fine",
        );
    }
}
