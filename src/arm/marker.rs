//! How the tool marks what it owns: the shape of its `Microsoft.SecurityInsights/metadata` records.
//!
//! Names follow Sentinel's own Repositories feature (`analyticsrule-<name>`, `huntingquery-<name>`),
//! so that the portal and other tools show where an item came from.

use crate::ident::{ArmName, Family, Invalid};

/// `properties.source.kind` of our records.
pub const SOURCE_KIND: &str = "SourceRepository";
/// `properties.source.name` of our records; `sourceId` holds the owner.
pub const SOURCE_NAME: &str = "sentinelops";
/// The category that makes a saved search a hunting query.
pub const HUNTING_CATEGORY: &str = "Hunting Queries";

/// `properties.kind` of a family's records.
#[must_use]
pub const fn content_kind(family: Family) -> &'static str {
    match family {
        Family::AnalyticRule => "AnalyticsRule",
        Family::HuntingQuery => "HuntingQuery",
    }
}

/// The family of a record, from its `properties.kind`.
#[must_use]
pub fn family(content_kind: &str) -> Option<Family> {
    Family::ALL
        .into_iter()
        .find(|family| self::content_kind(*family).eq_ignore_ascii_case(content_kind))
}

/// The name of an item's record.
///
/// # Errors
/// When the name would be longer than ARM allows or have blanks, which metadata names refuse.
pub fn record_name(family: Family, item: &ArmName) -> Result<ArmName, Invalid> {
    let name = format!("{}-{item}", content_kind(family).to_ascii_lowercase());
    if name.chars().any(char::is_whitespace) {
        return Err(Invalid::new(format!("`{name}` has blanks, which metadata names cannot have")));
    }
    name.parse()
}

/// The ARM name of the item that a record of this name is about; `None` for names of another shape.
#[must_use]
pub fn recorded(family: Family, record: &ArmName) -> Option<ArmName> {
    let prefix = content_kind(family).len();
    let (kind, item) = record.as_str().split_at_checked(prefix)?;
    let is_ours = kind.eq_ignore_ascii_case(content_kind(family));
    item.strip_prefix('-').filter(|_| is_ours)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_named_as_repositories_names_them() {
        let name: ArmName = "e483619f".parse().unwrap();
        let rule = record_name(Family::AnalyticRule, &name).unwrap();
        assert_eq!(rule.as_str(), "analyticsrule-e483619f");
        let hunt = record_name(Family::HuntingQuery, &name).unwrap();
        assert_eq!(hunt.as_str(), "huntingquery-e483619f");
        assert_eq!(recorded(Family::AnalyticRule, &rule), Some(name));
        assert_eq!(recorded(Family::HuntingQuery, &rule), None);
        assert_eq!(family("huntingQuery"), Some(Family::HuntingQuery));
    }
}
