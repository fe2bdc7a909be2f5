//! The protocols that a scenario can name: one line each.

use super::{Options, Simulation};
use crate::observe::report::{Recorder, RunReport};
use crate::observe::{Interrupted, Monitor};
use crate::protocol::{Configurable, Protocol};
use crate::scenario::reference::ProtocolReference;
use crate::scenario::{AtStart, ChurnProcess, Facts, Scenario, TableReader};

/// Memory that every run takes, whatever its size \[B\]: the program itself, and buffers of fixed size.
const BASE_BYTES: u64 = 8 << 20;
/// Memory of a node that is away: its place in the churn process \[B\].
const AWAY_BYTES: u64 = 80;

/// A protocol with its parameters, ready to play a scenario.
pub struct Playable {
    play: Play,
    identifiers_per_node: u32,
    bytes_per_identifier: u64,
}

type Play = Box<dyn FnOnce(&Scenario, Options, &mut dyn Monitor, &mut dyn Recorder) -> Result<RunReport, Interrupted>>;

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
        play: impl FnOnce(&Scenario, Options, &mut dyn Monitor, &mut dyn Recorder) -> Result<RunReport, Interrupted>
        + 'static,
    ) -> Self {
        Playable { identifiers_per_node: 1, bytes_per_identifier: bytes_per_node, play: Box::new(play) }
    }

    /// Plays a scenario.
    ///
    /// # Errors
    /// If the monitor stops it.
    pub fn play(
        self,
        scenario: &Scenario,
        options: Options,
        monitor: &mut dyn Monitor,
        recorder: &mut dyn Recorder,
    ) -> Result<RunReport, Interrupted> {
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
        BASE_BYTES + nodes * u64::from(self.identifiers_per_node) * self.bytes_per_identifier + away * AWAY_BYTES
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
    };
}

protocols! {
    crate::protocol::chord::Chord;
}
