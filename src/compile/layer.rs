//! Overrides: a workspace's own values over a content file's.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::content::Content;
use crate::diag::Located;
use crate::environment::Workspace;
use crate::ident::Day;

/// The content's keys as they are in a workspace. `None` when nothing is overridden there.
#[must_use]
pub fn overridden(
    content: &Content,
    workspace: &Workspace,
    today: Day,
) -> Option<BTreeMap<String, Located<Value>>> {
    let overrides = workspace.settings.overrides.get(&content.id.value)?;
    let mut keys = content.keys.clone();
    let mut changed = false;
    for (key, layered) in overrides {
        if layered.expires.is_some_and(|last| last < today) {
            continue;
        }
        changed = true;
        let base = keys.remove(key).map_or(Value::Null, |own| own.value);
        let value = merge(base, &layered.value.value);
        keys.insert(key.clone(), layered.value.clone().map(|_| value));
    }
    changed.then_some(keys)
}

/// Maps merge, everything else is replaced.
fn merge(base: Value, over: &Value) -> Value {
    match (base, over) {
        (Value::Object(mut base), Value::Object(over)) => {
            for (key, value) in over {
                let inner = base.remove(key).unwrap_or(Value::Null);
                base.insert(key.clone(), merge(inner, value));
            }
            Value::Object(base)
        }
        (_, over) => over.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn maps_merge_and_lists_are_replaced() {
        let base = json!({"createIncident": true, "groupingConfiguration": {"enabled": true, "groupByEntities": ["Host"]}});
        let over = json!({"groupingConfiguration": {"groupByEntities": ["IP"]}});
        let expect = json!({"createIncident": true, "groupingConfiguration": {"enabled": true, "groupByEntities": ["IP"]}});
        assert_eq!(merge(base, &over), expect);
        assert_eq!(merge(json!("High"), &json!("Low")), json!("Low"));
        assert_eq!(merge(Value::Null, &json!({"a": 1})), json!({"a": 1}));
    }
}
