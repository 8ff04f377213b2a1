//! What became of the exclusions in a compiled query: each is a stage, led by a comment with its id.

use std::collections::BTreeMap;

use crate::ident::Day;

/// The comment line above every stage.
const MARK: &str = "// exclusion: ";

/// What became of one exclusion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Difference {
    /// It is new, or stands in more places.
    Added,
    /// It is gone, or stands in fewer places.
    Removed,
    /// It is the same, and ends later or never.
    Prolonged,
    /// It is the same, and ends sooner.
    Shortened,
    /// It is another condition.
    Changed,
}

/// How the exclusions of two compiled queries differ, by id.
pub(super) fn compare(before: &str, after: &str) -> Vec<(String, Difference)> {
    let (before, after) = (stages(before), stages(after));
    let none = Vec::new();
    let mut ids: Vec<&str> = before.keys().chain(after.keys()).copied().collect();
    ids.sort_unstable();
    ids.dedup();
    let stages = |of: &BTreeMap<&str, Vec<Stage>>, id: &str| of.get(id).unwrap_or(&none).clone();
    ids.into_iter()
        .filter_map(|id| {
            let difference = difference(&stages(&before, id), &stages(&after, id))?;
            Some((id.to_owned(), difference))
        })
        .collect()
}

fn difference(before: &[Stage], after: &[Stage]) -> Option<Difference> {
    if before == after {
        return None;
    }
    let conditions = |stages: &[Stage]| -> Vec<String> {
        stages.iter().map(|stage| stage.condition.clone()).collect()
    };
    if conditions(before) == conditions(after) {
        let longer = before.iter().zip(after).any(|(before, after)| after.outlasts(before));
        return Some(if longer { Difference::Prolonged } else { Difference::Shortened });
    }
    let contains = |all: &[Stage], some: &[Stage]| some.iter().all(|stage| all.contains(stage));
    if contains(after, before) && after.len() > before.len() {
        return Some(Difference::Added);
    }
    if contains(before, after) && before.len() > after.len() {
        return Some(Difference::Removed);
    }
    Some(Difference::Changed)
}

/// One exclusion in one place.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Stage {
    /// The first day out of force.
    end: Option<Day>,
    /// The rest of its text.
    condition: String,
}

impl Stage {
    fn outlasts(&self, other: &Self) -> bool {
        match (self.end, other.end) {
            (None, Some(_)) => true,
            (Some(mine), Some(other)) => mine > other,
            (_, None) => false,
        }
    }

    fn of(text: &str) -> Self {
        const HEAD: &str = "| where not(";
        const UNTIL: &str = "now() < datetime(";
        let text = text.trim();
        let dated = text.strip_prefix(HEAD).and_then(|rest| {
            let (day, rest) = rest.strip_prefix(UNTIL)?.split_once(") and ")?;
            Some((day.parse().ok()?, format!("{HEAD}{rest}")))
        });
        match dated {
            Some((end, condition)) => Self { end: Some(end), condition },
            None => Self { end: None, condition: text.to_owned() },
        }
    }
}

/// The stages by their ids, in the order of the text. A stage is one line.
fn stages(query: &str) -> BTreeMap<&str, Vec<Stage>> {
    let mut stages: BTreeMap<&str, Vec<Stage>> = BTreeMap::new();
    let mut lines = query.lines();
    while let Some(line) = lines.next() {
        let Some(id) = line.trim_start().strip_prefix(MARK) else { continue };
        let stage = Stage::of(lines.next().unwrap_or_default());
        stages.entry(id.trim()).or_default().push(stage);
    }
    stages
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(before: &str, after: &str, expect: &[(&str, Difference)]) {
        let found = compare(before, after);
        let found: Vec<(&str, Difference)> =
            found.iter().map(|(id, difference)| (id.as_str(), *difference)).collect();
        assert_eq!(found, expect, "{before}\n→\n{after}");
    }

    #[test]
    fn every_exclusion_is_compared_with_itself() {
        let both = "T\n// exclusion: a\n| where not(x)\n// exclusion: b\n| where not(y)\n| count";
        check(both, both, &[]);
        check("T", both, &[("a", Difference::Added), ("b", Difference::Added)]);
        check(both, "T\n| count", &[("a", Difference::Removed), ("b", Difference::Removed)]);
        check(both, &both.replace("(y)", "(z)"), &[("b", Difference::Changed)]);
        // An edit of the query beside them is none of them.
        check(both, &both.replace("T\n", "T\n| where z\n"), &[]);
        check(both, &both.replace("| count", "| take 1"), &[]);
    }

    #[test]
    fn an_exclusion_in_more_places_is_more() {
        let one = "union (T\n// exclusion: a\n| where not(x)\n), T2";
        let two = &format!("{one}\n// exclusion: a\n| where not(x)\n), T2");
        check(one, two, &[("a", Difference::Added)]);
        check(two, one, &[("a", Difference::Removed)]);
    }
}
