//! What all progress on standard error has in common: where it is shown, what a bar looks like, when a line is due.

use super::progress::When;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle, TermLike};
use std::io::{self, Write};
use std::time::Duration;

/// Length of a bar that shows a share, in steps that are told to it: finer than it can be drawn.
pub(super) const BAR_STEPS: u64 = 10_000;

/// Bars are drawn so often in a second, at most.
const DRAWS_PER_S: u8 = 10;

/// Where progress is shown.
pub(super) enum Place {
    /// Nowhere.
    Nowhere,
    /// On lines of their own.
    Lines,
    /// In bars that are drawn again and again.
    Bars(ProgressDrawTarget),
}

impl Place {
    /// Where it is wanted, on a standard error that is a terminal or not.
    pub(super) fn of(when: When, err_is_terminal: bool) -> Self {
        match when {
            When::Never => Place::Nowhere,
            When::Auto if !err_is_terminal => Place::Lines,
            When::Always if !err_is_terminal => {
                Place::Bars(ProgressDrawTarget::term_like_with_hz(Box::new(Redirected), DRAWS_PER_S))
            }
            When::Auto | When::Always => Place::Bars(ProgressDrawTarget::stderr_with_hz(DRAWS_PER_S)),
        }
    }
}

/// A bar of `width` columns with a message beside it, not yet shown anywhere.
pub(super) fn bar(width: usize) -> ProgressBar {
    styled(&format!("{{bar:{width}.cyan}} {{wide_msg}}"))
}

/// A message alone, indented, not yet shown anywhere.
pub(super) fn line() -> ProgressBar {
    styled("  {wide_msg}")
}

fn styled(template: &str) -> ProgressBar {
    let style = ProgressStyle::with_template(template).expect("the template is sound");
    ProgressBar::with_draw_target(Some(BAR_STEPS), ProgressDrawTarget::hidden()).with_style(style.progress_chars("━╸─"))
}

/// Says when a line is due where there is no terminal.
#[derive(Clone, Copy, Debug)]
pub(super) struct Heartbeat {
    next: Duration,
}

impl Heartbeat {
    /// Real time between two lines.
    const EVERY: Duration = Duration::from_secs(5);

    /// The first line is due after one interval.
    pub(super) fn new() -> Self {
        Heartbeat { next: Heartbeat::EVERY }
    }

    /// Whether a line is due after so much real time. If so, the next is an interval later.
    pub(super) fn is_due(&mut self, elapsed: Duration) -> bool {
        let is_due = elapsed >= self.next;
        if is_due {
            self.next = elapsed + Heartbeat::EVERY;
        }
        is_due
    }
}

/// Standard error drawn on like a terminal of 80 columns, whatever it is.
#[derive(Debug)]
struct Redirected;

impl TermLike for Redirected {
    fn width(&self) -> u16 {
        80
    }

    fn move_cursor_up(&self, lines: usize) -> io::Result<()> {
        if lines > 0 { self.write_str(&format!("\x1b[{lines}A")) } else { Ok(()) }
    }

    fn move_cursor_down(&self, lines: usize) -> io::Result<()> {
        if lines > 0 { self.write_str(&format!("\x1b[{lines}B")) } else { Ok(()) }
    }

    fn move_cursor_right(&self, columns: usize) -> io::Result<()> {
        if columns > 0 { self.write_str(&format!("\x1b[{columns}C")) } else { Ok(()) }
    }

    fn move_cursor_left(&self, columns: usize) -> io::Result<()> {
        if columns > 0 { self.write_str(&format!("\x1b[{columns}D")) } else { Ok(()) }
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        writeln!(io::stderr(), "{text}")
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        io::stderr().write_all(text.as_bytes())
    }

    fn clear_line(&self) -> io::Result<()> {
        self.write_str("\r\x1b[2K")
    }

    fn flush(&self) -> io::Result<()> {
        io::stderr().flush()
    }
}
