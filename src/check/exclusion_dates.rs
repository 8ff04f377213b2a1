//! Exclusions that have ended, or will end soon.

use super::Subject;
use crate::content::Exclusion;
use crate::diag::{Code, Diagnostic};

const ENDED: Code = Code::new("exclusion-ended");
const ENDS_SOON: Code = Code::new("exclusion-ends-soon");

/// The end date is compiled into the query, so an ended exclusion excludes nothing any more, whether
/// or not anybody deploys. It is named so that someone takes it out or renews it.
pub(super) fn check(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let warn = subject.fleet.policy.expiry_warning_days;
    let one = |exclusion: &Exclusion| {
        let last = exclusion.expires.as_ref()?;
        let left = subject.today.days_until(last.value);
        let id = &exclusion.id.value;
        let (code, message) = match left {
            ..0 => {
                (ENDED, format!("exclusion `{id}` ended on {}: it excludes nothing", last.value))
            }
            _ if left <= warn => {
                let days = if left == 1 { "1 day".to_owned() } else { format!("{left} days") };
                (ENDS_SOON, format!("exclusion `{id}` ends in {days}, after {}", last.value))
            }
            _ => return None,
        };
        let owner = exclusion.owner.as_ref().map_or("its owner", |owner| owner.value.as_str());
        let diagnostic = Diagnostic::warning(code, message)
            .at(&last.source, last.span.clone(), "")
            .about(id.as_str())
            .help(format!("ask {owner} whether it is still needed; renew it or take it out"));
        Some(diagnostic)
    };
    subject.catalog.exclusions.iter().filter_map(one).collect()
}
