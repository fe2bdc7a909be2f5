//! A statement that must hold did not: what a checked run ends with.

use crate::engine::time::Time;

/// Which statement was violated, when, where, and after which event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Name of the checker.
    pub checker: &'static str,
    /// What should hold, in words.
    pub meaning: &'static str,
    /// What is wrong, in words.
    pub text: String,
    /// The nodes concerned: number and identifier.
    pub nodes: Vec<(u32, u64)>,
    /// Virtual time of the last event before it was seen.
    pub at: Time,
    /// Events processed by then.
    pub events: u64,
    /// The last of them: what it was and the number of the node where it happened. `None` if there was none.
    pub last_event: Option<(&'static str, u32)>,
}
