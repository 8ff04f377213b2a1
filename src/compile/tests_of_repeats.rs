//! What is said about many items at once, and what must not be swallowed by that.

use super::sample::{exclusion, hunt, repository};
use crate::diag::Severity;

#[test]
fn a_note_about_one_item_does_not_swallow_the_error_about_another() {
    let arms = "union (DeviceEvents | where ActionType == 'x'), \
                (DeviceEvents | where ActionType == 'y')";
    let noted = hunt(arms, "");
    let wrong = hunt("DeviceEvents\n| where ActionType == 'z'", "").replace("id: h", "id: i");
    let tried = exclusion(
        "    appliesTo: { content: [h, i] }\n    when: ActionType == 'x' and DeviceName == 'lab'",
    );
    let files = [
        ("hunting/h.yaml", noted.as_str()),
        ("hunting/i.yaml", &wrong),
        ("exclusions/x.yaml", &tried),
    ];
    let compiled = repository(&files, "");
    let of_code =
        compiled.diagnostics.iter().filter(|d| d.code.as_str() == "exclusion-has-no-effect");
    let mut weights: Vec<Severity> = of_code.map(|d| d.severity).collect();
    weights.sort();
    assert_eq!(weights, [Severity::Error, Severity::Note], "{:?}", compiled.diagnostics);
}
