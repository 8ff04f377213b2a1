//! From a root to what it comes to: files loaded, names checked, everything compiled and linted.

use super::context::Context;
use super::error::Error;
use super::exit::Exit;
use super::ui::Ui;
use crate::check::{Subject, check};
use crate::compile::{Compiled, compile};
use crate::content::{self, Catalog};
use crate::diag::{Diagnostics, Severity};
use crate::environment::{self, Fleet, check_names};
use crate::ident::Day;
use crate::report;

/// A root that could be read well enough to plan.
pub(crate) struct Loaded {
    pub(crate) catalog: Catalog,
    pub(crate) fleet: Fleet,
    pub(crate) compiled: Compiled,
    /// Everything that is to be said about the files.
    pub(crate) diagnostics: Diagnostics,
}

/// Reads and compiles the root.
///
/// # Errors
/// All diagnostics, when planning must stop: some environment or exclusion cannot be read, or names
/// something that is not there.
pub(crate) fn load(context: &Context, today: Day) -> Result<Loaded, Diagnostics> {
    let (catalog, mut diagnostics) = content::load(&context.root);
    let (fleet, more) = environment::load_with(&context.root, &context.schemas);
    diagnostics.extend(more);
    let Some(fleet) = fleet else {
        diagnostics.sort();
        return Err(diagnostics);
    };
    let names = check_names(&fleet, &catalog);
    let stop = names.has_errors() || catalog.exclusions_unreadable;
    diagnostics.extend(names);
    if stop {
        diagnostics.sort();
        return Err(diagnostics);
    }
    let mut compiled = compile(&catalog, &fleet, today);
    diagnostics.extend(compiled.diagnostics.iter().cloned());
    let subject = Subject { catalog: &catalog, fleet: &fleet, compiled: &compiled, today };
    let checked = check(&subject);
    checked.hold(&mut compiled.desired);
    diagnostics.extend(checked.diagnostics);
    diagnostics.sort();
    Ok(Loaded { catalog, fleet, compiled, diagnostics })
}

/// Like [`load`], for commands that go on to workspaces: diagnostics are messages there.
pub(crate) fn load_or_stop(context: &Context, ui: &Ui, today: Day) -> Result<Loaded, Error> {
    match load(context, today) {
        Ok(loaded) => {
            // A warning may be all that is said of a file that was lost.
            if loaded.diagnostics.iter().any(|said| said.severity != Severity::Note) {
                ui.message(&report::text::diagnostics(&loaded.diagnostics, ui.messages()));
            }
            Ok(loaded)
        }
        Err(diagnostics) => {
            ui.message(&report::text::diagnostics(&diagnostics, ui.messages()));
            Err(Error::new(Exit::Invalid, "the files do not say what should be in the workspaces")
                .hint("nothing was read and nothing was sent; mend the errors above"))
        }
    }
}
