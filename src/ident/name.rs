//! Names that people and Azure give to things.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::str::FromStr;
use std::sync::Arc;

use super::Invalid;

/// A text that one [`Rule`] has accepted. It keeps its spelling and compares without ASCII case.
pub struct Name<R> {
    text: Arc<str>,
    rule: PhantomData<fn() -> R>,
}

/// What a kind of name may look like.
pub trait Rule {
    /// Refuses a text with a reason.
    ///
    /// # Errors
    /// When the text breaks the rule.
    fn check(text: &str) -> Result<(), Invalid>;
}

impl<R> Name<R> {
    /// As it was spelled.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    fn folded(&self) -> impl Iterator<Item = u8> + '_ {
        self.text.bytes().map(|byte| byte.to_ascii_lowercase())
    }
}

impl<R: Rule> FromStr for Name<R> {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        R::check(text)?;
        Ok(Self { text: text.into(), rule: PhantomData })
    }
}

/// Every content id is a valid ARM name: its rule is the narrower one.
impl From<ContentId> for ArmName {
    fn from(id: ContentId) -> Self {
        Self { text: id.text, rule: PhantomData }
    }
}

impl<R> Clone for Name<R> {
    fn clone(&self) -> Self {
        Self { text: Arc::clone(&self.text), rule: PhantomData }
    }
}

impl<R> fmt::Display for Name<R> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.text)
    }
}

impl<R> fmt::Debug for Name<R> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.text, formatter)
    }
}

impl<R> PartialEq for Name<R> {
    fn eq(&self, other: &Self) -> bool {
        self.text.eq_ignore_ascii_case(&other.text)
    }
}

impl<R> Eq for Name<R> {}

impl<R> PartialOrd for Name<R> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<R> Ord for Name<R> {
    fn cmp(&self, other: &Self) -> Ordering {
        // Most names differ early or are the same bytes, so bytes are folded only where they differ; what
        // they begin with alike, which may be long, is passed over in strides.
        let (left, right) = (self.text.as_bytes(), other.text.as_bytes());
        let strides = left.chunks_exact(8).zip(right.chunks_exact(8));
        let alike = 8 * strides.take_while(|(one, two)| one == two).count();
        for (one, two) in left[alike..].iter().zip(&right[alike..]) {
            if one != two {
                let folded = one.to_ascii_lowercase().cmp(&two.to_ascii_lowercase());
                if folded != Ordering::Equal {
                    return folded;
                }
            }
        }
        left.len().cmp(&right.len())
    }
}

impl<R> Hash for Name<R> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.folded().for_each(|byte| state.write_u8(byte));
        state.write_u8(0xff);
    }
}

/// The `id` of a hunting query or analytic rule, which is also its ARM name unless a workspace maps
/// it to another: letters, digits, `-`, `_` and `.`, at most 100 characters.
pub type ContentId = Name<rule::ContentId>;
/// The id of an exclusion: `[a-z0-9][a-z0-9-]{0,63}`. It stands in a comment of the deployed query,
/// so nothing that could end the comment may be in it.
pub type ExclusionId = Name<rule::ExclusionId>;
/// An environment's name: the name of its file without `.yaml`.
pub type EnvironmentName = Name<rule::EnvironmentName>;
/// The name by which this repository calls a workspace; unique within its environment.
pub type WorkspaceLabel = Name<rule::WorkspaceLabel>;
/// The name of a ring.
pub type RingName = Name<rule::RingName>;
/// A tag of an environment, a workspace or a content file.
pub type Tag = Name<rule::Tag>;
/// Marks in every workspace what one repository owns.
pub type Owner = Name<rule::Owner>;
/// An Azure resource group's name: 1 to 90 letters, digits, `_`, `-`, `.`, `(`, `)`.
pub type ResourceGroupName = Name<rule::ResourceGroupName>;
/// A Log Analytics workspace's name in Azure: 4 to 63 letters, digits and `-`.
pub type WorkspaceName = Name<rule::WorkspaceName>;
/// The last segment of a resource id, as the service spells it. Built-in saved searches have `(`,
/// `)` and `|` in theirs, so only what cannot be a path segment is refused.
pub type ArmName = Name<rule::ArmName>;
/// A Microsoft Entra tenant: a GUID.
pub type TenantId = Name<rule::TenantId>;
/// An application (client) id of an app registration or a managed identity: a GUID.
pub type ClientId = Name<rule::ClientId>;
/// An Azure subscription: a GUID.
pub type SubscriptionId = Name<rule::SubscriptionId>;

/// The rules behind the names.
pub mod rule {
    use super::{Invalid, Rule};

    /// Content ids.
    pub enum ContentId {}
    impl Rule for ContentId {
        fn check(text: &str) -> Result<(), Invalid> {
            super::content_id(text)
        }
    }

    /// Exclusion ids.
    pub enum ExclusionId {}
    impl Rule for ExclusionId {
        fn check(text: &str) -> Result<(), Invalid> {
            super::exclusion_id(text)
        }
    }

    /// Environment names.
    pub enum EnvironmentName {}
    impl Rule for EnvironmentName {
        fn check(text: &str) -> Result<(), Invalid> {
            super::label(text)
        }
    }

    /// Workspace labels.
    pub enum WorkspaceLabel {}
    impl Rule for WorkspaceLabel {
        fn check(text: &str) -> Result<(), Invalid> {
            super::label(text)
        }
    }

    /// Ring names.
    pub enum RingName {}
    impl Rule for RingName {
        fn check(text: &str) -> Result<(), Invalid> {
            super::label(text)
        }
    }

    /// Tags.
    pub enum Tag {}
    impl Rule for Tag {
        fn check(text: &str) -> Result<(), Invalid> {
            super::tag(text)
        }
    }

    /// Owners.
    pub enum Owner {}
    impl Rule for Owner {
        fn check(text: &str) -> Result<(), Invalid> {
            super::label(text)
        }
    }

    /// Resource groups.
    pub enum ResourceGroupName {}
    impl Rule for ResourceGroupName {
        fn check(text: &str) -> Result<(), Invalid> {
            super::resource_group(text)
        }
    }

    /// Workspaces in Azure.
    pub enum WorkspaceName {}
    impl Rule for WorkspaceName {
        fn check(text: &str) -> Result<(), Invalid> {
            super::workspace(text)
        }
    }

    /// Last segments of resource ids.
    pub enum ArmName {}
    impl Rule for ArmName {
        fn check(text: &str) -> Result<(), Invalid> {
            super::arm_name(text)
        }
    }

    /// Tenants.
    pub enum TenantId {}
    impl Rule for TenantId {
        fn check(text: &str) -> Result<(), Invalid> {
            super::guid(text)
        }
    }

    /// Applications.
    pub enum ClientId {}
    impl Rule for ClientId {
        fn check(text: &str) -> Result<(), Invalid> {
            super::guid(text)
        }
    }

    /// Subscriptions.
    pub enum SubscriptionId {}
    impl Rule for SubscriptionId {
        fn check(text: &str) -> Result<(), Invalid> {
            super::guid(text)
        }
    }
}

fn content_id(text: &str) -> Result<(), Invalid> {
    bounded(text, 100)?;
    only(
        text,
        |c| c.is_ascii_alphanumeric() || "-_.".contains(c),
        "letters, digits, `-`, `_`, `.`",
    )?;
    starts_and_ends_well(text)
}

fn exclusion_id(text: &str) -> Result<(), Invalid> {
    bounded(text, 64)?;
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    only(text, allowed, "lower-case letters, digits and `-`")?;
    if text.starts_with('-') {
        return Err(Invalid::new("it must begin with a lower-case letter or a digit"));
    }
    Ok(())
}

fn label(text: &str) -> Result<(), Invalid> {
    bounded(text, 64)?;
    only(
        text,
        |c| c.is_ascii_alphanumeric() || "-_.".contains(c),
        "letters, digits, `-`, `_`, `.`",
    )?;
    starts_and_ends_well(text)
}

fn tag(text: &str) -> Result<(), Invalid> {
    bounded(text, 128)?;
    if text.trim() != text || text.chars().any(char::is_control) {
        return Err(Invalid::new("a tag has no control characters and no blanks around it"));
    }
    Ok(())
}

/// Azure's rule: 1 to 90 letters, digits, `_`, `-`, `.`, `(`, `)`, not ending in a full stop.
fn resource_group(text: &str) -> Result<(), Invalid> {
    bounded(text, 90)?;
    only(
        text,
        |c| c.is_alphanumeric() || "-_.()".contains(c),
        "letters, digits, `-`, `_`, `.`, `(`, `)`",
    )?;
    if text.ends_with('.') {
        return Err(Invalid::new("Azure refuses a resource group name that ends in `.`"));
    }
    Ok(())
}

/// `^[A-Za-z0-9][A-Za-z0-9-]+[A-Za-z0-9]$`, 4 to 63 characters (OperationalInsights 2023-09-01).
fn workspace(text: &str) -> Result<(), Invalid> {
    bounded(text, 63)?;
    if text.len() < 4 {
        return Err(Invalid::new("Azure wants at least 4 characters"));
    }
    only(text, |c| c.is_ascii_alphanumeric() || c == '-', "letters, digits and `-`")?;
    if text.starts_with('-') || text.ends_with('-') {
        return Err(Invalid::new("Azure wants a letter or digit at both ends"));
    }
    Ok(())
}

fn arm_name(text: &str) -> Result<(), Invalid> {
    bounded(text, 260)?;
    if text == "." || text == ".." || text.contains('/') || text.chars().any(char::is_control) {
        return Err(Invalid::new("it cannot be the last part of a resource id"));
    }
    Ok(())
}

fn guid(text: &str) -> Result<(), Invalid> {
    let hyphens = [8, 13, 18, 23];
    let well_formed = text.len() == 36
        && text.bytes().enumerate().all(|(index, byte)| {
            if hyphens.contains(&index) { byte == b'-' } else { byte.is_ascii_hexdigit() }
        });
    if well_formed {
        return Ok(());
    }
    Err(Invalid::new("it is not a GUID such as `11111111-1111-1111-1111-111111111111`"))
}

fn bounded(text: &str, most: usize) -> Result<(), Invalid> {
    match text.chars().count() {
        0 => Err(Invalid::new("it is empty")),
        length if length > most => {
            Err(Invalid::new(format!("it has {length} characters, at most {most} are allowed")))
        }
        _ => Ok(()),
    }
}

fn only(text: &str, allowed: impl Fn(char) -> bool, these: &str) -> Result<(), Invalid> {
    match text.chars().find(|c| !allowed(*c)) {
        Some(other) => Err(Invalid::new(format!("{other:?} is not one of {these}"))),
        None => Ok(()),
    }
}

fn starts_and_ends_well(text: &str) -> Result<(), Invalid> {
    if !text.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        return Err(Invalid::new("it must begin with a letter or a digit"));
    }
    if text.ends_with('.') {
        return Err(Invalid::new("it must not end in `.`"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_ids_compare_without_case_and_keep_their_spelling() {
        let upper: ContentId = "E483619F-5356".parse().unwrap();
        let lower: ContentId = "e483619f-5356".parse().unwrap();
        assert_eq!(upper, lower);
        assert_eq!(upper.cmp(&lower), Ordering::Equal);
        assert_eq!(upper.to_string(), "E483619F-5356");
    }

    #[test]
    fn names_are_ordered_as_their_lower_case_is() {
        let names = ["a", "A-b", "aaaaaaaab", "AAAAAAAAA", "aaaaaaaaA.c", "aaaaaaaa-aaaaaaa1", "b"];
        for (left, right) in names.iter().flat_map(|left| names.map(|right| (*left, right))) {
            let name = |text: &str| text.parse::<ContentId>().unwrap();
            let expect = left.to_lowercase().cmp(&right.to_lowercase());
            assert_eq!(name(left).cmp(&name(right)), expect, "{left} {right}");
        }
    }

    #[test]
    fn every_content_id_is_an_arm_name() {
        for text in ["a", "E483619F-5356", &"x".repeat(100), "a_b.c"] {
            let id: ContentId = text.parse().unwrap();
            assert_eq!(ArmName::from(id), text.parse().unwrap());
        }
    }

    #[test]
    fn an_id_that_arm_cannot_name_is_refused() {
        for text in ["", "a/b", "a b", "a?b", "..", "x.", "-a", "{{GUID}}", "a\nb"] {
            assert!(text.parse::<ContentId>().is_err(), "{text:?}");
        }
        assert!("a1b2c3d4-0001-4a5b-8c9d-dns001tunneltxt".parse::<ContentId>().is_ok());
    }

    #[test]
    fn an_exclusion_id_cannot_end_its_comment() {
        for text in ["a\nb", "a\"b", "A", "-a", "", "a b", "a\r", "a\u{2028}b"] {
            assert!(text.parse::<ExclusionId>().is_err(), "{text:?}");
        }
        assert!("connectwise-own-instance".parse::<ExclusionId>().is_ok());
    }

    #[test]
    fn a_tenant_is_a_guid_in_any_case() {
        let upper: TenantId = "ABCDEF01-1111-1111-1111-111111111111".parse().unwrap();
        assert_eq!(upper, "abcdef01-1111-1111-1111-111111111111".parse().unwrap());
        assert!("11111111-…".parse::<TenantId>().is_err());
        assert!("{1111111-1111-1111-1111-111111111111".parse::<TenantId>().is_err());
    }

    #[test]
    fn names_that_azure_refuses_are_refused() {
        assert!("law".parse::<WorkspaceName>().is_err());
        assert!("law_sec".parse::<WorkspaceName>().is_err());
        assert!("law-sec".parse::<WorkspaceName>().is_ok());
        assert!("rg-sec.".parse::<ResourceGroupName>().is_err());
        assert!("rg/sec".parse::<ResourceGroupName>().is_err());
    }
}
