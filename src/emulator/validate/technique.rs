//! Tactics, techniques and sub-techniques of a rule.

use serde_json::Value;

use super::fields::texts;
use crate::emulator::refusal::Refusal;

const TACTICS: &[&str] = &[
    "Reconnaissance",
    "ResourceDevelopment",
    "InitialAccess",
    "Execution",
    "Persistence",
    "PrivilegeEscalation",
    "DefenseEvasion",
    "CredentialAccess",
    "Discovery",
    "LateralMovement",
    "Collection",
    "Exfiltration",
    "CommandAndControl",
    "Impact",
    "PreAttack",
    "ImpairProcessControl",
    "InhibitResponseFunction",
];

/// Checks `tactics`, `techniques` and `subTechniques`.
pub(super) fn check(properties: &Value) -> Result<(), Refusal> {
    let path = "Properties";
    for tactic in texts(properties, path, "tactics")? {
        if !TACTICS.contains(&tactic) {
            let text = format!("The value '{tactic}' is not valid for 'Tactics'.");
            return Err(Refusal::invalid("Properties.Tactics", &text));
        }
    }
    for technique in texts(properties, path, "techniques")? {
        if !is_technique(technique) {
            let text = format!(
                "The technique '{technique}' is invalid. The expected format is 'T####', where '#' represents a digit."
            );
            return Err(Refusal::invalid("Properties.Techniques", &text));
        }
    }
    for technique in texts(properties, path, "subTechniques")? {
        let parts = technique.split_once('.');
        let digits = |text: &str| text.len() == 3 && text.bytes().all(|b| b.is_ascii_digit());
        if !parts.is_some_and(|(parent, sub)| is_technique(parent) && digits(sub)) {
            let text = format!(
                "The sub-technique '{technique}' is invalid. The expected format is 'T####.###', where '#' represents a digit."
            );
            return Err(Refusal::invalid("Properties.SubTechniques", &text));
        }
    }
    Ok(())
}

fn is_technique(text: &str) -> bool {
    let digits = text.strip_prefix('T').unwrap_or_default();
    digits.len() == 4 && digits.bytes().all(|byte| byte.is_ascii_digit())
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
        check(&json!({"techniques": ["T1071"], "subTechniques": ["T1071.001"]}), "fine");
        check(&json!({"techniques": null, "tactics": ["Execution"]}), "fine");
        let text = "Invalid data model. [Properties.Techniques: The technique 'T1071.001' is invalid. The expected format is 'T####', where '#' represents a digit.]";
        check(&json!({"techniques": ["T1071.001"]}), text);
        check(&json!({"subTechniques": ["T1071"]}), "The expected format is 'T####.###'");
        check(&json!({"tactics": ["execution"]}), "The value 'execution' is not valid");
        check(&json!({"tactics": "Execution"}), "must be a list");
        check(&json!({"techniques": [1]}), "must be a list of strings");
    }
}
