//! Progress on standard error: a bar on a terminal, elsewhere a line every few seconds.

use super::clock::Stopwatch;
use crate::observe::{Monitor, Progress};
use crate::output::human::{figure, grouped, span};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle, TermLike};
use std::io::{self, Write};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Real time between two lines where there is no terminal.
pub(super) const HEARTBEAT: Duration = Duration::from_secs(5);

/// When to show progress.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum When {
    /// A bar on a terminal, elsewhere a line every five seconds
    Auto,
    /// A bar, also where standard error is not a terminal
    Always,
    /// Nothing
    Never,
}

/// Shows how far a run is, and ends it when it is asked to.
pub(super) struct Watcher {
    style: Style,
    clock: Stopwatch,
    stop: Arc<AtomicBool>,
}

enum Style {
    Silent,
    Bar(ProgressBar),
    Heartbeat { name: String, err: Box<dyn Write>, next: Duration },
}

impl Watcher {
    /// Starts to watch the run of a scenario called `name`, until `stop` is set.
    pub(super) fn start(when: When, name: &str, err_is_terminal: bool, stop: Arc<AtomicBool>) -> Self {
        let style = match when {
            When::Never => Style::Silent,
            When::Auto if !err_is_terminal => heartbeat(name, Box::new(io::stderr())),
            When::Always if !err_is_terminal => bar(ProgressDrawTarget::term_like_with_hz(Box::new(Redirected), 10)),
            When::Auto | When::Always => bar(ProgressDrawTarget::stderr_with_hz(10)),
        };
        Watcher { style, clock: Stopwatch::start(), stop }
    }

    /// Takes the bar off the screen and gives the real time since the start.
    pub(super) fn finish(self) -> Duration {
        let elapsed = self.clock.elapsed();
        if let Style::Bar(bar) = self.style {
            bar.finish_and_clear();
        }
        elapsed
    }
}

impl Monitor for Watcher {
    fn progress(&mut self, progress: &Progress) -> ControlFlow<()> {
        if self.stop.load(Ordering::Relaxed) {
            return ControlFlow::Break(());
        }
        show(&mut self.style, progress, self.clock.elapsed());
        ControlFlow::Continue(())
    }
}

fn show(style: &mut Style, progress: &Progress, elapsed: Duration) {
    match style {
        Style::Silent => {}
        Style::Bar(bar) => {
            bar.set_message(format!("{:3.0}%  {}", progress.share() * 100.0, text(progress, elapsed, "  ", "")));
            bar.set_position((progress.share() * BAR_STEPS as f64) as u64);
        }
        Style::Heartbeat { name, err, next } => {
            if elapsed >= *next {
                let percent = progress.share() * 100.0;
                let _ = writeln!(err, "{name}: {percent:.0}%, {}", text(progress, elapsed, ", ", " nodes"));
                *next = elapsed + HEARTBEAT;
            }
        }
    }
}

/// `12min of 1h 20min, 9,998 live nodes, 5.10 M events/s, 8s left`.
fn text(progress: &Progress, elapsed: Duration, between: &str, nodes: &str) -> String {
    let since_start = |time: crate::engine::time::Time| span(time.since(crate::engine::time::Time::ZERO));
    let mut text = format!(
        "{} of {}{between}{} live{nodes}",
        since_start(progress.now),
        since_start(progress.end),
        grouped(progress.live_nodes)
    );
    let seconds = elapsed.as_secs_f64();
    if seconds > 0.0 {
        text.push_str(&format!("{between}{}", speed(progress.events as f64 / seconds)));
    }
    if let Some(left) = left(progress.share(), seconds) {
        text.push_str(&format!("{between}{left} left"));
    }
    text
}

/// `5.10 M events/s`.
pub(super) fn speed(events_per_s: f64) -> String {
    if events_per_s >= 1e6 {
        format!("{} M events/s", figure(events_per_s / 1e6))
    } else {
        format!("{} events/s", figure(events_per_s))
    }
}

/// Real time that is left if the run goes on as fast as so far: unknown at its very beginning.
pub(super) fn left(share: f64, elapsed_s: f64) -> Option<String> {
    let seconds = elapsed_s * (1.0 - share) / share;
    let known = share >= 0.001 && elapsed_s >= 1.0;
    known.then(|| span(crate::engine::time::Duration::from_secs(seconds.ceil() as u64)))
}

/// Length of the bar in steps that are told to it: finer than it can be drawn.
const BAR_STEPS: u64 = 10_000;

fn bar(target: ProgressDrawTarget) -> Style {
    let style = ProgressStyle::with_template("{bar:10.cyan} {wide_msg}").expect("the template is sound");
    Style::Bar(ProgressBar::with_draw_target(Some(BAR_STEPS), target).with_style(style.progress_chars("━╸─")))
}

fn heartbeat(name: &str, err: Box<dyn Write>) -> Style {
    Style::Heartbeat { name: name.to_owned(), err, next: HEARTBEAT }
}

/// Standard error drawn on like a terminal of 80 columns, whatever it is.
#[derive(Debug)]
pub(super) struct Redirected;

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

#[cfg(test)]
mod tests {
    use super::super::console::tests::Kept;
    use super::*;
    use crate::engine::time::Time;

    fn at(share: f64) -> Progress {
        let end = 4_800_000_000_000_u64;
        let now = Time::from_nanos((end as f64 * share) as u64);
        Progress { now, end: Time::from_nanos(end), live_nodes: 9_998, events: (1e8 * share) as u64 }
    }

    #[test]
    fn where_there_is_no_terminal_a_line_appears_every_five_seconds() {
        let err = Kept::default();
        let mut style = heartbeat("churn20m", Box::new(err.clone()));
        for tenth in 0..=120 {
            let elapsed = Duration::from_millis(tenth * 100);
            show(&mut style, &at(elapsed.as_secs_f64() / 20.0), elapsed);
        }
        assert_eq!(
            err.text(),
            "churn20m: 25%, 20min of 1h 20min, 9,998 live nodes, 5.00 M events/s, 15s left\n\
             churn20m: 50%, 40min of 1h 20min, 9,998 live nodes, 5.00 M events/s, 10s left\n"
        );
    }

    #[test]
    fn the_bar_fits_80_columns_and_says_no_time_left_before_it_can_be_known() {
        let widest = Progress {
            now: Time::from_nanos(86_399_000_000_000 * 9),
            end: Time::from_nanos(86_400_000_000_000 * 10),
            live_nodes: 10_000_000,
            events: 10_000_000_000,
        };
        let text = text(&widest, Duration::from_secs(4_000), "  ", "");
        assert!(10 + 1 + 6 + text.chars().count() <= 80, "{text}");
        assert_eq!(left(0.0, 10.0), None);
        assert_eq!(left(0.5, 0.5), None);
        assert_eq!(left(0.25, 10.0), Some("30s".to_owned()));
        assert_eq!(speed(25_300.0), "25,300 events/s");
    }

    #[test]
    fn a_watcher_ends_the_run_when_it_is_asked_to() {
        let stop = Arc::new(AtomicBool::new(false));
        let mut watcher = Watcher::start(When::Never, "x", false, Arc::clone(&stop));
        assert_eq!(watcher.progress(&at(0.1)), ControlFlow::Continue(()));
        stop.store(true, Ordering::Relaxed);
        assert_eq!(watcher.progress(&at(0.2)), ControlFlow::Break(()));
    }
}
