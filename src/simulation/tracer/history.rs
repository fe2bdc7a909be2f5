//! Who came and went when: what the directory forgets, and a story needs.

use crate::engine::time::Time;
use crate::node::Contact;
use crate::observe::story::{State, Who};
use std::collections::BTreeMap;

/// One stay of a node.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stay {
    pub who: Who,
    pub arrived: Time,
    /// When its join was completed.
    pub member: Option<Time>,
    pub departed: Option<(Time, bool)>,
}

/// All stays so far, false suspicions, and partitions.
#[derive(Debug, Default)]
pub(super) struct History {
    stays: BTreeMap<u64, Vec<Stay>>,
    /// Last time at which a request between two nodes timed out although its target was alive.
    suspicions: BTreeMap<(u64, u64), Time>,
    pub split: Option<Time>,
    pub healed: Option<Time>,
}

impl History {
    pub fn arrived(&mut self, who: Who, at: Time, is_member: bool) {
        let stay = Stay { who, arrived: at, member: is_member.then_some(at), departed: None };
        self.stays.entry(who.identifier).or_default().push(stay);
    }

    pub fn departed(&mut self, id: u64, at: Time, graceful: bool) {
        if let Some(stay) = self.present(id) {
            stay.departed = Some((at, graceful));
        }
    }

    pub fn became_member(&mut self, id: u64, at: Time) {
        if let Some(stay) = self.present(id) {
            stay.member.get_or_insert(at);
        }
    }

    pub fn suspected(&mut self, by: Contact, whom: Contact, at: Time) {
        self.suspicions.insert((by.id(), whom.id()), at);
    }

    pub fn last_suspicion(&self, by: u64, whom: u64) -> Option<Time> {
        self.suspicions.get(&(by, whom)).copied()
    }

    /// The node with an identifier that has been there.
    pub fn who(&self, id: u64) -> Option<Who> {
        Some(self.last(id)?.who)
    }

    pub fn last(&self, id: u64) -> Option<&Stay> {
        self.stays.get(&id)?.last()
    }

    /// The last departure of whoever has this identifier.
    pub fn departure(&self, id: u64) -> Option<State> {
        let ended = self.stays.get(&id)?.iter().rev().find_map(|stay| stay.departed);
        ended.map(|(at, graceful)| State::Departed { at, graceful })
    }

    fn present(&mut self, id: u64) -> Option<&mut Stay> {
        self.stays.get_mut(&id)?.last_mut()
    }
}
