//! What a file is: content of Sentinel, or something that only lies beside it.

use super::sheet::Sheet;
use crate::diag::{Code, Diagnostic};
use crate::state::Kind;

const NOT_CONTENT: Code = Code::new("not-sentinel-content");
const MOVED_STUB: Code = Code::new("moved-stub");
const MISSING_QUERY: Code = Code::new("missing-query");
const MISPLACED: Code = Code::new("misplaced-exclusions");
const UNKNOWN_KIND: Code = Code::new("unknown-kind");

/// What a mapping turned out to be.
pub(super) enum Shape {
    /// A hunting query or an analytic rule.
    Content,
    /// Something with a hunting query's or rule's keys that cannot be deployed.
    Unfit(Diagnostic),
    /// Left by Microsoft where a file was moved away.
    Stub(Diagnostic),
    /// Exclusions outside their folder, where they would not be in force.
    Exclusions(Diagnostic),
    /// Not of Sentinel, or of a part of it that this tool does not deploy.
    Foreign(&'static str),
    /// Nothing that is known.
    Formless(&'static str),
}

/// Tells by the keys, never by the folder.
pub(super) fn shape(sheet: &Sheet) -> Shape {
    if sheet.has("exclusions") {
        let message = "exclusions stand in `content/exclusions/`; here they are not in force";
        let help = "move the file to `content/exclusions/`";
        return Shape::Exclusions(Diagnostic::error(MISPLACED, message).help(help));
    }
    if let Some(what) = foreign(sheet) {
        return Shape::Foreign(what);
    }
    if sheet.has("query") || sheet.has("queryFrom") {
        return Shape::Content;
    }
    if sheet.get("id").is_none() && !sheet.has("name") {
        return Shape::Formless("it has no query, no id and no name");
    }
    let description = sheet.get("description").and_then(|entry| entry.value.as_str());
    let moved = description.unwrap_or("").trim_start().trim_start_matches('\'').to_lowercase();
    if moved.starts_with("as part of content migration") {
        let message = "the file was moved away and is only a pointer to its new place";
        let help = "replace it by the file it points to, or delete it";
        return Shape::Stub(Diagnostic::error(MOVED_STUB, message).help(help));
    }
    let message = "the file has neither `query` nor `queryFrom`";
    Shape::Unfit(Diagnostic::error(MISSING_QUERY, message).help("add the query"))
}

fn foreign(sheet: &Sheet) -> Option<&'static str> {
    let has = |name| sheet.get(name).is_some();
    if has("detection") {
        return Some("it is a Sigma rule");
    }
    if has("destinationTable") || has("binSize") {
        return Some("it is a template of a summary rule");
    }
    if has("FunctionQuery") || sheet.has("functionAlias") {
        return Some("it is a function");
    }
    if has("$schema") || has("resources") {
        return Some("it is an ARM template");
    }
    None
}

/// A file that is none of this tool's business.
pub(super) fn not_content(why: &str, has_id: bool) -> Diagnostic {
    let message = format!("the file is not a hunting query or analytic rule: {why}");
    if has_id {
        // An item of that id may be live: replacing its file by something else is not a request to
        // take it away.
        return Diagnostic::error(NOT_CONTENT, message)
            .help("move the file out of `content/`, or give it another id");
    }
    Diagnostic::warning(NOT_CONTENT, message).help("move the file out of `content/`")
}

/// Decides by the fields: `kind` where it is written, else by the schedule.
pub(super) fn kind(sheet: &Sheet) -> Result<Kind, Box<Diagnostic>> {
    let Some(entry) = sheet.get("kind").filter(|entry| !entry.value.is_null()) else {
        let keys =
            ["queryFrequency", "queryPeriod", "triggerOperator", "triggerThreshold", "queryFrom"];
        let is_rule = keys.iter().any(|key| sheet.has(key));
        return Ok(if is_rule { Kind::Scheduled } else { Kind::Hunt });
    };
    let text = entry.value.as_str().unwrap_or_default().trim();
    if text.eq_ignore_ascii_case(Kind::Hunt.as_str()) {
        return Ok(Kind::Hunt);
    }
    Kind::parse(text).ok_or_else(|| {
        let written = entry.value.as_str().map_or_else(|| entry.value.to_string(), str::to_owned);
        let message = format!("`{written}` is not a kind that can be deployed");
        let help = "write `Scheduled` or `NRT`; a hunting query has no `kind`";
        Diagnostic::error(UNKNOWN_KIND, message).help(help).into()
    })
}
