//! What Kademlia nodes send each other, and what it costs.
//!
//! Every request carries the sender's identifier, since whoever receives it learns from it.

use crate::engine::pool::List;
use crate::node::{Charge, Contact, LookupId};
use crate::overlay::forward::ForwardMessage;

/// Kinds of messages; a reply is booked under the kind of its request.
pub(super) const KINDS: &[&str] = &["find_node", "ping", "forward", "answer"];

const FIND_NODE_KIND: u8 = 0;
const PING_KIND: u8 = 1;
const FORWARD_KIND: u8 = 2;
const ANSWER_KIND: u8 = 3;

/// A message. Lists and queries live in pools of [`super::Kademlia`] and of its parts.
#[derive(Clone, Copy, Debug)]
pub enum Message {
    /// Iterative lookup, request: whom do you know that is near this key?
    FindNode {
        /// The key.
        key: u64,
        /// The lookup.
        lookup: LookupId,
        /// Whether the sender only asks, and says that it is not to be put into tables.
        client_mode: bool,
    },
    /// Reply to `FindNode`: these, the nearest first.
    Nodes(List),
    /// Request: are you alive? Asked of the contact seen least recently.
    Ping {
        /// Who takes its place if there is no answer; nobody, if there is no such.
        candidate: Contact,
        /// Whether the sender only asks.
        client_mode: bool,
    },
    /// Of a recursive lookup.
    Forward {
        /// What it says.
        message: ForwardMessage,
        /// Whether the sender only asks.
        client_mode: bool,
    },
    /// Reply without content.
    Ack,
    /// A node that you named has not answered.
    Dead(Contact),
}

/// A `FindNode` request: the key and the sender.
pub(super) const FIND_NODE: Charge = Charge::empty(FIND_NODE_KIND).with_keys(1).with_sender();

/// Its reply, with so many contacts.
pub(super) const fn nodes(count: u32) -> Charge {
    Charge::empty(FIND_NODE_KIND).with_contacts(count)
}

/// A ping: the sender.
pub(super) const PING: Charge = Charge::empty(PING_KIND).with_sender();

/// Its reply.
pub(super) const PING_REPLY: Charge = Charge::empty(PING_KIND);

/// Word of a death: who is dead.
pub(super) const DEATH_NOTICE: Charge = Charge::empty(PING_KIND).with_contacts(1);

/// A forwarded query: the key, the initiator and the sender.
pub(super) const FORWARD: Charge = Charge::empty(FORWARD_KIND).with_keys(1).with_contacts(1).with_sender();

/// An answer straight to the initiator: the key and the owner.
pub(super) const ANSWER: Charge = Charge::empty(ANSWER_KIND).with_keys(1).with_contacts(1);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::MessageSizes;

    #[test]
    fn messages_are_small() {
        assert!(size_of::<Message>() <= 24, "{}", size_of::<Message>());
    }

    #[test]
    fn sizes_follow_the_accounting_of_p2psim() {
        let sizes = MessageSizes::default();
        assert_eq!(FIND_NODE.bytes(&sizes), 28);
        assert_eq!(nodes(20).bytes(&sizes), 100);
        assert_eq!(FORWARD.bytes(&sizes), 32);
        assert_eq!(KINDS[ANSWER.kind as usize], "answer");
    }
}
