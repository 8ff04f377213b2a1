//! The HTML report in a real browser: it opens without an error, filters, opens what it is asked for, is
//! moved through with the keyboard, and runs nothing that somebody else wrote.
//!
//! It needs Chromium, node and npm; where they are missing the test says so and passes, but not in CI.
#![cfg(test)]

mod fleet;
mod scratch;

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use sentinelops::plan::Plan;
use sentinelops::report::html::{self, Facts};

fn page(plan: &Plan) -> String {
    let today = "2026-11-24".parse().unwrap();
    html::drift(
        plan,
        &Facts { today, commit: Some("abc1234"), catalog: None, expiry_warning_days: 30 },
    )
}

/// Opens a page in the browser, in which the script `page.mjs` plays the named part.
fn play(part: &str, page: &str) {
    // One browser at a time: what it takes is measured.
    static ONE: Mutex<()> = Mutex::new(());
    let Some(browser) = scratch::browser() else { return };
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let file = browser.folder.join(format!("{part}.html"));
    fs::write(&file, page).unwrap();
    let output = Command::new("node")
        .args([Path::new("page.mjs"), Path::new(part), &file, &browser.program])
        .current_dir(&browser.folder)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    println!("{said}");
    assert!(output.status.success(), "{said}");
}

#[test]
fn a_small_fleet_is_filtered_opened_and_moved_through() {
    play("small", &page(&fleet::small()));
}

#[test]
fn a_fleet_of_a_thousand_workspaces_is_a_small_page_that_opens_at_once() {
    let fleet = fleet::big();
    let begun = Instant::now();
    let page = page(&fleet);
    let took = begun.elapsed();
    println!("{} bytes in {} ms", page.len(), took.as_millis());
    assert!(page.len() < 5_000_000, "{} bytes", page.len());
    // A build for debugging is several times slower than what is shipped, which must take less than 2 s.
    assert!(took < Duration::from_secs(if cfg!(debug_assertions) { 20 } else { 2 }), "{took:?}");
    play("big", &page);
}

#[test]
fn a_fleet_in_which_hardly_anything_folds_opens_too() {
    play("unfolded", &page(&fleet::unfolded()));
}
