//! Plays the scenario of one seed, with all checkers on.

use super::generator::generate;
use super::mode::Mode;
use crate::engine::time::Duration;
use crate::observe::progress::Until;
use crate::observe::report::{Healing, RunReport, Unrecorded};
use crate::observe::{Stopped, Violation};
use crate::scenario::{self, Diagnostics, Loaded, Source};
use crate::simulation::protocols::{self, Playable};
use crate::simulation::{Check, Options};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::AtomicBool;

/// One seed in so many is played twice, and must give the same run.
const PLAYED_TWICE: u64 = 16;

/// What went wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// A statement did not hold.
    Violation(Box<Violation>),
    /// The program panicked, with this message.
    Panic(String),
    /// Two plays gave different fingerprints.
    Differs(String, String),
    /// The scenario was not sound.
    Unsound(String),
}

impl Trouble {
    /// What is at fault: the name of a checker, or of the kind of trouble.
    pub fn name(&self) -> &'static str {
        match self {
            Trouble::Violation(violation) => violation.checker,
            Trouble::Panic(_) => "panic",
            Trouble::Differs(..) => "determinism",
            Trouble::Unsound(_) => "scenario",
        }
    }
}

/// A seed with which something went wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The seed.
    pub seed: u64,
    /// Its mode.
    pub mode: Mode,
    /// Time between two checks.
    pub check_every: Duration,
    /// What went wrong.
    pub trouble: Trouble,
}

/// How a seed ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Ended {
    /// All held.
    Sound {
        /// Events played.
        events: u64,
        /// Lookups that ended.
        lookups: u64,
        /// How the network healed; `None` if it was never left in quiet.
        healing: Option<Healing>,
    },
    /// Something did not.
    Found(Finding),
    /// The arguments do not go with this scenario, and why.
    Skipped(String),
    /// It was stopped.
    Interrupted,
}

/// Reads a scenario.
pub(super) fn load(text: &str, set: &[String]) -> Result<Loaded<Playable>, Diagnostics> {
    scenario::load(Source::from_text("swarm.toml", text), set, protocols::NAMES, protocols::read)
}

/// How a play of a text ends.
pub(super) enum Played {
    Sound(Box<RunReport>),
    Trouble(Trouble),
    Interrupted,
}

/// Plays a scenario with checks. A panic is caught and told.
pub(super) fn play_loaded(loaded: Loaded<Playable>, check: Check, stop: &AtomicBool) -> Played {
    let options = Options { check: Some(check), blind: true, ..Options::default() };
    let played = catch_unwind(AssertUnwindSafe(|| {
        loaded.protocol.play(&loaded.scenario, options, &mut Until(stop), &mut Unrecorded)
    }));
    match played {
        Ok(Ok(report)) => Played::Sound(Box::new(report)),
        Ok(Err(Stopped::Violated(violation))) => Played::Trouble(Trouble::Violation(violation)),
        Ok(Err(Stopped::Interrupted(_))) => Played::Interrupted,
        Ok(Err(Stopped::Exhausted(exhausted))) => Played::Trouble(Trouble::Unsound(exhausted.to_string())),
        Err(panic) => Played::Trouble(Trouble::Panic(message(panic.as_ref()))),
    }
}

/// Plays the scenario of a seed ([`generate`]), with `set` in place of what it says.
pub fn play(seed: u64, mode: Mode, protocol: Option<&str>, set: &[String], stop: &AtomicBool) -> Ended {
    let generated = generate(seed, mode, protocol);
    let found = |trouble| Ended::Found(Finding { seed, mode, check_every: generated.check_every, trouble });
    let loaded = match load(&generated.text, set) {
        Ok(loaded) => loaded,
        Err(problems) if set.is_empty() => return found(Trouble::Unsound(problems.to_string())),
        Err(problems) => return Ended::Skipped(problems.to_string()),
    };
    let check = Check { every: generated.check_every, each_event_from: None, until_healed: true };
    let again = |check| load(&generated.text, set).map(|loaded| play_loaded(loaded, check, stop));
    match play_loaded(loaded, check, stop) {
        Played::Sound(report) => {
            if seed.is_multiple_of(PLAYED_TWICE)
                && let Ok(Played::Sound(second)) = again(check)
                && second.fingerprint != report.fingerprint
            {
                return found(Trouble::Differs(report.fingerprint.clone(), second.fingerprint));
            }
            let lookups = report.healing.map_or(report.total.outcomes.lookups(), |healing| healing.lookups);
            Ended::Sound { events: report.events, lookups, healing: report.healing }
        }
        // Once more with a check before every event of the last period, to name the event.
        Played::Trouble(Trouble::Violation(seen)) => match again(check.closer(seen.at)) {
            Ok(Played::Trouble(Trouble::Violation(first))) => found(Trouble::Violation(first)),
            _ => found(Trouble::Violation(seen)),
        },
        Played::Trouble(trouble) => found(trouble),
        Played::Interrupted => Ended::Interrupted,
    }
}

fn message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "without a message".to_owned())
}
