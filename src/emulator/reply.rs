//! An answer before it becomes HTTP.

use serde_json::Value;

/// What becomes of the answer on its way to the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// It arrives.
    Whole,
    /// The body ends in the middle.
    Half,
    /// The connection ends without an answer.
    Dropped,
}

/// Status, body and headers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reply {
    pub(super) status: u16,
    /// JSON, or nothing.
    pub(super) body: Vec<u8>,
    /// Beside the usual ones.
    pub(super) headers: Vec<(String, String)>,
    pub(super) fate: Fate,
}

/// JSON as Sentinel's provider writes it: what means something in HTML, and all beyond ASCII, is escaped.
pub(super) fn escaped(json: &Value) -> Vec<u8> {
    let text = json.to_string();
    let mut out = String::with_capacity(text.len() + 16);
    for letter in text.chars() {
        // Outside of texts JSON has none of these.
        if letter.is_ascii() && !"'<>&+`".contains(letter) {
            out.push(letter);
            continue;
        }
        for unit in letter.encode_utf16(&mut [0; 2]) {
            out += &format!("\\u{unit:04x}");
        }
    }
    out.into_bytes()
}

impl Reply {
    pub(super) fn bytes(status: u16, body: Vec<u8>) -> Self {
        Self { status, body, headers: Vec::new(), fate: Fate::Whole }
    }

    pub(super) fn json(status: u16, body: &Value) -> Self {
        Self::bytes(status, body.to_string().into_bytes())
    }

    pub(super) fn empty(status: u16) -> Self {
        Self::bytes(status, Vec::new())
    }

    pub(super) fn dropped() -> Self {
        Self { fate: Fate::Dropped, ..Self::empty(0) }
    }

    /// The status that reached the client.
    pub(super) fn answered(&self) -> Option<u16> {
        (self.fate != Fate::Dropped).then_some(self.status)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_means_something_in_html_is_escaped_and_reads_back() {
        let body = json!({"query": "a <> 'b' & \"c\" + `d`\r\n straße 🙂"});
        let text = String::from_utf8(escaped(&body)).unwrap();
        assert_eq!(
            text,
            r#"{"query":"a \u003c\u003e \u0027b\u0027 \u0026 \"c\" \u002b \u0060d\u0060\r\n stra\u00dfe \ud83d\ude42"}"#
        );
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), body);
    }
}
