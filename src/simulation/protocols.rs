//! The protocols that a scenario can name: one line each.

use super::{Options, Simulation};
use crate::observe::report::{Recorder, RunReport};
use crate::observe::{Interrupted, Monitor};
use crate::protocol::{Configurable, Protocol};
use crate::scenario::reference::ProtocolReference;
use crate::scenario::{Facts, Scenario, TableReader};

/// Plays a scenario with a protocol whose parameters are known.
pub type Play =
    Box<dyn FnOnce(&Scenario, Options, &mut dyn Monitor, &mut dyn Recorder) -> Result<RunReport, Interrupted>>;

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

        /// Reads a protocol's table and says how it is played; `None` for a name that is not in [`NAMES`]. What is
        /// wrong with the table is reported through the reader.
        pub fn read(table: &mut TableReader<'_>, name: &str, facts: &Facts) -> Option<Play> {
            $(if name == <$protocol as Protocol>::NAME {
                return Some(play(<$protocol as Configurable>::from_table(table, facts)));
            })*
            None
        }
    };
}

protocols! {
    crate::protocol::chord::Chord;
}

/// How a protocol is played, whichever it is.
pub fn play<P: Protocol + 'static>(protocol: P) -> Play {
    Box::new(|scenario, options, monitor, recorder| Simulation::new(scenario, protocol, options).run(monitor, recorder))
}
