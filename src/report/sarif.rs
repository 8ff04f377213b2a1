//! Diagnostics as a SARIF 2.1.0 log, for GitHub code scanning and every other reader of that standard.
//!
//! What the standard and its schema ask for is from OASIS, "Static Analysis Results Interchange Format (SARIF)
//! Version 2.1.0"; what GitHub needs beyond that (a location for every result, `primaryLocationLineHash`) is
//! from its page "SARIF support for code scanning".

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::explain::{self, Explanation};
use super::place::Place;
use crate::diag::{Code, Diagnostic, Diagnostics, Label, Severity};

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// Where a finding is shown that is about no file: the file that says what the fleet is.
const ANCHOR: &str = "environments/fleet.yaml";

/// One run, results in the order of the list. Paths are from the top of the repository, of which `within`
/// is the root's folder (empty, or with a slash at its end).
///
/// A result's fingerprint stays the same when lines are put in above it, and when only numbers in its
/// message change.
#[must_use]
pub fn diagnostics(diagnostics: &Diagnostics, within: &str) -> Value {
    let codes: BTreeSet<Code> = diagnostics.iter().map(|diagnostic| diagnostic.code).collect();
    let codes: Vec<Code> = codes.into_iter().collect();
    let level = |code: &Code| {
        let of_code = diagnostics.iter().filter(|diagnostic| diagnostic.code == *code);
        of_code.map(|diagnostic| diagnostic.severity).min().unwrap_or(Severity::Note).word()
    };
    let rules = codes.iter().map(|code| rule(*code, level(code)));
    let mut seen = BTreeMap::new();
    let results = diagnostics.iter().map(|diagnostic| {
        let index = codes.binary_search(&diagnostic.code).ok();
        let print = fingerprint(diagnostic, within);
        let nth = seen.entry(print.clone()).and_modify(|nth| *nth += 1).or_insert(1);
        result(diagnostic, index, &format!("{print}:{nth}"), within)
    });
    let results: Vec<Value> = results.collect();
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "sentinelops",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules.collect::<Vec<_>>(),
            }},
            "columnKind": "utf16CodeUnits",
            "results": results,
        }],
    })
}

/// A code, with what `explain` says of it.
fn rule(code: Code, level: &str) -> Value {
    let mut rule = json!({"id": code.as_str(), "defaultConfiguration": {"level": level}});
    if let Some(explanation) = explain::explain(code.as_str()) {
        let Explanation { meaning, example, way_on, topic, .. } = explanation;
        let summary = explanation.summary();
        let text = format!("{meaning}\n\n    {example}\n\nWay on: {way_on}");
        let fenced: String =
            format!("    {example}").lines().fold(String::new(), |mut out, line| {
                let _ = writeln!(out, "{}", line.strip_prefix("    ").unwrap_or(line));
                out
            });
        rule["shortDescription"] = json!({"text": summary});
        rule["fullDescription"] = json!({"text": meaning});
        rule["help"] = json!({
            "text": text,
            "markdown": format!("{meaning}\n\n```yaml\n{fenced}```\n\n**Way on:** {way_on}"),
        });
        rule["properties"] = json!({"tags": [topic]});
    }
    rule
}

fn result(diagnostic: &Diagnostic, index: Option<usize>, print: &str, within: &str) -> Value {
    let mut text = diagnostic.message.clone();
    for note in &diagnostic.notes {
        let _ = write!(text, "\n{note}");
    }
    if let Some(help) = &diagnostic.help {
        let _ = write!(text, "\nWay on: {help}");
    }
    let mut labels = diagnostic.labels.iter();
    let primary = labels.next().map_or_else(|| anchor(within), |label| location(label, within));
    let mut result = json!({
        "ruleId": diagnostic.code.as_str(),
        "ruleIndex": index,
        "level": diagnostic.severity.word(),
        "message": {"text": text},
        "locations": [primary],
        "partialFingerprints": {"primaryLocationLineHash": print},
    });
    let related: Vec<Value> = labels
        .enumerate()
        .map(|(at, label)| {
            let mut location = location(label, within);
            location["id"] = json!(at + 1);
            location
        })
        .collect();
    if !related.is_empty() {
        result["relatedLocations"] = related.into();
    }
    result
}

fn location(label: &Label, within: &str) -> Value {
    let Place { path, line, column, end_line, end_column } = Place::of(label, within);
    let mut location = json!({"physicalLocation": {
        "artifactLocation": {"uri": uri(&path)},
        "region": {
            "startLine": line,
            "startColumn": column,
            "endLine": end_line,
            "endColumn": end_column,
        },
    }});
    if !label.text.is_empty() {
        location["message"] = json!({"text": label.text});
    }
    location
}

fn anchor(within: &str) -> Value {
    let uri = uri(&format!("{within}{ANCHOR}"));
    json!({"physicalLocation": {"artifactLocation": {"uri": uri}, "region": {"startLine": 1}}})
}

/// A path as the relative reference of RFC 3986: what is not allowed in one is escaped.
fn uri(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'.' | b'_' | b'~' => {
                uri.push(byte.into());
            }
            other => {
                let _ = write!(uri, "%{other:02X}");
            }
        }
    }
    uri
}

/// What a finding is about: its code, its subject, its file and the text that it underlines.
fn fingerprint(diagnostic: &Diagnostic, within: &str) -> String {
    let mut hash = Sha256::new();
    let mut part = |text: &str| {
        hash.update(text);
        hash.update([0]);
    };
    part(diagnostic.code.as_str());
    part(diagnostic.subject.as_deref().unwrap_or_default());
    if let Some(label) = diagnostic.labels.first() {
        part(within);
        part(label.source.path());
        part(label.source.text().get(label.span.clone()).unwrap_or_default().trim());
    }
    hash.finalize().iter().take(8).fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::diag::Source;

    fn found(before: &str, days: usize) -> Diagnostics {
        let text = format!("{before}id: 1\nexpires: 2026-11-30\nexpires: 2026-11-30\n");
        let file = Arc::new(Source::new("content/exclusions/my own ü.yaml", text));
        let other = Arc::new(Source::new("content/hunting/a.yaml", "query: T\n"));
        let at = |line: usize| {
            let start = file.text().match_indices("2026").nth(line).unwrap().0;
            start..start + 10
        };
        let one = |line: usize| {
            Diagnostic::warning(Code::new("exclusion-ends-soon"), format!("ends in {days} days"))
                .at(&file, at(line), "this day")
                .at(&other, 7..8, "in force here")
                .because("a further fact")
                .help("prolong it")
                .about("own")
        };
        let nowhere = Diagnostic::error(Code::new("no-environment"), "there is no environment");
        [one(0), one(1), nowhere].into_iter().collect()
    }

    fn prints(log: &Value) -> Vec<Value> {
        let results = log["runs"][0]["results"].as_array().unwrap().iter();
        results.map(|result| result["partialFingerprints"].clone()).collect()
    }

    #[test]
    fn a_finding_is_a_result_with_its_rule_and_its_places() {
        let log = diagnostics(&found("", 3), "soc/");
        let run = &log["runs"][0];
        assert_eq!(
            (&log["version"], &run["columnKind"]),
            (&json!("2.1.0"), &json!("utf16CodeUnits"))
        );
        let result = &run["results"][0];
        assert_eq!(result["message"]["text"], "ends in 3 days\na further fact\nWay on: prolong it");
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(
            place["artifactLocation"]["uri"],
            "soc/content/exclusions/my%20own%20%C3%BC.yaml"
        );
        assert_eq!(
            place["region"],
            json!({"startLine": 2, "startColumn": 10, "endLine": 2, "endColumn": 20})
        );
        let related = &result["relatedLocations"][0];
        assert_eq!(
            (&related["id"], &related["message"]["text"]),
            (&json!(1), &json!("in force here"))
        );
        let rule = &run["tool"]["driver"]["rules"][result["ruleIndex"].as_u64().unwrap() as usize];
        assert_eq!(rule["id"], result["ruleId"]);
        assert!(rule["help"]["markdown"].as_str().unwrap().contains("```yaml\n"), "{rule:#}");
    }

    #[test]
    fn a_finding_about_no_file_stands_at_the_file_of_the_fleet() {
        let log = diagnostics(&found("", 3), "");
        let place = &log["runs"][0]["results"][2]["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "environments/fleet.yaml");
    }

    #[test]
    fn fingerprints_stay_when_lines_are_put_in_above_and_tell_equal_findings_apart() {
        let before = prints(&diagnostics(&found("", 3), ""));
        assert_eq!(before, prints(&diagnostics(&found("# a\n# b\n", 2), "")));
        assert_ne!(before[0], before[1]);
    }
}
