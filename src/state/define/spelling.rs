//! Words of the service, however people spell them, and how messages speak of values.

use serde_json::Value;

use crate::diag::closest;

/// The tactics that the service knows: `AttackTactic` of Microsoft.SecurityInsights 2024-04-01-preview.
pub const TACTICS: &[&str] = &[
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

/// Entity types of entity mappings, same source.
pub(super) const ENTITY_TYPES: &[&str] = &[
    "Account",
    "Host",
    "IP",
    "Malware",
    "File",
    "Process",
    "CloudApplication",
    "DNS",
    "AzureResource",
    "FileHash",
    "RegistryKey",
    "RegistryValue",
    "SecurityGroup",
    "URL",
    "Mailbox",
    "MailCluster",
    "MailMessage",
    "SubmissionMail",
];

/// The word that a text means when blanks, punctuation and case do not count: `Command and control`
/// is `CommandAndControl`.
pub(super) fn word(text: &str, words: &[&'static str]) -> Option<&'static str> {
    let letters = || text.chars().filter(|c| c.is_alphanumeric()).map(|c| c.to_ascii_lowercase());
    words.iter().find(|word| letters().eq(word.chars().map(|c| c.to_ascii_lowercase()))).copied()
}

/// What to write in place of an unknown word.
pub(super) fn instead(text: &str, words: &[&str]) -> String {
    match closest(text, words.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("use one of {}", listed(words)),
    }
}

/// `a`, `b`, `c`.
pub(super) fn listed(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

/// What a value is, for "… must be a text, not a list".
pub(super) fn shape(value: &Value) -> String {
    match value {
        Value::Null => "empty".to_owned(),
        Value::Bool(_) | Value::Number(_) => format!("`{value}`"),
        Value::String(text) => format!("the text `{text}`"),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "a mapping".to_owned(),
    }
}
