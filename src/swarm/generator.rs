//! Scenarios at random: from a seed, a valid scenario of everything that the format knows.
//!
//! A scenario is text like any other, so that it can be kept, read and played by hand; nothing but the seed, the mode
//! and the choice of protocols enters. What the protocol's own table may say, the protocol draws itself
//! ([`Configurable::sample`](crate::scenario::Configurable::sample)). Files are never named: measured latencies and
//! schedules are left out.

use super::generate_kinds::Kinds;
use super::mode::Mode;
use super::{generate_churn as churn, generate_kinds, generate_network as network};
use crate::engine::dice::{Dice, whole_milliseconds};
use crate::engine::random::{Purpose, Seed};
use crate::engine::time::Duration;
use crate::scenario::Draft;
use crate::scenario::{Circumstances, Sample};
use crate::simulation::protocols;

/// Messages that a run may take before quiet returns, or thereabouts.
const MESSAGES: f64 = 250_000.0;

/// A scenario, and how often it is to be checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Generated {
    /// The scenario, as TOML.
    pub text: String,
    /// Virtual time between two checks.
    pub check_every: Duration,
}

/// What the parts of a scenario have in common.
pub(super) struct Frame {
    pub mode: Mode,
    pub nodes: u32,
    pub is_joining: bool,
    /// Time of a round of maintenance \[s\].
    pub round_s: f64,
    /// When quiet returns \[s\].
    pub quiet_s: f64,
}

/// The scenario of a seed, of the protocol of that name; without one any protocol is drawn, and of a name that is not
/// there the scenario is not sound.
pub fn generate(seed: u64, mode: Mode, protocol: Option<&str>) -> Generated {
    let stream = Seed { seed, replicate: mode as u64 }.stream(Purpose::Swarm);
    let dice = &mut Dice::new(stream);
    let nodes = match dice.count(0, 19) {
        0 => dice.magnitude(500.0, 2000.0),
        1..=4 => dice.magnitude(80.0, 500.0),
        _ => dice.magnitude(2.0, 80.0),
    } as u32;
    let mut kinds = generate_kinds::kinds(dice, mode);
    let (network, longest_wait) = network::draw(dice, mode, kinds.extra_s);
    // One draw in both cases.
    let protocol = dice.pick(protocol.as_ref().map_or(protocols::NAMES, std::slice::from_ref));
    let circumstances = Circumstances { nodes, longest_wait, is_calm: mode == Mode::Calm };
    let sample = protocols::sample(protocol, dice, &circumstances).unwrap_or_default();
    kinds.behind_nat(dice, &sample);
    let network = if kinds.has_nat { network } else { network::behind_nat(dice, mode, network, &sample) };
    let network = match generate_kinds::line(dice, mode) {
        Some(line) => network.table("bandwidth", line),
        None => network,
    };
    let network = network.tables("link", kinds.links(dice));
    let frame = frame(dice, mode, nodes, &sample);
    let table = Draft::new()
        .text("name", &format!("swarm-{mode}-{seed}"))
        .text("description", &format!("Drawn at random: seed {seed}, mode {mode}"))
        .count("seed", dice.count(0, i64::MAX as u64))
        .table("population", population(dice, &frame).tables("kind", kinds.tables.clone()))
        .table("protocol", Draft::new().table(protocol, sample.table.clone()))
        .table("network", network)
        .and(churn::churn(dice, &frame))
        .and(workload(dice, &frame))
        .tables("event", events(dice, &frame, &kinds))
        .table("measurement", measurement(dice, &frame, &sample));
    let check_every = whole_milliseconds(frame.round_s * dice.magnitude(0.05, 1.0));
    Generated { text: table.finish().to_toml(), check_every }
}

fn frame(dice: &mut Dice, mode: Mode, nodes: u32, sample: &Sample) -> Frame {
    let round_s = sample.round.as_secs_f64();
    let most = (MESSAGES / (f64::from(nodes) * sample.messages_per_round)).clamp(6.0, 150.0);
    let rounds = dice.magnitude(4.0, most.max(5.0));
    let is_joining = dice.percent(25);
    let quiet_s = match mode {
        Mode::Calm if !is_joining => 0.0,
        _ => rounds * round_s,
    };
    Frame { mode, nodes, is_joining, round_s, quiet_s }
}

fn population(dice: &mut Dice, frame: &Frame) -> Draft {
    let table = Draft::new().count("nodes", u64::from(frame.nodes));
    let table = match frame.is_joining {
        true => {
            let join_every = whole_milliseconds(frame.quiet_s * dice.number(0.1, 0.8) / f64::from(frame.nodes));
            table.text("start", "joining").duration("join_every", join_every)
        }
        false => table,
    };
    match dice.percent(30) {
        true => table.count("permanent", dice.count(0, u64::from(frame.nodes))),
        false => table,
    }
}

fn workload(dice: &mut Dice, frame: &Frame) -> Draft {
    if dice.percent(5) {
        return Draft::new();
    }
    let every = frame.round_s * dice.magnitude(0.3, 10.0);
    let table = match dice.percent(75) {
        true => Draft::new().duration("lookups_every", whole_milliseconds(every)),
        false => {
            let of_all = whole_milliseconds(every / f64::from(frame.nodes));
            let table = Draft::new().duration("network_lookups_every", of_all);
            if dice.percent(30) { table.text("spacing", "even") } else { table }
        }
    };
    let keys = match dice.count(0, 5) {
        0 => Draft::new().table("uniform", Draft::new()),
        1 => {
            let zipf = Draft::new().count("keys", dice.count(1, 10_000)).number("exponent", dice.number(0.0, 3.0));
            Draft::new().table("zipf", zipf)
        }
        2 => Draft::new().table("live_nodes", Draft::new()),
        _ => return Draft::new().table("workload", table),
    };
    Draft::new().table("workload", table.table("keys", keys))
}

/// Events in order of time; the last is the return of quiet.
fn events(dice: &mut Dice, frame: &Frame, kinds: &Kinds) -> Vec<Draft> {
    let mut events = Vec::new();
    if frame.mode != Mode::Calm {
        events = churn::events(dice, frame);
        if frame.mode == Mode::Everything {
            events.extend(network::partitions(dice, frame));
            events.extend(kinds.events(dice, frame));
            events.extend(kinds.strike(dice, frame));
        }
    }
    events.sort_by(|(one, _), (other, _)| one.total_cmp(other));
    let mut tables: Vec<Draft> = events
        .into_iter()
        .map(|(seconds, event)| Draft::of_duration("at", whole_milliseconds(seconds)).and(event))
        .collect();
    // A few runs are never left alone.
    if frame.mode == Mode::Calm || !dice.percent(3) {
        let at = if frame.quiet_s == 0.0 { Duration::ZERO } else { whole_milliseconds(frame.quiet_s) };
        tables.push(Draft::of_duration("at", at).flag("quiet", true));
    }
    tables
}

fn measurement(dice: &mut Dice, frame: &Frame, sample: &Sample) -> Draft {
    let warmup = match dice.percent(30) {
        true => whole_milliseconds(frame.round_s * dice.number(0.1, 3.0)),
        false => Duration::ZERO,
    };
    let duration = whole_milliseconds(frame.quiet_s) + sample.healing;
    let table = Draft::new().duration("warmup", warmup).duration("duration", duration);
    let table = match dice.percent(70) {
        true => table.duration("window", duration),
        false => table.duration("window", whole_milliseconds(frame.round_s * dice.number(3.0, 20.0)).min(duration)),
    };
    let table = match !frame.is_joining && frame.mode == Mode::Everything && dice.percent(5) {
        true => table.text("owner", "original"),
        false => table,
    };
    if dice.percent(10) { table.count("load_keys", dice.count(1, 1000)) } else { table }
}
