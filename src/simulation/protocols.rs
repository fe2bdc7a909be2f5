//! The protocols that a scenario can name: one line each.

use super::{Options, Simulation};
use crate::engine::dice::Dice;
use crate::engine::time::{Duration, Time};
use crate::node::{Inspect, Protocol, Simulated};
use crate::observe::report::{Recorder, RunReport};
use crate::observe::{Monitor, Stopped};
use crate::scenario::reference::ProtocolReference;
use crate::scenario::{
    Action, Arrivals, AtStart, ChurnProcess, Circumstances, Configurable, Facts, Latency, ReturnIdentifier, Sample,
    Scenario, ScheduleAction, TableReader,
};

/// Memory that every run takes, whatever its size \[B\]: the program itself, and buffers of fixed size, such as the
/// histograms of times.
const BASE_BYTES: u64 = 13 << 20;
/// Standard deviations by which chance is allowed to exceed what is expected.
const MARGIN: f64 = 4.0;
/// Memory of a node that is away: its place in the churn process \[B\].
const AWAY_BYTES: u64 = 80;
/// Memory of a lookup under way, with its messages \[B\].
const LOOKUP_BYTES: f64 = 800.0;
/// Time that a lookup is taken to be under way, to tell how many there are at once \[s\].
const LOOKUP_S: f64 = 1.0;

/// A protocol for tests that do not care which.
#[cfg(test)]
pub(super) type Any = crate::protocols::chord::Chord;

/// A protocol with its parameters, ready to play a scenario.
pub struct Playable {
    play: Play,
    identifiers_per_node: u32,
    identifier_bits: u32,
    identifiers_may_come_again: bool,
    bytes_per_identifier: u64,
}

type Play = Box<dyn FnOnce(&Scenario, Options, &mut dyn Monitor, &mut dyn Recorder) -> Played>;

/// The report of a run, or why there is none.
pub type Played = Result<RunReport, Stopped>;

impl Playable {
    /// Any protocol.
    pub fn new<P: Simulated + 'static>(protocol: P) -> Self {
        Playable {
            identifiers_per_node: protocol.identifiers_per_node(),
            identifier_bits: protocol.identifier_bits(),
            identifiers_may_come_again: protocol.identifiers_may_come_again(),
            bytes_per_identifier: protocol.bytes_per_identifier(),
            play: Box::new(|scenario, options, monitor, recorder| {
                Simulation::new(scenario, protocol, options).run(monitor, recorder)
            }),
        }
    }

    /// Anything that can play a scenario: for tests of those who have scenarios played. Each node is said to take
    /// `bytes_per_node` of memory \[B\].
    pub fn custom(
        bytes_per_node: u64,
        play: impl FnOnce(&Scenario, Options, &mut dyn Monitor, &mut dyn Recorder) -> Played + 'static,
    ) -> Self {
        Playable {
            identifiers_per_node: 1,
            identifier_bits: 64,
            identifiers_may_come_again: true,
            bytes_per_identifier: bytes_per_node,
            play: Box::new(play),
        }
    }

    /// Plays a scenario.
    ///
    /// # Errors
    /// If the monitor stops it, or a check finds a violation.
    pub fn play(
        self,
        scenario: &Scenario,
        options: Options,
        monitor: &mut dyn Monitor,
        recorder: &mut dyn Recorder,
    ) -> Played {
        (self.play)(scenario, options, monitor, recorder)
    }

    /// Why the identifiers of the protocol are too short for the scenario, if they are: nobody may hold one that
    /// another holds, and where identifiers must not come again, those of all that ever arrive have to be different.
    pub fn lacks_identifiers(&self, scenario: &Scenario) -> Option<String> {
        let (nodes, away) = nodes_and_away(scenario);
        let holders = nodes + if keeps_identifiers(scenario) { away } else { 0 };
        let (needed, who) = match self.identifiers_may_come_again {
            true => (holders + gain(scenario), "nodes at a time"),
            false => (holders + new_nodes(scenario), "nodes in all, each with another identifier"),
        };
        let needed_identifiers = u128::from(needed) * u128::from(self.identifiers_per_node);
        let bits = 128 - needed_identifiers.saturating_sub(1).leading_zeros();
        (needed_identifiers > 1 << self.identifier_bits).then(|| {
            let have = self.identifier_bits;
            format!(
                "the identifiers are too short: {needed} {who}; `identifier_bits` is {have}, at least {bits} are needed"
            )
        })
    }

    /// Memory that a run of the scenario is expected to take at most \[B\]. An estimate: nodes that join by events or
    /// by the churn law are counted as if all were there at once.
    pub fn memory_bytes(&self, scenario: &Scenario) -> u64 {
        let (nodes, away) = nodes_and_away(scenario);
        let nodes = nodes + gain(scenario);
        // Who comes back as who it was keeps its place.
        let places = nodes + if keeps_identifiers(scenario) { away } else { 0 };
        let lookups_per_s = match scenario.workload.arrivals {
            Arrivals::None => 0.0,
            Arrivals::PerNode(every) => nodes as f64 / every.as_secs_f64(),
            Arrivals::Network(every) | Arrivals::NetworkEvenly(every) => 1.0 / every.as_secs_f64(),
        };
        let matrix = match &scenario.network.latency {
            Latency::Matrix(matrix) => size_of_val(&matrix.one_way[..]) as u64,
            _ => 0,
        };
        let schedule = scenario.schedule.as_ref().map_or(0, |entries| size_of_val(&entries[..]) as u64);
        let identifiers = places * u64::from(self.identifiers_per_node) * self.bytes_per_identifier;
        let lookups = (lookups_per_s * LOOKUP_S * LOOKUP_BYTES) as u64;
        BASE_BYTES + identifiers + away * AWAY_BYTES + lookups + matrix + schedule
    }
}

fn keeps_identifiers(scenario: &Scenario) -> bool {
    scenario.churn.return_identifier == ReturnIdentifier::Same
}

/// Nodes that may be there at once, those that join by events among them, but for the [`gain`] of Poisson arrivals; and
/// nodes that are away meanwhile.
fn nodes_and_away(scenario: &Scenario) -> (u64, u64) {
    let joining = scenario.events.iter().map(|event| match event.action {
        Action::Join { count, .. } => u64::from(count),
        _ => 0,
    });
    let nodes = u64::from(scenario.population.nodes) + joining.sum::<u64>();
    let away = match (&scenario.churn.process, scenario.churn.at_start) {
        (ChurnProcess::OnOff { session, downtime }, AtStart::Equilibrium) => {
            (nodes as f64 * downtime.mean_s() / session.mean_s()) as u64
        }
        _ => 0,
    };
    (nodes, away)
}

/// By how much the nodes of Poisson arrivals and departures may become more: the difference that is expected at the end
/// of the run, if they become more, and the margin of chance.
fn gain(scenario: &Scenario) -> u64 {
    let ChurnProcess::Poisson { joins_every, departures_every } = scenario.churn.process else { return 0 };
    let length_s = scenario.measurement.end().as_secs_f64();
    // A rate of 0 has the longest of all pauses.
    let count = |every: Duration| if every == Duration::MAX { 0.0 } else { length_s / every.as_secs_f64() };
    let (joins, departures) = (count(joins_every), count(departures_every));
    let margin = (MARGIN * libm::sqrt(joins + departures)).min(joins);
    ((joins - departures).max(0.0) + margin) as u64
}

/// Nodes with identifiers of their own that arrive after the start, but for those that join by events: as many as are
/// expected, and the margin of chance.
fn new_nodes(scenario: &Scenario) -> u64 {
    let length_s = scenario.measurement.end().as_secs_f64();
    let transient = f64::from(scenario.population.nodes - scenario.population.permanent.min(scenario.population.nodes));
    let expected = match &scenario.churn.process {
        _ if keeps_identifiers(scenario) => 0.0,
        // All sessions begin at the start, and many short ones may go before the first long one: at least so many, and
        // less than twice as many, since the last session goes on beyond the end (Wald's equation, for sessions that
        // are cut at the length of the run).
        ChurnProcess::Steady { session } if scenario.churn.at_start == AtStart::Fresh => {
            let within_s = session.mean_within_s(scenario.measurement.end().since(Time::ZERO));
            transient * (length_s / session.mean_s()).max(length_s / within_s - 1.0)
        }
        ChurnProcess::OnOff { session, .. } | ChurnProcess::Steady { session } => {
            transient * length_s / session.mean_s()
        }
        ChurnProcess::Poisson { joins_every, .. } => length_s / joins_every.as_secs_f64(),
        ChurnProcess::None => {
            let entries = scenario.schedule.iter().flat_map(|entries| entries.iter());
            return entries.filter(|entry| entry.action == ScheduleAction::Join).count() as u64;
        }
    };
    (expected + MARGIN * libm::sqrt(expected)) as u64
}

/// Lists protocols by their types.
macro_rules! protocols {
    ($($protocol:ty;)*) => {
        /// The names that `[protocol.<name>]` may have.
        pub const NAMES: &[&str] = &[$(<$protocol as Protocol>::NAME),*];

        /// What the reference page says of each protocol.
        pub const REFERENCE: &[ProtocolReference] = &[$(ProtocolReference {
            name: <$protocol as Protocol>::NAME,
            keys: <$protocol as Configurable>::KEYS,
            message_kinds: <$protocol as Protocol>::MESSAGE_KINDS,
            figures: <$protocol as Inspect>::FIGURES,
        }),*];

        /// Reads a protocol's table; `None` for a name that is not in [`NAMES`]. What is wrong with the table is
        /// reported through the reader.
        pub fn read(table: &mut TableReader<'_>, name: &str, facts: &Facts) -> Option<Playable> {
            $(if name == <$protocol as Protocol>::NAME {
                return Some(Playable::new(<$protocol as Configurable>::from_table(table, facts)));
            })*
            None
        }

        /// Parameters of the protocol of that name, drawn at random; `None` for a name that is not in [`NAMES`].
        pub fn sample(name: &str, dice: &mut Dice, circumstances: &Circumstances) -> Option<Sample> {
            $(if name == <$protocol as Protocol>::NAME {
                return Some(<$protocol as Configurable>::sample(dice, circumstances));
            })*
            None
        }
    };
}

protocols! {
    crate::protocols::chord::Chord;
    crate::protocols::kademlia::Kademlia;
    crate::protocols::koorde::Koorde;
}
