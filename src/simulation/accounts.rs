//! What is counted of a whole run, warm-up and all, for its report and for the checks of the books.

use super::outcome::Exchanges;
use crate::observe::report::{MessageBalance, Outcomes};

/// The books of a run. What is counted for each window is in [`Metrics`](crate::observe::metrics::Metrics).
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Accounts {
    /// Events so far.
    pub events: u64,
    /// What has become of messages.
    pub balance: MessageBalance,
    /// Requests sent.
    pub requests: u64,
    /// Arrivals of nodes, the initial ones among them.
    pub arrivals: u64,
    /// Departures of nodes.
    pub departures: u64,
    /// How the lookups of the whole run ended, those of the warm-up among them.
    pub outcomes: Outcomes,
    /// The protocol's own lookups that have ended.
    pub tasks_ended: u64,
    /// Replies that came after the timeout of their request.
    pub late_replies: u64,
    /// What has become of requests.
    pub exchanges: Exchanges,
    /// Messages, replies and timers that were handed to another incarnation than the one they were meant for. Counted
    /// while somebody checks; it stays 0.
    pub strays: u64,
    /// The protocol's own lookups that ended without an answer though the initiator lived on.
    pub tasks_failed: u64,
    /// Lookups that were cut off by their deadline, whoever made them.
    pub cut_off: u64,
    /// Timeouts of requests to nodes that live, whose reply was still to come.
    pub false_alarms: u64,
    /// Answers to lookups of the workload that NAT stopped in the measurement.
    pub stopped_answers: u64,
}
