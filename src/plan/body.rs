//! The bodies of a change's requests.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::compare::{LastApplied, last_applied, mark_of};
use super::{BaselineSide, FieldChange, Put, RecordPut, Sides, Terms, Work};
use crate::arm::{Collection, ResourceId, body, marker};
use crate::ident::ArmName;
use crate::state::baseline::Baseline;
use crate::state::desired::Present;
use crate::state::{Field, FieldRecord, Kind, LiveItem, Mark, Record, RecordState};

/// Properties of a resource that the service sets; they are not sent back.
const READ_ONLY: [&str; 4] = ["id", "name", "type", "systemData"];

/// Makes the item from nothing.
///
/// # Errors
/// When the service's models do not accept the body, or the item's record cannot be named.
pub(super) fn create(sides: &Sides, present: &Present, terms: &Terms<'_>) -> Result<Work, String> {
    let mut new = json!({"properties": {}});
    for (&field, value) in &present.fields {
        field.write(present.kind, &mut new, value.clone());
    }
    let properties = new["properties"].as_object().cloned().unwrap_or_default();
    let before = sides.rollback.as_ref().and_then(|rollback| rollback.before.as_ref());
    let body = match present.kind {
        _ if let Some(before) = before => anew(before),
        Kind::Hunt => body::hunting_query(properties),
        rule => body::rule(rule.as_str(), properties).map_err(|unfit| unfit.to_string())?,
    };
    let record =
        applied(present, RecordState::Applied, terms, |field| !sides.observed.contains(&field));
    Ok(Work::Create {
        resource: Box::new(Put { id: resource(sides, terms), kind: present.kind, body }),
        record: Box::new(record_put(sides, terms, present.version.as_deref(), record)?),
    })
}

/// Writes the record only.
///
/// # Errors
/// When the item's record cannot be named.
pub(super) fn record(sides: &Sides, present: &Present, terms: &Terms<'_>) -> Result<Work, String> {
    let live = sides.live.as_ref().map_or(&Value::Null, |live| &*live.body);
    let record = after_write(sides, present, live, &[], terms);
    Ok(Work::Record {
        record: Box::new(record_put(sides, terms, present.version.as_deref(), record)?),
    })
}

/// Brings the live item to what the files say in the fields that are written.
///
/// # Errors
/// When the item's record cannot be named.
pub(super) fn update(
    sides: &Sides,
    present: &Present,
    live: &LiveItem,
    written: &[&FieldChange],
    terms: &Terms<'_>,
) -> Result<Work, String> {
    let mut body = sendable(&live.body);
    for change in written {
        change.field.write(present.kind, &mut body, change.after.clone());
    }
    complete(present.kind, &mut body);
    forget_lost(present, &mut body);
    let next = after_write(sides, present, &live.body, written, terms);
    let written: Vec<Field> = written.iter().map(|change| change.field).collect();
    write_around(
        sides,
        terms,
        live,
        (present.kind, body),
        &written,
        next,
        present.version.as_deref(),
    )
}

/// Disables a rule whose content is gone, and marks its record.
///
/// # Errors
/// When the item's record cannot be named.
pub(super) fn retire(
    sides: &Sides,
    live: &LiveItem,
    last: &Record,
    terms: &Terms<'_>,
) -> Result<Work, String> {
    let mut next = settled(last, &live.body);
    next.state = RecordState::Retired;
    next.commit.clone_from(&terms.options.commit);
    let off = Value::Bool(false);
    next.fields.insert(Field::Enabled, FieldRecord::applied(mark_of(Field::Enabled, &off)));
    if Field::Enabled.same(&Field::Enabled.read(last.kind, &live.body), &off) {
        return Ok(Work::Record { record: Box::new(record_put(sides, terms, None, next)?) });
    }
    let mut body = sendable(&live.body);
    Field::Enabled.write(last.kind, &mut body, off);
    write_around(sides, terms, live, (last.kind, body), &[Field::Enabled], next, None)
}

/// Marks the record of an item that is not in the files, and leaves the item as it is; where it is not
/// there, only the record stays.
///
/// # Errors
/// When the item's record cannot be named.
pub(super) fn mark_retired(
    sides: &Sides,
    last: &Record,
    terms: &Terms<'_>,
) -> Result<Work, String> {
    let live = sides.live.as_ref().map_or(&Value::Null, |live| &*live.body);
    let mut next = settled(last, live);
    next.state = RecordState::Retired;
    next.commit.clone_from(&terms.options.commit);
    Ok(Work::Record { record: record_put(sides, terms, None, next)?.into() })
}

/// Deletes an item and its record.
///
/// # Errors
/// When the item's record cannot be named.
pub(super) fn delete(sides: &Sides, terms: &Terms<'_>) -> Result<Work, String> {
    Ok(Work::Delete { resource: resource(sides, terms), metadata: metadata_id(sides, terms)? })
}

/// Deletes the record of an item that is gone.
///
/// # Errors
/// When the item's record cannot be named.
pub(super) fn forget(sides: &Sides, terms: &Terms<'_>) -> Result<Work, String> {
    Ok(Work::Forget { metadata: metadata_id(sides, terms)? })
}

/// The update of a resource between two writes of its record.
fn write_around(
    sides: &Sides,
    terms: &Terms<'_>,
    live: &LiveItem,
    (kind, body): (Kind, Value),
    written: &[Field],
    next: Record,
    version: Option<&str>,
) -> Result<Work, String> {
    let applied = Box::new(record_put(sides, terms, version, next)?);
    let before = our_record(sides).map(|last| settled(last, &live.body));
    let mut writing = applied.clone();
    writing.record.state = RecordState::Writing;
    writing.record.fields = under_way(before.as_ref(), &applied.record, written);
    let previous = match &sides.baseline {
        BaselineSide::Ours(Baseline { metadata, .. }) => Value::clone(&metadata.body),
        _ => Value::Null,
    };
    let resource = Box::new(Put { id: resource(sides, terms), kind, body });
    Ok(Work::Update { resource, writing, applied, previous })
}

/// Fields of a record while a write is under way: intended hashes for what the write changes, beside
/// the applied ones; what stands as it should already has its new hash, whatever becomes of the write.
/// Only a written field may say that the write happened.
fn under_way(
    before: Option<&Record>,
    after: &Record,
    written: &[Field],
) -> BTreeMap<Field, FieldRecord> {
    let mut fields = before.map(|record| record.fields.clone()).unwrap_or_default();
    let unknown = FieldRecord { applied: None, answered: None, intended: None };
    for (&field, entry) in &after.fields {
        let known = fields.entry(field).or_insert(unknown);
        let waits = written.contains(&field) || entry.applied == Some(Mark::Dead);
        if !waits {
            *known = *entry;
        } else if known.applied != entry.applied || known.answered != entry.answered {
            known.intended = entry.applied;
        }
    }
    fields
}

/// The record after the write: written and equal fields as desired, dead ones as dead, those that
/// are left alone as they were.
fn after_write(
    sides: &Sides,
    present: &Present,
    live: &Value,
    written: &[&FieldChange],
    terms: &Terms<'_>,
) -> Record {
    let last = our_record(sides)
        .map(|record| last_applied(record, present.kind, live))
        .unwrap_or_default();
    let is_written = |field: Field| written.iter().any(|change| change.field == field);
    let mut record =
        applied(present, RecordState::Applied, terms, |field| !sides.observed.contains(&field));
    record.fields.retain(|&field, entry| {
        let desired = present.fields.get(&field).unwrap_or(&Value::Null);
        let settled = is_written(field)
            || field.is_dead(&present.fields)
            || field.same(desired, &field.read(present.kind, live));
        if settled {
            return true;
        }
        let kept = last.get(&field);
        if let Some(LastApplied { mark, answered }) = kept {
            *entry = FieldRecord { applied: Some(*mark), answered: *answered, intended: None };
        }
        kept.is_some()
    });
    record
}

/// A record that says of every owned field that the desired value was applied.
fn applied(
    present: &Present,
    state: RecordState,
    terms: &Terms<'_>,
    owned: impl Fn(Field) -> bool,
) -> Record {
    let entry = |(&field, value): (&Field, &Value)| {
        let dead = field.is_dead(&present.fields);
        let mark = if dead { Mark::Dead } else { mark_of(field, value) };
        (field, FieldRecord::applied(mark))
    };
    let fields = present.fields.iter().filter(|(field, _)| owned(**field)).map(entry).collect();
    Record { state, kind: present.kind, commit: terms.options.commit.clone(), hold: None, fields }
}

/// A record with a write under way judged by what is live.
fn settled(record: &Record, live: &Value) -> Record {
    let fields = last_applied(record, record.kind, live)
        .into_iter()
        .map(|(field, LastApplied { mark, answered })| {
            (field, FieldRecord { applied: Some(mark), answered, intended: None })
        })
        .collect();
    let state = match record.state {
        RecordState::Writing => RecordState::Applied,
        other => other,
    };
    Record { state, fields, ..record.clone() }
}

fn our_record(sides: &Sides) -> Option<&Record> {
    match &sides.baseline {
        BaselineSide::Ours(baseline) => baseline.record().ok(),
        _ => None,
    }
}

/// The live body as it may be sent back: without what the service sets and without nulls, with the
/// etag in it (rules and saved searches both take it in the body).
fn sendable(live: &Value) -> Value {
    let mut body = live.clone();
    if let Some(map) = body.as_object_mut() {
        map.retain(|key, _| !READ_ONLY.contains(&key.as_str()));
    }
    if let Some(properties) = body.get_mut("properties").and_then(Value::as_object_mut) {
        properties.remove("lastModifiedUtc");
    }
    body::strip_nulls(&mut body);
    body
}

/// A body that was read, to make the item from nothing.
fn anew(before: &Value) -> Value {
    let mut body = sendable(before);
    if let Some(map) = body.as_object_mut() {
        map.remove("etag");
    }
    body
}

/// The service wants a grouping's four required properties whenever one of them is there.
fn complete(kind: Kind, body: &mut Value) {
    if kind == Kind::Hunt || body["properties"]["incidentConfiguration"].is_null() {
        return;
    }
    let required = [
        (Field::CreateIncident, json!(true)),
        (Field::GroupingEnabled, json!(false)),
        (Field::GroupingReopen, json!(false)),
        (Field::GroupingLookback, json!("PT5H")),
        (Field::GroupingMatching, json!("AllEntities")),
    ];
    for (field, default) in required {
        if field.read(kind, body).is_null() {
            field.write(kind, body, default);
        }
    }
}

/// A grouping that is off is left as it is, but for names of mappings and details that the rule has no more:
/// the service refuses those whether it groups or not.
fn forget_lost(present: &Present, body: &mut Value) {
    let mappings = Field::EntityMappings.read(present.kind, body);
    let types = mappings.as_array().into_iter().flatten().map(|mapping| &mapping["entityType"]);
    let types: Vec<Value> = types.cloned().collect();
    let details = Field::CustomDetails.read(present.kind, body);
    let details: Vec<Value> =
        details.as_object().into_iter().flatten().map(|(name, _)| json!(name)).collect();
    for (field, known) in [(Field::GroupByEntities, types), (Field::GroupByCustomDetails, details)]
    {
        if let (true, Value::Array(mut names)) =
            (field.is_dead(&present.fields), field.read(present.kind, body))
        {
            let before = names.len();
            names.retain(|name| known.contains(name));
            if names.len() < before {
                field.write(present.kind, body, Value::Array(names));
            }
        }
    }
}

fn resource(sides: &Sides, terms: &Terms<'_>) -> ResourceId {
    terms.workspace.resource(Collection::of(sides.key.family), &sides.arm_name)
}

fn metadata_id(sides: &Sides, terms: &Terms<'_>) -> Result<ResourceId, String> {
    let name: ArmName = match &sides.baseline {
        BaselineSide::Ours(baseline) => baseline.metadata.name.clone(),
        _ => marker::record_name(sides.key.family, &sides.arm_name)
            .map_err(|invalid| invalid.reason)?,
    };
    Ok(terms.workspace.resource(Collection::Metadata, &name))
}

/// The metadata around a record. Our own metadata keeps what somebody added to it.
fn record_put(
    sides: &Sides,
    terms: &Terms<'_>,
    version: Option<&str>,
    record: Record,
) -> Result<RecordPut, String> {
    let mut properties: Map<String, Value> = match &sides.baseline {
        BaselineSide::Ours(baseline) => {
            sendable(&baseline.metadata.body)["properties"].as_object().cloned().unwrap_or_default()
        }
        _ => Map::new(),
    };
    let kind = marker::content_kind(sides.key.family);
    properties.insert("kind".into(), kind.into());
    properties.insert("parentId".into(), resource(sides, terms).to_string().into());
    properties.insert("contentId".into(), sides.key.id.as_str().into());
    properties.insert(
        "source".into(),
        json!({
            "kind": marker::SOURCE_KIND,
            "name": marker::SOURCE_NAME,
            "sourceId": sides.owner.as_str(),
        }),
    );
    if let Some(version) = version {
        properties.insert("version".into(), version.into());
    }
    properties.insert("customVersion".into(), "".into());
    let body = match &sides.baseline {
        BaselineSide::Ours(_) => json!({"properties": properties}),
        _ => body::metadata(properties).map_err(|unfit| unfit.to_string())?,
    };
    // Whatever is written ends an earlier hold; what a rollback writes begins one.
    let hold = sides.rollback.as_ref().map(|rollback| rollback.hold);
    Ok(RecordPut { id: metadata_id(sides, terms)?, body, record: Record { hold, ..record } })
}
