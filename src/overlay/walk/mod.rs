//! Iterative lookups that ask one node after another.
//!
//! A node that does not answer is remembered as dead for the rest of the lookup, and the node that named it is asked
//! again for its next best candidate. If that one has died meanwhile, the initiator begins again from its own tables.
//!
//! The node that is named as the owner may be dead: with [`WalkRules::confirm_owner`] it is asked too, and if it does
//! not answer, the node that named it is asked for the next.
//!
//! A protocol embeds a [`Walk`], implements [`WalkHost`], and calls the functions here from its handlers.

mod handlers;
mod host;
mod message;
mod state;
#[cfg(test)]
mod tests;

pub use handlers::{begin, on_reply, on_request, on_timeout};
pub use host::WalkHost;
pub use message::{Ask, Confirm, Next, Packed, Sealed, WalkMessage};
pub use state::{Walk, WalkRules};
