//! What every code of a diagnostic means: the one place where codes are documented.
//!
//! The texts stand in Markdown beside this file, by what they are about. Each code has a heading, a
//! meaning (its first sentence is the summary), an example in indented lines, and a way on.

const PAGES: &[&str] = &[
    include_str!("content.md"),
    include_str!("definition.md"),
    include_str!("parameters.md"),
    include_str!("lints.md"),
    include_str!("exclusion.md"),
    include_str!("environment.md"),
];

const CONCEPTS: &str = include_str!("concepts.md");

/// What one concept is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Concept {
    /// Its name.
    pub name: &'static str,
    /// Paragraphs of one line each, the first of which says what it is.
    pub text: &'static str,
}

/// What one code means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Explanation {
    /// The code.
    pub code: &'static str,
    /// What it is about: the heading of its page.
    pub topic: &'static str,
    /// One paragraph.
    pub meaning: &'static str,
    /// Lines indented by four blanks.
    pub example: &'static str,
    /// How to go on.
    pub way_on: &'static str,
}

impl Explanation {
    /// The first sentence of its meaning.
    #[must_use]
    pub fn summary(&self) -> &'static str {
        let end = self.meaning.match_indices(". ").map(|(at, _)| at + 1).next();
        &self.meaning[..end.unwrap_or(self.meaning.len())]
    }
}

/// Every code that is explained, by topic.
#[must_use]
pub fn explanations() -> Vec<Explanation> {
    PAGES.iter().flat_map(|page| read(page)).collect()
}

/// What a code means, if there is such a code.
#[must_use]
pub fn explain(code: &str) -> Option<Explanation> {
    explanations().into_iter().find(|explanation| explanation.code == code)
}

/// Every concept that is explained, in the order in which they are best read.
#[must_use]
pub fn concepts() -> Vec<Concept> {
    let section = |section: &'static str| {
        let (name, text) = section.split_once('\n').unwrap_or((section, ""));
        Concept { name: name.trim(), text: text.trim() }
    };
    CONCEPTS.split("\n## ").skip(1).map(section).collect()
}

/// A part that is missing is empty.
fn read(page: &'static str) -> Vec<Explanation> {
    let mut sections = page.split("\n## ");
    let topic = sections.next().unwrap_or("").trim_start_matches("# ").trim();
    sections
        .map(|section| {
            let (code, rest) = section.split_once('\n').unwrap_or((section, ""));
            let (body, way_on) = rest.split_once("\nWay on: ").unwrap_or((rest, ""));
            let (meaning, example) = body.split_once("\n    ").unwrap_or((body, ""));
            Explanation {
                code: code.trim(),
                topic,
                meaning: meaning.trim(),
                example: example.trim_end(),
                way_on: way_on.trim(),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::{Path, PathBuf};

    use super::*;
    use crate::report::{Style, text};

    fn sources(folder: &Path) -> Vec<PathBuf> {
        let mut found = Vec::new();
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                found.extend(sources(&path));
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
        found
    }

    /// The codes that the program declares: what stands before the tests of a file.
    fn declared() -> BTreeSet<String> {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let mut codes = BTreeSet::new();
        for path in sources(&source) {
            let text = fs::read_to_string(&path).unwrap();
            let program = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
            for (at, call) in program.match_indices("Code::new(") {
                let argument = program[at + call.len()..].trim_start();
                if let Some(name) = argument.strip_prefix('"') {
                    codes.insert(name.split('"').next().unwrap().to_owned());
                }
            }
        }
        codes
    }

    #[test]
    fn every_code_of_the_program_is_explained_and_no_other() {
        let explained: Vec<&str> = explanations().iter().map(|e| e.code).collect();
        let once: BTreeSet<String> = explained.iter().map(|code| (*code).to_owned()).collect();
        assert_eq!(once.len(), explained.len(), "a code is explained twice");
        let declared = declared();
        let missing: Vec<&String> = declared.difference(&once).collect();
        let stale: Vec<&String> = once.difference(&declared).collect();
        assert!(missing.is_empty() && stale.is_empty(), "missing {missing:?}, stale {stale:?}");
        assert!(declared.len() > 100, "only {} codes were found", declared.len());
    }

    #[test]
    fn every_explanation_has_a_meaning_an_example_and_a_way_on() {
        for explanation in explanations() {
            let code = explanation.code;
            assert!(explanation.summary().ends_with(['.', ':']), "{code}");
            assert!(!explanation.example.is_empty(), "{code} has no example");
            assert!(explanation.way_on.ends_with('.'), "{code} has no way on");
            assert!(!explanation.meaning.contains("\n\n"), "{code} has several paragraphs");
        }
    }

    #[test]
    fn every_explanation_renders_with_all_its_parts() {
        for explanation in explanations() {
            let shown = text::explanation(&explanation, Style::default());
            assert!(shown.starts_with(explanation.code), "{shown}");
            let blank = |text: &str| text.split_whitespace().collect::<String>();
            for part in [explanation.meaning, explanation.example, explanation.way_on] {
                assert!(blank(&shown).contains(&blank(part)), "{shown}");
            }
            assert!(text::codes(&explanations(), Style::default()).contains(explanation.code));
        }
    }

    #[test]
    fn every_concept_is_told_in_paragraphs_and_says_where_to_go_on() {
        let codes: BTreeSet<&str> = explanations().iter().map(|e| e.code).collect();
        for concept in concepts() {
            let name = concept.name;
            assert!(!codes.contains(name), "{name} is a code too");
            assert!(
                concept.text.lines().all(|line| line.is_empty() || line.ends_with('.')),
                "{name}"
            );
            assert!(concept.text.contains("\n\nSee also: `sentinelops "), "{name}");
            let shown = text::concept(&concept, Style { width: 80, ..Style::default() });
            assert!(shown.starts_with(name) && shown.lines().count() > 6, "{shown}");
        }
        assert!(concepts().len() >= 8);
    }

    #[test]
    fn a_code_that_does_not_exist_is_not_explained() {
        assert_eq!(explain("no-such-code"), None);
        assert_eq!(explain("duplicate-id").map(|found| found.topic), Some("Content files"));
    }
}
