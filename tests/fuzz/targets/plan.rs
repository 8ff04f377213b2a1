//! Any text as a saved plan, a record, an acknowledgement: read whole, or refused; never a panic.

use sentinelops::plan::{Acknowledgement, SavedPlan};
use sentinelops::state::Record;

pub(crate) fn run(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Ok(saved) = SavedPlan::parse(&text) {
        let again = SavedPlan::parse(&saved.to_text()).expect("what was read can be read again");
        assert_eq!(again.digest, saved.digest);
        let _ = (saved.options(), saved.workspaces(), saved.objection_to_run());
    }
    if let Ok(record) = text.parse::<Record>() {
        assert_eq!(record.to_text().parse(), Ok(record), "a record reads back");
    }
    if let Ok(acknowledged) = text.parse::<Acknowledgement>() {
        let shown = acknowledged.to_string();
        assert_eq!(shown.parse::<Acknowledgement>().map(|again| again.to_string()), Ok(shown));
    }
}
