//! The list options of metadata: `$filter`, `$orderby`, `$top`, `$skip`.
//!
//! Filters are comparisons `path eq 'text'` joined by `and`; others are refused rather than ignored,
//! since a filter that is ignored answers too much.

use serde_json::Value;

use super::call::parsed;
use super::refusal::Refusal;
use super::request::Request;
use super::store::Resource;

/// What a list was asked for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Options {
    /// Paths into the body and the text that stands there, in any case.
    equal: Vec<(String, String)>,
    /// A path, and whether the order is descending.
    order: Option<(String, bool)>,
    top: Option<usize>,
    skip: usize,
}

impl Options {
    /// Reads the query; nothing when none of them is given.
    pub(super) fn read(request: &Request) -> Result<Option<Self>, Refusal> {
        let mut options = Self::default();
        if let Some(filter) = request.parameter("$filter").filter(|text| !text.trim().is_empty()) {
            options.equal = conditions(&filter).ok_or_else(|| refused("$filter", &filter))?;
        }
        if let Some(order) = request.parameter("$orderby").filter(|text| !text.trim().is_empty()) {
            options.order = Some(ordering(&order).ok_or_else(|| refused("$orderby", &order))?);
        }
        let number = |name: &str| match request.parameter(name) {
            Some(text) => text.parse().map(Some).map_err(|_| refused(name, &text)),
            None => Ok(None),
        };
        options.top = number("$top")?;
        options.skip = number("$skip")?.unwrap_or_default();
        Ok((options != Self::default()).then_some(options))
    }

    /// Filters, orders and cuts a list.
    pub(super) fn apply(&self, list: &mut Vec<(String, Resource)>) {
        let text = |body: &Value, path: &str| {
            let found = path.split('/').try_fold(body, |value, key| value.get(key));
            found.and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        list.retain(|(_, record)| {
            let body = parsed(&record.body);
            self.equal.iter().all(|(path, want)| text(&body, path).eq_ignore_ascii_case(want))
        });
        if let Some((path, descending)) = &self.order {
            list.sort_by_cached_key(|(_, record)| text(&parsed(&record.body), path));
            if *descending {
                list.reverse();
            }
        }
        list.drain(..self.skip.min(list.len()));
        list.truncate(self.top.unwrap_or(usize::MAX));
    }
}

/// `a eq 'b' and c eq 'd'`; a quote within a text is doubled.
fn conditions(filter: &str) -> Option<Vec<(String, String)>> {
    let mut rest = filter.trim();
    let mut found = Vec::new();
    loop {
        let (path, after) = rest.split_once(char::is_whitespace)?;
        let after = after.trim_start().strip_prefix("eq")?.trim_start().strip_prefix('\'')?;
        let (text, after) = quoted(after)?;
        found.push((path.to_owned(), text));
        rest = after.trim_start();
        if rest.is_empty() {
            return Some(found);
        }
        rest = rest.strip_prefix("and")?.strip_prefix(char::is_whitespace)?.trim_start();
    }
}

/// Reads up to the closing quote.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut out = String::new();
    let mut rest = text;
    loop {
        let (before, after) = rest.split_once('\'')?;
        out += before;
        match after.strip_prefix('\'') {
            Some(more) => {
                out.push('\'');
                rest = more;
            }
            None => return Some((out, after)),
        }
    }
}

fn ordering(text: &str) -> Option<(String, bool)> {
    match text.split_whitespace().collect::<Vec<_>>().as_slice() {
        [path] | [path, "asc"] => Some(((*path).to_owned(), false)),
        [path, "desc"] => Some(((*path).to_owned(), true)),
        _ => None,
    }
}

fn refused(name: &str, text: &str) -> Refusal {
    Refusal::new(400, "BadRequest", format!("The query option '{name}' is invalid: '{text}'."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn list(query: &str) -> Result<Vec<String>, u16> {
        let record = |name: &str, kind: &str, owner: &str| {
            let source = json!({"name": owner});
            let body = json!({"properties": {"kind": kind, "source": source}, "name": name});
            let body = body.to_string().into_bytes();
            (name.to_owned(), Resource { kind: String::new(), etag: String::new(), body })
        };
        let mut list = vec![
            record("a", "AnalyticsRule", "o'brien"),
            record("b", "HuntingQuery", "acme"),
            record("c", "AnalyticsRule", "acme"),
        ];
        let request = Request { query: query.into(), ..Request::default() };
        if let Some(options) = Options::read(&request).map_err(|refusal| refusal.status)? {
            options.apply(&mut list);
        }
        Ok(list.into_iter().map(|(name, _)| name).collect())
    }

    #[track_caller]
    fn check(query: &str, expect: &str) {
        assert_eq!(list(query).map(|names| names.concat()), Ok(expect.to_owned()), "{query}");
    }

    #[test]
    fn lists_are_filtered_ordered_and_cut() {
        check("", "abc");
        check("$filter=properties/kind eq 'analyticsrule'", "ac");
        check(
            "$filter=properties/kind eq 'AnalyticsRule' and properties/source/name eq 'acme'",
            "c",
        );
        check("$filter=properties/source/name+eq+'o''brien'", "a");
        check("$filter=properties/other eq 'x'", "");
        check("$orderby=name desc", "cba");
        check("$top=2", "ab");
        check("$skip=1&$top=1", "b");
        check("$skip=9", "");
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for query in
            ["$filter=properties/kind ne 'x'", "$filter=a eq 'b", "$orderby=a b c", "$top=x"]
        {
            assert_eq!(list(query), Err(400), "{query}");
        }
    }
}
