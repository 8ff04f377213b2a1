//! YAML whose every key and value knows its place in the file.
//!
//! In: a source. Out: a [`Node`], or one diagnostic that says where the text stops being YAML. What
//! the keys mean is not decided here. A type of another module that keeps fewer places can be read
//! with [`documents`].

mod place;
mod refusal;
mod tree;

#[cfg(test)]
pub(crate) mod sample;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_saphyr::Spanned;

use crate::diag::{Diagnostic, Source};

pub(crate) use place::bytes;
pub(crate) use tree::{Entry, Node, NodeKind};

/// The most values that an exclusion or environment file may have: thousands of exclusions, or hundreds of
/// workspaces with their tables.
const MOST_VALUES: usize = 250_000;

/// The most entries of one list or map of such a file.
const MOST_ENTRIES: usize = 5_000;

/// The documents of a text that are not empty: front matter (`---` … `---`) is followed by an empty
/// one.
///
/// # Errors
/// When the text is not YAML, one of its maps has a key twice, or it has more than `most` values; what
/// an alias stands for counts each time.
pub(crate) fn documents<T: DeserializeOwned>(
    source: &Arc<Source>,
    most: usize,
) -> Result<Vec<T>, Box<Diagnostic>> {
    // Booleans as YAML 1.2 has them: `on` and `yes` are texts, as they are for the service's own
    // tools.
    let options = serde_saphyr::options! {
        with_snippet: false,
        strict_booleans: true,
        budget: serde_saphyr::budget! { max_nodes: most },
    };
    serde_saphyr::from_multiple_with_options(source.text(), options)
        .map_err(|error| Box::new(refusal::of(&error, source)))
}

/// The tree of a text's one document; of an empty text, nothing (`null`).
///
/// # Errors
/// When the text is not YAML, has several documents, more than is ever meant, or one of its maps has a key
/// twice.
pub(crate) fn document(source: &Arc<Source>) -> Result<Node, Box<Diagnostic>> {
    let mut documents = documents::<Spanned<tree::Raw>>(source, MOST_VALUES)?.into_iter();
    let first = documents.next();
    if let Some(second) = documents.next() {
        let second = place::place(&second.referenced, source);
        return Err(Box::new(refusal::several(second, source)));
    }
    let nothing = || Node { kind: NodeKind::Scalar(Value::Null), span: 0..0 };
    let root = first.map_or_else(nothing, |raw| tree::node(raw, source));
    match root.broadest(MOST_ENTRIES) {
        Some(broad) => Err(Box::new(refusal::too_broad(broad, source))),
        None => Ok(root),
    }
}
