//! Tests of Kademlia's tables, without a network around them.

mod tables;
