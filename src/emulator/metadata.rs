//! Metadata: `Microsoft.SecurityInsights/metadata`, which says where an item came from.
//!
//! As recorded: ids with `resourcegroups` in lower case, system data, no etag.

use serde_json::{Map, Value, json};

use super::call::{Answered, Call, parsed};
use super::odata::Options as Odata;
use super::paging;
use super::refusal::Refusal;
use super::reply::Reply;
use super::store::{Resource, View, Write};
use super::validate;
use crate::arm::{Collection, ResourceId, WorkspaceId};

const TYPE: &str = "Microsoft.SecurityInsights/metadata";

/// `GET …/metadata`, with `$filter`, `$orderby`, `$top` and `$skip`.
pub(super) fn list(view: &View, call: &Call<'_>, workspace: &WorkspaceId) -> Answered {
    let asked =
        paging::after(call.request).and_then(|after| Ok((after, Odata::read(call.request)?)));
    let (after, odata) = match asked {
        Ok(asked) => asked,
        Err(refusal) => return Ok(refusal.into()),
    };
    let mut found = call.list(view, workspace, Collection::Metadata, after.as_deref())?;
    let next = match odata {
        // Pages go by name, which is not the order that was asked for: one page then.
        Some(odata) => {
            odata.apply(&mut found);
            None
        }
        None => paging::cut(&mut found, call.options.page_size, call.request),
    };
    let bodies = found.iter().map(|(_, record)| record.body.as_slice());
    Ok(Reply::bytes(200, paging::body(bodies, next.as_deref())))
}

/// `GET …/metadata/{name}`.
pub(super) fn get(view: &View, call: &Call<'_>, id: &ResourceId) -> Answered {
    let found = call.resource(view, id)?;
    Ok(found.map_or_else(|| missing(id).into(), |record| Reply::bytes(200, record.body)))
}

/// `PUT …/metadata/{name}`: replaces the record.
pub(super) fn put(write: &Write, call: &Call<'_>, id: &ResourceId) -> Answered {
    let before = write.resource(id)?;
    let read = || validate::metadata(&call.sent(&call.body()?, before.as_ref()), true);
    match named(id).and_then(|()| read()) {
        Ok(properties) => {
            let before = before.map(|record| parsed(&record.body));
            save(write, call, id, before.as_ref(), properties)
        }
        Err(refusal) => Ok(refusal.into()),
    }
}

/// `PATCH …/metadata/{name}`: replaces the properties that are given; null takes one away.
pub(super) fn patch(write: &Write, call: &Call<'_>, id: &ResourceId) -> Answered {
    let Some(record) = write.resource(id)? else { return Ok(missing(id).into()) };
    let read = |body| validate::metadata(&call.sent(&body, Some(&record)), false);
    let changes = match call.body().and_then(read) {
        Ok(changes) => changes,
        Err(refusal) => return Ok(refusal.into()),
    };
    let before = parsed(&record.body);
    let mut properties = before["properties"].as_object().cloned().unwrap_or_default();
    properties.extend(changes);
    save(write, call, id, Some(&before), properties)
}

fn save(
    write: &Write,
    call: &Call<'_>,
    id: &ResourceId,
    before: Option<&Value>,
    mut properties: Map<String, Value>,
) -> Answered {
    properties.retain(|_, value| !value.is_null());
    let stamp = call.stamp(write)?;
    let name = before.and_then(|old| old["name"].as_str()).unwrap_or(id.name.as_str());
    let body = json!({
        "id": call.id_of(id, name).replacen("/resourceGroups/", "/resourcegroups/", 1),
        "name": name,
        "type": TYPE,
        "systemData": call.system_data(stamp, before.map(|old| &old["systemData"])),
        "properties": properties,
    });
    let body = body.to_string().into_bytes();
    let record = Resource { kind: String::new(), etag: String::new(), body: body.clone() };
    write.put(id, &record)?;
    Ok(Reply::bytes(if before.is_some() { 200 } else { 201 }, body))
}

/// Metadata names are `^\S+$`.
fn named(id: &ResourceId) -> Result<(), Refusal> {
    if id.name.as_str().chars().any(char::is_whitespace) {
        let text = format!("The metadata name '{}' must not have white space.", id.name);
        return Err(Refusal::new(400, "BadRequest", text));
    }
    Ok(())
}

fn missing(id: &ResourceId) -> Refusal {
    Refusal::not_found("Metadata", id.name.as_str())
}
