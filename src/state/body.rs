//! The body of a live resource.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, OnceLock};

use serde_json::{Map, Value};

/// Raw JSON as ARM answered it. Clones share it: one body stands in an item's sides, in its baseline and
/// in its change. Bodies of many workspaces that are the same apart from a few members share one *form*
/// as well, each with those members of its own. Whoever changes a body gets a copy.
#[derive(Clone)]
pub struct Body {
    form: Arc<Value>,
    /// The members that differ from the form's; `None` when the form is the body.
    own: Option<Arc<Own>>,
}

struct Own {
    apart: &'static Apart,
    top: String,
    property: Option<Value>,
    whole: OnceLock<Value>,
}

/// The members that say where a resource stands and who wrote it when.
#[derive(Debug, PartialEq, Eq)]
pub struct Apart {
    /// Members of the body.
    pub top: [&'static str; 3],
    /// A member of its `properties`.
    pub property: &'static str,
}

impl Apart {
    /// Of rules and saved searches.
    pub const ITEM: Self = Self { top: ["id", "etag", "systemData"], property: "lastModifiedUtc" };
    /// Of metadata.
    pub const RECORD: Self = Self { top: ["id", "etag", "systemData"], property: "parentId" };
}

impl Body {
    /// A body that is a form but for these members; one that is not given is not there. `top` is an object as
    /// JSON, which must be known to be well-formed: it is read when one of its members is asked for.
    #[must_use]
    pub fn of_form(
        form: Arc<Value>,
        apart: &'static Apart,
        top: String,
        property: Option<Value>,
    ) -> Self {
        let own = Own { apart, top, property, whole: OnceLock::new() };
        Self { form, own: Some(Arc::new(own)) }
    }

    /// A member of the body; `null` when absent.
    #[must_use]
    pub fn member(&self, name: &str) -> &Value {
        match &self.own {
            Some(own) if own.apart.top.contains(&name) => &self[name],
            _ => &self.form[name],
        }
    }

    /// A member of its `properties`; `null` when absent.
    #[must_use]
    pub fn property(&self, name: &str) -> &Value {
        match &self.own {
            Some(own) if own.apart.property == name => {
                own.property.as_ref().unwrap_or(&Value::Null)
            }
            _ => &self.form["properties"][name],
        }
    }

    /// Whether it says the same as another body apart from these members.
    #[must_use]
    pub fn is_alike(&self, other: &Self, apart: &Apart) -> bool {
        let is_so_apart = |body: &Self| body.own.as_ref().is_none_or(|own| own.apart == apart);
        if Arc::ptr_eq(&self.form, &other.form) && is_so_apart(self) && is_so_apart(other) {
            return true;
        }
        let (Value::Object(left), Value::Object(right)) = (&**self, &**other) else {
            return self == other;
        };
        let top = |name: &str| name != "properties" && !apart.top.contains(&name);
        members(left, top).eq(members(right, top))
            && match (left.get("properties"), right.get("properties")) {
                (Some(Value::Object(left)), Some(Value::Object(right))) => {
                    let inner = |name: &str| name != apart.property;
                    members(left, inner).eq(members(right, inner))
                }
                (left, right) => left == right,
            }
    }
}

fn members(
    map: &Map<String, Value>,
    counts: impl Fn(&str) -> bool,
) -> impl Iterator<Item = (&String, &Value)> {
    map.iter().filter(move |(name, _)| counts(name))
}

impl Own {
    /// The form with these members in it.
    fn whole(&self, form: &Value) -> Value {
        let mut whole = form.clone();
        if let Some(map) = whole.as_object_mut() {
            map.retain(|name, _| !self.apart.top.contains(&name.as_str()));
            let top: Map<String, Value> = serde_json::from_str(&self.top)
                .expect("invariant: whoever made this body has looked at its own members");
            map.extend(top);
        }
        if let Some(map) = whole.get_mut("properties").and_then(Value::as_object_mut) {
            map.remove(self.apart.property);
            if let Some(value) = &self.property {
                map.insert(self.apart.property.to_owned(), value.clone());
            }
        }
        whole
    }
}

/// The whole body, put together when it is first asked for.
impl Deref for Body {
    type Target = Value;

    fn deref(&self) -> &Value {
        match &self.own {
            None => &self.form,
            Some(own) => own.whole.get_or_init(|| own.whole(&self.form)),
        }
    }
}

impl DerefMut for Body {
    fn deref_mut(&mut self) -> &mut Value {
        if self.own.is_some() {
            *self = Self::from(Value::clone(self));
        }
        Arc::make_mut(&mut self.form)
    }
}

impl From<Value> for Body {
    fn from(value: Value) -> Self {
        Self { form: Arc::new(value), own: None }
    }
}

/// A body of which other bodies are forms.
impl From<Arc<Value>> for Body {
    fn from(form: Arc<Value>) -> Self {
        Self { form, own: None }
    }
}

impl Default for Body {
    fn default() -> Self {
        Self::from(Value::Null)
    }
}

impl PartialEq for Body {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, formatter)
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
    fn a_body_of_a_form_has_its_own_members_and_no_others() {
        let form =
            json!({"id": "1", "etag": "1", "name": "a", "properties": {"parentId": "p", "x": 1}});
        let own = r#"{"id": "2"}"#.to_owned();
        let mut body = Body::of_form(Arc::new(form.clone()), &Apart::RECORD, own, None);
        assert_eq!((body.member("id"), body.member("etag")), (&json!("2"), &Value::Null));
        assert_eq!((body.member("name"), body.property("x")), (&json!("a"), &json!(1)));
        assert_eq!(body.property("parentId"), &Value::Null);
        assert_eq!(*body, json!({"id": "2", "name": "a", "properties": {"x": 1}}));
        assert!(body.is_alike(&form.clone().into(), &Apart::RECORD));
        assert!(!body.is_alike(&form.into(), &Apart::ITEM));
        body["name"] = json!("b");
        assert_eq!(*body, json!({"id": "2", "name": "b", "properties": {"x": 1}}));
    }

    #[test]
    fn only_what_is_left_out_of_account_may_differ() {
        let one = json!({"etag": "1", "kind": "NRT", "properties": {"lastModifiedUtc": 1, "etag": 1, "q": "T"}});
        let check = |change: &dyn Fn(&mut Value), expect: bool| {
            let mut other = one.clone();
            change(&mut other);
            let alike = |left: &Value, right: &Value| {
                Body::from(left.clone()).is_alike(&right.clone().into(), &Apart::ITEM)
            };
            assert_eq!(alike(&one, &other), expect, "{other}");
            assert_eq!(alike(&other, &one), expect, "{other}");
        };
        check(&|_| {}, true);
        check(&|body| body["etag"] = json!("2"), true);
        check(&|body| body["properties"]["lastModifiedUtc"] = json!(2), true);
        check(&|body| drop(body.as_object_mut().unwrap().remove("etag")), true);
        check(&|body| body["kind"] = json!("Scheduled"), false);
        check(&|body| body["new"] = json!(null), false);
        check(&|body| body["lastModifiedUtc"] = json!(1), false);
        check(&|body| body["properties"]["etag"] = json!(2), false);
        check(&|body| body["properties"]["q"] = json!("U"), false);
        check(&|body| body["properties"]["new"] = json!(null), false);
        check(&|body| body["properties"] = json!(null), false);
        check(&|body| drop(body.as_object_mut().unwrap().remove("properties")), false);
        check(&|body| *body = json!([1]), false);
    }
}
