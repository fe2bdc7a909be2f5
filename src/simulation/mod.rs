//! One run: the event loop, the life and death of nodes, and scheduled events, for any protocol.
//!
//! Whatever comes from outside the network (arrivals, departures, lookups, partitions) comes from the [`agenda`], which
//! does not depend on the protocol; whatever nodes cause comes from the event queue. The loop takes the earlier of the
//! two; at the same instant the agenda goes first, so that a schedule that was written down plays the same. In the
//! queue events of the same instant fire in the order in which they were scheduled, a timeout in the place that it took
//! when its request was sent: so a reply that arrives at the very instant of the timeout comes too late.
//! `docs/internals/events.md` has the whole contract.

mod accounts;
pub mod agenda;
mod calls;
mod checkers;
mod context;
mod deadlines;
mod delivery;
mod disturbances;
mod event;
mod found;
#[cfg(test)]
mod handler_tests;
mod identities;
mod injection;
mod judge;
mod load;
mod measured;
mod memory;
#[cfg(test)]
mod nat_tests;
mod outcome;
mod population;
mod prefetch_ahead;
mod probe;
pub mod protocols;
mod run;
mod slot_blocks;
mod stepping;
mod tracer;
mod transport;
mod world;
#[cfg(test)]
mod zone_tests;

pub use checkers::Check;
pub use event::Kind as EventKind;
pub use injection::{Injection, Refused};
pub use probe::{Happened, Probe};
pub use run::{Options, Simulation};
