//! The story of one lookup, as plain data: what was asked and answered, what nodes believed, and what was true.
//!
//! Nodes are named as schedules and `lookups.csv` name them. Whatever is said to be true, is true at the instant that
//! stands beside it.

use super::report::LookupRecord;
use crate::engine::time::{Duration, Time};

/// A node, or one of the identifiers of a node that has several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Who {
    /// Number of the node.
    pub node: u32,
    /// Which of its identifiers, from 0; `None` if nodes have one only.
    pub part: Option<u32>,
    /// The identifier.
    pub identifier: u64,
}

/// What was true of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It was a member that could be reached.
    Member,
    /// It was alive, and had not completed its join.
    Joining {
        /// When it arrived.
        since: Time,
    },
    /// It was gone.
    Departed {
        /// When it departed.
        at: Time,
        /// Whether it took its leave.
        graceful: bool,
    },
    /// It was alive, on the other side of a partition.
    Unreachable {
        /// When the partition began.
        since: Time,
    },
    /// It was alive, behind NAT: nothing that was sent unasked reached it.
    BehindNat,
}

/// What a node said about the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Saying {
    /// This node owns it.
    Owner(Who),
    /// Ask this node.
    Next(Who),
    /// It could not tell.
    Nothing,
}

/// A round that was to keep a node's tables up to date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Round {
    /// What it is called.
    pub name: &'static str,
    /// How long it was until then; `None` if none was to come.
    pub due_in: Option<Duration>,
}

/// What a node believed about the key, and what was true.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Belief {
    /// When.
    pub at: Time,
    /// The node.
    pub by: Who,
    /// What it said.
    pub says: Saying,
    /// From which of its tables, if the protocol tells.
    pub source: Option<&'static str>,
    /// The round that was to keep that table up to date, if the protocol tells.
    pub round: Option<Round>,
    /// What was true of the node it named.
    pub named: Option<State>,
    /// Who really owned the key, as far as the initiator could reach.
    pub owner: Option<Who>,
    /// The event that had made the belief untrue, if it was.
    pub cause: Option<Cause>,
}

/// An event that made a belief untrue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The node that was named had departed.
    Departed {
        /// The node.
        who: Who,
        /// When.
        at: Time,
        /// Whether it took its leave.
        graceful: bool,
    },
    /// The network had split, with the node that was named on the other side.
    Split {
        /// The node.
        who: Who,
        /// When.
        at: Time,
    },
    /// The node that was named was behind NAT: it owned nothing.
    BehindNat {
        /// The node.
        who: Who,
    },
    /// The node that was named had arrived and was not a member yet.
    Joining {
        /// The node.
        who: Who,
        /// When it arrived.
        at: Time,
    },
    /// The owner had become a member, in front of the node that was named.
    Joined {
        /// The owner.
        who: Who,
        /// The node that was named.
        before: Who,
        /// When its join was completed.
        at: Time,
    },
    /// The owner had not answered the node that believed this, although it was alive.
    Suspected {
        /// The owner.
        who: Who,
        /// When the timeout expired.
        at: Time,
    },
    /// The owner had been on the other side of a partition that was over.
    Healed {
        /// The owner.
        who: Who,
        /// When the partition ended.
        at: Time,
    },
}

/// A request with its reply, or a message without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// When it was sent.
    pub sent: Time,
    /// By whom.
    pub from: Who,
    /// To whom.
    pub to: Who,
    /// What the sender did with the receiver: "asks".
    pub verb: &'static str,
    /// What the message itself said about the key.
    pub says: Option<Saying>,
    /// What was true of the receiver when it was sent.
    pub receiver: State,
    /// When it arrived.
    pub arrived: Option<Time>,
    /// What the receiver believed then.
    pub belief: Option<Belief>,
    /// When its reply arrived, in time.
    pub answered: Option<Time>,
    /// When its timeout expired, and what was true of the receiver then.
    pub timed_out: Option<(Time, State)>,
}

/// How a lookup ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ending {
    /// When.
    pub at: Time,
    /// Whether its deadline had passed.
    pub is_deadline: bool,
    /// How it was judged; `None` outside of the measurement.
    pub record: Option<LookupRecord>,
    /// The node that was named as the owner, and what was true of it.
    pub answer: Option<(Who, State)>,
    /// The true owner.
    pub owner: Option<Who>,
    /// The event that made the answer wrong, if it was.
    pub cause: Option<Cause>,
}

/// The story of a lookup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Story {
    /// Number of the lookup.
    pub number: u64,
    /// Who asked.
    pub initiator: Who,
    /// For what.
    pub key: u64,
    /// When.
    pub started: Time,
    /// What the initiator itself believed.
    pub own: Option<Belief>,
    /// What was sent, in order.
    pub exchanges: Vec<Exchange>,
    /// How it ended; `None` if it had not when the run did.
    pub ending: Option<Ending>,
}

/// What became of the wish to hear a lookup's story.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// Here it is.
    Story(Box<Story>),
    /// A node made this lookup for itself: nobody judges it.
    Own,
    /// There are fewer lookups than that.
    Unknown {
        /// All lookups of the run, those that nodes made for themselves too.
        started: u64,
    },
}
