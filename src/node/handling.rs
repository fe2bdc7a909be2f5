//! What handlers of a protocol are told and what they return.

use super::{Charge, Contact, Slot};
use crate::engine::queue::Ticket;
use crate::engine::time::{Duration, Time};

/// How a node comes to be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// It has never been there before, or returns under another identifier, as a stranger.
    Fresh,
    /// It was there before, under the same identifier at the same slot (`churn.return_identifier = "same"`): what the
    /// protocol has kept by slot over the departure, as on a disk, is its own.
    Returning,
}

/// The reply to a request, as it arrives at the node that has sent the request.
#[derive(Clone, Copy, Debug)]
pub struct Reply<'a, M> {
    /// Who answers.
    pub from: Contact,
    /// What was asked.
    pub request: &'a M,
    /// What is answered.
    pub reply: &'a M,
    /// Time from the sending of the request until now.
    pub round_trip: Duration,
}

/// What a node does about a request that has arrived.
#[derive(Clone, Copy, Debug)]
pub enum Answer<M> {
    /// Sends this back at once.
    Now(M, Charge),
    /// Sends something back later, or never: [`super::Context::reply`]. Meanwhile the timeout of the request may
    /// expire.
    Later,
    /// Sends nothing: the timeout of the request will expire.
    Refused,
}

impl<M> From<Option<(M, Charge)>> for Answer<M> {
    /// At once, or not at all.
    #[inline]
    fn from(reply: Option<(M, Charge)>) -> Self {
        reply.map_or(Answer::Refused, |(message, charge)| Answer::Now(message, charge))
    }
}

/// A request that waits for its answer. Good for one reply, as long as the node that got the request lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReplyTo {
    /// Index of the request's record.
    pub(crate) call: u32,
    /// The node that got the request.
    pub(crate) node: Slot,
    /// Tells the request from others that have or will have the same index.
    pub(crate) ticket: Ticket,
}

/// A timer that has been set, for cancelling it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimerId {
    /// Where it fires.
    pub(crate) node: Slot,
    /// When; never, if it was set to that.
    pub(crate) time: Time,
    /// Its place in the order of events.
    pub(crate) ticket: Ticket,
}

/// How a lookup ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// With an answer, right or wrong.
    Answered,
    /// The initiator gave it up.
    GivenUp,
    /// Its deadline passed.
    CutOff,
    /// The initiator departed.
    InitiatorDeparted,
}

#[cfg(test)]
impl ReplyTo {
    /// Of a request to `node` that nobody has sent.
    pub fn for_tests(node: Slot) -> Self {
        ReplyTo { call: u32::MAX, node, ticket: Ticket::default() }
    }
}
