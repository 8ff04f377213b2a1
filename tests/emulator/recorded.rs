//! Recorded traffic, sent again: statuses and shapes are the recorded ones.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::client::{Service, options, rule, search};

fn start() -> Service {
    Service::start(options())
}

/// Every recording, so that none is forgotten.
const ALL: [&str; 6] = [
    "err_409.json",
    "real_delete_rule_emptyobj.json",
    "real_put_rule.json",
    "real_put_savedsearch.json",
    "ss_409.json",
    "ss_etag_in_properties.json",
];

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/specs/recordings")
}

#[test]
fn every_recording_is_replayed() {
    let Ok(entries) = std::fs::read_dir(folder()) else { return };
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    assert_eq!(names, ALL);
}

/// A recorded request and answer; nothing, said aloud, where the recordings are not at hand.
#[expect(clippy::print_stdout, reason = "a skipped test must say so")]
fn recording(name: &str) -> Option<(Value, Value)> {
    assert!(ALL.contains(&name), "{name}");
    let path = folder().join(name);
    let Ok(text) = std::fs::read_to_string(&path) else {
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "{} is missing", path.display());
        println!("SKIPPED: {} is missing", path.display());
        return None;
    };
    let pair: Value = serde_json::from_str(&text).unwrap();
    Some((pair["liveRequest"].clone(), pair["liveResponse"].clone()))
}

/// What kind of value stands at every path of a body. Items of a list are alike, and null says nothing of
/// what may stand there.
fn shape(body: &Value) -> BTreeMap<String, &'static str> {
    let mut found = BTreeMap::new();
    let mut open = vec![(String::new(), body)];
    while let Some((path, value)) = open.pop() {
        let kind = match value {
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            Value::Number(_) => "number",
            Value::String(_) => "text",
            Value::Array(items) => {
                open.extend(items.iter().map(|item| (format!("{path}[]"), item)));
                "list"
            }
            Value::Object(members) => {
                open.extend(members.iter().map(|(key, item)| (format!("{path}.{key}"), item)));
                "object"
            }
        };
        found.insert(path, kind);
    }
    found
}

fn assert_status(recorded: &Value, answered: u16) {
    assert_eq!(recorded["statusCode"].as_str(), Some(answered.to_string().as_str()));
}

#[test]
fn a_recorded_create_has_the_recorded_answer() {
    let Some((request, response)) = recording("real_put_rule.json") else { return };
    let service = start();
    let id = "d65a3750-5f16-4b60-a0c2-ca1ee7a40899";
    let mut answer = service.put(&rule(id), &request["body"]);
    assert_status(&response, answer.status);
    let recorded = &response["body"];
    let etag_shape =
        |etag: &Value| etag.as_str().map(|text| (text.len(), text.matches('-').count()));
    assert_eq!(etag_shape(&answer.body["etag"]), etag_shape(&recorded["etag"]));
    // Ids differ by workspace and etags by time; system data is described, if not in this recording.
    for key in ["id", "etag"] {
        answer.body[key] = recorded[key].clone();
    }
    answer.body["properties"]["lastModifiedUtc"] =
        recorded["properties"]["lastModifiedUtc"].clone();
    answer.body.as_object_mut().unwrap().remove("systemData");
    assert_eq!(&answer.body, recorded);
}

#[test]
fn recorded_conflicts_and_deletes_have_the_recorded_answers() {
    let service = start();
    if let Some((request, response)) = recording("err_409.json") {
        let mut body = request["body"].clone();
        service.put(&rule("r1"), &body);
        body["etag"] = json!("\"00000000-0000-0100-0000-000000000000\"");
        let refused = service.put(&rule("r1"), &body);
        assert_status(&response, refused.status);
        assert_eq!(response["body"]["error"]["code"], refused.code());
        let recorded = response["body"]["error"]["message"].as_str().unwrap();
        assert!(refused.message().starts_with(recorded), "{}", refused.message());
        assert_eq!(shape(&refused.body), shape(&response["body"]));
    }
    if let Some((_, response)) = recording("real_delete_rule_emptyobj.json") {
        let deleted = service.delete(&rule("r1"));
        assert_status(&response, deleted.status);
        assert_eq!(response["body"], deleted.body);
    }
}

#[test]
fn recorded_saved_searches_have_the_recorded_answers() {
    let service = start();
    for name in ["real_put_savedsearch.json", "ss_etag_in_properties.json"] {
        let Some((request, response)) = recording(name) else { continue };
        let answer = service.put(&search("clitest"), &request["body"]);
        assert_status(&response, answer.status);
        assert_eq!(answer.body["type"], response["body"]["type"]);
        let etag = answer.body["etag"].as_str().unwrap();
        assert_eq!(response["body"]["etag"].as_str().map(str::len), Some(etag.len()), "{etag}");
        // The recorded answer is that of a fuller request: sent whole, it comes back whole.
        let whole = json!({"etag": "*", "properties": response["body"]["properties"]});
        let answer = service.put(&search("clitest"), &whole);
        assert_status(&response, answer.status);
        assert_eq!(shape(&answer.body), shape(&response["body"]));
        assert_eq!(answer.body["properties"], response["body"]["properties"]);
    }
    if let Some((request, response)) = recording("ss_409.json") {
        let refused = service.put(&search("clitest"), &request["body"]);
        assert_status(&response, refused.status);
        assert_eq!(shape(&refused.body), shape(&response["body"]));
        assert_eq!(response["body"]["error"]["code"], refused.code());
    }
}
