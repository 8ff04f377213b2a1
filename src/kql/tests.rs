//! The whole of it on real content, if the corpus lies beside the project.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::predicate::{Constants, Context, filter};
use super::{Answer, Case, Insertion, Query, Rows, Schema, inject, lex, refusal, spine};

mod any_text;

/// Queries by path, from `../shared/corpus`. Elsewhere the tests say so and pass, but not in CI.
fn corpus() -> Option<BTreeMap<String, String>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
    let mut files: Vec<PathBuf> = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    if files.is_empty() {
        assert!(
            std::env::var("CI").as_deref() != Ok("true"),
            "the corpus is missing: {}",
            root.display()
        );
        println!("skipped: the corpus is missing: {}", root.display());
        return None;
    }
    let mut queries = BTreeMap::new();
    for path in files {
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        let name = path.strip_prefix(&root).unwrap().display().to_string();
        let text = text.trim_start_matches('\u{feff}');
        let parsed = serde_saphyr::from_str::<BTreeMap<String, serde_json::Value>>(text);
        let query = parsed.ok().and_then(|file| Some(file.get("query")?.as_str()?.to_owned()));
        queries.extend(query.map(|query| (name, query)));
    }
    Some(queries)
}

#[test]
fn real_queries_are_read_without_loss_and_most_have_a_place() {
    let Some(corpus) = corpus() else { return };
    let mut refused: BTreeMap<String, usize> = BTreeMap::new();
    let (mut placed, mut points, mut unreadable, mut columns_known) = (0, 0, 0, 0);
    for (path, text) in &corpus {
        let joined: String = lex(text).into_iter().map(|token| &text[token.span()]).collect();
        assert_eq!(&joined, text, "{path}");
        let query = Query::parse(text);
        let spine = spine(&query);
        for refusal in &spine.refusals {
            *refused.entry(refusal.code.to_string()).or_default() += 1;
        }
        let broken = [refusal::FAULTY, refusal::NO_MAIN, refusal::SEVERAL_MAINS];
        unreadable += usize::from(spine.refusals.iter().any(|r| broken.contains(&r.code)));
        let mut complete = !spine.places.is_empty();
        for place in &spine.places {
            columns_known += usize::from(Rows::at(&query, place).named().next().is_some());
        }
        for table in spine.tables() {
            let insertion = Insertion {
                id: "probe".parse().unwrap(),
                table: Some(table.to_owned()),
                predicate: "isempty(\"a|b\")".to_owned(),
                expires: None,
            };
            match inject(text, &[insertion]) {
                Ok(injected) => {
                    assert!(!injected.stages.is_empty(), "{path} {table}");
                    points += injected.stages.len();
                }
                Err(refusals) => {
                    complete = false;
                    for refusal in refusals {
                        assert!(
                            refusal.code != refusal::POST_CHECK,
                            "{path} {table}: {}",
                            refusal.message
                        );
                    }
                }
            }
        }
        placed += usize::from(complete);
    }
    let readable = corpus.len() - unreadable;
    println!("{placed} of {readable} queries are placed at {points} points; {refused:?}");
    println!("at {columns_known} places the query itself says which columns there are");
    assert!(columns_known * 100 >= points * 95, "{columns_known} of {points}");
    assert!(corpus.len() > 300 && unreadable < 5);
    assert!(placed * 100 >= readable * 97, "{placed} of {readable} are placed");
}

/// Verdicts: how many there are of each, and what stands behind those that are no plain witness.
#[derive(Default)]
struct Verdicts {
    counts: BTreeMap<&'static str, usize>,
    listed: Vec<String>,
}

impl Verdicts {
    fn add(&mut self, about: &str, case: &Case, answer: Answer) {
        let (word, why) = match answer {
            Answer::Witness(witness) if witness.assuming.is_empty() => ("witness", None),
            Answer::Witness(witness) => ("witness, assuming", Some(witness.assuming)),
            Answer::Refuted => ("refuted", Some(Vec::new())),
            Answer::Undecided => {
                let open: Vec<String> = case.open_parts().into_iter().map(str::to_owned).collect();
                let steps =
                    || vec!["no part is open: the search ended without an event".to_owned()];
                ("undecided", Some(if open.is_empty() { steps() } else { open }))
            }
        };
        *self.counts.entry(word).or_default() += 1;
        let lines = |why: Vec<String>| -> String {
            why.iter().map(|part| format!("    {}\n", one_line(part))).collect()
        };
        self.listed.extend(why.map(|why| format!("{word}: {about}\n{}", lines(why))));
    }

    fn count(&self, word: &str) -> usize {
        self.counts.get(word).copied().unwrap_or(0)
    }

    fn text(&mut self) -> String {
        self.listed.sort();
        let counts = self.counts.iter().map(|(word, count)| format!("{count} {word}\n"));
        format!("{}\n{}", counts.collect::<String>(), self.listed.concat())
    }
}

/// Cut to what a reviewer reads.
fn one_line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").chars().take(120).collect()
}

/// No published detection of this corpus is blind by its own leading filters: a refutation would be a
/// false error. The snapshot names what is assumed because it is not understood; nothing in it decides
/// about an exclusion.
#[test]
fn the_leading_filters_of_real_queries_admit_something() {
    let Some(corpus) = corpus() else { return };
    let mut verdicts = Verdicts::default();
    for (path, text) in &corpus {
        let query = Query::parse(text);
        for place in spine(&query).places.iter().filter(|place| !place.leading.is_empty()) {
            let case = Case::new(place.filters(&query, Schema::builtin()), Vec::new(), 0);
            verdicts.add(&format!("{path} {}", place.table), &case, case.admits());
        }
    }
    assert_eq!((verdicts.count("refuted"), verdicts.count("undecided")), (0, 0));
    insta::assert_snapshot!(verdicts.text());
}

/// The same with every filter on the way to the result, which is what exclusions are judged by.
#[test]
fn the_ways_of_real_queries_admit_something() {
    let Some(corpus) = corpus() else { return };
    let mut verdicts = Verdicts::default();
    for (path, text) in &corpus {
        let query = Query::parse(text);
        for place in spine(&query).places {
            for (number, known) in place.ways(&query, Schema::builtin()).into_iter().enumerate() {
                let case = Case::new(known, Vec::new(), 0);
                let about = format!("{path} {} way {}", place.table, number + 1);
                verdicts.add(&about, &case, case.admits());
            }
        }
    }
    // What is assumed on a way is mostly what became of other columns: too much to read.
    verdicts.listed.retain(|verdict| !verdict.starts_with("witness"));
    insta::assert_snapshot!(verdicts.text());
}

/// An exclusion of one name is what people write most. It must not be held without need.
#[test]
fn one_excluded_name_is_decided_on_most_real_queries() {
    let Some(corpus) = corpus() else { return };
    let subjects = [
        "DeviceName",
        "Computer",
        "UserPrincipalName",
        "AccountUpn",
        "Caller",
        "UserId",
        "SourceIP",
        "SenderFromAddress",
        "IPAddress",
        "CallerIpAddress",
        "ClientIP",
        "OperationName",
        "DvcHostname",
    ];
    let constants = Constants::new();
    let mut verdicts = Verdicts::default();
    for (path, text) in &corpus {
        let query = Query::parse(text);
        for place in spine(&query).places {
            let Some(columns) = Schema::builtin().columns(&place.table) else { continue };
            let context = Context { columns: Some(columns), constants: &constants };
            let Some(subject) = subjects.iter().find(|name| columns.contains_key(**name)) else {
                continue;
            };
            let exclusion = filter(&format!("{subject} =~ 'zq-maintenance-1'"), context);
            for known in place.ways(&query, Schema::builtin()) {
                let case = Case::new(known, vec![exclusion.clone()], 0);
                verdicts.add(&format!("{path} {} {subject}", place.table), &case, case.survives());
            }
        }
    }
    assert_eq!(verdicts.count("refuted"), 0);
    let witnesses = verdicts.count("witness") + verdicts.count("witness, assuming");
    assert!(witnesses > 8 * verdicts.count("undecided"));
    verdicts.listed.retain(|verdict| !verdict.starts_with("witness"));
    insta::assert_snapshot!(verdicts.text());
}
