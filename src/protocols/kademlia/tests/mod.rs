//! Tests of Kademlia: of its tables by themselves, and of what nodes do in a small network with a fixed delay.

mod contacts;
mod joins;
mod lookups;
mod network;
mod parallelism;
mod recursive;
mod refreshes;
mod tables;
