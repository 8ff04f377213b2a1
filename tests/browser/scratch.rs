//! The browser, and the folder in which its driver is installed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// The driver's version is pinned: it must know how to talk to any newer Chromium, and does not change by itself.
const PACKAGE: &str = r#"{ "private": true, "dependencies": { "playwright-core": "1.65.1" } }"#;

/// Where Chromium is, by the names that distributions give it.
const PROGRAMS: [&str; 4] =
    ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// A browser that can be driven.
pub(crate) struct Browser {
    /// With the driver and `page.mjs`.
    pub(crate) folder: PathBuf,
    /// Its program.
    pub(crate) program: PathBuf,
}

/// The browser; installed once for all tests of a run.
pub(crate) fn browser() -> Option<&'static Browser> {
    static BROWSER: OnceLock<Result<Browser, String>> = OnceLock::new();
    match BROWSER.get_or_init(installed) {
        Ok(browser) => Some(browser),
        Err(missing) => {
            assert!(std::env::var("CI").as_deref() != Ok("true"), "{missing}");
            println!("SKIPPED: {missing}");
            None
        }
    }
}

fn installed() -> Result<Browser, String> {
    for program in ["node", "npm"] {
        let asked = Command::new(program).arg("--version").stdout(Stdio::null()).status();
        if !asked.is_ok_and(|status| status.success()) {
            return Err(format!("`{program}` is missing"));
        }
    }
    let program = found().ok_or("Chromium is missing")?;
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("browser");
    let failed = |error: std::io::Error| format!("{}: {error}", folder.display());
    fs::create_dir_all(&folder).map_err(failed)?;
    fs::write(folder.join("page.mjs"), include_str!("page.mjs")).map_err(failed)?;
    fs::write(folder.join("package.json"), PACKAGE).map_err(failed)?;
    let stamp = folder.join("installed");
    if !fs::read_to_string(&stamp).is_ok_and(|known| known == PACKAGE) {
        let install = ["install", "--no-audit", "--no-fund", "--ignore-scripts"];
        let npm =
            Command::new("npm").args(install).current_dir(&folder).output().map_err(failed)?;
        if !npm.status.success() {
            let said = String::from_utf8_lossy(&npm.stderr);
            return Err(format!("the browser's driver cannot be installed: {said}"));
        }
        fs::write(stamp, PACKAGE).map_err(failed)?;
    }
    Ok(Browser { folder, program })
}

/// `CHROMIUM` names it, or it is on the path.
fn found() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("CHROMIUM").filter(|named| !named.is_empty()) {
        return Some(named.into());
    }
    let path = std::env::var_os("PATH")?;
    let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let of = |program: &&str| {
        folders.iter().map(|folder| folder.join(program)).find(|file| file.is_file())
    };
    PROGRAMS.iter().find_map(of)
}
