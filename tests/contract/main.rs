//! What any Azure Resource Manager for Microsoft Sentinel must do, as black-box tests over a base URL.
//!
//! They run against the emulator, always; and against a real workspace too when the environment names
//! one: `SENTINELOPS_AZURE_WORKSPACE` (its resource id) and `SENTINELOPS_AZURE_TOKEN` (a bearer token of
//! somebody who may write there), with `SENTINELOPS_AZURE_ENDPOINT` for another cloud. Every resource has a
//! name of its own and is deleted at the end, also of a test that fails. The real service may show a write
//! late: there, and only there, an answer is awaited.

#![cfg(test)]

mod generic;
mod records;
mod rules;
mod searches;
mod service;

use service::Service;

/// Holds of the emulator, and of the real workspace if one is named.
fn contract(clause: impl Fn(&Service)) {
    clause(&Service::emulator());
    if let Some(real) = Service::real() {
        clause(&real);
    }
}
