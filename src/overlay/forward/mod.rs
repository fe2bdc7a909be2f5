//! Recursive lookups: a query is handed from node to node, each acknowledging it to the one before.
//!
//! A node whose next hop does not acknowledge tries its next best candidate. The answer goes straight to the
//! initiator (semi-recursive), or back along the path, past nodes that have died meanwhile (recursive). A query that
//! no node can carry on is dropped: the initiator learns of it by its deadline only.
//!
//! NAT lets an answer through to whoever handed its sender the query. So it comes back along the path, but not past a
//! node that has died, and straight to the initiator only from nodes to which that has handed the query itself.
//!
//! The node that knows the owner answers; with [`ForwardRules::confirm_owner`] the query goes on to the owner, which
//! answers.
//!
//! A protocol embeds a [`Forward`], implements [`ForwardHost`], and calls the functions here from its handlers.

mod handlers;
mod host;
mod rules;
mod state;

pub use handlers::{begin, on_message, on_request, on_timeout};
pub use host::ForwardHost;
pub use rules::{Acknowledgements, ForwardRules, Retries, WayBack};
pub use state::{Forward, ForwardMessage, Query};
