//! What is true of a network, for those who look on. Nodes never see it.

use super::directory::Directory;
use super::history::History;
#[cfg(doc)]
use super::{Context, Ownership};
use super::{Members, Slot};
use crate::engine::time::{Duration, Time};

/// Ground truth, for a protocol's report on its own health. Handlers never see it.
pub struct Truth<'a> {
    /// All members.
    pub members: &'a Members,
    /// Who is alive.
    pub directory: &'a Directory,
    /// Whether two slots can reach each other now.
    pub reachable: &'a dyn Fn(Slot, Slot) -> bool,
    /// Whether a slot is behind NAT. Who is owns no keys, and nothing that others send unasked arrives there.
    pub is_client: &'a dyn Fn(Slot) -> bool,
    /// The present.
    pub now: Time,
    /// What the network has gone through, if that is kept: in checked runs.
    pub history: Option<&'a History>,
    /// How long a request waits at most, by the law of the network.
    pub longest_wait: Duration,
    /// Share of the members that should have been found ([`Ownership::replicas`]) that were: the mean over the lookups
    /// of the workload that have told ([`Context::closest_found`]) since the last window ended, from the end of the
    /// warm-up on. `None` if none has.
    pub closest_found: Option<f64>,
}
