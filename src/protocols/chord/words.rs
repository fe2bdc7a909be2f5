//! What nodes and messages say, in words: for telling the story of a lookup. Nothing here is used by a run itself.

use super::message::Message;
use super::{Chord, Timer};
use crate::node::opinion::{Description, Opinion, Says};
use crate::node::{LookupId, Slot};
use crate::overlay::lookups::Step;

const STABILIZATION: &str = "stabilisation";
const FINGERS: &str = "refresh of fingers";

/// Names of rounds, as in "node 12's ... was due in 3 s".
pub(super) const fn timer_name(timer: Timer) -> &'static str {
    match timer {
        Timer::Stabilize => STABILIZATION,
        Timer::FixFingers => FINGERS,
        Timer::CheckPredecessor => "check of its predecessor",
        Timer::RefreshList => "refresh of its successor list",
        Timer::Join => "next attempt to join",
    }
}

impl Chord {
    /// What `node` would answer now, and from which of its tables.
    pub(super) fn form_opinion(&self, node: Slot, key: u64, lookup: Option<LookupId>) -> Opinion {
        let dead = lookup.map_or(&[][..], |lookup| self.walk.known_dead(lookup));
        let (says, named) = match self.step(node, key, dead) {
            Step::Owner(owner) => (Says::Owner(owner), owner),
            Step::Next(next, ()) => (Says::Next(next), next),
            Step::Lost => return Opinion { says: Says::Nothing, source: "tables", kept_by: Some(STABILIZATION) },
        };
        let (source, kept_by) = match self.successors(node).contains(&named) {
            true => ("successor list", STABILIZATION),
            false => ("fingers", FINGERS),
        };
        Opinion { says, source, kept_by: Some(kept_by) }
    }

    /// A message in words.
    pub(super) fn put_in_words(&self, message: &Message) -> Description {
        match *message {
            Message::Walk(message) => message.describe(),
            Message::Forward(message) => self.forward.describe(&message),
            _ => Description::plain("writes to"),
        }
    }
}
