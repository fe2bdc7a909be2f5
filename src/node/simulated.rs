//! A protocol with all that a simulation asks of it.

#[cfg(doc)]
use super::Protocol;
use super::{Inspect, Ownership, Prefetch};

/// A protocol that can be simulated: what its nodes do ([`Protocol`]), who is right ([`Ownership`]), what onlookers see
/// ([`Inspect`]), and hints for the processor ([`Prefetch`]). Every type with these four is one.
pub trait Simulated: Ownership + Inspect + Prefetch {}

impl<P: Ownership + Inspect + Prefetch> Simulated for P {}
