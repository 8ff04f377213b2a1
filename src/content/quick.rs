//! The quick reading of a content file: the YAML parser's events, straight into JSON values.
//!
//! Content is read by the thousand and nearly all of it is plain: one document, one mapping, no anchors
//! and no tags. That much is read here from the same parser that serde-saphyr stands on. Whatever else a
//! text has, and every scalar that could be a number in more than one way, ends the quick reading without
//! a reason, and the strict one ([`super::document::parse`]) reads the text from the start: only that one
//! says what is wrong with a text. What both can read, they read alike; tests compare them.

use granit_parser::{Event, Parser, ScalarStyle, StrInput};
use serde_json::{Map, Value};

use super::document::{Entry, MOST_VALUES};
use crate::diag::Span;

/// Longer files and deeper ones than content ever is are the strict reading's, which has limits.
const LONGEST: usize = 1 << 20;
const DEEPEST: usize = 32;

/// The top-level entries of a text that is one plain mapping.
pub(super) fn entries(text: &str) -> Option<Vec<Entry>> {
    if text.len() > LONGEST {
        return None;
    }
    let mut reading = Reading { parser: Parser::new_from_str(text), events: 0 };
    let starts = [reading.next()?.0, reading.next()?.0, reading.next()?.0];
    let [Event::StreamStart, Event::DocumentStart(_, None), Event::MappingStart(_, 0, None)] =
        starts
    else {
        return None;
    };
    let entries = reading.top()?;
    let ends = [reading.next()?.0, reading.next()?.0];
    matches!(ends, [Event::DocumentEnd, Event::StreamEnd]).then_some(entries)
}

struct Reading<'t> {
    parser: Parser<'t, StrInput<'t>>,
    /// Events so far.
    events: usize,
}

impl<'t> Reading<'t> {
    /// The next event and the bytes that it stands at.
    fn next(&mut self) -> Option<(Event<'t>, Span)> {
        self.events += 1;
        if self.events > MOST_VALUES {
            return None;
        }
        let (event, span) = self.parser.next_event()?.ok()?;
        Some((event, span.byte_range()?))
    }

    fn top(&mut self) -> Option<Vec<Entry>> {
        let mut entries: Vec<Entry> = Vec::with_capacity(16);
        while let Some((name, name_span)) = self.key()? {
            if entries.iter().any(|entry| entry.name == name) {
                return None;
            }
            let (event, at) = self.next()?;
            let value = self.value(event, 1)?;
            entries.push(Entry::new(name, name_span, value, at));
        }
        Some(entries)
    }

    /// The next key of a mapping; `Some(None)` at its end.
    fn key(&mut self) -> Option<Option<(String, Span)>> {
        match self.next()? {
            (Event::MappingEnd, _) => Some(None),
            (Event::Scalar(name, style, 0, None), at) => {
                let is_text = style != ScalarStyle::Plain || matches!(plain(&name)?, Plain::Text);
                (is_text && is_beyond_doubt(&name)).then(|| Some((name.into_owned(), at)))
            }
            _ => None,
        }
    }

    /// The value that begins with an event, `depth` levels down.
    fn value(&mut self, event: Event<'t>, depth: usize) -> Option<Value> {
        match event {
            Event::Scalar(text, ScalarStyle::Plain, 0, None) => match plain(&text)? {
                Plain::Text => Some(Value::String(text.into_owned())),
                Plain::Value(value) => Some(value),
            },
            Event::Scalar(text, _, 0, None) => Some(Value::String(text.into_owned())),
            _ if depth == DEEPEST => None,
            Event::SequenceStart(_, 0, None) => {
                let mut items = Vec::new();
                loop {
                    match self.next()?.0 {
                        Event::SequenceEnd => return Some(Value::Array(items)),
                        event => items.push(self.value(event, depth + 1)?),
                    }
                }
            }
            Event::MappingStart(_, 0, None) => {
                let mut values = Map::new();
                while let Some((name, _)) = self.key()? {
                    let event = self.next()?.0;
                    if values.insert(name, self.value(event, depth + 1)?).is_some() {
                        return None;
                    }
                }
                Some(Value::Object(values))
            }
            _ => None,
        }
    }
}

/// Whether two spellings of such a key are two keys: `0xB` and `11` are one, and `<<` is none.
fn is_beyond_doubt(key: &str) -> bool {
    key.starts_with(|first: char| first.is_ascii_alphabetic() || matches!(first, '_' | '$'))
}

/// What a scalar without quotes is.
enum Plain {
    Text,
    Value(Value),
}

/// Reads a scalar without quotes as YAML 1.2's core schema does; `None` where that takes more thought
/// than a glance: floats, signs, `0x1F`, `1_000`, `007`.
fn plain(text: &str) -> Option<Plain> {
    let value = match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        _ if text.starts_with(['+', '-', '.']) => return None,
        _ if !text.starts_with(|first: char| first.is_ascii_digit()) => return Some(Plain::Text),
        _ if text.bytes().all(|byte| byte.is_ascii_digit()) => {
            let is_simple = text.len() < 19 && (text == "0" || !text.starts_with('0'));
            text.parse::<u64>().ok().filter(|_| is_simple)?.into()
        }
        _ => return is_no_number(text).then_some(Plain::Text),
    };
    Some(Plain::Value(value))
}

/// Whether a text that begins with a digit is beyond doubt no number: `1h`, `1.0.4`, `2026-11-24`.
fn is_no_number(text: &str) -> bool {
    let bytes = text.as_bytes();
    let has_radix = bytes[0] == b'0' && bytes.get(1).is_some_and(u8::is_ascii_alphabetic);
    let is_foreign =
        |byte: &u8| !matches!(byte, b'0'..=b'9' | b'_' | b'.' | b'e' | b'E' | b'+' | b'-');
    let is_amid = |pair: &[u8]| matches!(pair, [b'0'..=b'9' | b'.', b'+' | b'-']);
    let dots = bytes.iter().filter(|byte| **byte == b'.').count();
    !has_radix && (bytes.iter().any(is_foreign) || bytes.windows(2).any(is_amid) || dots > 1)
}

#[cfg(test)]
mod tests;
