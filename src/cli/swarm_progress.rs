//! Which seeds are being played: each is named before it is played, so that a hang or an abort tells its seed.

use super::display::{BAR_STEPS, Place, bar};
use super::progress::When;
use crate::swarm::{Mode, Watcher};
use indicatif::ProgressBar;
use std::collections::BTreeSet;
use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};

/// Shows the seeds: in a bar on a terminal, elsewhere in a line for each.
pub(super) struct Display {
    style: Style,
    runs: u64,
    state: Mutex<State>,
}

enum Style {
    Silent,
    Lines,
    Bar(ProgressBar),
}

#[derive(Default)]
struct State {
    playing: BTreeSet<(u64, Mode)>,
    done: u64,
}

impl Display {
    pub(super) fn start(when: When, err_is_terminal: bool, runs: u64) -> Self {
        let style = match Place::of(when, err_is_terminal) {
            Place::Nowhere => Style::Silent,
            Place::Lines => Style::Lines,
            Place::Bars(target) => {
                let bar = bar(10);
                bar.set_draw_target(target);
                Style::Bar(bar)
            }
        };
        Display { style, runs, state: Mutex::default() }
    }

    pub(super) fn finish(&self) {
        if let Style::Bar(bar) = &self.style {
            bar.finish_and_clear();
        }
    }

    /// Draws the bar after a change, at once: the next thing may be an abort.
    fn draw(&self, bar: &ProgressBar, change: impl FnOnce(&mut State)) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut state);
        let seeds: Vec<String> = state.playing.iter().map(|(seed, mode)| format!("{seed} ({mode})")).collect();
        bar.set_position((state.done as f64 / self.runs.max(1) as f64 * BAR_STEPS as f64) as u64);
        bar.set_message(format!("{} of {} runs, seeds {}", state.done, self.runs, seeds.join(", ")));
        bar.tick();
    }
}

impl Watcher for Display {
    fn begins(&self, seed: u64, mode: Mode) {
        match &self.style {
            Style::Silent => {}
            Style::Lines => {
                let _ = writeln!(io::stderr(), "seed {seed} ({mode})");
            }
            Style::Bar(bar) => self.draw(bar, |state| {
                state.playing.insert((seed, mode));
            }),
        }
    }

    fn ended(&self, seed: u64, mode: Mode) {
        if let Style::Bar(bar) = &self.style {
            self.draw(bar, |state| {
                state.playing.remove(&(seed, mode));
                state.done += 1;
            });
        }
    }
}
