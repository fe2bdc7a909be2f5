//! What Chord nodes send each other, and what it costs.

use crate::engine::pool::List;
use crate::node::{Charge, Contact, LookupId};

/// Kinds of messages; a reply is booked under the kind of its request.
pub(super) const KINDS: &[&str] = &["find_successor", "answer", "stabilize", "notify", "ping", "leave"];

const FIND_SUCCESSOR: u8 = 0;
const ANSWER: u8 = 1;
const STABILIZE: u8 = 2;
const NOTIFY: u8 = 3;
const PING: u8 = 4;
const LEAVE: u8 = 5;

/// Why a node asks another for its neighbours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asking {
    /// It joins, and the other is to be its successor.
    Join,
    /// The other is its successor (a round of stabilisation).
    Successor,
    /// The other may be a nearer successor, but must be seen alive before it is adopted.
    Candidate,
    /// The other is its successor, and so is its list, shifted by one (a round of the list).
    List,
    /// The same; and the sender may be the other's predecessor.
    Notification,
}

/// A message. Lists and queries live in pools of [`super::Chord`].
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
    Answer {
        /// The lookup.
        lookup: LookupId,
        /// The node named as the owner.
        owner: Contact,
        /// Hops it took.
        hops: u8,
    },
    /// Request: who are your neighbours?
    GetNeighbours {
        /// Why.
        asking: Asking,
        /// Whether the sender cannot be reached, so that it is nobody's neighbour.
        client_mode: bool,
    },
    /// Reply to `GetNeighbours`.
    Neighbours {
        /// The predecessor, if one is known.
        predecessor: Contact,
        /// The successor list.
        successors: List,
    },
    /// Request to a finger: who is your predecessor?
    GetPredecessor {
        /// Which finger is refreshed.
        finger: u8,
    },
    /// Reply to `GetPredecessor`: the predecessor, if one is known.
    Predecessor(Contact),
    /// I may be your predecessor.
    Notify,
    /// Your successor list lacks this node (from a successor to its old predecessor).
    NewSuccessor(Contact),
    /// Request: are you alive? Asked of a predecessor, on behalf of a candidate for its place, if there is one.
    Ping {
        /// Who takes the place if there is no answer.
        candidate: Contact,
    },
    /// Reply without content.
    Ack,
    /// Reply to `Confirm`: the key is not mine.
    NotMine,
    /// The sender leaves; it was your successor, and these were its successors.
    SuccessorLeaves(List),
    /// The sender leaves; it was your predecessor, and this was its predecessor.
    PredecessorLeaves(Contact),
}

impl Message {
    /// Whether it holds something in a pool, to be given back when it is over. Most messages do not.
    #[inline]
    pub(super) fn is_pooled(&self) -> bool {
        matches!(
            self,
            Message::Neighbours { .. } | Message::SuccessorLeaves(_) | Message::Forward { .. } | Message::Return { .. }
        )
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

/// A question for neighbours.
pub(super) const GET_NEIGHBOURS: Charge = Charge::empty(STABILIZE);

/// Its reply: the predecessor and so many successors.
pub(super) const fn neighbours(successors: u32) -> Charge {
    Charge::empty(STABILIZE).with_contacts(1 + successors)
}

/// The reply to a notification, where that is a request: the successor list.
pub(super) const fn notification_reply(successors: u32) -> Charge {
    Charge::empty(NOTIFY).with_contacts(successors)
}

/// A question to a finger for its predecessor.
pub(super) const GET_PREDECESSOR: Charge = Charge::empty(FIND_SUCCESSOR);

/// Its reply.
pub(super) const PREDECESSOR: Charge = Charge::empty(FIND_SUCCESSOR).with_contacts(1);

/// A notification: the sender.
pub(super) const NOTIFICATION: Charge = Charge::empty(NOTIFY).with_sender();

/// The name of a nearer successor.
pub(super) const NEW_SUCCESSOR: Charge = Charge::empty(NOTIFY).with_contacts(1);

/// A ping or its reply.
pub(super) const PING_OR_REPLY: Charge = Charge::empty(PING);

/// A farewell that hands over so many pointers.
pub(super) const fn leave(pointers: u32) -> Charge {
    Charge::empty(LEAVE).with_contacts(pointers)
}

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
        assert_eq!(neighbours(16).bytes(&sizes), 20 + 4 * 17);
        assert_eq!(NOTIFICATION.bytes(&sizes), 24);
        assert_eq!(KINDS[leave(3).kind as usize], "leave");
    }
}
