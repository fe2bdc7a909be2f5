//! The protocols, one folder each, with what their papers describe. None knows another; what several need stands in
//! [`crate::overlay`].

pub mod chord;
pub mod kademlia;
pub mod koorde;
