//! What may happen to the networks of a swarm.

use std::fmt;
use std::str::FromStr;

/// What a scenario may hold. The numbers are part of what a seed means: never renumber.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u64)]
pub enum Mode {
    /// All that a scenario can say.
    Everything = 0,
    /// Nodes join and crash, but none leaves, and no message is lost or stopped by a partition: what Zave's proof is
    /// about.
    Crashes = 1,
    /// Nobody departs, nothing is lost: all must be exact.
    Calm = 2,
}

impl Mode {
    /// All of them.
    pub const ALL: [Mode; 3] = [Mode::Everything, Mode::Crashes, Mode::Calm];

    /// Its name, as in arguments.
    pub fn name(self) -> &'static str {
        match self {
            Mode::Everything => "everything",
            Mode::Crashes => "crashes",
            Mode::Calm => "calm",
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl FromStr for Mode {
    type Err = String;

    fn from_str(text: &str) -> Result<Mode, String> {
        let found = Mode::ALL.into_iter().find(|mode| mode.name() == text);
        found.ok_or_else(|| "there are everything, crashes and calm".to_owned())
    }
}
