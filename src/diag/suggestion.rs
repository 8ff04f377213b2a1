//! The word that somebody probably meant.

use strsim::osa_distance;

/// The known word that a misspelt one most likely means, or `None` when nothing is near enough.
///
/// Case does not count, a swap of neighbours is one slip, and a third of the letters may be wrong, at
/// least one; nothing is left of a word of which every letter is. Of equally near words the first wins,
/// so that the answer is the same in every run.
#[must_use]
pub fn closest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = word.to_lowercase();
    let length = lower.chars().count();
    known
        .into_iter()
        .filter_map(|candidate| {
            let other = candidate.to_lowercase();
            let longer = other.chars().count().max(length);
            let distance = osa_distance(&lower, &other);
            (distance <= (longer / 3).max(1) && distance < longer).then_some((distance, candidate))
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// A way on from a wrong name: "did you mean …" or, where nothing is near, the names there are.
#[must_use]
pub fn suggest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    if let Some(name) = closest(word, known.iter().copied()) {
        return format!("did you mean `{name}`?");
    }
    // A fleet may have hundreds of names; a dozen show what kind of name is wanted.
    let shown: Vec<String> = known.iter().take(12).map(|name| format!("`{name}`")).collect();
    match (shown.is_empty(), known.len() > shown.len()) {
        (true, _) => "there is none".to_owned(),
        (false, true) => format!("there are {}, …", shown.join(", ")),
        (false, false) if shown.len() == 1 => format!("there is only {}", shown[0]),
        (false, false) => format!("there are {}", shown.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_word_finds_its_neighbour_and_a_strange_one_none() {
        let known = ["alertDisplayNameFormat", "severity", "query", "queryFrom"];
        assert_eq!(closest("Severty", known), Some("severity"));
        assert_eq!(closest("seevrity", known), Some("severity"));
        assert_eq!(closest("alertDisplaynameFormat", known), Some("alertDisplayNameFormat"));
        assert_eq!(closest("Querry", known), Some("query"));
        assert_eq!(closest("detection", known), None);
        assert_eq!(closest("", known), None);
    }

    #[test]
    fn a_short_word_may_have_one_slip_and_must_keep_a_letter() {
        let known = ["workspaces", "tenantId", "ring", "tags"];
        assert_eq!(closest("workspace", known), Some("workspaces"));
        assert_eq!(closest("rnig", known), Some("ring"));
        assert_eq!(closest("tag", known), Some("tags"));
        assert_eq!(closest("owner", known), None);
        assert_eq!(closest("x", ["y"]), None);
    }

    #[test]
    fn without_a_near_name_the_names_are_listed() {
        assert_eq!(suggest("rnig", ["ring"]), "did you mean `ring`?");
        assert_eq!(suggest("x", ["ring", "tags"]), "there are `ring`, `tags`");
        assert_eq!(suggest("x", ["ring"]), "there is only `ring`");
        assert_eq!(suggest("x", []), "there is none");
    }
}
