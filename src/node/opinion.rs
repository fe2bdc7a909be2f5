//! What nodes say about keys, in a form that does not depend on the protocol: for telling the story of a lookup.
//!
//! A run does not need any of this. A protocol that leaves it out is still told, message by message, but without what
//! its nodes believed.

use super::contact::Contact;

/// What a node says when it is asked for the owner of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Says {
    /// This node owns the key.
    Owner(Contact),
    /// Ask this node.
    Next(Contact),
    /// It cannot tell.
    Nothing,
}

/// What a node says, and where it has it from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opinion {
    /// What it says.
    pub says: Says,
    /// Where it has it from, as in "node 7 had it from its ...": "successor list", "fingers".
    pub source: &'static str,
    /// The timer whose round keeps that up to date, as [`super::Inspect::timer_name`] calls it.
    pub kept_by: Option<&'static str>,
}

/// A message that a lookup causes, in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Description {
    /// What the sender does with the receiver, as in "node 12 ... node 33": "asks", "answers".
    pub verb: &'static str,
    /// What the message says about the key, if it does.
    pub says: Option<Says>,
}

impl Description {
    /// A message that says nothing about the key.
    pub const fn plain(verb: &'static str) -> Self {
        Description { verb, says: None }
    }
}
