//! Tests of Kademlia.
