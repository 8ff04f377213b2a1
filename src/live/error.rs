//! Why a request did not get what it wanted.

use super::Method;
use crate::arm::ArmError;
use crate::state::Unreadable;

/// A failed request. Its text is for people; it holds no query, no body and no secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{method} {path}: {}", .arm.as_ref().map_or_else(|| .message.clone(), ToString::to_string))]
pub struct Error {
    /// Its class.
    pub kind: ErrorKind,
    /// What was asked.
    pub method: Method,
    /// Of what: the path without query.
    pub path: String,
    /// What ARM answered, if it did.
    pub arm: Option<Box<ArmError>>,
    /// For people, where ARM did not answer.
    pub message: String,
    /// Whether an earlier try of the same request may have had effect, so that this answer may be
    /// an answer to its own traces.
    pub repeated: bool,
}

/// The class of a failed request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ErrorKind {
    /// 401, 403, or no token.
    Denied,
    /// The subscription belongs to another tenant than the environment says.
    WrongTenant,
    /// 404.
    NotFound,
    /// 409 or 412.
    Conflict,
    /// The id of a rule that was deleted a short while ago stays taken for about a day.
    RecentlyDeleted,
    /// Any other 4xx.
    Refused,
    /// 429, longer or more often than is waited for.
    Throttled,
    /// 408 or 5xx.
    Unavailable,
    /// No whole answer.
    Transport,
    /// An answer that makes no sense.
    Protocol,
}

impl Error {
    /// Whether the service surely did not do what was asked.
    ///
    /// A 408, a 429 or a 5xx may have had effect or have it later; so may a request that was
    /// repeated after a broken connection.
    #[must_use]
    pub const fn is_definite(&self) -> bool {
        match self.kind {
            ErrorKind::Denied
            | ErrorKind::WrongTenant
            | ErrorKind::NotFound
            | ErrorKind::Conflict
            | ErrorKind::RecentlyDeleted
            | ErrorKind::Refused => !self.repeated,
            ErrorKind::Throttled
            | ErrorKind::Unavailable
            | ErrorKind::Transport
            | ErrorKind::Protocol => false,
        }
    }

    /// ARM's code; empty where ARM did not answer.
    #[must_use]
    pub fn code(&self) -> &str {
        self.arm.as_ref().map_or("", |arm| arm.code.as_str())
    }

    /// Whether the reason is that the credential is missing, refused or not allowed.
    #[must_use]
    pub const fn is_denied(&self) -> bool {
        matches!(self.kind, ErrorKind::Denied | ErrorKind::WrongTenant)
    }
}

impl From<Error> for Unreadable {
    fn from(error: Error) -> Self {
        let code = error.arm.as_ref().map_or("", |arm| arm.code.as_str());
        let way_on = match code {
            "InvalidAuthenticationTokenTenant" => {
                "; correct the `tenantId` that the credential signs in to, or have the subscription \
                 delegated to that tenant (Azure Lighthouse)"
            }
            _ => "",
        };
        Self { denied: error.is_denied(), message: format!("{error}{way_on}") }
    }
}
