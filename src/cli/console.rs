//! What the program says: results on standard output, all else on standard error, colours only where they are wanted.

use crate::output::Error;
use crate::sweep::folder::Refused;
use std::fmt::Display;
use std::io::{self, ErrorKind, IsTerminal, Write};

/// The two streams and how they may be used.
pub(super) struct Console {
    /// Standard output: what was asked for.
    pub(super) out: Box<dyn Write>,
    /// Standard error: progress, warnings, errors.
    pub(super) err: Box<dyn Write>,
    /// Whether standard error is a terminal.
    pub(super) err_is_terminal: bool,
    /// Whether standard error may be coloured.
    pub(super) colours: bool,
}

impl Console {
    /// The streams of this process.
    #[expect(clippy::disallowed_methods, reason = "NO_COLOR and TERM change the looks of messages only")]
    pub(super) fn of_process() -> Self {
        let err_is_terminal = io::stderr().is_terminal();
        let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let is_dumb = std::env::var_os("TERM").is_some_and(|value| value == "dumb");
        Console {
            out: Box::new(io::stdout()),
            err: Box::new(io::stderr()),
            err_is_terminal,
            colours: err_is_terminal && !is_set("NO_COLOR") && !is_dumb,
        }
    }

    /// Writes to standard output. If nobody reads it (any more), that is no error.
    pub(super) fn print(&mut self, text: &str) -> Result<(), Failure> {
        match self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush()) {
            Err(error) if error.kind() != ErrorKind::BrokenPipe => {
                Err(Failure::unfinished(format!("cannot write to standard output: {error}")))
            }
            _ => Ok(()),
        }
    }

    /// Writes a message with a label such as `error` to standard error. There is nobody to tell if that fails.
    pub(super) fn message(&mut self, label: Label, text: impl Display) {
        let (name, colour) = match label {
            Label::Error => ("error", "\x1b[1;31m"),
            Label::Warning => ("warning", "\x1b[1;33m"),
            Label::Help => ("help", "\x1b[1;36m"),
            Label::Interrupted => ("interrupted", "\x1b[1;33m"),
        };
        let _ = if self.colours {
            writeln!(self.err, "{colour}{name}\x1b[0m: {text}")
        } else {
            writeln!(self.err, "{name}: {text}")
        };
    }

    /// Writes a text that has its labels and colours already to standard error, unless it is empty.
    pub(super) fn rendered(&mut self, text: &str) {
        if !text.trim().is_empty() {
            let _ = writeln!(self.err, "{}", text.trim_end());
        }
    }

    /// Says why nothing came of it, and gives the exit code.
    pub(super) fn fail(&mut self, failure: &Failure) -> u8 {
        match failure {
            Failure::Input { rendered } => {
                self.rendered(rendered);
                super::BAD_INPUT
            }
            Failure::Usage { text, help } => {
                self.message(Label::Error, text);
                if let Some(help) = help {
                    self.message(Label::Help, help);
                }
                super::BAD_INPUT
            }
            Failure::Unfinished { text } => {
                self.message(Label::Error, text);
                super::UNFINISHED
            }
            Failure::Violated { text } => {
                self.message(Label::Error, text);
                super::VIOLATED
            }
            Failure::Interrupted { text } => {
                self.message(Label::Interrupted, text);
                super::INTERRUPTED
            }
        }
    }
}

/// What a message begins with.
#[derive(Clone, Copy, Debug)]
pub(super) enum Label {
    Error,
    Warning,
    Help,
    Interrupted,
}

/// Why nothing came of a command.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// The scenario is not sound. The text is ready to be shown, with labels and colours.
    Input { rendered: String },
    /// The command cannot be carried out as it was given.
    Usage { text: String, help: Option<&'static str> },
    /// The run could not be finished or written.
    Unfinished { text: String },
    /// Something that must hold did not.
    Violated { text: String },
    /// The user ended it.
    Interrupted { text: String },
}

impl Failure {
    /// A run could not be finished or written.
    pub(super) fn unfinished(text: String) -> Self {
        Failure::Unfinished { text }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let text = error.to_string();
        let help = match error {
            Error::Exists { .. } => {
                Some("write elsewhere with --out or --record, or replace what is there with --force")
            }
            Error::NotResults { .. } => Some("write elsewhere with --out or --record"),
            _ => None,
        };
        if error.is_usage() { Failure::Usage { text, help } } else { Failure::Unfinished { text } }
    }
}

/// A sweep has no `--record`, and its results are not replaced but gone on with.
impl From<Refused> for Failure {
    fn from(refused: Refused) -> Self {
        let text = refused.to_string();
        match refused {
            Refused::Output(Error::NotResults { .. }) => {
                Failure::Usage { text, help: Some("use another folder (--out)") }
            }
            Refused::OtherSweep { .. } => Failure::Usage { text, help: None },
            Refused::Output(error) => error.into(),
            Refused::Journal(_) => Failure::Unfinished { text },
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use std::path::Path;
    use std::sync::{Arc, Mutex};

    /// Keeps what is written to it.
    #[derive(Clone, Default)]
    pub(in super::super) struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Kept {
        pub(in super::super) fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }
    }

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// A console that is no terminal, and what was written to its two streams.
    pub(in super::super) fn console() -> (Console, Kept, Kept) {
        let (out, err) = (Kept::default(), Kept::default());
        let console =
            Console { out: Box::new(out.clone()), err: Box::new(err.clone()), err_is_terminal: false, colours: false };
        (console, out, err)
    }

    struct Failing(ErrorKind);

    impl Write for Failing {
        fn write(&mut self, _bytes: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_reader_that_went_away_is_no_error_but_a_full_disk_is() {
        let (mut console, _, err) = console();
        console.out = Box::new(Failing(ErrorKind::BrokenPipe));
        assert_eq!(console.print("text"), Ok(()));
        console.out = Box::new(Failing(ErrorKind::StorageFull));
        let failure = console.print("text").unwrap_err();
        assert_eq!(console.fail(&failure), super::super::UNFINISHED);
        assert_eq!(err.text(), "error: cannot write to standard output: no storage space\n");
    }

    #[test]
    fn labels_are_coloured_only_when_wanted() {
        let (mut console, _, err) = console();
        console.message(Label::Error, "one");
        console.colours = true;
        console.message(Label::Warning, "two");
        assert_eq!(err.text(), "error: one\n\x1b[1;33mwarning\x1b[0m: two\n");
    }

    #[test]
    fn each_failure_has_its_exit_code() {
        let (mut console, _, err) = console();
        let path = Path::new("results/one").to_owned();
        let exists = Failure::from(Error::Exists { path: path.clone() });
        assert_eq!(console.fail(&exists), 2);
        assert_eq!(
            err.text(),
            "error: results/one exists already\n\
             help: write elsewhere with --out or --record, or replace what is there with --force\n"
        );
        let full = Error::io("write", &path)(ErrorKind::StorageFull.into());
        assert_eq!(console.fail(&full.into()), 1);
        assert_eq!(console.fail(&Failure::Interrupted { text: "at 1s".to_owned() }), 130);
        assert_eq!(console.fail(&Failure::Input { rendered: "error: many\n\n".to_owned() }), 2);
        assert!(err.text().ends_with("interrupted: at 1s\nerror: many\n"));
    }
}
