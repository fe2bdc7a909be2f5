//! The protocols that a scenario can name: one line each.

use super::{Options, Simulation};
use crate::observe::report::{Recorder, RunReport};
use crate::observe::{Interrupted, Monitor};
use crate::protocol::Protocol;
use crate::scenario::{Facts, Scenario, TableReader};

/// Plays a scenario with a protocol whose parameters are known.
pub type Play =
    Box<dyn FnOnce(&Scenario, Options, &mut dyn Monitor, &mut dyn Recorder) -> Result<RunReport, Interrupted>>;

/// Lists protocols: the type, and how it is made from its table.
macro_rules! protocols {
    ($($protocol:ty => $read:expr;)*) => {
        /// The names that `[protocol.<name>]` may have.
        pub const NAMES: &[&str] = &[$(<$protocol as Protocol>::NAME),*];

        /// Reads a protocol's table and says how it is played; `None` for a name that is not in [`NAMES`]. What is
        /// wrong with the table is reported through the reader.
        pub fn read(table: &mut TableReader<'_>, name: &str, facts: &Facts) -> Option<Play> {
            $(if name == <$protocol as Protocol>::NAME {
                let read: fn(&mut TableReader<'_>, &Facts) -> $protocol = $read;
                return Some(play(read(table, facts)));
            })*
            None
        }
    };
}

protocols! {
    crate::protocol::chord::Chord => |table, facts| crate::protocol::chord::Chord::from_table(table, facts);
}

/// How a protocol is played, whichever it is.
pub fn play<P: Protocol + 'static>(protocol: P) -> Play {
    Box::new(|scenario, options, monitor, recorder| Simulation::new(scenario, protocol, options).run(monitor, recorder))
}
