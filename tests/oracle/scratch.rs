//! The scratch copy in which the oracle runs: made once, then found by its stamp.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What lies beside the project.
pub(crate) fn shared() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared")
}

/// The folder with the installed oracle. Where that is not to be had the test says so and passes,
/// but not in CI.
pub(crate) fn scratch() -> Option<PathBuf> {
    match installed() {
        Ok(folder) => Some(folder),
        Err(missing) => {
            assert!(std::env::var("CI").as_deref() != Ok("true"), "{missing}");
            println!("SKIPPED: {missing}");
            None
        }
    }
}

fn installed() -> Result<PathBuf, String> {
    let source = shared().join("kql");
    let package = fs::read_to_string(source.join("package.json"))
        .map_err(|_| format!("{} is missing", source.display()))?;
    if !shared().join("corpus").is_dir() {
        return Err(format!("{} is missing", shared().join("corpus").display()));
    }
    for program in ["node", "npm"] {
        let asked = Command::new(program).arg("--version").stdout(Stdio::null()).status();
        if !asked.is_ok_and(|status| status.success()) {
            return Err(format!("`{program}` is missing"));
        }
    }
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("oracle");
    let copied = |error: std::io::Error| format!("{}: {error}", folder.display());
    fs::create_dir_all(&folder).map_err(copied)?;
    // Contents only: the originals may be read-only, and these are written again.
    for name in ["package.json", "kqloracle.mjs", "oracle.mjs", "schema.json"] {
        let text = fs::read(source.join(name)).map_err(copied)?;
        fs::write(folder.join(name), text).map_err(copied)?;
    }
    fs::write(folder.join("bind.mjs"), include_str!("bind.mjs")).map_err(copied)?;
    let stamp = folder.join("installed");
    if fs::read_to_string(&stamp).is_ok_and(|known| known == package) {
        return Ok(folder);
    }
    let install = ["install", "--no-audit", "--no-fund", "--ignore-scripts"];
    let output = Command::new("npm").args(install).current_dir(&folder).output().map_err(copied)?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("the oracle cannot be installed: {said}"));
    }
    fs::write(stamp, package).map_err(copied)?;
    Ok(folder)
}
