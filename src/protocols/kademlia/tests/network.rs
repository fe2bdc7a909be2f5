//! The small network of tests as one of Kademlia's: with the tables of a converged start, or with such as a test gives.

pub(super) use crate::node::network_for_tests::{DELAY, Found, NEVER, TIMEOUT};

use crate::engine::time::{Duration, Time};
use crate::node::network_for_tests::{Call, Network};
use crate::node::{Charge, Contact, Context, Members, Slot};
use crate::protocols::kademlia::bucket::Heard;
use crate::protocols::kademlia::{Config, Kademlia, Message};

/// The paper's parameters but for k, and nothing that happens by itself. An answer has k contacts, a lookup finds k.
pub(super) fn by_hand(k: u32) -> Config {
    Config {
        k,
        answers: k,
        results: k,
        upkeep_results: k,
        replacement_cache: k,
        final_step: false,
        refresh_check_every: NEVER,
        refresh_on_join: false,
        ..Config::default()
    }
}

/// An identifier by its first two bytes, all others 0.
pub(super) const fn id(first: u16) -> u64 {
    (first as u64) << 48
}

pub(super) type Nodes = Network<Kademlia>;

impl Nodes {
    pub fn empty(config: Config) -> Self {
        Nodes::without_nodes(Kademlia::new(config))
    }

    /// A converged start of nodes with these identifiers; the first is at slot 0.
    pub fn exact(config: Config, ids: &[u64]) -> Self {
        Nodes::converged(Kademlia::new(config), ids)
    }

    /// Members with these identifiers that know nobody; the first is at slot 0.
    pub fn strangers(config: Config, ids: &[u64]) -> Self {
        let mut nodes = Nodes::empty(config);
        for (slot, id) in (0..).zip(ids) {
            nodes.net.directory.arrive(slot, *id, slot, Time::ZERO);
            nodes.protocol.move_in(Contact::new(*id, slot), false, Time::ZERO);
            nodes.protocol.node_mut(slot).member = true;
        }
        let contacts: Vec<Contact> = (0..ids.len() as Slot).map(|slot| nodes.net.directory.contact(slot)).collect();
        nodes.net.members = Members::from_contacts(contacts);
        nodes
    }

    /// `node` hears these, in this order, and has had an answer of each.
    pub fn introduce(&mut self, node: Slot, known: &[Slot]) {
        let now = self.net.now();
        for slot in known {
            let contact = self.net.directory.contact(*slot);
            assert_eq!(self.protocol.see(node, contact, Heard::of(now, true), now), None, "there is room");
        }
    }

    /// Starts the timers of a node, as when it becomes a member.
    pub fn start_timers(&mut self, node: Slot) {
        self.protocol.rounds.start(&mut self.net, node);
    }

    /// Identifiers of those in the table of `node`, in order.
    pub fn known(&self, node: Slot) -> Vec<u64> {
        let rows = self.protocol.rows(node).flatten();
        let mut known: Vec<u64> = rows.map(|entry| self.protocol.contact(*entry).id()).collect();
        known.sort_unstable();
        known
    }

    pub fn knows(&self, node: Slot, other: Slot) -> bool {
        self.known(node).contains(&self.id_of(other))
    }

    pub fn id_of(&self, node: Slot) -> u64 {
        self.net.directory.contact(node).id()
    }

    /// The `count` members nearest to `key` by exclusive or, the nearest first.
    pub fn nearest(&self, key: u64, count: usize) -> Vec<u64> {
        nearest_of(self.net.members.iter().map(Contact::id), key, count)
    }

    /// Whom the last lookup took for the nearest to its key, the nearest first.
    pub fn found_nearest(&self) -> Vec<u64> {
        self.net.closest.iter().map(|contact| contact.id()).collect()
    }

    /// What `node` answers when `from` asks it for `key`: identifiers, and as what the answer is booked.
    pub fn ask(&mut self, node: Slot, from: Slot, key: u64) -> (Vec<u64>, Charge) {
        let from = self.net.directory.contact(from);
        let (Message::Nodes(list), charge) = self.protocol.find_node(node, from, key) else { panic!("no list") };
        let named = self.protocol.contacts.get(list).iter().map(|contact| contact.id()).collect();
        self.protocol.contacts.release(list);
        (named, charge)
    }

    /// Requests for nodes that `node` has sent: when, to whom, and for which key.
    pub fn searches(&self, node: Slot) -> impl Iterator<Item = (Time, Slot, u64)> + '_ {
        self.net.calls.iter().filter(move |call| call.from.slot() == node).filter_map(|call| match call.request {
            Message::FindNode { key, .. } => Some((call.sent, call.to.slot(), key)),
            _ => None,
        })
    }

    /// What has been sent that `is` lets count.
    pub fn calls_that(&self, is: impl Fn(&Message) -> bool) -> Vec<Call<Message>> {
        self.net.calls.iter().filter(|call| is(&call.request)).copied().collect()
    }

    /// Plays so many minutes.
    pub fn play_minutes(&mut self, minutes: u64) {
        self.play(Duration::from_secs(60 * minutes));
    }

    /// Lets everybody crash, and panics if anything is left after that.
    pub fn check_nothing_is_left(mut self) {
        self.crash_everybody();
        assert_eq!(self.protocol.held(), [0; 6]);
    }
}

/// The `count` of these identifiers nearest to `key` by exclusive or, the nearest first.
pub(super) fn nearest_of(ids: impl Iterator<Item = u64>, key: u64, count: usize) -> Vec<u64> {
    let mut ids: Vec<u64> = ids.collect();
    ids.sort_unstable_by_key(|id| id ^ key);
    ids.truncate(count);
    ids
}
