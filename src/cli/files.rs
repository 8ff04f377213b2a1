//! A digest over the files that a run is made from, so that reports of different files are not taken for
//! those of one run.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::context::Context;

/// `sha256:` and 64 hexadecimal digits over the names and bytes of everything in `content/` and
/// `environments/`, and of the files of `--schema`. What cannot be read counts by its name.
pub(crate) fn digest(context: &Context) -> String {
    let mut files = Vec::new();
    for folder in ["content", "environments"] {
        collect(&context.root.join(folder), &mut files);
    }
    let name = |path: &Path| {
        let inside = path.strip_prefix(&context.root).unwrap_or(path);
        inside.to_string_lossy().replace('\\', "/")
    };
    files.sort_by_key(|path| name(path));
    files.extend(context.schemas.iter().cloned());
    let mut hasher = Sha256::new();
    for path in &files {
        let bytes = std::fs::read(path).unwrap_or_default();
        let head = format!("{}\n{}\n", name(path), bytes.len());
        hasher.update(head.as_bytes());
        hasher.update(&bytes);
    }
    let digits: String = hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{digits}")
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => collect(&path, files),
            _ if path.is_file() => files.push(path),
            _ => {}
        }
    }
}
