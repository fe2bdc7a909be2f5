//! The requests and messages that are under way.
//!
//! Records are written field by field where they lie. Made elsewhere and moved in, they would be stored in parts and
//! read back as a whole at once, which stalls the processor for longer than all the rest of sending takes.

use crate::engine::queue::Ticket;
use crate::engine::time::Time;
use crate::protocol::directory::Life;
use crate::protocol::{Contact, LookupId};

/// A request under way, from its sending until nothing in the queue refers to it; or a message without an answer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call<M> {
    pub from: Contact,
    pub to: Contact,
    pub from_life: Life,
    pub to_life: Option<Life>,
    pub lookup: Option<LookupId>,
    /// There while the call is under way.
    pub request: Option<M>,
    /// There once the target has answered.
    pub reply: Option<M>,
    pub timeout_at: Time,
    pub ticket: Ticket,
    /// Events in the queue that refer to this call.
    pub pending: u8,
    pub timeout_scheduled: bool,
    pub timed_out: bool,
    pub answered: bool,
}

impl<M> Call<M> {
    /// Whether an answer is expected.
    pub fn is_request(&self) -> bool {
        self.timeout_at != Time::NEVER
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

    /// An index for a new call. Its record is as its last user left it: all fields are to be set, or `blank` is.
    #[inline]
    pub fn open(&mut self, blank: impl FnOnce() -> Call<M>) -> u32 {
        self.free.pop().unwrap_or_else(|| {
            self.records.push(blank());
            self.records.len() as u32 - 1
        })
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
