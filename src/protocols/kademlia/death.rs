//! Word of deaths: whoever asks a node in vain tells those who named it in the same lookup, be it before or after
//! (p2psim's Kademlia, `reap`).
//!
//! Who named whom is kept with the place of the lookup, so that a request that times out after the lookup has ended
//! still leads to word, unless another lookup has taken the place by then.

use super::Kademlia;
use super::message::{self, Message};
use crate::engine::memory::allocated_bytes;
use crate::engine::pool::List;
use crate::node::{Contact, Context, LookupId, Slot};

/// Somebody named in the course of a lookup.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Naming {
    named: Contact,
    by: Contact,
}

/// Who named whom in a lookup.
#[derive(Clone, Debug, Default)]
pub(super) struct Namings {
    list: Vec<Naming>,
}

impl Namings {
    /// Memory that it has room for \[B\].
    pub(super) fn memory_bytes(&self) -> u64 {
        allocated_bytes(&self.list)
    }
}

impl Kademlia {
    /// `by` has named somebody. Nobody need know where deaths are not told of.
    pub(super) fn keep_naming(&mut self, node: Slot, lookup: LookupId, named: Contact, by: Contact) {
        if !self.config.death_notice {
            return;
        }
        if self.namings.get(lookup).is_none() {
            self.namings.open(lookup, node).list.clear();
        }
        self.namings[lookup].list.push(Naming { named, by });
    }

    /// `silent` did not answer: tells those who named it.
    pub(super) fn tell_of_death(
        &mut self,
        context: &mut impl Context<Self>,
        node: Slot,
        lookup: LookupId,
        silent: Contact,
    ) {
        let Some(namings) = self.namings.get(lookup) else { return };
        for naming in namings.list.iter().filter(|naming| naming.named == silent) {
            let word = Message::Dead(silent);
            context.send(node, naming.by, word, message::DEATH_NOTICE, Some(lookup));
        }
    }

    /// `from` names somebody who has not answered in this lookup: it is told so, as those are that had named it before.
    pub(super) fn tell_who_names_the_dead(
        &self,
        context: &mut impl Context<Self>,
        node: Slot,
        lookup: LookupId,
        from: Contact,
        named: List,
    ) {
        for silent in self.contacts.get(named).iter().filter(|contact| self.was_silent(lookup, **contact)) {
            context.send(node, from, Message::Dead(*silent), message::DEATH_NOTICE, Some(lookup));
        }
    }
}
