//! Who comes and goes, at random: churn laws of every kind, and events that strike many at once.

use super::generator::Frame;
use super::mode::Mode;
use crate::engine::dice::{Dice, whole_milliseconds};
use crate::scenario::Draft;
use crate::scenario::presets::{Law, PRESETS};

/// A law of durations with a mean of `mean_s` or thereabouts.
fn law(dice: &mut Dice, mean_s: f64) -> Draft {
    let mean = whole_milliseconds(mean_s);
    let (name, table) = match dice.count(0, 6) {
        0 => ("fixed", Draft::of_duration("length", mean)),
        1 => {
            let (from, to) = (whole_milliseconds(mean_s * 0.2), whole_milliseconds(mean_s * 1.8));
            ("uniform", Draft::of_duration("from", from).duration("to", to))
        }
        2 => {
            let key = dice.pick(&["scale", "mean"]);
            ("weibull", Draft::of_duration(key, mean).number("shape", dice.number(0.4, 2.5)))
        }
        3 => {
            let minimum = whole_milliseconds(mean_s * 0.4);
            ("pareto", Draft::of_duration("minimum", minimum).number("shape", dice.number(1.1, 3.0)))
        }
        4 => ("pareto", Draft::of_duration("mean", mean).number("shape", dice.number(1.2, 3.0))),
        5 => {
            let key = dice.pick(&["median", "mean"]);
            ("log_normal", Draft::of_duration(key, mean).number("sigma", dice.number(0.1, 1.5)))
        }
        _ => ("exponential", Draft::of_duration("mean", mean)),
    };
    Draft::new().table(name, table)
}

/// `[churn]`, if there is any.
pub(super) fn churn(dice: &mut Dice, frame: &Frame) -> Draft {
    if frame.mode == Mode::Calm || dice.percent(25) {
        return Draft::new();
    }
    let session_s = frame.round_s * dice.magnitude(6.0, 300.0);
    let mut must_be_fresh = false;
    // Whether a node can return, with the same identifier or with another.
    let mut returns = false;
    let table = match dice.count(0, 4) {
        0 => {
            let preset = dice.pick(&PRESETS);
            // A law of infinite mean has no equilibrium to start in.
            must_be_fresh = matches!(preset.session, Law::Pareto(shape, _) if shape <= 1.0);
            returns = preset.downtime.is_some();
            Draft::new().text("preset", preset.name)
        }
        1 => Draft::new().table("session", law(dice, session_s)).flag("steady", true),
        2 => {
            let every = whole_milliseconds(session_s / f64::from(frame.nodes));
            let poisson = match dice.count(0, 3) {
                0 => Draft::of_duration("joins_every", every),
                1 => Draft::of_duration("departures_every", every),
                _ => Draft::of_duration("joins_every", every).duration("departures_every", every),
            };
            Draft::new().table("poisson", poisson)
        }
        _ => {
            let downtime_s = session_s * dice.magnitude(0.1, 2.0);
            returns = true;
            Draft::new().table("session", law(dice, session_s)).table("downtime", law(dice, downtime_s))
        }
    };
    let table = match frame.mode == Mode::Everything && dice.percent(50) {
        true => table.number("graceful", dice.number(0.0, 1.0)),
        false => table,
    };
    let table = if dice.percent(25) && returns { table.text("return_identifier", "same") } else { table };
    let is_fresh = dice.percent(40) || must_be_fresh;
    Draft::new().table("churn", if is_fresh { table.text("at_start", "fresh") } else { table })
}

/// Crashes, leaves and joins, and when \[s\].
pub(super) fn events(dice: &mut Dice, frame: &Frame) -> Vec<(f64, Draft)> {
    let mut events = Vec::new();
    for _ in 0..dice.count(0, 4) {
        let at = frame.quiet_s * dice.number(0.02, 0.95);
        let kinds: &[&str] = match frame.mode {
            Mode::Everything => &["crash", "leave", "join"],
            _ => &["crash", "crash", "join"],
        };
        let kind = dice.pick(kinds);
        let nodes = f64::from(frame.nodes);
        let event = match kind {
            "join" => {
                let table = Draft::new().count("count", dice.magnitude(1.0, nodes.min(300.0) + 1.0) as u64);
                match dice.percent(60) {
                    true => table.duration("over", whole_milliseconds(frame.round_s * dice.magnitude(0.01, 5.0))),
                    false => table,
                }
            }
            _ if dice.percent(50) => Draft::new().number("fraction", dice.number(0.0, 0.6)),
            _ => Draft::new().count("count", dice.magnitude(1.0, nodes * 0.6 + 1.0) as u64),
        };
        let event = Draft::new().table(kind, event);
        let event = match dice.percent(12) {
            true => {
                let times = dice.count(1, 4);
                let every = whole_milliseconds((frame.quiet_s - at) / (times + 1) as f64);
                event.table("repeat", Draft::of_duration("every", every).count("times", times))
            }
            false => event,
        };
        events.push((at, event));
    }
    events
}
