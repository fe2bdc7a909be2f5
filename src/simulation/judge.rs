//! Who is right: the outcome of a lookup, against who owns its key, now or at the start.
//!
//! Lookups end within handlers, where the protocol is busy with its own state. So they are noted there, with what they
//! have found, and judged as soon as the handler has returned, by the ground that it leaves
//! ([`Ownership`](crate::node::Ownership)). No time passes between the two, and nothing else happens.

use super::found::Found;
use super::outcome::LookupResult;
use super::world::World;
use crate::engine::memory::allocated_bytes;
use crate::node::{Contact, Ground, Lookup, LookupId, Purpose, Simulated, Slot};
use crate::observe::report::{LookupRecord, Outcome};

/// What is needed to judge lookups.
pub(super) struct Judge<P: Simulated> {
    /// Who owned what at time 0, if answers are judged by that.
    original: Option<Original<P::Ground>>,
    /// What lookups have told of nodes that they found, in the present window.
    pub found: Found,
    /// Lookups that have ended and are neither judged nor told to the protocol yet, in their order.
    ended: Vec<EndedLookup<P::Task>>,
    /// Whether answers name the node before the owner.
    before_owner: bool,
}

/// A lookup that has ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct EndedLookup<T> {
    pub id: LookupId,
    pub lookup: Lookup<T>,
    pub result: LookupResult,
}

/// Ownership as it was at time 0.
struct Original<G> {
    ground: G,
    /// Who owned no keys then, by slot; empty where all do.
    clients: Vec<bool>,
}

impl<P: Simulated> Judge<P> {
    pub fn new(protocol: &P) -> Self {
        let before_owner = protocol.lookups_end_before_owner();
        Judge { original: None, found: Found::default(), ended: Vec::new(), before_owner }
    }

    /// Whether answers are judged by who owned what at time 0.
    pub fn is_by_the_start(&self) -> bool {
        self.original.is_some()
    }

    /// Whether nothing has ended that is not judged yet.
    #[inline(always)]
    pub fn is_idle(&self) -> bool {
        self.ended.is_empty() && self.found.is_judged()
    }

    /// Notes a lookup that has ended.
    #[inline]
    pub fn note(&mut self, ended: EndedLookup<P::Task>) {
        self.ended.push(ended);
    }

    /// All that has ended, to be given back to [`Self::keep_room`]: no lookup takes memory anew.
    pub fn take_ended(&mut self) -> Vec<EndedLookup<P::Task>> {
        std::mem::take(&mut self.ended)
    }

    /// An empty list, for what will end.
    pub fn keep_room(&mut self, empty: Vec<EndedLookup<P::Task>>) {
        self.ended = empty;
    }

    /// Memory of what it keeps \[B\].
    pub fn memory_bytes(&self) -> u64 {
        let original = self.original.as_ref();
        original.map_or(0, |original| original.ground.memory_bytes() + allocated_bytes(&original.clients))
    }
}

impl<P: Simulated> World<P> {
    /// From now on answers are judged by who owns what at present.
    pub fn keep_original(&mut self, protocol: &P) {
        let clients = match self.network.has_clients() {
            true => (0..self.directory.slots()).map(|slot| self.is_client(slot)).collect(),
            false => Vec::new(),
        };
        self.judge.original = Some(Original { ground: protocol.ground(&self.members).clone(), clients });
    }

    /// Judges a lookup that has ended, if the workload asked for it.
    #[inline]
    pub(super) fn judge(&mut self, protocol: &P, ended: &EndedLookup<P::Task>) {
        if let Purpose::Workload = ended.lookup.purpose {
            self.judge_answer(protocol, &ended.lookup, ended.result);
        }
    }

    fn judge_answer(&mut self, protocol: &P, lookup: &Lookup<P::Task>, result: LookupResult) {
        let mut record = LookupRecord {
            number: lookup.number,
            started: lookup.started,
            ended: self.now,
            node: self.directory.node(lookup.initiator),
            node_arrived: self.directory.arrived(lookup.initiator),
            key: lookup.key,
            outcome: Outcome::Failed,
            answer: None,
            owner: None,
            hops: None,
            rpcs: lookup.rpcs,
            timeouts: lookup.timeouts,
            false_timeouts: lookup.false_timeouts,
        };
        match result {
            LookupResult::Answer { owner: named, hops } => {
                let owner = self.owner(protocol, lookup.initiator, lookup.key);
                let is_right = match self.judge.before_owner {
                    true => {
                        self.members.contains(named)
                            && !self.is_client(named.slot())
                            && owner == self.owner(protocol, lookup.initiator, named.id().wrapping_add(1))
                    }
                    false => owner == Some(named),
                };
                record.outcome = if is_right { Outcome::Correct } else { Outcome::WrongOwner };
                record.answer = Some(named.id());
                record.owner = owner.map(Contact::id);
                record.hops = Some(hops);
            }
            LookupResult::GivenUp | LookupResult::CutOff => {}
            LookupResult::InitiatorDeparted => record.outcome = Outcome::Aborted,
        }
        self.accounts.outcomes.count(record.outcome);
        self.metrics.lookup_ended(&record);
        let host = self.host(lookup.initiator);
        if let (true, Some(by_kind)) = (self.metrics.is_measuring(), &mut self.by_kind) {
            by_kind.lookup_ended(self.network.kind(host), &record);
        }
        if let (true, Some(finished)) = (self.metrics.is_measuring(), &mut self.finished) {
            finished.push(record);
        }
    }

    /// What counts as the truth about owners: what is so now, or was at the start.
    fn ground<'a>(&'a self, protocol: &'a P) -> &'a P::Ground {
        match &self.judge.original {
            Some(original) => &original.ground,
            None => protocol.ground(&self.members),
        }
    }

    /// Whether `member` can own a key as far as `node` can reach, or could at the start, if that is what counts. Nobody
    /// behind NAT can.
    #[inline]
    fn counts(&self, node: Slot, member: Slot) -> bool {
        match &self.judge.original {
            Some(original) => !original.clients.get(member as usize).is_some_and(|is_behind| *is_behind),
            None => self.is_open() || self.admits(node, member),
        }
    }

    /// Who owns `key`: now, as far as `node` can reach, or at the start, if that is what counts. Nobody behind NAT
    /// does.
    pub fn owner(&self, protocol: &P, node: Slot, key: u64) -> Option<Contact> {
        P::owner(self.ground(protocol), key, |member| self.counts(node, member.slot()))
    }

    /// Holds what lookups have told against the nodes that should hold what belongs to their keys: judged as
    /// [`Self::owner`] is.
    pub(super) fn judge_found(&mut self, protocol: &P) {
        if self.judge.found.is_judged() {
            return;
        }
        let mut found = std::mem::take(&mut self.judge.found);
        found.judge(|asked, replicas| {
            let counts = |member: Contact| self.counts(asked.initiator, member.slot());
            P::replicas(self.ground(protocol), asked.key, asked.wanted as usize, counts, replicas);
        });
        self.judge.found = found;
    }
}
