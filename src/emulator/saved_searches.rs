//! Saved searches: `Microsoft.OperationalInsights/savedSearches`. Hunting queries are some of them.
//!
//! Unlike rules: a create answers 200, the list has no pages, and an existing search is overridden
//! only with its etag or `*`, given at the top or as `properties.eTag`, as templates do.

use serde_json::{Map, Value, json};

use super::call::{Answered, Call, parsed};
use super::paging;
use super::refusal::Refusal;
use super::reply::Reply;
use super::store::{Resource, View, Write};
use super::{stamp, validate};
use crate::arm::{Collection, ResourceId, WorkspaceId};

pub(super) const TYPE: &str = "Microsoft.OperationalInsights/savedSearches";

/// `GET …/savedSearches`.
pub(super) fn list(view: &View, call: &Call<'_>, workspace: &WorkspaceId) -> Answered {
    let found = call.list(view, workspace, Collection::SavedSearches, None)?;
    let bodies = found.iter().map(|(_, search)| search.body.as_slice());
    Ok(Reply::bytes(200, paging::body(bodies, None)))
}

/// `GET …/savedSearches/{id}`.
pub(super) fn get(view: &View, call: &Call<'_>, id: &ResourceId) -> Answered {
    let found = call.resource(view, id)?;
    let missing = || Refusal::not_found("Saved search", id.name.as_str()).into();
    Ok(found.map_or_else(missing, |search| Reply::bytes(200, search.body)))
}

/// `PUT …/savedSearches/{id}`.
pub(super) fn put(write: &Write, call: &Call<'_>, id: &ResourceId) -> Answered {
    let before = write.resource(id)?;
    let properties = match accept(call, before.as_ref()) {
        Ok(accepted) => accepted,
        Err(refusal) => return Ok(refusal.into()),
    };
    let etag = stamp::saved_search_etag(call.stamp(write)?);
    let old = before.map(|search| parsed(&search.body));
    let name = old.as_ref().and_then(|old| old["name"].as_str()).unwrap_or(id.name.as_str());
    let body = json!({
        "id": call.id_of(id, name),
        "name": name,
        "type": TYPE,
        "etag": etag,
        "properties": properties,
    });
    let body = body.to_string().into_bytes();
    write.put(id, &Resource { kind: String::new(), etag, body: body.clone() })?;
    Ok(Reply::bytes(200, body))
}

fn accept(call: &Call<'_>, before: Option<&Resource>) -> Result<Map<String, Value>, Refusal> {
    let body = call.body()?;
    let mut properties = validate::saved_search(&call.sent(&body, before))?;
    let within = properties.remove("eTag");
    let sent = [body.get("etag"), within.as_ref()].into_iter().flatten().find_map(Value::as_str);
    let current = before.map(|search| search.etag.as_str());
    let fits = match (sent, current) {
        (Some("*"), _) | (None | Some(""), None) => true,
        (Some(sent), Some(current)) => !current.is_empty() && sent == current,
        (None, Some(_)) | (Some(_), None) => false,
    };
    if !fits {
        return Err(Refusal::newer_saved_search(&call.workspace.customer_id));
    }
    if let (Some(sent), true) = (&call.request.if_match, call.options.honour_if_match)
        && sent != "*"
        && Some(sent.as_str()) != current
    {
        return Err(Refusal::precondition_failed());
    }
    properties.retain(|_, value| !value.is_null());
    properties.entry("version").or_insert(json!(2));
    call.options.normaliser.search(&mut properties);
    Ok(properties)
}
