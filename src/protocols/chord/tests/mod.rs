//! Tests of each of Chord's procedures in a small network with a fixed delay, where rounds are played by hand.

mod joining;
mod leaving;
mod lookups;
mod network;
mod tables;
mod upkeep;
