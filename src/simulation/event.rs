//! What waits in the event queue, and the numbers by which events enter the fingerprint.

use crate::node::directory::Incarnation;
use crate::node::{LookupId, Slot};

/// Something that will happen at a node. 16 bytes with a timer of up to 4.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Event<T> {
    /// The request of a call arrives at `to`.
    Request { call: u32, to: Slot },
    /// The reply of a call arrives at its caller.
    Reply { call: u32, to: Slot },
    /// A call has waited long enough.
    Timeout { call: u32, to: Slot },
    /// A message without an answer arrives; it is kept like a call.
    Message { call: u32, to: Slot },
    /// A timer fires.
    Timer { node: Slot, incarnation: Incarnation, timer: T },
    /// A lookup has taken long enough.
    Deadline { lookup: LookupId },
}

impl<T> Event<T> {
    /// The node whose handler is called; `None` for the deadline of a lookup, since that says only which lookup.
    pub fn node(&self) -> Option<Slot> {
        match *self {
            Event::Request { to, .. }
            | Event::Reply { to, .. }
            | Event::Timeout { to, .. }
            | Event::Message { to, .. } => Some(to),
            Event::Timer { node, .. } => Some(node),
            Event::Deadline { .. } => None,
        }
    }
}

/// What kind of event it was: an event enters the fingerprint by this number. The numbers are part of the result
/// format: never renumber.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
#[repr(u8)]
pub enum Kind {
    /// A node arrives and begins to join.
    Join = 1,
    /// A node takes its leave.
    Leave = 2,
    /// A node crashes.
    Crash = 3,
    /// A node is told to look a key up.
    Lookup = 4,
    /// The network falls apart.
    Partition = 5,
    /// Partitions end.
    Heal = 6,
    /// A request reaches a node.
    Request = 7,
    /// A reply reaches the node that asked.
    Reply = 8,
    /// A node has waited long enough for a reply.
    Timeout = 9,
    /// A message without an answer reaches a node.
    Message = 10,
    /// A timer of a node fires.
    Timer = 11,
    /// A lookup has taken too long.
    Deadline = 12,
    /// Quiet returns.
    Quiet = 13,
    /// Something begins to happen to links.
    LinkBegins = 14,
    /// It ends.
    LinkEnds = 15,
    /// All that happens to links ends.
    Mend = 16,
}

/// All kinds, in the order of their numbers from 1.
const ALL: [Kind; 16] = [
    Kind::Join,
    Kind::Leave,
    Kind::Crash,
    Kind::Lookup,
    Kind::Partition,
    Kind::Heal,
    Kind::Request,
    Kind::Reply,
    Kind::Timeout,
    Kind::Message,
    Kind::Timer,
    Kind::Deadline,
    Kind::Quiet,
    Kind::LinkBegins,
    Kind::LinkEnds,
    Kind::Mend,
];

/// Names of the kinds, by number.
const NAMES: [&str; 17] = [
    "nothing",
    "join",
    "leave",
    "crash",
    "start of a lookup",
    "partition",
    "healing of the partition",
    "request",
    "reply",
    "timeout",
    "message",
    "timer",
    "deadline of a lookup",
    "return of quiet",
    "trouble with links",
    "end of trouble with links",
    "mending of links",
];

impl Kind {
    /// The name of the kind with this number.
    pub(crate) fn name(number: u8) -> &'static str {
        NAMES[usize::from(number)]
    }

    /// The kind with this number; `None` for 0, which stands for nothing, and for numbers that no kind has.
    pub(crate) fn of(number: u8) -> Option<Kind> {
        ALL.get(usize::from(number).checked_sub(1)?).copied()
    }

    /// Whether it happens to the network, and not at a node.
    pub fn is_of_network(self) -> bool {
        use Kind::{Heal, LinkBegins, LinkEnds, Mend, Partition, Quiet};
        matches!(self, Partition | Heal | Quiet | LinkBegins | LinkEnds | Mend)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_has_its_kind() {
        assert_eq!((Kind::of(0), Kind::of(ALL.len() as u8 + 1)), (None, None));
        for (kind, number) in ALL.into_iter().zip(1..) {
            assert_eq!((kind as u8, Kind::of(number)), (number, Some(kind)));
        }
        assert_eq!(NAMES.len(), ALL.len() + 1);
    }
}
