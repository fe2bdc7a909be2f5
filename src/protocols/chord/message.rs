//! What Chord nodes send each other, and what it costs.

use crate::node::{Charge, Contact};
use crate::overlay::forward::ForwardMessage;
use crate::overlay::ring::{Kinds, RingMessage};
use crate::overlay::walk::WalkMessage;

/// Kinds of messages; a reply is booked under the kind of its request.
pub(super) const KINDS: &[&str] = &["find_successor", "answer", "stabilize", "notify", "ping", "leave"];

pub(super) const FIND_SUCCESSOR: u8 = 0;
pub(super) const ANSWER: u8 = 1;

/// As which of them those of the ring are booked.
pub(super) const OF_THE_RING: Kinds = Kinds { stabilize: 2, notify: 3, ping: 4, leave: 5 };

/// A message. Lists and queries live in pools of the parts of [`super::Chord`].
#[derive(Clone, Copy, Debug)]
pub enum Message {
    /// Of an iterative lookup.
    Walk(WalkMessage<()>),
    /// Of a recursive lookup.
    Forward(ForwardMessage),
    /// Request to a finger: who is your predecessor?
    GetPredecessor {
        /// Which finger is refreshed.
        finger: u8,
    },
    /// Reply to `GetPredecessor`: the predecessor, if one is known.
    Predecessor(Contact),
    /// What keeps the ring.
    Ring(RingMessage),
}

impl Message {
    /// Whether it holds something in a pool, to be given back when it is over. Most messages do not.
    #[inline]
    pub(super) fn is_pooled(&self) -> bool {
        match self {
            Message::Ring(message) => message.is_pooled(),
            Message::Walk(message) => message.is_pooled(),
            message => matches!(message, Message::Forward(_)),
        }
    }
}

/// A question to a finger for its predecessor.
pub(super) const GET_PREDECESSOR: Charge = Charge::empty(FIND_SUCCESSOR);

/// Its reply.
pub(super) const PREDECESSOR: Charge = Charge::empty(FIND_SUCCESSOR).with_contacts(1);

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
        assert_eq!(PREDECESSOR.bytes(&sizes), 24);
        assert_eq!(KINDS[OF_THE_RING.leave as usize], "leave");
    }
}
