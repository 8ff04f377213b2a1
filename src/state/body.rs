//! The body of a live resource.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use serde_json::Value;

/// Raw JSON as ARM answered it. Clones share it: one body stands in an item's sides, in its baseline and
/// in its change. Whoever changes a clone gets a copy.
#[derive(Clone, Default, PartialEq)]
pub struct Body(Arc<Value>);

impl Body {
    /// Whether it says the same as another body, but for top-level members and members of `properties`
    /// that are left out of account.
    #[must_use]
    pub fn is_alike(&self, other: &Self, apart_from: &[&str], in_properties: &[&str]) -> bool {
        if Arc::ptr_eq(&self.0, &other.0) {
            return true;
        }
        let (Value::Object(left), Value::Object(right)) = (&*self.0, &*other.0) else {
            return self == other;
        };
        let top = |name: &str| name != "properties" && !apart_from.contains(&name);
        members(left, top).eq(members(right, top))
            && match (left.get("properties"), right.get("properties")) {
                (Some(Value::Object(left)), Some(Value::Object(right))) => {
                    let inner = |name: &str| !in_properties.contains(&name);
                    members(left, inner).eq(members(right, inner))
                }
                (left, right) => left == right,
            }
    }
}

fn members(
    map: &serde_json::Map<String, Value>,
    counts: impl Fn(&str) -> bool,
) -> impl Iterator<Item = (&String, &Value)> {
    map.iter().filter(move |(name, _)| counts(name))
}

impl Deref for Body {
    type Target = Value;

    fn deref(&self) -> &Value {
        &self.0
    }
}

impl DerefMut for Body {
    fn deref_mut(&mut self) -> &mut Value {
        Arc::make_mut(&mut self.0)
    }
}

impl From<Value> for Body {
    fn from(value: Value) -> Self {
        Self(Arc::new(value))
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, formatter)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn whoever_changes_a_clone_gets_a_copy() {
        let body = Body::from(json!({"properties": {"severity": "High"}}));
        let mut other = body.clone();
        other["properties"]["severity"] = json!("Low");
        assert_eq!(body["properties"]["severity"], "High");
        assert_ne!(body, other);
    }

    #[test]
    fn only_what_is_left_out_of_account_may_differ() {
        let one = json!({"etag": "1", "kind": "NRT", "properties": {"at": 1, "etag": 1, "q": "T"}});
        let check = |change: &dyn Fn(&mut Value), expect: bool| {
            let mut other = one.clone();
            change(&mut other);
            let alike = |left: &Value, right: &Value| {
                Body::from(left.clone()).is_alike(&right.clone().into(), &["etag"], &["at"])
            };
            assert_eq!(alike(&one, &other), expect, "{other}");
            assert_eq!(alike(&other, &one), expect, "{other}");
        };
        check(&|_| {}, true);
        check(&|body| body["etag"] = json!("2"), true);
        check(&|body| body["properties"]["at"] = json!(2), true);
        check(&|body| drop(body.as_object_mut().unwrap().remove("etag")), true);
        check(&|body| body["kind"] = json!("Scheduled"), false);
        check(&|body| body["new"] = json!(null), false);
        check(&|body| body["at"] = json!(1), false);
        check(&|body| body["properties"]["etag"] = json!(2), false);
        check(&|body| body["properties"]["q"] = json!("U"), false);
        check(&|body| body["properties"]["new"] = json!(null), false);
        check(&|body| body["properties"] = json!(null), false);
        check(&|body| drop(body.as_object_mut().unwrap().remove("properties")), false);
        check(&|body| *body = json!([1]), false);
    }
}
