//! When nodes come and go: who is there, and the random process by which that changes.
//!
//! Nothing here knows a protocol, a network or a lookup. All randomness comes from the stream
//! [`Purpose::Churn`](crate::engine::random::Purpose::Churn), and the order of draws depends on nothing but the
//! process and the scheduled events, so that every protocol faces the same arrivals and departures.

pub mod population;
pub mod process;
#[cfg(test)]
mod tests;

pub use population::Population;
pub use process::{Change, Process};
