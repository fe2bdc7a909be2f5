//! Nodes come and go, and are told to look keys up.

use super::event::Kind;
use super::outcome::LookupResult;
use super::run::Simulation;
use crate::engine::time::Time;
use crate::node::{Context, Members, Purpose, Simulated, Slot, Start};
use crate::observe::by_kind::ByKind;
use crate::observe::progress::Exhausted;
use crate::scenario::OwnerOf;
use crate::scenario::model::KindId;

impl<P: Simulated> Simulation<P> {
    /// The initial nodes of a converged start.
    pub(super) fn start_converged(&mut self) {
        let nodes = self.agenda.initial_nodes();
        if nodes == 0 {
            return;
        }
        let slots: Vec<Slot> = (0..nodes).filter_map(|node| self.move_in(node)).flatten().collect();
        let contacts = slots.into_iter().map(|slot| self.world.contact(slot));
        let members = Members::from_contacts(contacts);
        self.protocol.start_converged(&mut self.world, &members);
        self.world.members = members;
        if self.owner == OwnerOf::Original {
            self.world.keep_original(&self.protocol);
        }
        self.world.is_untouched = !self.world.network.has_clients();
        self.world.accounts.arrivals += u64::from(nodes);
        self.world.population_changed(i64::from(nodes));
    }

    /// Gives a node its slots and identifiers. `None` if there are none left: then the run cannot go on.
    fn move_in(&mut self, node: u32) -> Option<std::ops::Range<Slot>> {
        let Some(ids) = self.identities.of_arriving(node, &self.world.directory) else {
            self.exhausted = Some(Exhausted {
                at: self.world.now,
                end: self.end,
                live_nodes: self.world.live(),
                bits: self.protocol.identifier_bits(),
                spent: self.identities.spent(),
            });
            return None;
        };
        let block = self.slot_blocks.take(node);
        let slots = self.slot_blocks.slots(node);
        for (slot, id) in slots.clone().zip(ids) {
            if slot == slots.start {
                self.world.network.place(block, id, node);
                if let Some(by_kind) = &mut self.world.by_kind {
                    by_kind.arrived(self.world.network.kind(block), self.world.now);
                }
            }
            self.world.directory.arrive(slot, id, node, self.world.now);
        }
        Some(slots)
    }

    /// Counts something at the node of a slot, where there are several kinds of nodes.
    fn count_by_kind(&mut self, slot: Slot, count: impl FnOnce(&mut ByKind, KindId, Time)) {
        let host = self.world.host(slot);
        if let Some(by_kind) = &mut self.world.by_kind {
            count(by_kind, self.world.network.kind(host), self.world.now);
        }
    }

    pub(super) fn arrive(&mut self, node: u32) {
        let start = if self.slot_blocks.is_kept(node) { Start::Returning } else { Start::Fresh };
        let Some(slots) = self.move_in(node) else { return };
        self.world.record(slots.start, Kind::Join);
        self.world.metrics.arrived();
        self.count_by_kind(slots.start, ByKind::joins);
        self.world.accounts.arrivals += 1;
        self.world.is_untouched = false;
        self.world.population_changed(1);
        for slot in slots {
            let awake = self.world.awake(slot);
            self.protocol.on_arrival(&mut self.world, slot, start);
            drop(awake);
            self.settle_ends();
        }
    }

    pub(super) fn depart(&mut self, node: u32, graceful: bool) {
        let slots = self.slot_blocks.slots(node);
        self.world.record(slots.start, if graceful { Kind::Leave } else { Kind::Crash });
        self.world.metrics.departed(graceful);
        self.count_by_kind(slots.start, ByKind::departed);
        self.world.accounts.departures += 1;
        self.world.is_untouched = false;
        if graceful {
            for slot in slots.clone() {
                let awake = self.world.awake(slot);
                self.protocol.on_leave(&mut self.world, slot);
                drop(awake);
                self.settle_ends();
            }
        }
        for slot in slots {
            while let Some(lookup) = self.world.lookups.any_of(slot) {
                self.world.end_lookup(lookup, LookupResult::InitiatorDeparted);
            }
            self.world.members.remove(self.world.contact(slot));
            if let Some(history) = &mut self.world.history {
                history.departed(self.world.directory.contact(slot).id(), self.world.now);
            }
            self.world.directory.depart(slot);
            self.settle_ends();
            if let Some(measured) = &mut self.world.measured {
                measured.forget(slot);
            }
            while let Some(call) = self.world.reply_owed_by(slot) {
                self.passed(call);
            }
            let _awake = self.world.awake(slot);
            self.protocol.on_departure(slot);
        }
        self.identities.departed(self.world.directory.contact(self.slot_blocks.slots(node).start).id());
        self.slot_blocks.free(node);
        self.world.population_changed(-1);
        if self.world.live() == 0 {
            self.died_out.get_or_insert(self.world.now);
        }
        if self.checks.is_some() {
            self.look_at_departure();
        }
    }

    /// If a departure has broken what must hold, that is checked at once, while it is to be seen.
    #[cold]
    #[inline(never)]
    fn look_at_departure(&mut self) {
        let world = &self.world;
        let (reachable, is_client) = (|a, b| world.reachable(a, b), |slot| world.is_client(slot));
        let truth = world.truth(&reachable, &is_client);
        let mut checkers = P::CHECKERS.iter().filter(|checker| checker.after_departures);
        if checkers.any(|checker| (checker.check)(&self.protocol, &truth).is_err()) {
            self.next_check = world.now;
        }
    }

    /// A lookup starts at the first of the node's identifiers that is a member.
    pub(super) fn start_lookup(&mut self, node: u32, key: u64) {
        let slots = self.slot_blocks.slots(node);
        self.world.record(slots.start, Kind::Lookup);
        let member = slots.clone().find(|slot| self.world.members.contains(self.world.contact(*slot)));
        match member {
            Some(slot) => {
                let lookup = self.world.start_lookup(slot, key, Purpose::Workload);
                let _awake = self.world.awake(slot);
                self.protocol.on_lookup(&mut self.world, slot, lookup);
            }
            None => self.world.metrics.lookup_not_started(),
        }
    }
}
