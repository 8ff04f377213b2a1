//! What Microsoft's engine says about queries, asked in a few big batches: it is slow to start.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Deserialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

/// Where the engine runs, and what tables it knows. Answers are kept: the same question is not asked
/// again, in a later run either.
pub(crate) struct Engine {
    folder: PathBuf,
    schema: PathBuf,
}

/// A finding.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub(crate) struct Diagnostic {
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) snippet: String,
}

/// A span in UTF-16 units.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Spanned {
    #[serde(default)]
    pub(crate) kind: String,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// A stage of the main expression.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Stage {
    pub(crate) bar: usize,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// The main expression.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Main {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) source: Spanned,
    pub(crate) stages: Vec<Stage>,
}

/// The answer of `oracle.mjs --structure` about one query.
#[derive(Debug, Deserialize)]
pub(crate) struct Structure {
    pub(crate) syntax: Vec<Diagnostic>,
    pub(crate) semantic: Vec<Diagnostic>,
    pub(crate) statements: Vec<Spanned>,
    pub(crate) main: Option<Main>,
    #[serde(default)]
    pub(crate) tables: Vec<String>,
}

/// The answer of `bind.mjs` about one query.
#[derive(Debug, Deserialize)]
pub(crate) struct Bound {
    pub(crate) syntax: Vec<Diagnostic>,
    pub(crate) semantic: Vec<Diagnostic>,
    /// What the asked names are: `column` for columns.
    pub(crate) bound: Vec<Option<String>>,
}

/// Tables and functions with the types of their columns.
#[derive(Debug, Clone, serde::Serialize, Deserialize)]
pub(crate) struct Schema {
    pub(crate) tables: BTreeMap<String, BTreeMap<String, String>>,
    pub(crate) functions: Vec<Function>,
    #[serde(default)]
    pub(crate) open: Vec<String>,
}

/// A function of the workspace that gives rows.
#[derive(Debug, Clone, serde::Serialize, Deserialize)]
pub(crate) struct Function {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) columns: BTreeMap<String, String>,
    #[serde(default = "yes")]
    pub(crate) open: bool,
}

fn yes() -> bool {
    true
}

#[derive(Deserialize)]
struct Answers<T> {
    files: Vec<T>,
}

impl Engine {
    pub(crate) fn new(folder: PathBuf, schema: &Schema) -> Self {
        let path = folder.join("schema-of-corpus.json");
        fs::write(&path, serde_json::to_string(schema).unwrap()).unwrap();
        Self { folder, schema: path }
    }

    /// Diagnostics and structure of each text.
    pub(crate) fn structures(&self, texts: &[&str]) -> Vec<Structure> {
        self.batches("plain", texts, |files, list| {
            fs::write(list, files.iter().map(|(_, file)| format!("{file}\n")).collect::<String>())
                .unwrap();
            let schema = self.schema.display().to_string();
            let list = format!("@{}", list.display());
            ["oracle.mjs", "--fail-on", "none", "--structure", "--schema", &schema, &list]
                .map(str::to_owned)
                .to_vec()
        })
    }

    /// Diagnostics of each text and what the names at its offsets are bound to.
    pub(crate) fn bindings(&self, texts: &[&str], names: &[Vec<usize>]) -> Vec<Bound> {
        self.batches("injected", texts, |files, list| {
            let asked: Vec<_> = files
                .iter()
                .map(|(at, file)| serde_json::json!({ "file": file, "names": names[*at] }))
                .collect();
            fs::write(list, serde_json::to_string(&asked).unwrap()).unwrap();
            let paths = [&self.schema, list].map(|path| path.display().to_string());
            std::iter::once("bind.mjs".to_owned()).chain(paths).collect()
        })
    }

    /// One process for each core; every text goes to one of them. `arguments` gets the files with
    /// the indices of their texts, and where to list them.
    fn batches<T: DeserializeOwned>(
        &self,
        name: &str,
        texts: &[&str],
        arguments: impl Fn(&[(usize, String)], &PathBuf) -> Vec<String>,
    ) -> Vec<T> {
        let folder = self.folder.join(name);
        fs::create_dir_all(&folder).unwrap();
        let processes = std::thread::available_parallelism().map_or(1, usize::from).min(4);
        let mut asked = Sha256::new();
        for name in ["package.json", "kqloracle.mjs", "oracle.mjs", "bind.mjs"] {
            asked.update(fs::read(self.folder.join(name)).unwrap());
        }
        asked.update(fs::read(&self.schema).unwrap());
        let mut batches = Vec::new();
        for process in 0..processes {
            let mut files = Vec::new();
            for (at, text) in texts.iter().enumerate().filter(|(at, _)| at % processes == process) {
                let path = folder.join(format!("{at:04}.kql"));
                fs::write(&path, text).unwrap();
                asked.update(Sha256::digest(text));
                files.push((at, path.display().to_string()));
            }
            let list = folder.join(format!("list-{process}"));
            let arguments = arguments(&files, &list);
            asked.update(fs::read(list).unwrap());
            batches.push((arguments, folder.join(format!("answer-{process}.json"))));
        }
        let asked = format!("{:?}", asked.finalize());
        let answered = folder.join("answered");
        if !fs::read_to_string(&answered).is_ok_and(|known| known == asked) {
            let _ = fs::remove_file(&answered);
            self.run(&batches);
            fs::write(&answered, asked).unwrap();
        }
        let mut answers: Vec<_> =
            batches.iter().map(|(_, answer)| read::<T>(answer).into_iter()).collect();
        let next = |at: usize| answers[at % processes].next().expect("every text has an answer");
        (0..texts.len()).map(next).collect()
    }

    fn run(&self, batches: &[(Vec<String>, PathBuf)]) {
        let start = |(arguments, answer): &(Vec<String>, PathBuf)| {
            let output = Stdio::from(fs::File::create(answer).unwrap());
            let mut node = Command::new("node");
            node.args(arguments).current_dir(&self.folder).stdout(output).spawn().unwrap()
        };
        let running: Vec<_> = batches.iter().map(start).collect();
        for mut child in running {
            assert!(child.wait().unwrap().success(), "the engine failed");
        }
    }
}

fn read<T: DeserializeOwned>(path: &Path) -> Vec<T> {
    let text = fs::read_to_string(path).unwrap();
    serde_json::from_str::<Answers<T>>(&text).unwrap().files
}
