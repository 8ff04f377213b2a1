//! How a text may look: handed in, since only the command line knows the terminal.

/// What the reader's side can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Style {
    /// Whether colours are understood. They repeat what words already say.
    pub color: bool,
    /// Columns; 0 when lines are not to be wrapped.
    pub width: usize,
    /// Whether everything is shown: fields of new items, whole diffs, uncut names.
    pub verbose: bool,
}

/// What a colour repeats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Paint {
    /// A heading.
    Strong,
    /// Something is wrong or unknown.
    Bad,
    /// Someone should look.
    Care,
    /// Something appears or went well.
    Good,
    /// Something is secondary.
    Quiet,
}

impl Style {
    /// The text, painted if colours are understood.
    pub(super) fn paint(self, paint: Paint, text: &str) -> String {
        if !self.color || text.is_empty() {
            return text.to_owned();
        }
        let code = match paint {
            Paint::Strong => "1",
            Paint::Bad => "1;31",
            Paint::Care => "33",
            Paint::Good => "32",
            Paint::Quiet => "2",
        };
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    }
}
