//! Asking early for the memory that coming events will need: of the call and the node eight events ahead, and, once
//! these are near, of what the node's state leads to.

use super::event::Event;
use super::run::Simulation;
use crate::engine::prefetch::prefetch;
use crate::node::{Arrival, Simulated};

/// Events between asking for the state of a node and needing it. Fewer do not hide the way to memory, more run past the
/// bucket of the queue that is in order.
const STATE_AHEAD: usize = 8;

/// Events between asking for the tables of a node, which takes its state, and needing them.
const TABLES_AHEAD: usize = 3;

/// Events between asking for what tables lead to and needing it.
const BEYOND_AHEAD: usize = 1;

impl<P: Simulated> Simulation<P> {
    /// To be called before each event. Changes nothing but speed.
    #[inline(always)]
    pub(super) fn prefetch_ahead(&self) {
        let queue = &self.world.queue;
        match queue.look_ahead(STATE_AHEAD) {
            Some(
                Event::Request { call, to }
                | Event::Reply { call, to }
                | Event::Timeout { call, to }
                | Event::Message { call, to },
            ) => {
                prefetch(std::slice::from_ref(self.world.call(*call)));
                self.protocol.prefetch_state(*to);
            }
            Some(Event::Timer { node, .. }) => self.protocol.prefetch_state(*node),
            Some(Event::Deadline { .. }) => {}
            // A bucket with few events left, or few at all: the rest has been asked for, or lies near anyway.
            None => return,
        }
        let coming = queue.look_ahead(TABLES_AHEAD);
        if let Some(Event::Request { to: node, .. } | Event::Timer { node, .. }) = coming {
            self.protocol.prefetch_tables(*node);
        }
        if !P::LOOKS_AT_ARRIVALS {
            return;
        }
        if let Some(arrival) = coming.and_then(|event| self.arrival(event)) {
            self.protocol.prefetch_for(arrival);
        }
        if let Some(arrival) = queue.look_ahead(BEYOND_AHEAD).and_then(|event| self.arrival(event)) {
            self.protocol.prefetch_beyond(arrival);
        }
    }

    /// The message that arrives with an event, as things stand.
    #[inline(always)]
    fn arrival(&self, event: &Event<P::Timer>) -> Option<Arrival<'_, P::Message>> {
        match *event {
            Event::Request { call, to: node } => {
                let call = self.world.call(call);
                Some(Arrival { node, from: call.from, request: call.request.as_ref()?, reply: None })
            }
            Event::Reply { call, to: node } => {
                let call = self.world.call(call);
                Some(Arrival { node, from: call.to, request: call.request.as_ref()?, reply: call.reply.as_ref() })
            }
            _ => None,
        }
    }
}
