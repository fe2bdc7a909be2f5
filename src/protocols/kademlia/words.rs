//! What nodes and messages say, in words: for telling the story of a lookup. Nothing here is used by a run itself.

use super::message::Message;
use super::table::Nearest;
use super::{Kademlia, Timer};
use crate::node::opinion::{Description, Opinion, Says};
use crate::node::{Contact, Slot};
use crate::overlay::digits::distance;

const REFRESH: &str = "look for buckets to refresh";

/// Names of rounds, as in "node 12's ... was due in 3 s".
pub(super) const fn timer_name(timer: Timer) -> &'static str {
    match timer {
        Timer::Refresh => REFRESH,
        Timer::Ping => "ping of an old contact",
        Timer::Join => "next attempt to join",
    }
}

impl Kademlia {
    /// The nearest that `node` knows of, itself among them.
    pub(super) fn form_opinion(&self, node: Slot, key: u64) -> Opinion {
        let mut nearest = Nearest::default();
        self.collect_nearest(node, key, 1, self.present(), &mut nearest);
        let own = self.own(node);
        let is_nearer =
            |contact: &Contact| self.node(node).client_mode || distance(contact.id(), key) < distance(own.id(), key);
        let says = match nearest.iter().next() {
            Some(next) if is_nearer(&next) => Says::Next(next),
            _ => Says::Owner(own),
        };
        Opinion { says, source: "buckets", kept_by: Some(REFRESH) }
    }

    /// A message in words.
    pub(super) fn put_in_words(&self, message: &Message) -> Description {
        match *message {
            Message::FindNode { .. } => Description::plain("asks"),
            Message::Nodes(list) => {
                let says = self.contacts.get(list).first().map_or(Says::Nothing, |next| Says::Next(*next));
                Description { verb: "answers", says: Some(says) }
            }
            Message::Forward { message, .. } => self.forward.describe(&message),
            Message::Dead(_) => Description::plain("tells of a death"),
            _ => Description::plain("writes to"),
        }
    }
}
