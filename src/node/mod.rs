//! What a protocol is, by who asks: what its nodes do ([`Protocol`]), who is right ([`Ownership`]), what onlookers see
//! ([`Inspect`]), and hints for the processor ([`Prefetch`]); all four together are [`Simulated`].
//!
//! A protocol keeps the state of all its nodes itself, indexed by [`Slot`], in whatever layout serves it. It acts on
//! the world through a [`Context`] only: it sends requests and messages, sets timers, ends lookups. It does not know
//! when nodes come and go, what the network does, or who is alive. What protocols are made of stands in
//! [`crate::overlay`]; each has a folder in [`crate::protocols`], and none knows another.

pub mod awake;
pub mod checker;
pub mod directory;
pub mod handling;
pub mod history;
pub mod identifier;
pub mod lookup;
pub mod members;
#[cfg(test)]
pub(crate) mod network_for_tests;
pub mod opinion;
pub mod per_lookup;
pub mod per_node;

mod charge;
mod contact;
mod context;
mod inspect;
mod ownership;
mod prefetch;
mod protocol;
mod simulated;
mod truth;
#[cfg(test)]
mod world_for_tests;

pub use charge::{Charge, MessageSizes};
pub use contact::{Contact, Slot};
pub use context::{Context, Expects, Terms, Way};
pub use handling::{Answer, Ended, Reply, ReplyTo, Start, TimerId};
pub use inspect::Inspect;
pub use lookup::{Lookup, LookupId, Purpose};
pub use members::Members;
pub use ownership::{Ground, Ownership};
pub use prefetch::{Arrival, Prefetch};
pub use protocol::Protocol;
pub use simulated::Simulated;
pub use truth::Truth;
