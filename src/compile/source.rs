//! The text of a content's query as its file has it, split when somebody asks: once for all that ask.

use std::cell::OnceCell;

use super::compile::Index;
use crate::content::{Content, QuerySource};
use crate::diag::Located;
use crate::kql::{self, Query, Spine};

/// A query before anything is compiled into it.
pub(super) struct Source<'a> {
    /// Where it stands.
    pub(super) located: &'a Located<String>,
    query: OnceCell<Query<'a>>,
    spine: OnceCell<Spine>,
}

impl<'a> Source<'a> {
    /// The content's own query, or its hunt's; nothing if that could not be found.
    pub(super) fn of(content: &'a Content, index: &Index<'a>) -> Option<Self> {
        let located = match &content.query {
            QuerySource::Own(text) => text,
            QuerySource::From { id, .. } => match &index.by_id.get(&id.value)?.query {
                QuerySource::Own(text) => text,
                QuerySource::From { .. } => return None,
            },
        };
        Some(Self { located, query: OnceCell::new(), spine: OnceCell::new() })
    }

    pub(super) fn text(&self) -> &'a str {
        &self.located.value
    }

    pub(super) fn query(&self) -> &Query<'a> {
        self.query.get_or_init(|| Query::parse(self.text()))
    }

    pub(super) fn spine(&self) -> &Spine {
        self.spine.get_or_init(|| kql::spine(self.query()))
    }
}
