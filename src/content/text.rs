//! A file's bytes as text.

use std::path::Path;
use std::sync::Arc;

use crate::diag::{Code, Diagnostic, LARGEST_FILE, Source, read_file};

const NOT_UTF8: Code = Code::new("not-utf8");
const UNREADABLE: Code = Code::new("unreadable-file");

/// A text, or as much of it as can be shown, and why it is not one.
pub(super) struct Read {
    pub(super) source: Arc<Source>,
    pub(super) failure: Option<Diagnostic>,
}

/// Reads a file. `shown` is its path for people. A byte order mark is no part of the text.
pub(super) fn read(path: &Path, shown: &str) -> Read {
    match read_file(path, LARGEST_FILE) {
        Ok(bytes) => decode(bytes, shown),
        Err(error) => {
            let source = Arc::new(Source::new(shown, ""));
            let message = format!("`{shown}` cannot be read: {error}");
            let failure = Diagnostic::error(UNREADABLE, message)
                .at(&source, 0..0, "")
                .help("make it a file that can be read, or delete it");
            Read { source, failure: Some(failure) }
        }
    }
}

pub(super) fn decode(bytes: Vec<u8>, shown: &str) -> Read {
    match String::from_utf8(bytes) {
        Ok(mut text) => {
            if text.starts_with('\u{feff}') {
                text.drain(..'\u{feff}'.len_utf8());
            }
            Read { source: Arc::new(Source::new(shown, text)), failure: None }
        }
        Err(error) => {
            let good = error.utf8_error().valid_up_to();
            let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
            let end = good + '\u{fffd}'.len_utf8();
            let source = Arc::new(Source::new(shown, text));
            let failure = Diagnostic::error(NOT_UTF8, "the file is not UTF-8 text")
                .at(&source, good..end, "this byte is no character")
                .help("save the file as UTF-8");
            Read { source, failure: Some(failure) }
        }
    }
}
