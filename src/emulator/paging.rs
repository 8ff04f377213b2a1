//! Pages of a list: an opaque `$skipToken` in an absolute `nextLink` on the host that was asked.

use std::num::NonZeroUsize;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::refusal::Refusal;
use super::request::Request;

const TOKEN: &str = "$skipToken";

/// The name of the last item of the page before, when this is not the first.
pub(super) fn after(request: &Request) -> Result<Option<String>, Refusal> {
    let Some(token) = request.parameter(TOKEN) else { return Ok(None) };
    let name = URL_SAFE_NO_PAD.decode(&token).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let text = || format!("The skip token '{token}' is invalid.");
    name.map(Some).ok_or_else(|| Refusal::new(400, "BadRequest", text()))
}

/// Cuts a list at the page's end; returns the link to the next page when something was left off.
pub(super) fn cut<T>(
    list: &mut Vec<(String, T)>,
    size: Option<NonZeroUsize>,
    request: &Request,
) -> Option<String> {
    let size = size?.get();
    if list.len() <= size {
        return None;
    }
    list.truncate(size);
    let token = URL_SAFE_NO_PAD.encode(list.last()?.0.as_bytes());
    let kept = request.query.split('&').filter(|pair| {
        let key = pair.split_once('=').map_or(*pair, |(key, _)| key);
        !super::request::decoded(key).eq_ignore_ascii_case(TOKEN)
    });
    let query: Vec<&str> = kept.collect();
    let Request { host, path, .. } = request;
    Some(format!("http://{host}{path}?{}&%24skipToken={token}", query.join("&")))
}

/// `{"value": […], "nextLink": …}` from bodies that are JSON already.
pub(super) fn body<'a>(
    items: impl IntoIterator<Item = &'a [u8]>,
    next_link: Option<&str>,
) -> Vec<u8> {
    let mut out = b"{\"value\":[".to_vec();
    for (index, item) in items.into_iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        out.extend_from_slice(item);
    }
    out.push(b']');
    if let Some(link) = next_link {
        out.extend_from_slice(b",\"nextLink\":");
        out.extend_from_slice(serde_json::Value::from(link).to_string().as_bytes());
    }
    out.push(b'}');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(query: &str) -> Request {
        let (host, path) = ("127.0.0.1:1".to_owned(), "/list".to_owned());
        Request { host, path, query: query.into(), ..Request::default() }
    }

    fn items() -> Vec<(String, ())> {
        ["a", "b|c", "d"].into_iter().map(|name| (name.to_owned(), ())).collect()
    }

    #[test]
    fn a_link_leads_to_the_items_after_the_page() {
        let mut list = items();
        let link = cut(&mut list, NonZeroUsize::new(2), &request("api-version=1")).unwrap();
        assert_eq!(list.len(), 2);
        let (address, query) = link.split_once('?').unwrap();
        assert_eq!(address, "http://127.0.0.1:1/list");
        assert_eq!(after(&request(query)).unwrap().as_deref(), Some("b|c"));
        let mut list = items();
        let again = cut(&mut list, NonZeroUsize::new(2), &request(query)).unwrap();
        assert_eq!(again.matches("skipToken").count(), 1);
    }

    #[test]
    fn the_last_page_has_no_link() {
        assert_eq!(cut(&mut items(), NonZeroUsize::new(3), &request("")), None);
        assert_eq!(cut(&mut items(), None, &request("")), None);
    }

    #[test]
    fn a_made_up_token_is_refused() {
        assert_eq!(after(&request("$skipToken=%20")).unwrap_err().status, 400);
    }
}
