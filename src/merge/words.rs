//! Words of reports, read back.

use crate::apply::{Halt, Standing, Verdict};
use crate::ident::WorkspaceKey;
use crate::plan::{Action, Class, Effect, Moved};
use crate::report::summary::verdict_word;
use crate::state::Field;

/// Finds what a word stands for.
fn named<T: Copy>(all: &[T], as_str: impl Fn(T) -> &'static str, word: &str) -> Result<T, String> {
    let known = all.iter().copied().find(|one| as_str(*one) == word);
    known.ok_or_else(|| format!("`{word}` means nothing to this version"))
}

pub(super) fn action(word: &str) -> Result<Action, String> {
    named(&Action::ALL, Action::as_str, word)
}

pub(super) fn class(word: &str) -> Result<Class, String> {
    named(&Class::ALL, Class::as_str, word)
}

pub(super) fn effect(word: &str) -> Result<Effect, String> {
    named(&[Effect::Quieter, Effect::Louder, Effect::Neutral], Effect::as_str, word)
}

pub(super) fn moved(word: &str) -> Result<Moved, String> {
    named(&[Moved::Desired, Moved::Live, Moved::Both, Moved::Unknown], Moved::as_str, word)
}

pub(super) fn field(path: &str) -> Result<Field, String> {
    let all: Vec<Field> = Field::all().collect();
    named(&all, Field::path, path)
}

pub(super) fn fields(paths: &[String]) -> Result<Vec<Field>, String> {
    paths.iter().map(|path| field(path)).collect()
}

pub(super) fn key(environment: &str, workspace: &str) -> Result<WorkspaceKey, String> {
    Ok(WorkspaceKey { environment: parsed(environment)?, workspace: parsed(workspace)? })
}

pub(super) fn parsed<T: std::str::FromStr<Err = crate::ident::Invalid>>(
    text: &str,
) -> Result<T, String> {
    text.parse::<T>().map_err(|invalid| invalid.to_string())
}

pub(super) fn verdict(word: &str, reason: Option<String>) -> Result<Verdict, String> {
    let why = reason.unwrap_or_default();
    let all = [
        Verdict::Done,
        Verdict::Failed(why.clone()),
        Verdict::Refused(why.clone()),
        Verdict::Held(why.clone()),
        Verdict::Deferred(why.clone()),
        Verdict::Blocked(why.clone()),
        Verdict::Overtaken(why.clone()),
        Verdict::Waits(why.clone()),
        Verdict::Left(why.clone()),
        Verdict::Accepted(why.clone()),
        Verdict::Frozen(why.clone()),
        Verdict::NotStarted(why),
    ];
    let known = all.into_iter().find(|verdict| verdict_word(verdict) == word);
    known.ok_or_else(|| format!("the verdict `{word}` means nothing to this version"))
}

/// Which halt it was does not matter: it is judged again.
pub(super) fn standing(word: &str) -> Result<Standing, String> {
    match word {
        "finished" => Ok(Standing::Finished),
        "halted" => Ok(Standing::Halted(Halt::OverBudget)),
        "not-started" => Ok(Standing::NotStarted),
        "interrupted" => Ok(Standing::Interrupted),
        other => Err(format!("a ring that is `{other}` means nothing to this version")),
    }
}
