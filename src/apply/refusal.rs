//! What a failed request means for the item that it was about.

use super::Verdict;
use crate::live::{Error, ErrorKind};

/// How long a deleted rule's id stays taken, as operators report it. The service does not say.
const FREED: &str = "24 hours";

/// How an item ended whose request failed. The texts are the service's own, as operators report them.
pub(super) fn verdict(error: &Error) -> Verdict {
    let text = describe(error);
    match error.kind {
        ErrorKind::RecentlyDeleted => {
            Verdict::Deferred(format!("{text}; the id is free about {FREED} after the deletion"))
        }
        ErrorKind::Refused if is_passing(&error.message) => Verdict::Deferred(text),
        ErrorKind::Refused if lacks_table(&error.message) => Verdict::Blocked(text),
        ErrorKind::Denied
        | ErrorKind::WrongTenant
        | ErrorKind::NotFound
        | ErrorKind::Conflict
        | ErrorKind::Refused
        | ErrorKind::Throttled
        | ErrorKind::Unavailable
        | ErrorKind::Transport
        | ErrorKind::Protocol => Verdict::Failed(text),
    }
}

/// ARM's code, message and request id, or what the network said. The item is named beside it, so
/// the path is left out.
pub(super) fn describe(error: &Error) -> String {
    error.arm.as_ref().map_or_else(|| error.message.clone(), ToString::to_string)
}

/// Whether somebody else got there first, so that the item is to be read and decided again.
pub(super) fn is_race(error: &Error) -> bool {
    error.kind == ErrorKind::Conflict
}

/// Whether metadata was refused because the item that it is about is not there yet. That it can be
/// written first is not documented.
pub(super) fn lacks_parent(error: &Error) -> bool {
    let text = error.message.to_lowercase();
    let says_so = ["parent", "does not exist", "not found"].iter().any(|word| text.contains(word));
    error.kind == ErrorKind::NotFound || (error.kind == ErrorKind::Refused && says_so)
}

/// The service refuses it for a while: a workspace that was just made is not found by the query check.
fn is_passing(message: &str) -> bool {
    message.contains("Failed to run the analytics rule query")
        && message.contains("workspace")
        && message.contains("could not be found")
}

/// A rule's query is bound when the rule is saved.
fn lacks_table(message: &str) -> bool {
    message.contains("One of the tables does not exist")
        || message.contains("Failed to resolve table")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arm::ArmError;
    use crate::live::Method;

    fn error(status: u16, kind: ErrorKind, message: &str) -> Error {
        let arm = ArmError {
            status,
            code: "Code".into(),
            message: message.into(),
            request_id: Some("7".into()),
        };
        let path = "/subscriptions/x".to_owned();
        let message = message.to_owned();
        Error {
            kind,
            method: Method::Put,
            path,
            arm: Some(Box::new(arm)),
            message,
            repeated: false,
        }
    }

    #[test]
    fn refusals_are_told_apart_by_their_message() {
        let check = |status, kind, message, expect: fn(String) -> Verdict| {
            let error = error(status, kind, message);
            let text = format!("{status} Code: {message} (request 7)");
            assert_eq!(verdict(&error), expect(text), "{message}");
        };
        let deleted = "The rule with id 'a' was recently deleted. You need to allow some time before re-using the same id. Please try again later.";
        let taken = |text| {
            Verdict::Deferred(format!("{text}; the id is free about 24 hours after the deletion"))
        };
        check(400, ErrorKind::RecentlyDeleted, deleted, taken);
        check(409, ErrorKind::RecentlyDeleted, deleted, taken);
        let young = "Failed to run the analytics rule query. The workspace 'x' could not be found.";
        check(400, ErrorKind::Refused, young, Verdict::Deferred);
        let table = "Failed to run the analytics rule query. One of the tables does not exist.";
        check(400, ErrorKind::Refused, table, Verdict::Blocked);
        let resolve =
            "'where' operator: Failed to resolve table or column expression named 'SigninLogs'";
        check(400, ErrorKind::Refused, resolve, Verdict::Blocked);
        check(400, ErrorKind::Refused, "Invalid data model.", Verdict::Failed);
        check(403, ErrorKind::Denied, "no authorization", Verdict::Failed);
        check(500, ErrorKind::Unavailable, deleted, Verdict::Failed);
    }

    #[test]
    fn a_recently_deleted_id_is_no_race() {
        assert!(is_race(&error(409, ErrorKind::Conflict, "Etag does not match")));
        assert!(!is_race(&error(409, ErrorKind::RecentlyDeleted, "was recently deleted")));
        assert!(!is_race(&error(400, ErrorKind::Refused, "Etag does not match")));
    }
}
