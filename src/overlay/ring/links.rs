//! The links of a node on a ring, for onlookers.

use super::RingHost;
use crate::node::{Contact, Slot};

/// Visits `predecessor`, each `successor`, and the contacts of the table beside the ring, each as an `entry`: what
/// [`Inspect::links`](crate::node::Inspect::links) of a protocol with a ring is.
pub fn links<P: RingHost>(host: &P, node: Slot, entry: &'static str, visit: &mut dyn FnMut(&'static str, Contact)) {
    let ring = host.ring();
    let predecessor = Some(ring.node(node).predecessor).filter(|contact| contact.is_some());
    predecessor.into_iter().for_each(|contact| visit("predecessor", contact));
    ring.successors(node).iter().for_each(|contact| visit("successor", *contact));
    host.table(node).iter().filter(|contact| contact.is_some()).for_each(|contact| visit(entry, *contact));
}
