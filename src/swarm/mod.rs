//! Swarms: from each of many seeds a random valid scenario, played with all checkers on.
//!
//! What is found is named by seed, mode and arguments alone: `torus-sim swarm --seeds 17..18` plays the same again on
//! any machine. [`shrink()`] turns it into a small scenario file. Nothing here knows a protocol by name.

pub mod generator;
pub mod mode;
pub mod player;
pub mod runner;
pub mod shrink;

mod generate_churn;
mod generate_kinds;
mod generate_network;
#[cfg(test)]
mod tests;

pub use generator::{Generated, generate};
pub use mode::Mode;
pub use player::{Ended, Finding, Trouble, play};
pub use runner::{Request, Watcher, swarm};
pub use shrink::{Shrunk, shrink};
