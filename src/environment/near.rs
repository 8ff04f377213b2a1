//! The name that somebody probably meant.

/// The candidate that is closest to a word, if it is close enough to be a slip: about one wrong
/// letter in three. Case does not count. Of equally close ones the first in order.
pub(super) fn near<'c>(
    word: &str,
    candidates: impl IntoIterator<Item = &'c str>,
) -> Option<&'c str> {
    let word: Vec<char> = word.to_lowercase().chars().collect();
    candidates
        .into_iter()
        .map(|candidate| {
            let other: Vec<char> = candidate.to_lowercase().chars().collect();
            (distance(&word, &other), other.len().max(word.len()), candidate)
        })
        .filter(|(distance, length, _)| *distance <= (length / 3).max(1) && distance < length)
        .min_by_key(|(distance, _, _)| *distance)
        .map(|(_, _, candidate)| candidate)
}

/// "did you mean …" or, where nothing is near, the names there are.
pub(super) fn suggest<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> String {
    let candidates: Vec<&str> = candidates.into_iter().collect();
    if let Some(name) = near(word, candidates.iter().copied()) {
        return format!("did you mean `{name}`?");
    }
    // A fleet may have hundreds of names; a dozen show what kind of name is wanted.
    let shown: Vec<String> = candidates.iter().take(12).map(|name| format!("`{name}`")).collect();
    match (shown.is_empty(), candidates.len() > shown.len()) {
        (true, _) => "there is none".to_owned(),
        (false, true) => format!("there are {}, …", shown.join(", ")),
        (false, false) if shown.len() == 1 => format!("there is only {}", shown[0]),
        (false, false) => format!("there are {}", shown.join(", ")),
    }
}

/// Insertions, deletions and replacements between two words; a swap of neighbours counts as one.
fn distance(left: &[char], right: &[char]) -> usize {
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=right.len()).collect();
    for (row, a) in left.iter().enumerate() {
        let mut current = vec![row + 1];
        for (column, b) in right.iter().enumerate() {
            let replaced = last[column] + usize::from(a != b);
            let mut best = replaced.min(last[column + 1] + 1).min(current[column] + 1);
            if row > 0 && column > 0 && *a == right[column - 1] && left[row - 1] == *b {
                best = best.min(before_last[column - 1] + 1);
            }
            current.push(best);
        }
        before_last = std::mem::replace(&mut last, current);
    }
    last[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(word: &str, expect: Option<&str>) {
        assert_eq!(near(word, ["workspaces", "tenantId", "ring", "tags"]), expect, "{word}");
    }

    #[test]
    fn a_slip_finds_its_name_and_another_word_finds_none() {
        check("workspace", Some("workspaces"));
        check("tenantid", Some("tenantId"));
        check("rnig", Some("ring"));
        check("tag", Some("tags"));
        check("owner", None);
        check("", None);
    }

    #[test]
    fn without_a_near_name_all_are_listed() {
        assert_eq!(suggest("rnig", ["ring"]), "did you mean `ring`?");
        assert_eq!(suggest("x", ["ring", "tags"]), "there are `ring`, `tags`");
        assert_eq!(suggest("x", ["ring"]), "there is only `ring`");
        assert_eq!(suggest("x", []), "there is none");
    }
}
