//! "Did you mean …": the known word nearest to a misspelt one.

/// The known word that a misspelt one most likely means, or `None` when nothing is near enough.
///
/// Case does not count. A third of the word may be wrong, at least one letter; of equally near words
/// the first wins, so that the answer is the same in every run.
#[must_use]
pub fn closest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower: Vec<char> = word.to_lowercase().chars().collect();
    let most = (lower.len() / 3).max(1);
    known
        .into_iter()
        .map(|candidate| (distance(&lower, &candidate.to_lowercase()), candidate))
        .filter(|(distance, _)| *distance <= most)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Levenshtein's distance, in one row.
fn distance(left: &[char], right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (index, a) in left.iter().enumerate() {
        let mut diagonal = index;
        row[0] = index + 1;
        for (column, b) in right.iter().enumerate() {
            let replaced = diagonal + usize::from(a != b);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_word_finds_its_neighbour_and_a_strange_one_none() {
        let known = ["alertDisplayNameFormat", "severity", "query", "queryFrom"];
        assert_eq!(closest("Severty", known), Some("severity"));
        assert_eq!(closest("alertnameFormat", known), None);
        assert_eq!(closest("alertDisplaynameFormat", known), Some("alertDisplayNameFormat"));
        assert_eq!(closest("Querry", known), Some("query"));
        assert_eq!(closest("detection", known), None);
        assert_eq!(closest("", known), None);
    }
}
