//! The requests and messages that are under way.
//!
//! Records are written field by field where they lie. Made elsewhere and moved in, they would be stored in parts and
//! read back as a whole at once, which stalls the processor for longer than all the rest of sending takes.

use crate::engine::memory::allocated_bytes;
use crate::engine::queue::Ticket;
use crate::engine::time::Time;
use crate::node::directory::Incarnation;
use crate::node::{Contact, LookupId};

/// A request under way, from its sending until nothing in the queue refers to it; or a message without an answer.
///
/// Two cache lines: in the first what every event looks at, in the second what is said.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub(crate) struct Call<M> {
    pub timeout_at: Time,
    pub lookup: Option<LookupId>,
    pub to_incarnation: Option<Incarnation>,
    pub from_incarnation: Incarnation,
    pub from: Contact,
    pub to: Contact,
    /// What still refers to this call: events in the queue, and the node that is to answer it later.
    pub pending: u8,
    pub timeout_scheduled: bool,
    pub timed_out: bool,
    pub answered: bool,
    /// Whether a reply has been sent.
    pub replied: bool,
    pub ticket: Ticket,
    pub sent_at: Time,
    /// There while the call is under way.
    pub request: Option<M>,
    /// There once the target has answered.
    pub reply: Option<M>,
}

impl<M> Default for Call<M> {
    fn default() -> Self {
        Call {
            timeout_at: Time::NEVER,
            lookup: None,
            to_incarnation: None,
            from_incarnation: Incarnation::default(),
            from: Contact::NONE,
            to: Contact::NONE,
            pending: 0,
            timeout_scheduled: false,
            timed_out: false,
            answered: false,
            replied: false,
            sent_at: Time::ZERO,
            ticket: Ticket::default(),
            request: None,
            reply: None,
        }
    }
}

impl<M> Call<M> {
    /// Whether an answer is expected.
    pub fn is_request(&self) -> bool {
        self.timeout_at != Time::NEVER
    }

    /// Whether it is a request whose caller was gone before it could learn how it ended.
    pub fn is_abandoned(&self) -> bool {
        self.is_request() && !self.answered && !self.timed_out
    }
}

/// All calls. An index stays with its call until the call is closed; the index freed last is used first.
#[derive(Debug)]
pub(crate) struct Calls<M> {
    records: Vec<Call<M>>,
    free: Vec<u32>,
}

impl<M: Copy> Calls<M> {
    pub fn new() -> Self {
        Calls { records: Vec::new(), free: Vec::new() }
    }

    /// An index for a new call. Its record is as its last user left it: all fields are to be set.
    #[inline]
    pub fn open(&mut self) -> u32 {
        self.free.pop().unwrap_or_else(|| self.grow())
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self) -> u32 {
        self.records.push(Call::default());
        self.records.len() as u32 - 1
    }

    /// The call is over, and its index free.
    #[inline]
    pub fn close(&mut self, index: u32) {
        self.free.push(index);
    }

    /// All calls that are under way.
    pub fn under_way(&self) -> impl Iterator<Item = &Call<M>> {
        // A record that is free keeps what its last user left, but nothing is pending.
        self.records.iter().filter(|call| call.pending > 0)
    }

    /// Memory of all records, used or free \[B\].
    pub fn memory_bytes(&self) -> u64 {
        allocated_bytes(&self.records) + allocated_bytes(&self.free)
    }

    /// Number of calls under way.
    pub fn len(&self) -> usize {
        self.records.len() - self.free.len()
    }
}

impl<M> std::ops::Index<u32> for Calls<M> {
    type Output = Call<M>;

    #[inline]
    fn index(&self, index: u32) -> &Call<M> {
        &self.records[index as usize]
    }
}

impl<M> std::ops::IndexMut<u32> for Calls<M> {
    #[inline]
    fn index_mut(&mut self, index: u32) -> &mut Call<M> {
        &mut self.records[index as usize]
    }
}
