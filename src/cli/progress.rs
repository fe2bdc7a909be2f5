//! Progress on standard error: a bar on a terminal, elsewhere a line every few seconds.

use super::clock::Stopwatch;
use super::display::{self, BAR_STEPS, Heartbeat, Place};
use crate::observe::{Monitor, Progress, Until};
use crate::output::human::{figure, grouped, span};
use indicatif::ProgressBar;
use std::io::{self, Write};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

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
    Lines { name: String, err: Box<dyn Write>, heartbeat: Heartbeat },
}

impl Watcher {
    /// Starts to watch the run of a scenario called `name`, until `stop` is set.
    pub(super) fn start(when: When, name: &str, err_is_terminal: bool, stop: Arc<AtomicBool>) -> Self {
        let style = match Place::of(when, err_is_terminal) {
            Place::Nowhere => Style::Silent,
            Place::Lines => lines(name, Box::new(io::stderr())),
            Place::Bars(target) => {
                let bar = display::bar(10);
                bar.set_draw_target(target);
                Style::Bar(bar)
            }
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
        Until(&self.stop).progress(progress)?;
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
        Style::Lines { name, err, heartbeat } => {
            if heartbeat.is_due(elapsed) {
                let percent = progress.share() * 100.0;
                let _ = writeln!(err, "{name}: {percent:.0}%, {}", text(progress, elapsed, ", ", " nodes"));
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

fn lines(name: &str, err: Box<dyn Write>) -> Style {
    Style::Lines { name: name.to_owned(), err, heartbeat: Heartbeat::new() }
}

#[cfg(test)]
mod tests {
    use super::super::console::tests::Kept;
    use super::*;
    use crate::engine::time::Time;
    use std::sync::atomic::Ordering;

    fn at(share: f64) -> Progress {
        let end = 4_800_000_000_000_u64;
        let now = Time::from_nanos((end as f64 * share) as u64);
        Progress { now, end: Time::from_nanos(end), live_nodes: 9_998, events: (1e8 * share) as u64, last_event: None }
    }

    #[test]
    fn where_there_is_no_terminal_a_line_appears_every_five_seconds() {
        let err = Kept::default();
        let mut style = lines("churn20m", Box::new(err.clone()));
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
            last_event: None,
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
