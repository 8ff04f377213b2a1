//! The only place that prints.
//!
//! Results go to standard output or to the file that `--output` names, everything else to standard
//! error. A reader that goes away (`| head`) ends the output, not the run.

use std::io::{ErrorKind, Write};
use std::path::Path;
use std::process::ExitCode;

use indicatif::{ProgressBar, ProgressStyle};

use super::args::{Color, Common, Output};
use super::context::Context;
use super::error::Error;
use super::exit::Exit;
use crate::report::{Style, inert, visible_lines};

/// What may be printed, and how.
#[derive(Debug, Clone)]
pub(crate) struct Ui {
    results: Style,
    messages: Style,
    quiet: bool,
    progress: bool,
    /// Whether standard output is a terminal.
    is_terminal: bool,
}

/// A terminal's width is not asked for: reports wrap at what reads well.
const WIDTH: usize = 100;

impl Ui {
    /// Decides about colour and progress.
    pub(crate) fn new(context: &Context, common: &Common) -> Self {
        let verbose = common.verbose > 0;
        let color = |terminal: bool| match common.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => terminal && !context.no_color,
        };
        let style = |terminal: bool| Style { color: color(terminal), width: WIDTH, verbose };
        Self {
            results: style(context.stdout_is_terminal),
            messages: style(context.stderr_is_terminal),
            quiet: common.quiet,
            progress: context.stderr_is_terminal && !context.ci && !common.quiet,
            is_terminal: context.stdout_is_terminal,
        }
    }

    /// How results look.
    pub(crate) fn results(&self, output: &Output) -> Style {
        match output.output {
            Some(_) => Style { color: false, ..self.results },
            None => self.results,
        }
    }

    /// How results look that go to standard output.
    pub(crate) const fn printed(&self) -> Style {
        self.results
    }

    /// How messages look.
    pub(crate) const fn messages(&self) -> Style {
        self.messages
    }

    /// Prints a result, or writes it to the file that was named. It is no command to a pipeline.
    pub(crate) fn result(&self, text: &str, output: &Output) -> Result<(), Error> {
        match &output.output {
            Some(path) => write_file(path, &inert(text)),
            None => self.print(text),
        }
    }

    /// Like [`Self::result`], and what is piped or written is the text itself, byte for byte. Only a
    /// terminal gets what paints it made visible.
    pub(crate) fn verbatim(&self, text: &str, output: &Output) -> Result<(), Error> {
        match &output.output {
            Some(path) => write_file(path, text),
            None if self.is_terminal => write_out(&visible_lines(text)),
            None => write_out(text),
        }
    }

    /// Prints a result.
    pub(crate) fn print(&self, text: &str) -> Result<(), Error> {
        write_out(&inert(text))
    }

    /// Prints a script for a shell, byte for byte.
    pub(crate) fn script(&self, text: &str) -> Result<(), Error> {
        write_out(text)
    }

    /// Prints a message.
    pub(crate) fn note(&self, text: &str) {
        if !self.quiet {
            self.message(text);
        }
    }

    /// Prints what only `--verbose` wants to know.
    pub(crate) fn detail(&self, text: &str) {
        if self.messages.verbose {
            self.message(text);
        }
    }

    /// Prints a message that `--quiet` does not silence.
    pub(crate) fn message(&self, text: &str) {
        let text = text.trim_end_matches('\n');
        if !text.is_empty() {
            let mut err = std::io::stderr().lock();
            let _gone = writeln!(err, "{}", inert(text));
        }
    }

    /// Prints why a command stopped.
    pub(crate) fn error(&self, error: &Error) {
        let (red, plain) =
            if self.messages.color { ("\u{1b}[1;31m", "\u{1b}[0m") } else { ("", "") };
        let mut text = format!("{red}error{plain}: {}\n", visible_lines(&error.message));
        for hint in &error.hints {
            text += &format!("hint: {}\n", visible_lines(hint));
        }
        self.message(&text);
    }

    /// Says why the run was interrupted, and ends the process: reading, waiting and asking have no
    /// other end.
    pub(crate) fn end_at_once(&self, why: &str) -> ! {
        self.message(why);
        std::process::exit(Exit::Interrupted.code().into())
    }

    /// A line that says what is going on, on a terminal only.
    pub(crate) fn progress(&self, steps: usize, what: &str) -> ProgressBar {
        if !self.progress {
            return ProgressBar::hidden();
        }
        let bar = ProgressBar::new(steps as u64);
        let style = ProgressStyle::with_template("{spinner} {msg} {pos}/{len} {elapsed}")
            .unwrap_or_else(|_| ProgressStyle::default_bar());
        bar.set_style(style);
        bar.set_message(what.to_owned());
        bar.enable_steady_tick(std::time::Duration::from_millis(100));
        bar
    }

    /// Asks a question that only `yes` answers.
    pub(crate) fn confirm(&self, question: &str) -> bool {
        {
            // Not locked while it waits: an interrupt wants to be told.
            let mut err = std::io::stderr().lock();
            let _gone =
                write!(err, "{question} Only `yes` is taken as yes: ").and_then(|()| err.flush());
        }
        let mut answer = String::new();
        std::io::stdin().read_line(&mut answer).is_ok() && answer.trim() == "yes"
    }
}

/// With `-vv`, logs requests to standard error: method, URL, status. Azure's own crates are asked for
/// no more than warnings, so that nothing of theirs can show what should stay secret.
pub(crate) fn start_log(common: &Common, context: &Context) {
    if common.verbose < 2 {
        return;
    }
    let filter = tracing_subscriber::EnvFilter::new("warn,sentinelops=debug");
    let color = context.stderr_is_terminal && !context.no_color && common.color != Color::Never;
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(color)
        .with_target(false);
    // A second subscriber in one process is refused; the first one stays.
    let _already = log.try_init();
}

/// Writes to standard output. That nobody reads on is no error; that it cannot be written (a full
/// disk) is.
fn write_out(text: &str) -> Result<(), Error> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Error::machine(format!("failed to write standard output: {error}")))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Writes a whole file or nothing: a reader never finds half of one. What is there and is no file
/// (`/dev/stdout`, a pipe) is written to as it is, never replaced by a file.
pub(crate) fn write_file(path: &Path, text: &str) -> Result<(), Error> {
    write_as(path, text, false)
}

/// The same, for what only its owner may read: a saved plan has a customer's rules in it.
pub(crate) fn write_private(path: &Path, text: &str) -> Result<(), Error> {
    write_as(path, text, true)
}

fn write_as(path: &Path, text: &str, private: bool) -> Result<(), Error> {
    let failed = |error: std::io::Error| {
        Error::machine(format!("failed to write `{}`: {error}", path.display()))
    };
    if std::fs::metadata(path).is_ok_and(|there| !there.is_file()) {
        return std::fs::write(path, text).map_err(failed);
    }
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    // One that a dead run has left is not written into: it may be somebody else's, or a link.
    let left = std::fs::remove_file(&part);
    if let Err(error) = left
        && error.kind() != ErrorKind::NotFound
    {
        return Err(failed(error));
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    if private {
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    }
    #[cfg(not(unix))]
    let _ = private;
    let mut file = options.open(&part).map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)?;
    drop(file);
    std::fs::rename(&part, path).map_err(failed)
}

/// Prints help, version or a usage error as clap words it.
pub(crate) fn usage(error: &clap::Error) -> ExitCode {
    let _gone = error.print();
    ExitCode::from(if error.use_stderr() { Exit::Usage.code() } else { Exit::Done.code() })
}
