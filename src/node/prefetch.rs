//! What memory an event will need soon. Hints only: they make a run faster, and change nothing of it.

use super::{Contact, Protocol, Slot};

/// A message that is about to arrive.
#[derive(Clone, Copy, Debug)]
pub struct Arrival<'a, M> {
    /// Where.
    pub node: Slot,
    /// Who has sent it.
    pub from: Contact,
    /// The request.
    pub request: &'a M,
    /// The reply to it, if that is what arrives.
    pub reply: Option<&'a M>,
}

/// Hints for the processor, all of them optional: `impl Prefetch for Koorde {}` gives none.
pub trait Prefetch: Protocol {
    /// Asks for the memory of the state of `node` ([`crate::engine::prefetch`]), which an event will need soon. The
    /// slot may be empty by now.
    #[inline(always)]
    fn prefetch_state(&self, node: Slot) {
        let _ = node;
    }

    /// The same for the tables that the state leads to, which has been asked for a few events before.
    #[inline(always)]
    fn prefetch_tables(&self, node: Slot) {
        let _ = node;
    }

    /// Whether the two below do anything: it costs time to look at what will arrive.
    const LOOKS_AT_ARRIVALS: bool = false;

    /// The same for what this message will need, the state of the node having been asked for.
    #[inline(always)]
    fn prefetch_for(&self, arrival: Arrival<'_, Self::Message>) {
        let _ = arrival;
    }

    /// The same for what that leads to, shortly before it is needed.
    #[inline(always)]
    fn prefetch_beyond(&self, arrival: Arrival<'_, Self::Message>) {
        let _ = arrival;
    }
}
