//! Saved searches. Their queries are not checked by the service.

use serde_json::{Map, Value};

use super::fields::{array, properties, required, text};
use super::shape::Sent;
use super::shapes;
use crate::emulator::refusal::Refusal;

/// More are refused (azure-rest-api-specs#21506).
const MOST_TAGS: usize = 15;
/// Longer values are refused (terraform-provider-azurerm#23562).
const LONGEST_TAG: usize = 256;

/// Checks a saved search's body and returns its properties.
pub(in crate::emulator) fn saved_search(sent: &Sent<'_>) -> Result<Map<String, Value>, Refusal> {
    let found = properties(sent, &shapes::SAVED_SEARCH)?;
    let whole = &sent.value["properties"];
    for key in ["category", "displayName", "query"] {
        required(whole, "Properties", key)?;
    }
    let tags = array(whole, "tags");
    if tags.len() > MOST_TAGS {
        let text = "[The element 'Tags' has invalid child element 'Tag'.]";
        return Err(Refusal::new(400, "BadRequest", text));
    }
    for (index, tag) in tags.iter().enumerate() {
        let path = format!("Properties.Tags[{index}]");
        required(tag, &path, "name")?;
        required(tag, &path, "value")?;
        let value = text(tag, "value").unwrap_or_default();
        if value.chars().count() > LONGEST_TAG {
            let why =
                format!("The field Value must be a string with a maximum length of {LONGEST_TAG}.");
            return Err(Refusal::invalid(&format!("{path}.Value"), &why));
        }
    }
    Ok(found.clone())
}
