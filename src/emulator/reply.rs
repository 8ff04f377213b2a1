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
