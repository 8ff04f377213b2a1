//! Reading lists of which most was read before.
//!
//! A fleet has the same items in hundreds of workspaces. What of a list is letter by letter as in another
//! workspace is not read into a tree again: both share one *form*, and only the members that always differ
//! ([`Apart`]) are read. Whatever is written in another way (other order, other blanks, an escape in a
//! name) is read whole, so nothing depends on how a service writes.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::arm::Collection;
use crate::state::body::{Apart, Body};

/// As many forms of one name are remembered, and as much text of all of them, in bytes.
const PER_NAME: usize = 8;
const TEXT: usize = 64 << 20;

/// The forms that were met in this run.
#[derive(Debug, Default)]
pub(super) struct Forms {
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    by_name: HashMap<(Collection, String), Vec<Form>>,
    text: usize,
}

#[derive(Debug)]
struct Form {
    /// Its members as they were written, but for those that are each resource's own.
    text: String,
    value: Arc<Value>,
}

/// A page of a list.
pub(super) struct Page<T> {
    /// `None` where the page has no list.
    pub(super) items: Option<Vec<T>>,
    /// `nextLink`, `null` when absent.
    pub(super) next: Value,
}

impl<T: From<Value>> Page<T> {
    /// Reads a page; `None` when it is no object.
    pub(super) fn read(text: &[u8]) -> serde_json::Result<Option<Self>> {
        let Value::Object(mut page) = serde_json::from_slice(text)? else { return Ok(None) };
        let items = match page.remove("value") {
            Some(Value::Array(items)) => Some(items.into_iter().map(T::from).collect()),
            _ => None,
        };
        Ok(Some(Self { items, next: page.remove("nextLink").unwrap_or_default() }))
    }
}

impl Forms {
    /// What [`Page::read`] reads.
    pub(super) fn read(
        &self,
        collection: Collection,
        text: &[u8],
    ) -> serde_json::Result<Option<Page<Body>>> {
        match serde_json::from_slice::<Parts<'_>>(text) {
            Ok(Parts { items, next }) => {
                let read = |item: &Item<'_>| self.body(collection, item);
                match items.iter().map(read).collect::<serde_json::Result<Vec<Body>>>() {
                    Ok(items) => Ok(Some(Page { items: Some(items), next })),
                    Err(_) => Page::read(text),
                }
            }
            Err(_) => Page::read(text),
        }
    }

    fn body(&self, collection: Collection, item: &Item<'_>) -> serde_json::Result<Body> {
        let apart = match collection {
            Collection::AlertRules | Collection::SavedSearches => &Apart::ITEM,
            Collection::Metadata => &Apart::RECORD,
        };
        let own = |name: &&str| apart.top.contains(name);
        let text = item.text(|name| !own(&name), |name| name != apart.property);
        let name = item.top.iter().find(|member| member.0 == "name").map_or("", |one| one.1.get());
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let Known { by_name, text: held } = &mut *known;
        let forms = by_name.entry((collection, name.to_owned())).or_default();
        if let Some(at) = forms.iter().position(|form| form.text == text) {
            forms[..=at].rotate_right(1);
            let form = Arc::clone(&forms[0].value);
            let top = own_members(&item.top, &apart.top)?;
            let property = only(&item.properties, apart.property)?;
            let property = property.map(|value| serde_json::from_str(value.get())).transpose()?;
            return Ok(Body::of_form(form, apart, top, property));
        }
        let value: Value = serde_json::from_str(&item.text(|_| true, |_| true))?;
        let value = Arc::new(value);
        if *held + text.len() <= TEXT {
            *held += text.len();
            for gone in forms.drain(forms.len().min(PER_NAME - 1)..) {
                *held -= gone.text.len();
            }
            forms.insert(0, Form { text, value: Arc::clone(&value) });
        }
        Ok(value.into())
    }
}

/// These members as an object, which is sure to be read by whoever reads it later.
fn own_members(members: &Members<'_>, names: &[&str]) -> serde_json::Result<String> {
    let mut text = String::with_capacity(384);
    for name in names {
        let Some(value) = only(members, name)? else { continue };
        // Of a text without an escape nothing can be wrong that was not seen when its end was found.
        let value = value.get();
        if !value.starts_with('"') || value.contains('\\') {
            serde_json::from_str::<Value>(value)?;
        }
        text.extend([if text.is_empty() { "{\"" } else { ",\"" }, name, "\":", value]);
    }
    text.push_str(if text.is_empty() { "{}" } else { "}" });
    Ok(text)
}

/// A member by its name; an error where there are two.
fn only<'a>(members: &Members<'a>, name: &str) -> serde_json::Result<Option<&'a RawValue>> {
    let mut found = members.iter().filter(|member| member.0 == name);
    match (found.next(), found.next()) {
        (None, _) => Ok(None),
        (Some(member), None) => Ok(Some(member.1)),
        (Some(_), Some(_)) => Err(serde_json::Error::custom("two members of one name")),
    }
}

type Members<'a> = Vec<(&'a str, &'a RawValue)>;

/// A page in parts: it has a list of objects, and nothing but that and a link.
struct Parts<'a> {
    items: Vec<Item<'a>>,
    next: Value,
}

/// A resource in parts, as they were written. It has `properties`, and names need no escapes.
struct Item<'a> {
    top: Members<'a>,
    properties: Members<'a>,
}

impl Item<'_> {
    /// The members that count, as one JSON text.
    fn text(&self, top: impl Fn(&str) -> bool, property: impl Fn(&str) -> bool) -> String {
        let length = |members: &Members<'_>| -> usize {
            members.iter().map(|member| member.0.len() + member.1.get().len() + 4).sum()
        };
        let mut text = String::with_capacity(length(&self.top) + length(&self.properties) + 32);
        let write = |text: &mut String, (name, value): &(&str, &RawValue)| {
            text.extend(["\"", name, "\":", value.get(), ","]);
        };
        text.push('{');
        self.top.iter().filter(|member| top(member.0)).for_each(|one| write(&mut text, one));
        text.push_str("\"properties\":{");
        let mut properties = self.properties.iter().filter(|member| property(member.0)).peekable();
        let is_empty = properties.peek().is_none();
        properties.for_each(|one| write(&mut text, one));
        if !is_empty {
            text.pop();
        }
        text.push_str("}}");
        text
    }
}

impl<'de> Deserialize<'de> for Parts<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Page;
        impl<'de> Visitor<'de> for Page {
            type Value = Parts<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a page")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Parts<'de>, A::Error> {
                let (mut items, mut next) = (None, None);
                while let Some(name) = map.next_key::<&str>()? {
                    match name {
                        "value" if items.is_none() => items = Some(map.next_value()?),
                        "nextLink" if next.is_none() => next = Some(map.next_value()?),
                        _ => return Err(A::Error::custom("more than a list and a link")),
                    }
                }
                let items = items.ok_or_else(|| A::Error::custom("no list"))?;
                Ok(Parts { items, next: next.unwrap_or_default() })
            }
        }
        deserializer.deserialize_map(Page)
    }
}

impl<'de> Deserialize<'de> for Item<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Resource;
        impl<'de> Visitor<'de> for Resource {
            type Value = Item<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a resource")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Item<'de>, A::Error> {
                let mut top = Vec::with_capacity(8);
                let mut properties = None;
                while let Some(name) = map.next_key::<&str>()? {
                    match name {
                        "properties" if properties.is_none() => {
                            properties = Some(map.next_value::<Inner<'de>>()?.0);
                        }
                        "properties" => return Err(A::Error::custom("properties twice")),
                        _ => top.push((name, map.next_value()?)),
                    }
                }
                let properties = properties.ok_or_else(|| A::Error::custom("no properties"))?;
                Ok(Item { top, properties })
            }
        }
        deserializer.deserialize_map(Resource)
    }
}

/// The members of a resource's `properties`.
struct Inner<'a>(Members<'a>);

impl<'de> Deserialize<'de> for Inner<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Properties;
        impl<'de> Visitor<'de> for Properties {
            type Value = Inner<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("properties")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Inner<'de>, A::Error> {
                let mut members = Vec::with_capacity(32);
                while let Some(member) = map.next_entry::<&str, &RawValue>()? {
                    members.push(member);
                }
                Ok(Inner(members))
            }
        }
        deserializer.deserialize_map(Properties)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn read(forms: &Forms, text: &str) -> Vec<Body> {
        let page = forms.read(Collection::Metadata, text.as_bytes()).unwrap().unwrap();
        page.items.unwrap()
    }

    fn page(items: &[&str]) -> String {
        format!("{{\"value\": [{}], \"nextLink\": null}}", items.join(", "))
    }

    /// Whether two items share a form.
    fn are_one(left: &str, right: &str) -> bool {
        let forms = Forms::default();
        let bodies = read(&forms, &page(&[left, right]));
        let whole = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        assert_eq!((&*bodies[0], &*bodies[1]), (&whole(left), &whole(right)));
        forms.known.lock().unwrap().by_name.values().map(Vec::len).sum::<usize>() == 1
    }

    #[test]
    fn what_differs_only_in_its_own_members_shares_a_form() {
        let one =
            r#"{"id": "1", "name": "a", "etag": "x", "properties": {"q": "T", "parentId": "p"}}"#;
        assert!(are_one(one, one));
        assert!(are_one(one, &one.replace("\"x\"", "\"y\"")));
        assert!(are_one(one, &one.replace("\"p\"", "\"r\"")));
        assert!(are_one(one, &one.replace("\"p\"", "null")));
        assert!(are_one(one, r#"{"name": "a", "properties": {"q": "T"}}"#));
        assert!(!are_one(one, &one.replace("\"T\"", "\"U\"")));
        assert!(!are_one(one, &one.replace("\"q\"", "\"etag\"")));
        assert!(!are_one(one, &one.replace("\"name\": \"a\"", "\"name\": \"b\"")));
    }

    #[test]
    fn a_page_of_another_shape_is_read_whole() {
        let plain = |text: &str| {
            let page = Page::<Value>::read(text.as_bytes()).map_err(|error| error.is_eof());
            page.map(|page| page.map(|Page { items, next }| (items, next)))
        };
        for text in [
            r#"{"value": [{"name": "a"}]}"#,
            r#"{"value": [{"name": "a", "properties": []}, 1, null]}"#,
            r#"{"value": [{"n\u0061me": "a", "properties": {"\u0071": 1}}]}"#,
            r#"{"value": [{"etag": 1, "etag": 2, "properties": {}}], "nextLink": "x"}"#,
            r#"{"value": [{"etag": 1, "properties": {"parentId": 1, "parentId": 2}}]}"#,
            r#"{"value": [{"properties": {"a": 1}, "properties": {"b": 1}}]}"#,
            r#"{"value": [], "value": [1]}"#,
            r#"{"value": [], "more": 1}"#,
            r#"{"value": {}}"#,
            r#"{"nextLink": "x"}"#,
            r#"[{"value": []}]"#,
            r#"{"value": [{"name": "a", "properties": {"#,
            r#"{"value": [{"properties": {"a": 1e999}}]}"#,
            r#"{"value": [{"etag": "\ud800", "properties": {}}]}"#,
            r#"{"value": [{"properties": {}}]} x"#,
            "",
            "<html>",
        ] {
            let forms = Forms::default();
            for _ in 0..2 {
                let read = forms.read(Collection::Metadata, text.as_bytes());
                let read = read.map_err(|error| error.is_eof()).map(|page| {
                    let whole = |body: Body| Value::clone(&body);
                    page.map(|Page { items, next }| {
                        (items.map(|items| items.into_iter().map(whole).collect::<Vec<_>>()), next)
                    })
                });
                assert_eq!(read, plain(text), "{text}");
            }
        }
    }

    #[test]
    fn so_many_forms_of_a_name_are_remembered_and_no_more() {
        let forms = Forms::default();
        for number in 0..50 {
            read(&forms, &page(&[&json!({"name": "a", "properties": {"q": number}}).to_string()]));
        }
        let known = forms.known.lock().unwrap();
        let kept: Vec<&Form> = known.by_name.values().flatten().collect();
        assert_eq!(kept.len(), PER_NAME);
        assert_eq!(known.text, kept.iter().map(|form| form.text.len()).sum::<usize>());
    }

    /// Every example of a list, or of one resource, in Microsoft's specifications.
    fn examples(folder: &std::path::Path, found: &mut Vec<Value>) {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                examples(&path, found);
            } else if let Ok(text) = std::fs::read_to_string(&path)
                && let Ok(Value::Object(example)) = serde_json::from_str(&text)
                && let Some(Value::Object(responses)) = example.get("responses")
            {
                found.extend(responses.values().map(|response| response["body"].clone()));
            }
        }
    }

    #[test]
    fn the_examples_of_the_specifications_are_read_as_they_are_written() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/specs");
        let mut found = Vec::new();
        examples(&root, &mut found);
        let forms = Forms::default();
        for example in found {
            let is_list = example["value"].is_array();
            let list = if is_list { example } else { json!({"value": [example]}) };
            let mut moved = list.clone();
            for item in moved["value"].as_array_mut().unwrap() {
                if item.is_object() && item["properties"].is_object() {
                    item["etag"] = json!("another");
                    item["properties"]["lastModifiedUtc"] = json!("2026-11-24T00:00:00Z");
                }
            }
            for list in [&list, &moved, &list] {
                for text in [list.to_string(), serde_json::to_string_pretty(list).unwrap()] {
                    for collection in [Collection::AlertRules, Collection::Metadata] {
                        let page = forms.read(collection, text.as_bytes()).unwrap().unwrap();
                        let items = page.items.unwrap();
                        let read: Vec<Value> =
                            items.iter().map(|item| Value::clone(item)).collect();
                        assert_eq!(Value::from(read), list["value"]);
                    }
                }
            }
        }
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(|number| json!(number)),
            ".{0,6}".prop_map(Value::from),
        ];
        leaf.prop_recursive(2, 8, 3, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
                proptest::collection::btree_map(".{0,3}", inner, 0..3)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    /// A resource with few names and few values, so that many are alike.
    fn any_resource() -> impl Strategy<Value = Value> {
        let member =
            prop_oneof![Just("id"), Just("etag"), Just("name"), Just("parentId"), Just("q")];
        let few = prop_oneof![Just(json!("a")), Just(json!("b")), any_value()];
        let map = proptest::collection::btree_map(member, few, 0..5);
        (map.clone(), map).prop_map(|(top, properties)| {
            let mut resource = json!({"properties": properties});
            for (name, value) in top {
                resource[name] = value;
            }
            resource
        })
    }

    proptest! {
        /// Whatever was read before: a body is what its text says.
        #[test]
        fn every_body_is_what_was_written(
            pages in proptest::collection::vec(proptest::collection::vec(any_resource(), 0..6), 1..6),
        ) {
            let forms = Forms::default();
            for resources in pages {
                let text = json!({"value": resources}).to_string();
                let whole: Value = serde_json::from_str(&text).unwrap();
                let bodies = read(&forms, &text);
                let read: Vec<Value> = bodies.iter().map(|body| Value::clone(body)).collect();
                prop_assert_eq!(&Value::from(read), &whole["value"]);
                for (body, whole) in bodies.iter().zip(whole["value"].as_array().unwrap()) {
                    for name in ["id", "etag", "name", "q", "systemData"] {
                        prop_assert_eq!(body.member(name), &whole[name]);
                        prop_assert_eq!(body.property(name), &whole["properties"][name]);
                    }
                    prop_assert_eq!(body.property("parentId"), &whole["properties"]["parentId"]);
                }
            }
        }
    }
}
