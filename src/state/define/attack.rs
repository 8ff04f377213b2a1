//! MITRE ATT&CK: tactics and techniques.
//!
//! A rule has three sets on the wire: tactics, techniques (`T####`) and sub-techniques
//! (`T####.###`). A hunt has two tags, each one comma-joined text in the file's order.

use serde_json::Value;

use super::reader::{Reader, Reported, list};
use super::spelling::{self, TACTICS};
use crate::diag::{Code, Severity};
use crate::state::{Field, Kind};

const UNKNOWN_TACTIC: Code = Code::new("unknown-tactic");
const BAD_TECHNIQUE: Code = Code::new("bad-technique");
const EMPTY_ENTRY: Code = Code::new("empty-entry");

pub(super) fn define(reader: &mut Reader<'_>) {
    if let Ok(tactics) = tactics(reader) {
        let value = if reader.kind == Kind::Hunt { joined(&tactics) } else { list(tactics) };
        reader.set(Field::Tactics, value);
    }
    if let Ok(techniques) = techniques(reader) {
        if reader.kind == Kind::Hunt {
            reader.set(Field::Techniques, joined(&techniques));
            return;
        }
        let (whole, sub) = split(techniques);
        reader.set(Field::Techniques, list(whole));
        reader.set(Field::SubTechniques, list(sub));
    }
}

fn tactics(reader: &mut Reader<'_>) -> Result<Vec<String>, Reported> {
    let mut names = Vec::new();
    let mut result = Ok(());
    for written in entries(reader, "tactics")? {
        match spelling::word(&written, TACTICS) {
            Some(tactic) => add(&mut names, tactic.to_owned()),
            None => {
                let message = format!("`{written}` is not a tactic");
                let help = spelling::instead(&written, TACTICS);
                let severity = weight(reader.kind, &mut result);
                reader.report(severity, UNKNOWN_TACTIC, "tactics", message, &help);
                add(&mut names, written);
            }
        }
    }
    result.map(|()| names)
}

/// From `relevantTechniques` or, as some authors call it, `techniques`.
fn techniques(reader: &mut Reader<'_>) -> Result<Vec<String>, Reported> {
    let mut names = Vec::new();
    let mut result = Ok(());
    for key in ["relevantTechniques", "techniques"] {
        for written in entries(reader, key)? {
            let upper = written.to_ascii_uppercase();
            if is_technique(&upper) {
                add(&mut names, upper);
                continue;
            }
            let message = format!("`{written}` is not a technique");
            let help = "write `T1219` or `T1059.001`";
            let severity = weight(reader.kind, &mut result);
            reader.report(severity, BAD_TECHNIQUE, key, message, help);
            add(&mut names, written);
        }
    }
    result.map(|()| names)
}

/// The service refuses a rule with a wrong name and takes any text as a hunt's tag.
fn weight(kind: Kind, result: &mut Result<(), Reported>) -> Severity {
    if kind == Kind::Hunt {
        return Severity::Warning;
    }
    *result = Err(Reported);
    Severity::Error
}

/// A list, one text, or one text with commas, as trimmed entries.
fn entries(reader: &mut Reader<'_>, key: &str) -> Result<Vec<String>, Reported> {
    let value = reader.get(key);
    if let Some(Value::Array(items)) = value
        && items.iter().any(Value::is_null)
    {
        let message = format!("`{key}` has an empty entry");
        reader.warning(EMPTY_ENTRY, key, message, "it is left out; delete the line");
    }
    let texts = reader.texts(key, key, value)?;
    let parts = texts.iter().flat_map(|text| text.split(',')).map(str::trim);
    Ok(parts.filter(|part| !part.is_empty()).map(str::to_owned).collect())
}

fn add(names: &mut Vec<String>, name: String) {
    if !names.contains(&name) {
        names.push(name);
    }
}

fn joined(names: &[String]) -> Value {
    if names.is_empty() { Value::Null } else { Value::String(names.join(",")) }
}

/// `T####` or `T####.###`.
fn is_technique(text: &str) -> bool {
    let digits =
        |part: &str, count| part.len() == count && part.bytes().all(|b| b.is_ascii_digit());
    let Some(number) = text.strip_prefix('T') else { return false };
    match number.split_once('.') {
        Some((whole, sub)) => digits(whole, 4) && digits(sub, 3),
        None => digits(number, 4),
    }
}

/// Techniques, parents of sub-techniques among them, and sub-techniques.
fn split(names: Vec<String>) -> (Vec<String>, Vec<String>) {
    let mut whole = Vec::new();
    let mut sub = Vec::new();
    for name in names {
        match name.split_once('.') {
            Some((parent, _)) => {
                add(&mut whole, parent.to_owned());
                add(&mut sub, name);
            }
            None => add(&mut whole, name),
        }
    }
    (whole, sub)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::fields::tests::{check, check_kind};
    use super::*;

    #[test]
    fn tactics_are_spelled_as_the_service_does() {
        let tactics = |value: Value, expect: Value| {
            check(json!({"tactics": value}), Field::Tactics, expect, &[]);
        };
        tactics(json!("CommandAndControl"), json!(["CommandAndControl"]));
        tactics(
            json!(["Initial access", "CommandandControl"]),
            json!(["InitialAccess", "CommandAndControl"]),
        );
        tactics(json!("Execution, Impact"), json!(["Execution", "Impact"]));
        tactics(json!(["Impact", "impact"]), json!(["Impact"]));
        tactics(json!([]), Value::Null);
    }

    #[test]
    fn an_unknown_tactic_is_an_error_in_a_rule_and_kept_in_a_hunt() {
        let keys = json!({"tactics": ["Initial access", "Ransomware"]});
        check(keys.clone(), Field::Tactics, None, &["unknown-tactic"]);
        let expect = json!("InitialAccess,Ransomware");
        check_kind(Kind::Hunt, keys, Field::Tactics, expect, &["unknown-tactic"]);
    }

    #[test]
    fn a_rules_sub_techniques_go_to_their_own_field_and_their_parents_along() {
        let keys = json!({"relevantTechniques": ["t1574", "T1059.001", "T1059.003"]});
        check(keys.clone(), Field::Techniques, json!(["T1574", "T1059"]), &[]);
        check(keys.clone(), Field::SubTechniques, json!(["T1059.001", "T1059.003"]), &[]);
        let expect = json!("T1574,T1059.001,T1059.003");
        check_kind(Kind::Hunt, keys, Field::Techniques, expect, &[]);
        check(json!({"techniques": "T1219"}), Field::Techniques, json!(["T1219"]), &[]);
    }

    #[test]
    fn malformed_techniques_are_errors_in_a_rule_and_warnings_in_a_hunt() {
        let keys = json!({"relevantTechniques": ["Exploitation for Client Execution", null]});
        let problems = ["empty-entry", "bad-technique"];
        check(keys.clone(), Field::Techniques, None, &problems);
        let expect = json!("Exploitation for Client Execution");
        check_kind(Kind::Hunt, keys, Field::Techniques, expect, &problems);
        check(
            json!({"relevantTechniques": "T1059.1"}),
            Field::Techniques,
            None,
            &["bad-technique"],
        );
        check(json!({"relevantTechniques": 1219}), Field::Techniques, None, &["wrong-type"]);
    }
}
