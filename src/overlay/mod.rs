//! What protocols are made of: parts with state of their own, which a protocol embeds and calls. None is a base class,
//! and none knows who embeds it.

pub mod digits;
pub mod forward;
pub mod lookups;
pub mod register;
pub mod ring;
pub mod rounds;
pub mod walk;
