//! Where a member stands in a JSON text.

/// Byte offsets of a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// Behind its name's colon; of an item of a list, before the item.
    pub(super) after_name: usize,
    /// Behind its value.
    pub(super) after_value: usize,
}

/// The place of a path such as `properties.tags[1].name` in a text that is JSON.
pub(super) fn place(text: &[u8], path: &str) -> Option<Place> {
    let mut search = Search { text, at: 0, wanted: path, found: None };
    search.value(&mut String::new(), 0)?;
    search.found
}

struct Search<'a> {
    text: &'a [u8],
    at: usize,
    wanted: &'a str,
    found: Option<Place>,
}

impl Search<'_> {
    /// Passes a value. Nothing when the text is no JSON, and once the place is found.
    fn value(&mut self, path: &mut String, after_name: usize) -> Option<()> {
        self.blanks();
        match self.text.get(self.at)? {
            b'{' => self.members(path)?,
            b'[' => self.items(path)?,
            b'"' => {
                self.string()?;
            }
            _ => {
                let rest = &self.text[self.at..];
                let ends =
                    |byte: &u8| matches!(byte, b',' | b'}' | b']') || byte.is_ascii_whitespace();
                self.at += rest.iter().position(ends).unwrap_or(rest.len());
            }
        }
        if path.as_str() == self.wanted && self.found.is_none() {
            self.found = Some(Place { after_name, after_value: self.at });
        }
        Some(())
    }

    fn members(&mut self, path: &mut String) -> Option<()> {
        self.at += 1;
        loop {
            self.blanks();
            match self.text.get(self.at)? {
                b'}' => break,
                b',' => self.at += 1,
                _ => {
                    let name = self.string()?;
                    self.blanks();
                    // The colon.
                    self.at += 1;
                    let length = path.len();
                    if length > 0 {
                        path.push('.');
                    }
                    path.push_str(&name);
                    self.value(path, self.at)?;
                    path.truncate(length);
                }
            }
        }
        self.at += 1;
        Some(())
    }

    fn items(&mut self, path: &mut String) -> Option<()> {
        self.at += 1;
        let mut index = 0;
        loop {
            self.blanks();
            match self.text.get(self.at)? {
                b']' => break,
                b',' => self.at += 1,
                _ => {
                    let length = path.len();
                    path.push_str(&format!("[{index}]"));
                    self.value(path, self.at)?;
                    path.truncate(length);
                    index += 1;
                }
            }
        }
        self.at += 1;
        Some(())
    }

    fn string(&mut self) -> Option<String> {
        let start = self.at;
        self.at += 1;
        loop {
            match self.text.get(self.at)? {
                b'"' => break,
                b'\\' => self.at += 2,
                _ => self.at += 1,
            }
        }
        self.at += 1;
        serde_json::from_slice(self.text.get(start..self.at)?).ok()
    }

    fn blanks(&mut self) {
        while self.text.get(self.at).is_some_and(u8::is_ascii_whitespace) {
            self.at += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, path: &str, expect: Option<(&str, &str)>) {
        let found = place(text.as_bytes(), path);
        let cut = found.map(|place| (&text[..place.after_name], &text[..place.after_value]));
        assert_eq!(cut, expect, "{path} of {text}");
    }

    #[test]
    fn members_are_found_at_any_depth() {
        let text = r#"{"a" : 1, "b": {"c\"": [true, {"d":null}]}}"#;
        check(text, "a", Some((r#"{"a" :"#, r#"{"a" : 1"#)));
        check(text, "b.c\"[1].d", Some((&text[..35], &text[..39])));
        check(text, "b.d", None);
    }

    #[test]
    fn a_text_that_is_no_json_has_no_places() {
        for text in ["", "{", "{\"a", "[1,", "{\"a\":", "{\"b\\"] {
            check(text, "a", None);
        }
    }
}
