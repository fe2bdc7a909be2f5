//! What protocols are made of: parts with state of their own, which a protocol embeds and calls. None is a base class,
//! and none knows who embeds it. Where a part calls its host, that is a trait that the host implements.
//!
//! - [`lookups`]: a step of routing, and how a lookup ends, whichever way it goes
//! - [`walk`]: iterative lookups that ask one node after another
//! - [`forward`]: recursive lookups, which are handed from node to node
//! - [`ring`]: successor lists and predecessors, and what keeps them
//! - [`rounds`]: timers with periods and random phases
//! - [`register`], [`digits`]: contacts by numbers of 4 bytes; identifiers as strings of digits

pub mod digits;
pub mod forward;
pub mod lookups;
pub mod register;
pub mod ring;
pub mod rounds;
pub mod walk;
