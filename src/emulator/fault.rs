//! Faults: what the service or the network may do to a request, played on demand.
//!
//! A rule says which requests it concerns and what happens to them. Of several rules the first that
//! applies is played, except that latencies add up. Faults live in memory: a restart is healthy.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::reply::{Fate, Reply};
use super::request::Request;
use super::target::Target;

/// One rule.
///
/// As JSON: `{"method": "PUT", "path_contains": "alertRules", "skip": 1, "times": 2, "answer": …}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// The method in any case; any method when it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// A part of path and query, in any case; any path when it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path_contains: Option<String>,
    /// Requests that pass unharmed first.
    #[serde(default)]
    pub skip: u32,
    /// How often it is played then; without end when it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
    /// What happens.
    pub answer: Answer,
}

/// What happens to a request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(from = "Written", into = "Written")]
pub enum Answer {
    /// Another answer than the right one.
    Error(ErrorAnswer),
    /// The connection ends before anything happened: `"drop"`.
    Drop,
    /// The request takes effect, then the connection ends: `"drop-after"`.
    DropAfter,
    /// The answer's body ends in the middle: `"half-page"`.
    HalfPage,
    /// A list names this as its next page: `{"next_link": url}`.
    NextLink(String),
    /// A list is empty: `{"empty_list": true}`.
    EmptyList,
    /// A list has one more item: `{"extra_item": {…}}`.
    ExtraItem(Value),
    /// The answer takes this many milliseconds longer: `{"latency_ms": 50}`.
    Latency(u64),
    /// A write is accepted with other values, stored and answered, for the properties at these
    /// paths: `{"answer_changed": {"properties/severity": "Low"}}`.
    AnswerChanged(BTreeMap<String, Value>),
}

/// An error answer, such as `{"status": 429, "retry_after": 5}`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ErrorAnswer {
    /// The status.
    pub status: u16,
    /// ARM's code; the usual one of the status when it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// ARM's message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// `Retry-After` in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u64>,
    /// More headers.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// The request takes effect all the same, as behind a gateway that gave up waiting.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub after: bool,
}

/// The JSON of an [`Answer`].
#[derive(Clone, Serialize, Deserialize)]
#[serde(untagged)]
enum Written {
    Named(Named),
    Error(ErrorAnswer),
}

#[derive(Clone, Serialize, Deserialize)]
enum Named {
    #[serde(rename = "drop")]
    Drop,
    #[serde(rename = "drop-after")]
    DropAfter,
    #[serde(rename = "half-page")]
    HalfPage,
    #[serde(rename = "next_link")]
    NextLink(String),
    #[serde(rename = "empty_list")]
    EmptyList(True),
    #[serde(rename = "extra_item")]
    ExtraItem(Value),
    #[serde(rename = "latency_ms")]
    Latency(u64),
    #[serde(rename = "answer_changed")]
    AnswerChanged(BTreeMap<String, Value>),
}

/// The word `true`.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(try_from = "bool", into = "bool")]
struct True;

impl TryFrom<bool> for True {
    type Error = &'static str;

    fn try_from(value: bool) -> Result<Self, Self::Error> {
        if value { Ok(Self) } else { Err("only `true` means something here") }
    }
}

impl From<True> for bool {
    fn from(_: True) -> Self {
        true
    }
}

impl From<Written> for Answer {
    fn from(written: Written) -> Self {
        match written {
            Written::Error(error) => Self::Error(error),
            Written::Named(named) => match named {
                Named::Drop => Self::Drop,
                Named::DropAfter => Self::DropAfter,
                Named::HalfPage => Self::HalfPage,
                Named::NextLink(url) => Self::NextLink(url),
                Named::EmptyList(True) => Self::EmptyList,
                Named::ExtraItem(item) => Self::ExtraItem(item),
                Named::Latency(milliseconds) => Self::Latency(milliseconds),
                Named::AnswerChanged(values) => Self::AnswerChanged(values),
            },
        }
    }
}

impl From<Answer> for Written {
    fn from(answer: Answer) -> Self {
        Self::Named(match answer {
            Answer::Error(error) => return Self::Error(error),
            Answer::Drop => Named::Drop,
            Answer::DropAfter => Named::DropAfter,
            Answer::HalfPage => Named::HalfPage,
            Answer::NextLink(url) => Named::NextLink(url),
            Answer::EmptyList => Named::EmptyList(True),
            Answer::ExtraItem(item) => Named::ExtraItem(item),
            Answer::Latency(milliseconds) => Named::Latency(milliseconds),
            Answer::AnswerChanged(values) => Named::AnswerChanged(values),
        })
    }
}

/// The rules in force.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    rules: Arc<Mutex<Vec<Active>>>,
}

#[derive(Debug)]
struct Active {
    fault: Fault,
    /// Requests that it concerned so far.
    met: u32,
}

impl Faults {
    /// Replaces all rules; counting begins anew.
    pub fn set(&self, faults: Vec<Fault>) {
        let active = faults.into_iter().map(|fault| Active { fault, met: 0 }).collect();
        *self.rules.lock().unwrap_or_else(PoisonError::into_inner) = active;
    }

    /// Takes all rules away.
    pub fn clear(&self) {
        self.set(Vec::new());
    }

    /// The rules as they were set.
    #[must_use]
    pub fn get(&self) -> Vec<Fault> {
        let rules = self.rules.lock().unwrap_or_else(PoisonError::into_inner);
        rules.iter().map(|active| active.fault.clone()).collect()
    }

    /// What happens to this request. Counts it.
    pub(super) fn play(&self, request: &Request) -> Played {
        let mut rules = self.rules.lock().unwrap_or_else(PoisonError::into_inner);
        let mut played = Played::default();
        for active in rules.iter_mut().filter(|active| active.fault.concerns(request)) {
            active.met = active.met.saturating_add(1);
            let Fault { skip, times, answer, .. } = &active.fault;
            let turn = active.met.saturating_sub(*skip);
            if turn == 0 || times.is_some_and(|times| turn > times) {
                continue;
            }
            match answer {
                Answer::Latency(milliseconds) => {
                    played.latency += Duration::from_millis(*milliseconds);
                }
                other => {
                    played.answer = Some(other.clone());
                    break;
                }
            }
        }
        played
    }
}

impl Fault {
    /// A rule without conditions: played on every request that its answer fits.
    #[must_use]
    pub fn new(answer: Answer) -> Self {
        Self { method: None, path_contains: None, skip: 0, times: None, answer }
    }

    fn concerns(&self, request: &Request) -> bool {
        let method = self.method.as_ref();
        let path = self.path_contains.as_ref().map(|part| part.to_ascii_lowercase());
        method.is_none_or(|method| method.eq_ignore_ascii_case(&request.method))
            && path.is_none_or(|part| request.target().to_ascii_lowercase().contains(&part))
            && self.answer.fits(request)
    }
}

impl Answer {
    /// Lists alone have pages, and writes alone store values.
    fn fits(&self, request: &Request) -> bool {
        match self {
            Self::NextLink(_) | Self::EmptyList | Self::ExtraItem(_) => {
                let target = Target::parse(&request.path);
                request.method == "GET"
                    && matches!(target, Ok(Target::List(..) | Target::Actions(_)))
            }
            Self::AnswerChanged(_) => matches!(request.method.as_str(), "PUT" | "PATCH"),
            Self::Error(_) | Self::Drop | Self::DropAfter | Self::HalfPage | Self::Latency(_) => {
                true
            }
        }
    }

    fn name(&self) -> String {
        match self {
            Self::Error(error) => error.status.to_string(),
            Self::Drop => "drop".into(),
            Self::DropAfter => "drop-after".into(),
            Self::HalfPage => "half-page".into(),
            Self::NextLink(_) => "next_link".into(),
            Self::EmptyList => "empty_list".into(),
            Self::ExtraItem(_) => "extra_item".into(),
            Self::Latency(_) => "latency_ms".into(),
            Self::AnswerChanged(_) => "answer_changed".into(),
        }
    }
}

/// What happens to one request.
#[derive(Debug, Default)]
pub(super) struct Played {
    pub(super) latency: Duration,
    answer: Option<Answer>,
}

impl Played {
    /// The fault's name, for the journal.
    pub(super) fn name(&self) -> Option<String> {
        self.answer.as_ref().map(Answer::name)
    }

    /// The answer when the request never reaches the service.
    pub(super) fn instead(&self) -> Option<Reply> {
        match &self.answer {
            Some(Answer::Error(error)) if !error.after => Some(error.reply()),
            Some(Answer::Drop) => Some(Reply::dropped()),
            _ => None,
        }
    }

    /// The body that the service takes in place of the one that was sent.
    pub(super) fn change_request(&self, body: &mut Value) {
        if let Some(Answer::AnswerChanged(values)) = &self.answer {
            for (path, value) in values {
                set(body, path, value.clone());
            }
        }
    }

    /// What becomes of the service's answer.
    pub(super) fn change_reply(&self, mut reply: Reply) -> Reply {
        let list = |change: &dyn Fn(&mut Map<String, Value>)| {
            let parsed = serde_json::from_slice::<Map<String, Value>>(&reply.body);
            let (200, Ok(mut body)) = (reply.status, parsed) else { return reply.body.clone() };
            change(&mut body);
            Value::Object(body).to_string().into_bytes()
        };
        match &self.answer {
            Some(Answer::Error(error)) => return error.reply(),
            Some(Answer::Drop | Answer::DropAfter) => return Reply::dropped(),
            Some(Answer::HalfPage) => reply.fate = Fate::Half,
            Some(Answer::NextLink(url)) => {
                reply.body = list(&|body| {
                    body.insert("nextLink".into(), json!(url));
                });
            }
            Some(Answer::EmptyList) => reply.body = b"{\"value\":[]}".to_vec(),
            Some(Answer::ExtraItem(item)) => {
                reply.body = list(&|body| {
                    if let Some(Value::Array(items)) = body.get_mut("value") {
                        items.push(item.clone());
                    }
                });
            }
            Some(Answer::AnswerChanged(_) | Answer::Latency(_)) | None => {}
        }
        reply
    }
}

impl ErrorAnswer {
    fn reply(&self) -> Reply {
        let (code, message) = usual(self.status);
        let code = self.code.as_deref().unwrap_or(code);
        let mut text = message.to_owned();
        if let Some(seconds) = self.retry_after {
            text = format!("{text} Please try again after '{seconds}' seconds.");
        }
        let message = self.message.as_deref().unwrap_or(&text);
        let error = json!({"code": code, "message": message});
        let mut reply = Reply::json(self.status, &json!({ "error": error }));
        reply.headers.extend(self.headers.clone());
        let retry = self.retry_after.map(|seconds| ("Retry-After".into(), seconds.to_string()));
        reply.headers.extend(retry);
        reply
    }
}

/// The code and text that a status usually comes with.
fn usual(status: u16) -> (&'static str, &'static str) {
    match status {
        401 => ("ExpiredAuthenticationToken", "The access token has expired."),
        403 => (
            "AuthorizationFailed",
            "The client does not have authorization to perform the action over the scope or the scope is invalid. If access was recently granted, please refresh your credentials.",
        ),
        404 => ("ResourceNotFound", "The resource was not found."),
        409 => ("Conflict", "Another operation on this resource is in progress."),
        412 => ("PreconditionFailed", "The condition set in the request's header is not met."),
        429 => ("SubscriptionRequestsThrottled", "Number of requests for subscription exceeded."),
        503 => ("ServiceUnavailable", "The service is unavailable."),
        504 => ("GatewayTimeout", "The gateway did not receive a response in time."),
        400..=499 => ("BadRequest", "The request is invalid."),
        _ => ("InternalServerError", "An internal error occurred."),
    }
}

/// Sets a value below an object; objects on the way are made. Segments are joined by `/`.
fn set(body: &mut Value, path: &str, value: Value) {
    let mut place = body;
    for segment in path.split('/').filter(|segment| !segment.is_empty()) {
        if !place.is_object() {
            *place = json!({});
        }
        let Value::Object(fields) = place else { return };
        place = fields.entry(segment).or_insert(Value::Null);
    }
    *place = value;
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: &str = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg/providers/Microsoft.OperationalInsights/workspaces/law-sec/providers/Microsoft.SecurityInsights/alertRules";

    fn request(method: &str, path: &str) -> Request {
        Request { method: method.into(), path: path.into(), ..Request::default() }
    }

    fn faults(text: &str) -> Faults {
        let faults = Faults::default();
        faults.set(serde_json::from_str(text).unwrap());
        faults
    }

    #[test]
    fn a_fault_waits_and_ends() {
        let faults = faults(r#"[{"skip": 1, "times": 2, "answer": "drop"}]"#);
        let get = request("GET", RULES);
        let played: Vec<bool> = (0..4).map(|_| faults.play(&get).instead().is_some()).collect();
        assert_eq!(played, [false, true, true, false]);
    }

    #[test]
    fn only_requests_that_it_names_are_counted() {
        let faults = faults(
            r#"[{"method": "put", "path_contains": "ALERTRULES/r1", "times": 1, "answer": {"status": 500}}]"#,
        );
        assert!(faults.play(&request("GET", &format!("{RULES}/r1"))).instead().is_none());
        assert!(faults.play(&request("PUT", &format!("{RULES}/r2"))).instead().is_none());
        assert!(faults.play(&request("PUT", &format!("{RULES}/r1"))).instead().is_some());
    }

    #[test]
    fn every_answer_reads_back_as_it_was_written() {
        let text = r#"[
            {"answer": {"status": 429, "code": "X", "message": "m", "retry_after": 5, "headers": {"a": "b"}, "after": true}},
            {"answer": "drop"}, {"answer": "drop-after"}, {"answer": "half-page"},
            {"answer": {"next_link": "http://elsewhere.example/"}}, {"answer": {"empty_list": true}},
            {"answer": {"extra_item": {"kind": "Anomaly"}}}, {"answer": {"latency_ms": 5}},
            {"answer": {"answer_changed": {"properties/severity": "Low"}}}
        ]"#;
        let read: Vec<Fault> = serde_json::from_str(text).unwrap();
        assert_eq!(read.len(), 9);
        let again = serde_json::to_string(&read).unwrap();
        assert_eq!(serde_json::from_str::<Vec<Fault>>(&again).unwrap(), read);
    }

    #[test]
    fn a_fault_that_means_nothing_is_refused() {
        for text in [
            r#"{"answer": "explode"}"#,
            r#"{"answer": {"status": 500, "colour": 1}}"#,
            r#"{"answer": {"empty_list": false}}"#,
            r#"{"answer": "drop", "path": "x"}"#,
            "{}",
        ] {
            assert!(serde_json::from_str::<Fault>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn throttling_says_how_long_to_wait() {
        let faults = faults(r#"[{"answer": {"status": 429, "retry_after": 7}}]"#);
        let reply = faults.play(&request("GET", RULES)).instead().unwrap();
        assert_eq!(reply.status, 429);
        assert_eq!(reply.headers, [("Retry-After".to_owned(), "7".to_owned())]);
        let text = String::from_utf8(reply.body).unwrap();
        assert!(text.contains("SubscriptionRequestsThrottled"), "{text}");
        assert!(text.contains("Please try again after '7' seconds."), "{text}");
    }

    fn altered(fault: &str, reply: Reply) -> Reply {
        let faults = faults(&format!(r#"[{{"answer": {fault}}}]"#));
        faults.play(&request("GET", RULES)).change_reply(reply)
    }

    #[test]
    fn lists_are_altered_and_errors_are_left() {
        let list = || Reply::json(200, &json!({"value": [1]}));
        let body = |fault| String::from_utf8(altered(fault, list()).body).unwrap();
        assert_eq!(body(r#"{"extra_item": 2}"#), r#"{"value":[1,2]}"#);
        assert_eq!(body(r#"{"empty_list": true}"#), r#"{"value":[]}"#);
        assert_eq!(body(r#"{"next_link": "u"}"#), r#"{"nextLink":"u","value":[1]}"#);
        let refused = Reply::json(404, &json!({"value": [1]}));
        assert_eq!(altered(r#"{"extra_item": 2}"#, refused.clone()), refused);
        assert_eq!(altered(r#""half-page""#, list()).fate, Fate::Half);
        assert_eq!(altered(r#""drop-after""#, list()).answered(), None);
    }

    #[test]
    fn latencies_add_up_before_another_fault() {
        let faults = faults(
            r#"[{"answer": {"latency_ms": 5}}, {"answer": {"latency_ms": 7}}, {"answer": "drop"}]"#,
        );
        let played = faults.play(&request("GET", RULES));
        assert_eq!(played.latency, Duration::from_millis(12));
        assert_eq!(played.name().as_deref(), Some("drop"));
    }

    #[test]
    fn a_changed_answer_makes_the_objects_on_its_way() {
        let faults = faults(r#"[{"answer": {"answer_changed": {"properties/a/b": 1, "x": 2}}}]"#);
        let mut body = json!({"properties": {"a": null}});
        faults.play(&request("PUT", RULES)).change_request(&mut body);
        assert_eq!(body, json!({"properties": {"a": {"b": 1}}, "x": 2}));
        let mut untouched = json!({});
        faults.play(&request("GET", RULES)).change_request(&mut untouched);
        assert_eq!(untouched, json!({}));
    }
}
