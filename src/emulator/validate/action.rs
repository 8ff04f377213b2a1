//! Playbook links of a rule.

use serde_json::{Map, Value};

use super::fields::{properties, required};
use super::shape::Sent;
use super::shapes;
use crate::emulator::refusal::Refusal;

/// Checks an action's body and returns its properties.
pub(in crate::emulator) fn action(sent: &Sent<'_>) -> Result<Map<String, Value>, Refusal> {
    let found = properties(sent, &shapes::ACTION)?;
    for key in ["logicAppResourceId", "triggerUri"] {
        required(&sent.value["properties"], "Properties", key)?;
    }
    Ok(found.clone())
}
