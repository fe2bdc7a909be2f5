//! Timeouts as real nodes compute them: each from the round trips that it has measured with the node that it asks, as
//! TCP does (RFC 6298; for hash tables under churn Rhea et al., USENIX 2004, section 4.2).
//!
//! A request is never sent twice under one name, so every reply tells a round trip (Karn's rule has nothing to leave
//! out); a late one, too, as with TCP's timestamps.

use crate::engine::memory::allocated_bytes;
use crate::engine::time::Duration;
use crate::node::{Contact, Slot};
use crate::scenario::model::MeasuredTimeout;

/// The granularity of a node's clock (G): the least that is added to the mean.
const GRANULARITY: Duration = Duration::from_millis(1);

/// What a node has measured with a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Estimate {
    /// Smoothed round trip and its mean deviation (SRTT, RTTVAR), once there is one.
    round_trip: Option<(Duration, Duration)>,
    timeout: Duration,
}

impl Estimate {
    /// Takes a round trip into account (2.2, 2.3).
    fn measure(&mut self, round_trip: Duration, bounds: MeasuredTimeout) {
        let taken = round_trip.as_nanos();
        let (mean, deviation) = match self.round_trip {
            None => (taken, taken / 2),
            Some((mean, deviation)) => {
                let (mean, deviation) = (mean.as_nanos(), deviation.as_nanos());
                (mean - mean / 8 + taken / 8, deviation - deviation / 4 + mean.abs_diff(taken) / 4)
            }
        };
        self.round_trip = Some((Duration::from_nanos(mean), Duration::from_nanos(deviation)));
        let margin = (4 * deviation).max(GRANULARITY.as_nanos());
        self.timeout = Duration::from_nanos(mean + margin).clamp(bounds.least, bounds.most);
    }

    /// A request was not answered in time (5.5).
    fn back_off(&mut self, bounds: MeasuredTimeout) {
        self.timeout = self.timeout.saturating_mul(2).min(bounds.most);
    }
}

/// What all nodes have measured.
#[derive(Debug)]
pub(crate) struct Measured {
    bounds: MeasuredTimeout,
    /// For each slot what its node has measured with whom, in the order of identifiers and slots.
    by_node: Vec<Vec<((u64, Slot), Estimate)>>,
}

impl Measured {
    pub const fn new(bounds: MeasuredTimeout) -> Self {
        Measured { bounds, by_node: Vec::new() }
    }

    /// How long `node` waits for a reply of `peer`.
    pub fn timeout(&self, node: Slot, peer: Contact) -> Duration {
        let Some(estimates) = self.by_node.get(node as usize) else { return self.bounds.first };
        let place = estimates.binary_search_by_key(&(peer.id(), peer.slot()), |(key, _)| *key);
        place.map_or(self.bounds.first, |place| estimates[place].1.timeout)
    }

    /// A reply of `peer` has arrived.
    pub fn measure(&mut self, node: Slot, peer: Contact, round_trip: Duration) {
        let bounds = self.bounds;
        self.estimate(node, peer).measure(round_trip, bounds);
    }

    /// A reply of `peer` has not arrived in time.
    pub fn back_off(&mut self, node: Slot, peer: Contact) {
        let bounds = self.bounds;
        self.estimate(node, peer).back_off(bounds);
    }

    /// A node is gone, and with it what it has measured.
    pub fn forget(&mut self, node: Slot) {
        if let Some(estimates) = self.by_node.get_mut(node as usize) {
            estimates.clear();
        }
    }

    /// Memory that is held, used or free \[B\].
    pub fn memory_bytes(&self) -> u64 {
        allocated_bytes(&self.by_node) + self.by_node.iter().map(allocated_bytes).sum::<u64>()
    }

    fn estimate(&mut self, node: Slot, peer: Contact) -> &mut Estimate {
        if node as usize >= self.by_node.len() {
            self.by_node.resize(node as usize + 1, Vec::new());
        }
        let estimates = &mut self.by_node[node as usize];
        let key = (peer.id(), peer.slot());
        let place = estimates.binary_search_by_key(&key, |(key, _)| *key).unwrap_or_else(|place| {
            estimates.insert(place, (key, Estimate { round_trip: None, timeout: self.bounds.first }));
            place
        });
        &mut estimates[place].1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    const BOUNDS: MeasuredTimeout = MeasuredTimeout { first: ms(1000), least: ms(20), most: ms(8000) };

    /// Expected values by hand, from the formulas of RFC 6298, section 2.
    #[test]
    fn a_timeout_follows_the_rfc() {
        let peer = Contact::new(7, 3);
        let mut measured = Measured::new(BOUNDS);
        assert_eq!(measured.timeout(1, peer), ms(1000));
        // SRTT = 80, RTTVAR = 40: 80 + 4 * 40.
        measured.measure(1, peer, ms(80));
        assert_eq!(measured.timeout(1, peer), ms(240));
        // RTTVAR = 3/4 * 40 + 1/4 * |80 - 160| = 50, SRTT = 7/8 * 80 + 1/8 * 160 = 90: 90 + 4 * 50.
        measured.measure(1, peer, ms(160));
        assert_eq!(measured.timeout(1, peer), ms(290));
        // Twice as long each time, up to the bound, until there is a measurement again.
        let backed_off = [580, 1160, 2320, 4640, 8000, 8000];
        for timeout in backed_off {
            measured.back_off(1, peer);
            assert_eq!(measured.timeout(1, peer), ms(timeout));
        }
        // RTTVAR = 3/4 * 50 + 1/4 * |90 - 90| = 37.5, SRTT = 90: 90 + 4 * 37.5.
        measured.measure(1, peer, ms(90));
        assert_eq!(measured.timeout(1, peer), ms(240));
    }

    #[test]
    fn what_never_varies_is_waited_for_a_millisecond_longer_and_no_less_than_the_least() {
        let (near, far) = (Contact::new(7, 3), Contact::new(9, 4));
        let mut measured = Measured::new(BOUNDS);
        for _ in 0..200 {
            measured.measure(1, near, ms(4));
            measured.measure(1, far, ms(400));
        }
        assert_eq!((measured.timeout(1, near), measured.timeout(1, far)), (ms(20), ms(401)));
    }

    #[test]
    fn each_node_knows_what_it_has_measured_itself_with_each_and_forgets_it_when_it_departs() {
        let (one, other) = (Contact::new(7, 3), Contact::new(7, 4));
        let mut measured = Measured::new(BOUNDS);
        measured.measure(1, one, ms(80));
        measured.measure(2, one, ms(40));
        measured.back_off(2, other);
        let timeouts = |measured: &Measured| {
            [(1, one), (1, other), (2, one), (2, other), (5, one)].map(|(node, peer)| measured.timeout(node, peer))
        };
        assert_eq!(timeouts(&measured), [ms(240), ms(1000), ms(120), ms(2000), ms(1000)]);
        measured.forget(2);
        assert_eq!(timeouts(&measured), [ms(240), ms(1000), ms(1000), ms(1000), ms(1000)]);
    }
}
