//! What Chord nodes send each other, and what it costs.

use crate::node::{Charge, Contact, LookupId};
use crate::overlay::ring::{Kinds, RingMessage};

/// Kinds of messages; a reply is booked under the kind of its request.
pub(super) const KINDS: &[&str] = &["find_successor", "answer", "stabilize", "notify", "ping", "leave"];

const FIND_SUCCESSOR: u8 = 0;
const ANSWER: u8 = 1;

/// As which of them those of the ring are booked.
pub(super) const OF_THE_RING: Kinds = Kinds { stabilize: 2, notify: 3, ping: 4, leave: 5 };

/// A message. Queries live in pools of [`super::Chord`].
#[derive(Clone, Copy, Debug)]
pub enum Message {
    /// Iterative lookup, request: who is next on the way to this key?
    FindSuccessor {
        /// The key.
        key: u64,
        /// The lookup; the nodes it found dead go with the request.
        lookup: LookupId,
    },
    /// Reply to `FindSuccessor`: ask this node next.
    Next(Contact),
    /// Reply to `FindSuccessor`: this node is the owner.
    Owner(Contact),
    /// Iterative lookup, request to the node that was named as the owner: are you alive?
    Confirm {
        /// The key.
        key: u64,
        /// The lookup.
        lookup: LookupId,
    },
    /// Recursive lookup, request: carry this query on.
    Forward {
        /// Index of the query as the sender holds it.
        query: u32,
    },
    /// Recursive lookup, request: carry this answer back.
    Return {
        /// Index of the query as the sender holds it.
        query: u32,
    },
    /// Semi-recursive lookup: the answer, straight to the initiator.
    Answer(Straight),
    /// Request to a finger: who is your predecessor?
    GetPredecessor {
        /// Which finger is refreshed.
        finger: u8,
    },
    /// Reply to `GetPredecessor`: the predecessor, if one is known.
    Predecessor(Contact),
    /// Reply without content.
    Ack,
    /// Reply to `Confirm`: the key is not mine.
    NotMine,
    /// What keeps the ring.
    Ring(RingMessage),
}

/// An answer on its way straight to the initiator. Packed, so that it fits beside the tag of the messages of the ring,
/// which are as long as messages get.
#[derive(Clone, Copy, Debug)]
#[repr(Rust, packed)]
pub struct Straight {
    /// The lookup.
    pub lookup: LookupId,
    /// The node named as the owner.
    pub owner: Contact,
    /// Hops it took.
    pub hops: u8,
}

impl Message {
    /// Whether it holds something in a pool, to be given back when it is over. Most messages do not.
    #[inline]
    pub(super) fn is_pooled(&self) -> bool {
        match self {
            Message::Ring(message) => message.is_pooled(),
            message => matches!(message, Message::Forward { .. } | Message::Return { .. }),
        }
    }
}

/// A `FindSuccessor` request that names so many dead nodes: the key, and those.
pub(super) const fn find_successor(dead: u32) -> Charge {
    Charge::empty(FIND_SUCCESSOR).with_keys(1 + dead)
}

/// Its reply: one node.
pub(super) const FIND_SUCCESSOR_REPLY: Charge = Charge::empty(FIND_SUCCESSOR).with_contacts(1);

/// A question to the node named as the owner: the key.
pub(super) const CONFIRM: Charge = Charge::empty(ANSWER).with_keys(1);

/// Its reply.
pub(super) const CONFIRM_REPLY: Charge = Charge::empty(ANSWER);

/// A forwarded query: the key, the initiator, and the path so far if the answer is to come back along it.
pub(super) const fn forward(path: u32) -> Charge {
    Charge::empty(FIND_SUCCESSOR).with_keys(1).with_contacts(1 + path)
}

/// The acknowledgement of a forwarded query.
pub(super) const FORWARD_ACK: Charge = Charge::empty(FIND_SUCCESSOR);

/// An answer straight to the initiator: the key and the owner.
pub(super) const ANSWER_STRAIGHT: Charge = Charge::empty(ANSWER).with_keys(1).with_contacts(1);

/// An answer on its way back: the key, the owner and the rest of the path.
pub(super) const fn answer_back(path: u32) -> Charge {
    Charge::empty(ANSWER).with_keys(1).with_contacts(1 + path)
}

/// The acknowledgement of an answer on its way back.
pub(super) const ANSWER_ACK: Charge = Charge::empty(ANSWER);

/// A question to a finger for its predecessor.
pub(super) const GET_PREDECESSOR: Charge = Charge::empty(FIND_SUCCESSOR);

/// Its reply.
pub(super) const PREDECESSOR: Charge = Charge::empty(FIND_SUCCESSOR).with_contacts(1);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::MessageSizes;

    #[test]
    fn messages_are_small() {
        assert!(size_of::<Message>() <= 24, "{}", size_of::<Message>());
    }

    #[test]
    fn sizes_follow_the_accounting_of_p2psim() {
        let sizes = MessageSizes::default();
        assert_eq!(find_successor(0).bytes(&sizes), 24);
        assert_eq!(KINDS[OF_THE_RING.leave as usize], "leave");
    }
}
