//! Which seeds are being played: each is named before it is played, so that a hang or an abort tells its seed.

use super::progress::{Redirected, When};
use crate::swarm::{Mode, Watcher};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::collections::BTreeSet;
use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};

/// Shows the seeds: in a bar on a terminal, elsewhere in a line for each.
pub(super) struct Display {
    bar: Option<ProgressBar>,
    is_silent: bool,
    playing: Mutex<BTreeSet<(u64, Mode)>>,
}

impl Display {
    pub(super) fn start(when: When, err_is_terminal: bool, runs: u64) -> Self {
        let bar = |target| {
            let style = ProgressStyle::with_template("{bar:10.cyan} {pos} of {len} runs, {eta} left  {wide_msg}");
            let style = style.expect("the template is sound").progress_chars("━╸─");
            Some(ProgressBar::with_draw_target(Some(runs), target).with_style(style))
        };
        let bar = match when {
            When::Never => None,
            When::Auto if !err_is_terminal => None,
            When::Always if !err_is_terminal => bar(ProgressDrawTarget::term_like_with_hz(Box::new(Redirected), 10)),
            When::Auto | When::Always => bar(ProgressDrawTarget::stderr_with_hz(10)),
        };
        Display { bar, is_silent: when == When::Never, playing: Mutex::default() }
    }

    pub(super) fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }

    fn show(&self, bar: &ProgressBar, playing: &BTreeSet<(u64, Mode)>) {
        let seeds: Vec<String> = playing.iter().map(|(seed, mode)| format!("{seed} ({mode})")).collect();
        bar.set_message(format!("seeds {}", seeds.join(", ")));
    }
}

impl Watcher for Display {
    fn begins(&self, seed: u64, mode: Mode) {
        match &self.bar {
            Some(bar) => {
                let mut playing = self.playing.lock().unwrap_or_else(PoisonError::into_inner);
                playing.insert((seed, mode));
                self.show(bar, &playing);
                // Drawn at once: the next thing may be an abort.
                bar.tick();
            }
            None if self.is_silent => {}
            None => {
                let _ = writeln!(io::stderr(), "seed {seed} ({mode})");
            }
        }
    }

    fn ended(&self, seed: u64, mode: Mode) {
        if let Some(bar) = &self.bar {
            let mut playing = self.playing.lock().unwrap_or_else(PoisonError::into_inner);
            playing.remove(&(seed, mode));
            self.show(bar, &playing);
            bar.inc(1);
        }
    }
}
