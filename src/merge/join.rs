//! From documents to one report.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;

use super::part::Waiting;
use super::{Part, outcome, plan};
use crate::apply::{Outcome, Standing};
use crate::plan::{Exceeded, Plan};

/// What is told.
#[derive(Debug, Clone)]
pub enum Report {
    /// What would be done, and what guards found.
    Plan(Plan, Vec<Exceeded>),
    /// What moved outside git.
    Drift(Plan),
    /// What was done.
    Outcome(Outcome),
}

/// Several reports as one.
#[derive(Debug, Clone)]
pub struct Merged {
    /// What is told.
    pub report: Report,
    /// The counts of all documents, added up; `null` for outcomes, whose counts follow from the items.
    pub summary: Value,
    /// What was merged, in the order in which it was given.
    pub parts: Vec<Part>,
    /// What is not in it and need not be, as sentences.
    pub remarks: Vec<String>,
}

/// Why documents do not make one report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotMerged {
    /// Some cannot be read: the file, and why.
    Unreadable(Vec<(String, String)>),
    /// They do not belong together, or something is lacking.
    Refused(String),
}

impl fmt::Display for NotMerged {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(why) => formatter.write_str(why),
            Self::Unreadable(files) => {
                let told = |(file, why): &(String, String)| format!("`{file}` is no report: {why}");
                formatter.write_str(&files.iter().map(told).collect::<Vec<_>>().join("\n"))
            }
        }
    }
}

/// A document that was read: its file, its format, what it is a part of, and the rest.
type Read = (String, String, Part, Value);

/// Makes one report of all documents, each a file's name and text. `rings` are those that must all be in it;
/// none: those that the documents are of, and where rings were named, every ring but those after a halt.
/// `next` asks whether the next ring may begin.
///
/// # Errors
/// Every file that cannot be read; else why they are not the parts of one run, each once and all of them.
pub fn merge(
    files: &[(String, String)],
    rings: Option<&[String]>,
    next: bool,
) -> Result<Merged, NotMerged> {
    let mut read = Vec::new();
    let mut unreadable = Vec::new();
    for (file, text) in files {
        match document(text) {
            Ok((format, part, value)) => read.push((file.clone(), format, part, value)),
            Err(why) => unreadable.push((file.clone(), why)),
        }
    }
    if !unreadable.is_empty() {
        return Err(NotMerged::Unreadable(unreadable));
    }
    belong_together(&read)?;
    are_complete(&read)?;
    let merged = told(read, next)?;
    let remarks = rings_are_there(&merged, rings)?;
    Ok(Merged { remarks, ..merged })
}

const FORMATS: [&str; 3] =
    ["sentinelops.plan/v1", "sentinelops.drift/v1", "sentinelops.outcome/v1"];

fn document(text: &str) -> Result<(String, Part, Value), String> {
    let mut value: Value = serde_json::from_str(text)
        .map_err(|error| format!("it is no JSON, or not a whole document: {error}"))?;
    let format = value["format"].as_str().unwrap_or_default().to_owned();
    if !FORMATS.contains(&format.as_str()) {
        let known = FORMATS.join("`, `");
        return Err(format!("its format is `{format}`, and none of `{known}`"));
    }
    if !value["parts"].is_null() {
        return Err("it was merged already: merge what it was made of".to_owned());
    }
    let part = value["part"].take();
    if part.is_null() {
        return Err(
            "it does not say what it is a part of: it was not written by `plan`, `apply` or \
                    `drift` with `--format json` of this version"
                .to_owned(),
        );
    }
    let part: Part = serde_json::from_value(part).map_err(|error| error.to_string())?;
    if part.exits.is_empty() {
        return Err("it does not say how its run ended".to_owned());
    }
    let has_workspaces = value["workspaces"].as_array().is_some_and(|list| !list.is_empty());
    let is_known = part.shard.as_ref().is_none_or(|own| part.shards.contains(own));
    if has_workspaces && !is_known {
        return Err("it has workspaces, and its shard should have none".to_owned());
    }
    Ok((format, part, value))
}

fn refused(why: String) -> NotMerged {
    NotMerged::Refused(why)
}

/// Nothing tells of another repository, other files or another plan than the first.
fn belong_together(read: &[Read]) -> Result<(), NotMerged> {
    let Some((first, format, part, _)) = read.first() else {
        return Err(refused("there is nothing to merge".to_owned()));
    };
    for (file, other_format, other, _) in &read[1..] {
        let differs = |what: &str, here: &str, there: &str| {
            Err(refused(format!(
                "`{first}` and `{file}` are not of one run: the {what} is {here} and {there}"
            )))
        };
        let digest =
            |part: &Part| part.digest.clone().unwrap_or_else(|| "that of no saved plan".into());
        if format != other_format {
            return differs("format", format, other_format);
        }
        if !part.owner.eq_ignore_ascii_case(&other.owner) {
            return differs("owner", &part.owner, &other.owner);
        }
        if part.files != other.files {
            return differs("digest of the files", &part.files, &other.files);
        }
        if part.digest != other.digest {
            return differs("plan's digest", &digest(part), &digest(other));
        }
    }
    Ok(())
}

/// Every shard of what was divided is there, each once, and divided in one way.
fn are_complete(read: &[Read]) -> Result<(), NotMerged> {
    let mut groups: BTreeMap<&[String], Vec<(&str, &Part)>> = BTreeMap::new();
    for (file, _, part, _) in read {
        groups.entry(&part.selection).or_default().push((file, part));
    }
    for parts in groups.into_values() {
        let (first, of) = parts[0];
        for (at, (file, part)) in parts.iter().enumerate() {
            if part.shards != of.shards {
                let why = format!("`{first}` and `{file}` are divided in different ways");
                return Err(refused(why));
            }
            if let Some((twin, _)) = parts[..at].iter().find(|(_, other)| other.shard == part.shard)
            {
                let name = part.name();
                return Err(refused(format!("`{twin}` and `{file}` are both {name}")));
            }
        }
        let is_there =
            |shard: &&String| parts.iter().any(|(_, part)| part.shard.as_ref() == Some(*shard));
        let lacking: Vec<&str> =
            of.shards.iter().filter(|shard| !is_there(shard)).map(String::as_str).collect();
        if !lacking.is_empty() {
            let what = Part { shard: None, ..of.clone() }.name();
            let lacking = lacking.join(", ");
            return Err(refused(format!(
                "there is no report of shard {lacking} of what is in `{first}` ({what}): what is there is \
                 unknown"
            )));
        }
    }
    Ok(())
}

fn told(read: Vec<Read>, next: bool) -> Result<Merged, NotMerged> {
    let parts: Vec<Part> = read.iter().map(|(_, _, part, _)| part.clone()).collect();
    let waiting = Waiting::new(&parts, next);
    let format = read[0].1.clone();
    let mut unreadable = Vec::new();
    let mut outcomes = Vec::new();
    let mut plans = Vec::new();
    let mut summary = Value::Null;
    let mut places: BTreeMap<String, String> = BTreeMap::new();
    for (file, _, _, value) in read {
        for workspace in value["workspaces"].as_array().into_iter().flatten() {
            let name = |part: &str| workspace[part].as_str().unwrap_or_default().to_owned();
            let place = format!("{}/{}", name("environment"), name("workspace"));
            if let Some(other) = places.insert(place.clone(), file.clone()) {
                return Err(refused(format!("`{place}` is in `{other}` and in `{file}`")));
            }
        }
        let known = if format == FORMATS[2] {
            serde_json::from_value::<outcome::Document>(value)
                .map_err(|error| error.to_string())
                .and_then(outcome::Document::outcome)
                .map(|outcome| outcomes.push(outcome))
        } else {
            serde_json::from_value::<plan::Document>(value)
                .map_err(|error| error.to_string())
                .and_then(|document| {
                    plan::add(&mut summary, &document.summary);
                    document.plan()
                })
                .map(|plan| plans.push(plan))
        };
        if let Err(why) = known {
            unreadable.push((file, why));
        }
    }
    if !unreadable.is_empty() {
        return Err(NotMerged::Unreadable(unreadable));
    }
    let report = match plan::join(plans, &waiting) {
        None => Report::Outcome(outcome::join(outcomes, &waiting).map_err(refused)?),
        Some((plan, _)) if format == FORMATS[1] => Report::Drift(plan),
        Some((plan, found)) => Report::Plan(plan, found),
    };
    Ok(Merged { report, summary, parts, remarks: Vec::new() })
}

/// Whether every ring is there that must be; tells of those that need not be.
fn rings_are_there(merged: &Merged, wanted: Option<&[String]>) -> Result<Vec<String>, NotMerged> {
    let waiting = Waiting::new(&merged.parts, false);
    let halted = halted_at(&merged.report);
    let mut remarks = Vec::new();
    for ring in lacking(&merged.parts, wanted) {
        match halted.filter(|at| waiting.place(at) < waiting.place(ring)) {
            Some(at) => remarks.push(format!(
                "There is no report of ring `{ring}`, and need be none: the rollout halted at ring `{at}`."
            )),
            None => {
                return Err(refused(format!("there is no report of ring `{ring}`: what is there is unknown")));
            }
        }
    }
    Ok(remarks)
}

/// The ring behind which nothing need be reported.
fn halted_at(report: &Report) -> Option<&str> {
    let Report::Outcome(outcome) = report else { return None };
    let halted =
        |standing: &Standing| matches!(standing, Standing::Halted(_) | Standing::Interrupted);
    let found = outcome.rings.iter().find(|ring| halted(&ring.standing));
    found.map(|ring| ring.ring.as_str())
}

/// The rings of which some selection that has them was not reported, and those wanted that none has.
fn lacking<'p>(parts: &'p [Part], wanted: Option<&'p [String]>) -> Vec<&'p str> {
    let mut selections: BTreeMap<Vec<&str>, Vec<&Part>> = BTreeMap::new();
    for part in parts {
        selections.entry(part.besides_rings()).or_default().push(part);
    }
    let is_reported = |ring: &str, of: &[&Part]| of.iter().any(|part| part.is_about(ring));
    let is_wanted = |ring: &str| {
        wanted.is_none_or(|wanted| wanted.iter().any(|name| name.eq_ignore_ascii_case(ring)))
    };
    let mut found: Vec<&str> = Vec::new();
    for of in selections.values() {
        let rings = of.iter().flat_map(|part| &part.rings).map(String::as_str);
        found.extend(rings.filter(|ring| is_wanted(ring) && !is_reported(ring, of)));
    }
    let all: Vec<&Part> = parts.iter().collect();
    let wanted = wanted.unwrap_or_default().iter().map(String::as_str);
    found.extend(wanted.filter(|ring| !is_reported(ring, &all)));
    let waiting = Waiting::new(parts, false);
    found.sort_by_key(|ring| waiting.place(ring));
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::plan;
    use crate::report::{self, Style, fixture};

    const STYLE: Style = Style { color: false, width: 100, verbose: true };

    /// A document of the only part of everything.
    fn document(mut document: Value) -> Vec<(String, String)> {
        document["part"] = json!(Part {
            owner: "acme-soc".into(),
            files: "sha256:0".into(),
            digest: None,
            rings: vec!["broad".into()],
            order: vec!["broad".into()],
            selection: Vec::new(),
            shard: None,
            shards: Vec::new(),
            exits: vec![0],
        });
        vec![("a.json".to_owned(), document.to_string())]
    }

    #[test]
    fn a_plan_is_read_back_as_every_format_tells_it() {
        let made = fixture::everything();
        let merged = merge(&document(report::json::plan(&made)), None, false).unwrap();
        let Report::Plan(read, found) = &merged.report else { panic!("{merged:?}") };
        assert_eq!(*found, plan::exceeded(&made));
        assert_eq!(report::text::judged_plan(read, found, STYLE), report::text::plan(&made, STYLE));
        assert_eq!(report::markdown::judged_plan(read, found), report::markdown::plan(&made));
        assert_eq!(report::json::judged_plan(read, found), report::json::plan(&made));
    }

    #[test]
    fn drift_is_read_back_as_every_format_tells_it() {
        let made = fixture::everything();
        let merged = merge(&document(report::json::drift(&made)), None, false).unwrap();
        let Report::Drift(read) = &merged.report else { panic!("{merged:?}") };
        assert_eq!(report::text::drift(read, STYLE), report::text::drift(&made, STYLE));
        assert_eq!(report::markdown::drift(read), report::markdown::drift(&made));
        assert_eq!(merged.summary, report::json::drift(&made)["summary"]);
    }

    #[test]
    fn an_outcome_is_read_back_as_every_format_tells_it() {
        let made = fixture::outcome();
        let merged = merge(&document(report::json::outcome(&made)), None, false).unwrap();
        let Report::Outcome(read) = &merged.report else { panic!("{merged:?}") };
        assert_eq!(report::text::outcome(read, STYLE), report::text::outcome(&made, STYLE));
        assert_eq!(report::markdown::outcome(read), report::markdown::outcome(&made));
        // The rings of the fixture are not counted from its items.
        assert_eq!(report::json::outcome(read)["items"], report::json::outcome(&made)["items"]);
    }
}
