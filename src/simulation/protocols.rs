//! The protocols that a scenario can name: one line each.

use super::{Options, Simulation};
use crate::engine::dice::Dice;
use crate::observe::report::{Recorder, RunReport};
use crate::observe::{Monitor, Stopped};
use crate::protocol::sample::{Circumstances, Sample};
use crate::protocol::{Configurable, Protocol};
use crate::scenario::reference::ProtocolReference;
use crate::scenario::{Arrivals, AtStart, ChurnProcess, Facts, Latency, Scenario, TableReader};

/// Memory that every run takes, whatever its size \[B\]: the program itself, and buffers of fixed size.
const BASE_BYTES: u64 = 8 << 20;
/// Memory of a node that is away: its place in the churn process \[B\].
const AWAY_BYTES: u64 = 80;
/// Memory of a lookup under way, with its messages \[B\].
const LOOKUP_BYTES: f64 = 800.0;
/// Time that a lookup is taken to be under way, to tell how many there are at once \[s\].
const LOOKUP_S: f64 = 1.0;

/// A protocol for tests that do not care which.
#[cfg(test)]
pub(super) type Any = crate::protocol::chord::Chord;

/// A protocol with its parameters, ready to play a scenario.
pub struct Playable {
    play: Play,
    identifiers_per_node: u32,
    bytes_per_identifier: u64,
}

type Play = Box<dyn FnOnce(&Scenario, Options, &mut dyn Monitor, &mut dyn Recorder) -> Played>;

/// The report of a run, or why there is none.
pub type Played = Result<RunReport, Stopped>;

impl Playable {
    /// Any protocol.
    pub fn new<P: Protocol + 'static>(protocol: P) -> Self {
        Playable {
            identifiers_per_node: protocol.identifiers_per_node(),
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
        Playable { identifiers_per_node: 1, bytes_per_identifier: bytes_per_node, play: Box::new(play) }
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

    /// Memory that a run of the scenario is expected to take at most \[B\]. An estimate: nodes that join by events or
    /// by the churn law are counted as if all were there at once.
    pub fn memory_bytes(&self, scenario: &Scenario) -> u64 {
        let joining: u64 = scenario
            .events
            .iter()
            .map(|event| match event.action {
                crate::scenario::Action::Join { count, .. } => u64::from(count),
                _ => 0,
            })
            .sum();
        let nodes = u64::from(scenario.population.nodes) + joining;
        let away = match (&scenario.churn.process, scenario.churn.at_start) {
            (ChurnProcess::OnOff { session, downtime }, AtStart::Equilibrium) => {
                (nodes as f64 * downtime.mean_s() / session.mean_s()) as u64
            }
            _ => 0,
        };
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
        let identifiers = nodes * u64::from(self.identifiers_per_node) * self.bytes_per_identifier;
        let lookups = (lookups_per_s * LOOKUP_S * LOOKUP_BYTES) as u64;
        BASE_BYTES + identifiers + away * AWAY_BYTES + lookups + matrix + schedule
    }
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
            figures: <$protocol as Configurable>::FIGURES,
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
    crate::protocol::chord::Chord;
    crate::protocol::kademlia::Kademlia;
}
