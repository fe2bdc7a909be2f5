//! The engine: virtual time, the event queue, random streams, distributions, and pooled storage.
//!
//! It does not know what a node, a message or a protocol is, and it does no I/O.

pub mod dice;
pub mod distribution;
pub mod fingerprint;
pub mod memory;
pub mod pool;
pub mod prefetch;
pub mod queue;
pub mod random;
pub mod time;
