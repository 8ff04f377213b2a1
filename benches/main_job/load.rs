//! 5,000 content files into one workspace, against what the YAML parser alone needs for them.

use std::fs;
use std::path::Path;

use rayon::prelude::*;
use sentinelops::compile::compile;
use sentinelops::{content, environment};
use serde_json::Value;

use crate::fleet::{self, Root};
use crate::{best, figure};

const FILES: usize = 5_000;
const RUNS: usize = 5;

pub(crate) fn run() {
    let root = Root::new();
    fleet::write_content(&root, FILES / 2, FILES / 2);
    fleet::write_environment(&root, 1, "http://127.0.0.1:9");
    let texts = texts(&root.path().join("content"));
    let bytes: usize = texts.iter().map(String::len).sum();
    assert_eq!(texts.len(), FILES);

    let parsed = best(RUNS, || {
        texts.par_iter().map(|text| serde_saphyr::from_str::<Value>(text).unwrap()).count()
    });
    figure("parse 5,000 files, YAML parser alone", parsed, &format!("{} KiB", bytes / 1024));

    let today = "2026-11-24".parse().unwrap();
    let load = best(RUNS, || content::load(root.path()));
    figure("load them as content", load, &ratio(load, parsed));
    let (catalog, _) = content::load(root.path());
    let (fleet, diagnostics) = environment::load(root.path());
    let fleet = fleet.unwrap_or_else(|| unreadable(&diagnostics));
    let compiled = best(RUNS, || compile(&catalog, &fleet, today));
    figure("compile them for one workspace", compiled, &ratio(compiled, parsed));
    let both = load + compiled;
    figure("load and compile", both, &format!("{}, target 1.5", ratio(both, parsed)));
}

fn unreadable(diagnostics: &sentinelops::diag::Diagnostics) -> environment::Fleet {
    for diagnostic in diagnostics {
        println!("{diagnostic:?}");
    }
    std::process::abort()
}

fn ratio(took: std::time::Duration, floor: std::time::Duration) -> String {
    format!("{:.2} times the YAML parser", took.as_secs_f64() / floor.as_secs_f64())
}

fn texts(folder: &Path) -> Vec<String> {
    let mut texts = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("exclusions") {
            texts.extend(self::texts(&path));
        } else if path.is_file() {
            texts.push(fs::read_to_string(&path).unwrap());
        }
    }
    texts
}
