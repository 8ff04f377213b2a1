//! What the service and the network do to a request.

use sentinelops::emulator::{Answer, ErrorAnswer, Fault};

use crate::portal::Portal;

impl Portal {
    /// What happens from now on; nothing where the list is empty.
    pub(crate) fn fail(&self, faults: &[Fault]) {
        self.emulator.faults().set(faults.to_vec());
    }
}

/// An error answer with the service's usual code and message.
pub(crate) fn status(status: u16) -> Answer {
    Answer::Error(ErrorAnswer { status, ..ErrorAnswer::default() })
}

/// An error answer with this message.
pub(crate) fn refused(status: u16, message: &str) -> Answer {
    let message = Some(message.to_owned());
    Answer::Error(ErrorAnswer { status, message, ..ErrorAnswer::default() })
}

/// A 429 with `Retry-After`.
pub(crate) fn throttled(seconds: u64) -> Answer {
    let retry_after = Some(seconds);
    Answer::Error(ErrorAnswer { status: 429, retry_after, ..ErrorAnswer::default() })
}

/// Every request whose path and query contain this.
pub(crate) fn on(path: &str, answer: Answer) -> Fault {
    Fault { path_contains: Some(path.to_owned()), ..Fault::new(answer) }
}

/// Every PUT whose path contains this.
pub(crate) fn put(path: &str, answer: Answer) -> Fault {
    Fault { method: Some("PUT".to_owned()), ..on(path, answer) }
}

/// Every DELETE whose path contains this.
pub(crate) fn delete(path: &str, answer: Answer) -> Fault {
    Fault { method: Some("DELETE".to_owned()), ..on(path, answer) }
}

/// Only the first of these requests.
pub(crate) fn once(fault: Fault) -> Fault {
    Fault { times: Some(1), ..fault }
}
