//! What the nodes of a ring send each other to keep it, and what it costs.

use crate::engine::pool::List;
use crate::node::{Charge, Contact};

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

/// A message. Lists live in the pool of the [`super::Ring`].
#[derive(Clone, Copy, Debug)]
pub enum RingMessage {
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
    /// I may be your predecessor.
    Notify,
    /// Your successor list lacks this node (from a successor to its old predecessor).
    NewSuccessor(Contact),
    /// Request: are you alive? Asked of a predecessor, on behalf of a candidate for its place, if there is one.
    Ping {
        /// Who takes the place if there is no answer.
        candidate: Contact,
    },
    /// Reply to `Ping`.
    Alive,
    /// The sender leaves; it was your successor, and these were its successors.
    SuccessorLeaves(List),
    /// The sender leaves; it was your predecessor, and this was its predecessor.
    PredecessorLeaves(Contact),
}

impl RingMessage {
    /// Whether it holds something in a pool, to be given back when it is over.
    #[inline]
    pub fn is_pooled(&self) -> bool {
        matches!(self, RingMessage::Neighbours { .. } | RingMessage::SuccessorLeaves(_))
    }
}

/// As which kinds of messages of the protocol those of the ring are booked; a reply is booked as its request.
#[derive(Clone, Copy, Debug)]
pub struct Kinds {
    /// Questions for neighbours.
    pub stabilize: u8,
    /// Notifications.
    pub notify: u8,
    /// Checks of the predecessor.
    pub ping: u8,
    /// Farewells.
    pub leave: u8,
}

impl Kinds {
    /// A question for neighbours.
    pub(super) const fn get_neighbours(self) -> Charge {
        Charge::empty(self.stabilize)
    }

    /// Its reply: the predecessor and so many successors.
    pub(super) const fn neighbours(self, successors: u32) -> Charge {
        Charge::empty(self.stabilize).with_contacts(1 + successors)
    }

    /// A notification: the sender.
    pub(super) const fn notification(self) -> Charge {
        Charge::empty(self.notify).with_sender()
    }

    /// The reply to a notification, where that is a request: the successor list.
    pub(super) const fn notification_reply(self, successors: u32) -> Charge {
        Charge::empty(self.notify).with_contacts(successors)
    }

    /// The name of a nearer successor.
    pub(super) const fn new_successor(self) -> Charge {
        Charge::empty(self.notify).with_contacts(1)
    }

    /// A ping or its reply.
    pub(super) const fn ping_or_reply(self) -> Charge {
        Charge::empty(self.ping)
    }

    /// A farewell that hands over so many pointers.
    pub(super) const fn farewell(self, pointers: u32) -> Charge {
        Charge::empty(self.leave).with_contacts(pointers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::MessageSizes;

    #[test]
    fn sizes_follow_the_accounting_of_p2psim() {
        let (sizes, kinds) = (MessageSizes::default(), Kinds { stabilize: 0, notify: 1, ping: 2, leave: 3 });
        assert_eq!(kinds.neighbours(16).bytes(&sizes), 20 + 4 * 17);
        assert_eq!(kinds.notification().bytes(&sizes), 24);
        assert_eq!(kinds.farewell(3).kind, 3);
    }
}
