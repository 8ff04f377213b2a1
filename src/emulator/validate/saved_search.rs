//! Saved searches. Their queries are not checked by the service.

use serde_json::{Map, Value};

use super::fields::{array, properties, required, text};
use crate::emulator::refusal::Refusal;

/// More are refused (azure-rest-api-specs#21506).
const MOST_TAGS: usize = 15;
/// Longer values are refused (terraform-provider-azurerm#23562).
const LONGEST_TAG: usize = 256;

/// Checks a saved search's body and returns its properties.
pub(in crate::emulator) fn saved_search(body: &Value) -> Result<Map<String, Value>, Refusal> {
    let found = properties(body)?;
    let whole = &body["properties"];
    let path = "Properties";
    for key in ["category", "displayName", "query"] {
        required(whole, path, key)?;
        text(whole, path, key)?;
    }
    for key in ["functionAlias", "functionParameters"] {
        text(whole, path, key)?;
    }
    if found.get("version").is_some_and(|version| !version.is_null() && !version.is_i64()) {
        return Err(Refusal::invalid("Properties.Version", "The Version field must be a number."));
    }
    let tags = array(whole, path, "tags")?.unwrap_or_default();
    if tags.len() > MOST_TAGS {
        let text = "[The element 'Tags' has invalid child element 'Tag'.]";
        return Err(Refusal::new(400, "BadRequest", text));
    }
    for (index, tag) in tags.iter().enumerate() {
        let path = format!("Properties.Tags[{index}]");
        for key in ["name", "value"] {
            required(tag, &path, key)?;
        }
        text(tag, &path, "name")?;
        let value = text(tag, &path, "value")?.unwrap_or_default();
        if value.chars().count() > LONGEST_TAG {
            let why =
                format!("The field Value must be a string with a maximum length of {LONGEST_TAG}.");
            return Err(Refusal::invalid(&format!("{path}.Value"), &why));
        }
    }
    Ok(found.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(change: impl FnOnce(&mut Value), expect: &str) {
        let mut body = json!({"properties": {"category": "Hunting Queries", "displayName": "x", "query": "T"}});
        change(&mut body["properties"]);
        let text = saved_search(&body).err().map_or("fine".into(), |refusal| refusal.message);
        assert!(text.contains(expect), "{text}");
    }

    fn tags(count: usize, length: usize) -> Value {
        json!(vec![json!({"name": "n", "value": "v".repeat(length)}); count])
    }

    #[test]
    fn tags_are_few_and_short() {
        check(|p| p["tags"] = tags(15, 256), "fine");
        check(|p| p["tags"] = tags(16, 1), "[The element 'Tags' has invalid child element 'Tag'.]");
        check(|p| p["tags"] = tags(1, 257), "maximum length of 256");
        check(|p| p["tags"] = json!([{"name": "n"}]), "The Value field is required.");
    }

    #[test]
    fn what_a_search_needs_must_be_there() {
        check(|p| p["query"] = Value::Null, "[Properties.Query: The Query field is required.]");
        check(
            |p| p["category"] = json!(1),
            "[Properties.Category: The Category field must be a string.]",
        );
        check(|p| p["version"] = json!("2"), "must be a number");
        check(|p| *p = Value::Null, "[Properties: The Properties field is required.]");
    }
}
