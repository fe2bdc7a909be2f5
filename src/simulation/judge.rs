//! Who is right: the outcome of a lookup, against who is alive or was at the start.

use super::outcome::LookupResult;
use super::world::World;
use crate::node::{Contact, Lookup, Members, Simulated, Slot};
use crate::observe::report::{LookupRecord, Outcome};
use std::borrow::Cow;

impl<P: Simulated> World<P> {
    /// Those of `members` who can own keys: all that are not behind NAT.
    pub fn owners<'a>(&self, members: &'a Members) -> Cow<'a, Members> {
        if !self.network.has_nat() {
            return Cow::Borrowed(members);
        }
        Cow::Owned(Members::from_contacts(members.iter().filter(|member| !self.is_behind_nat(member.slot()))))
    }

    pub(super) fn judge(&mut self, lookup: &Lookup<P::Task>, result: LookupResult) {
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
                let owner = self.owner(lookup.initiator, lookup.key);
                let is_right = match self.before_owner {
                    true => {
                        self.members.contains(named)
                            && !self.is_behind_nat(named.slot())
                            && owner == self.owner(lookup.initiator, named.id().wrapping_add(1))
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
        self.outcomes.count(record.outcome);
        self.metrics.lookup_ended(&record);
        if let (true, Some(finished)) = (self.metrics.is_measuring(), &mut self.finished) {
            finished.push(record);
        }
    }

    /// Who owns `key`: now, as far as `node` can reach, or at the start, if that is what counts. Nobody behind NAT
    /// does.
    pub fn owner(&self, node: Slot, key: u64) -> Option<Contact> {
        if let Some(original) = &self.original {
            P::owner(original, key, |_| true)
        } else if self.is_open() {
            P::owner(&self.members, key, |_| true)
        } else {
            P::owner(&self.members, key, |member| self.admits(node, member.slot()))
        }
    }

    /// The members that should hold what belongs to `key`, so many of them: judged as [`Self::owner`] is.
    pub(super) fn closest(&self, node: Slot, key: u64, count: usize, closest: &mut Vec<Contact>) {
        if let Some(original) = &self.original {
            P::closest(original, key, count, |_| true, closest);
        } else if self.is_open() {
            P::closest(&self.members, key, count, |_| true, closest);
        } else {
            P::closest(&self.members, key, count, |member| self.admits(node, member.slot()), closest);
        }
    }
}
