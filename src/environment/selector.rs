//! Criteria for content: how they are written and what they match.

use serde_json::Value;

use super::reading::Reading;
use super::{KindSelector, Selector, Settings};
use crate::content::Content;
use crate::diag::{Code, Located, Span, suggest};
use crate::ident::Family;
use crate::state::Kind;
use crate::state::define::TACTICS;
use crate::yaml::Node;

const BAD_SELECTOR: Code = Code::new("invalid-selector");

/// Reads one criterion: a map of one key.
pub(super) fn read(reading: &mut Reading, node: &Node) -> Option<Located<Selector>> {
    const KNOWN: [&str; 5] = ["id", "tag", "tactic", "kind", "path"];
    let keys = reading.keys(node, "a selector", &KNOWN)?;
    let [entry] = keys.entries() else {
        let help = "write one entry for each: `[{ tag: rmm }, { kind: nrt }]`";
        reading.error(BAD_SELECTOR, &node.span, "a selector has exactly one key", help);
        return None;
    };
    let value = &entry.value;
    let selector = match entry.key.as_str() {
        "id" => Selector::Id(reading.name(value, "a content id")?.value),
        "tag" => Selector::Tag(reading.name(value, "a tag")?.value),
        "tactic" => {
            let text = reading.text(value, "`tactic`")?;
            Selector::Tactic(tactic(reading, text, &value.span)?)
        }
        "kind" => {
            let text = reading.text(value, "`kind`")?;
            Selector::Kind(kind(reading, text, &value.span)?)
        }
        "path" => {
            let text = reading.text(value, "`path`")?;
            Selector::Path(path(reading, text, &value.span)?)
        }
        // Reported as an unknown key.
        _ => return None,
    };
    Some(reading.located(selector, &value.span))
}

/// An empty `include` is neither everything nor nothing: one reader of the file would be wrong.
pub(super) fn refuse_none(reading: &mut Reading, span: &Span) {
    let message = "an empty `include` does not say what is meant";
    let help =
        "leave `include` out for everything; for nothing write `exclude: [{ path: content }]`";
    reading.error(BAD_SELECTOR, span, message, help);
}

fn tactic(reading: &mut Reading, text: &str, span: &Span) -> Option<String> {
    let found = TACTICS.iter().find(|known| folded(known) == folded(text));
    if found.is_none() {
        let message = format!("`{text}` is not a tactic");
        reading.error(BAD_SELECTOR, span, message, suggest(text, TACTICS.iter().copied()));
    }
    found.map(|tactic| (*tactic).to_owned())
}

fn kind(reading: &mut Reading, text: &str, span: &Span) -> Option<KindSelector> {
    let family = Family::ALL.into_iter().find(|known| known.as_str().eq_ignore_ascii_case(text));
    let found =
        family.map(KindSelector::Family).or_else(|| Kind::parse(text).map(KindSelector::Rule));
    if found.is_none() {
        let help = suggest(text, ["analytic-rule", "hunting-query", "Scheduled", "NRT"]);
        reading.error(BAD_SELECTOR, span, format!("`{text}` is not a kind"), help);
    }
    found
}

fn path(reading: &mut Reading, text: &str, span: &Span) -> Option<String> {
    let path = tidy(text);
    let glob = path.contains(['*', '?']);
    if glob || path.is_empty() || path.starts_with('/') || path.split('/').any(|part| part == "..")
    {
        let message = if glob { "a path is never a pattern" } else { "this path leads nowhere" };
        let help = "name a file or a folder below the root, such as `content/hunting`";
        reading.error(BAD_SELECTOR, span, message, help);
        return None;
    }
    Some(path)
}

/// A path as sources spell theirs: forward slashes, no `./` before, no `/` behind.
pub(super) fn tidy(path: &str) -> String {
    let path = path.replace('\\', "/");
    let path = path.strip_prefix("./").unwrap_or(&path);
    path.strip_suffix('/').unwrap_or(path).to_owned()
}

/// Whether a path is the file itself or lies below the folder.
pub(super) fn is_within(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

impl Settings {
    /// Whether an item belongs into the workspace: any of `include` (or none given) and none of
    /// `exclude`. `hunt` is the hunting query that a promoted rule takes its query from: where the
    /// rule names no tactics, the hunt's count.
    #[must_use]
    pub fn selects(&self, content: &Content, hunt: Option<&Content>) -> bool {
        let any = |list: &[Located<Selector>]| {
            list.iter().any(|selector| selector.value.matches(content, hunt))
        };
        (self.include.is_empty() || any(&self.include)) && !any(&self.exclude)
    }
}

impl Selector {
    fn matches(&self, content: &Content, hunt: Option<&Content>) -> bool {
        match self {
            Self::Id(id) => *id == content.id.value,
            Self::Tag(tag) => content.tags.contains(tag),
            Self::Tactic(tactic) => {
                let own = content.keys.get("tactics");
                let inherited = || hunt.and_then(|hunt| hunt.keys.get("tactics"));
                own.or_else(inherited).is_some_and(|named| names_tactic(&named.value, tactic))
            }
            Self::Kind(KindSelector::Family(family)) => content.kind.family() == *family,
            Self::Kind(KindSelector::Rule(kind)) => content.kind == *kind,
            Self::Path(path) => is_within(content.source.path(), path),
        }
    }
}

/// Community files write a list, one name, or several names with commas.
fn names_tactic(named: &Value, tactic: &str) -> bool {
    match named {
        Value::Array(list) => list.iter().any(|item| names_tactic(item, tactic)),
        Value::String(text) => text.split(',').any(|name| folded(name) == folded(tactic)),
        _ => false,
    }
}

/// `Command and Control`, `command-and-control` and `CommandAndControl` are one tactic.
fn folded(tactic: &str) -> String {
    tactic.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::sample::{self, ENVIRONMENT, FLEET, check_added, fleet};
    use super::*;

    fn settings(content: &str) -> Settings {
        let text = format!("{ENVIRONMENT}content: {content}\n");
        let fleet = fleet(&[("fleet.yaml", FLEET), ("a.yaml", &text)]);
        fleet.workspaces()[0].1.settings.clone()
    }

    fn rule() -> Content {
        let keys = json!({"tactics": ["Command and Control", "Impact"]});
        let mut rule = sample::content("rule-1", Kind::Nrt, "content/analytics/rmm/one.yaml", keys);
        rule.tags = vec!["rmm".parse().unwrap()];
        rule
    }

    fn check(content: &str, expect: bool) {
        assert_eq!(settings(content).selects(&rule(), None), expect, "{content}");
    }

    #[test]
    fn everything_is_selected_unless_something_is_said() {
        check("{}", true);
        check("{ include: [{ tag: other }] }", false);
        check("{ include: [{ tag: other }, { tag: RMM }] }", true);
        check("{ exclude: [] }", true);
        check("{ exclude: [{ path: content }] }", false);
        check("{ exclude: [{ tag: rmm }] }", false);
        check("{ include: [{ id: rule-1 }], exclude: [{ id: RULE-1 }] }", false);
    }

    #[test]
    fn kinds_and_families_select() {
        check("{ include: [{ kind: nrt }] }", true);
        check("{ include: [{ kind: Scheduled }] }", false);
        check("{ include: [{ kind: analytic-rule }] }", true);
        check("{ include: [{ kind: hunting-query }] }", false);
    }

    #[test]
    fn a_path_is_a_file_or_a_folder_and_never_a_part_of_a_name() {
        check("{ include: [{ path: content/analytics }] }", true);
        check("{ include: [{ path: ./content/analytics/ }] }", true);
        check("{ include: [{ path: content/analytics/rmm/one.yaml }] }", true);
        check("{ include: [{ path: content/analytics/rmm/one }] }", false);
        check("{ include: [{ path: content/analytic }] }", false);
        check("{ include: [{ path: analytics }] }", false);
    }

    #[test]
    fn tactics_are_known_in_every_spelling() {
        check("{ include: [{ tactic: CommandAndControl }] }", true);
        check("{ include: [{ tactic: command-and-control }] }", true);
        check("{ include: [{ tactic: Discovery }] }", false);
        let mut commas = rule();
        commas.keys.insert("tactics".into(), commas.id.clone().map(|_| json!("Impact, Discovery")));
        assert!(settings("{ include: [{ tactic: Discovery }] }").selects(&commas, None));
    }

    #[test]
    fn a_promoted_rule_without_tactics_has_those_of_its_hunt() {
        let hunt = rule();
        let mut promoted = rule();
        promoted.keys.clear();
        let excluded = settings("{ exclude: [{ tactic: Impact }] }");
        assert!(excluded.selects(&promoted, None));
        assert!(!excluded.selects(&promoted, Some(&hunt)));
        promoted.keys.insert("tactics".into(), hunt.id.clone().map(|_| json!(["Discovery"])));
        assert!(excluded.selects(&promoted, Some(&hunt)));
    }

    #[test]
    fn a_selector_that_cannot_match_is_refused() {
        let check = |selector: &str, expect: &str| {
            check_added(&format!("content:\n  include:\n    - {selector}\n"), &[expect]);
        };
        check("{ tactic: Controlling }", "invalid-selector a.yaml:11 Controlling");
        check("{ kind: fusion }", "invalid-selector a.yaml:11 fusion");
        check("{ path: content/*.yaml }", "invalid-selector a.yaml:11 content/*.yaml");
        check("{ path: ../other }", "invalid-selector a.yaml:11 ../other");
        check("{ path: /content }", "invalid-selector a.yaml:11 /content");
        check("{ tags: rmm }", "unknown-key a.yaml:11 tags");
        check("{ tag: a, kind: nrt }", "invalid-selector a.yaml:11 { tag: a, kind: nrt }");
        check("rmm", "wrong-type a.yaml:11 rmm");
        check_added("content: { include: [] }\n", &["invalid-selector a.yaml:9 []"]);
    }
}
