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

/// How an event enters the fingerprint. The numbers are part of the result format: never renumber.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Kind {
    Join = 1,
    Leave = 2,
    Crash = 3,
    Lookup = 4,
    Partition = 5,
    Heal = 6,
    Request = 7,
    Reply = 8,
    Timeout = 9,
    Message = 10,
    Timer = 11,
    Deadline = 12,
    Quiet = 13,
    LinkBegins = 14,
    LinkEnds = 15,
    Mend = 16,
}

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
    pub fn name(number: u8) -> &'static str {
        NAMES[usize::from(number)]
    }
}
