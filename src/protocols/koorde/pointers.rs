//! De Bruijn pointers: consecutive nodes around K times the own identifier, the *image* (IPTPS 2003, sections 3 and
//! 4.1).
//!
//! From the predecessor of the image on: that is the pointer of the paper, and with K of them and more a node knows all
//! nodes at which an identifier of its arc can come to lie when it is shifted. Before it: its backups, which stand in
//! when it dies. Without them the lookup would have to go on from a node beyond the image, from which the ring leads
//! nearly all the way around.
//!
//! As in p2psim a round asks for a successor list instead of looking the nodes up: that of the first node kept, and if
//! it does not suffice that of the last. Backups that have died are made up for by looking up the predecessor of an
//! identifier as far before the image as they should reach.

use super::message::{self, Message};
use super::{Koorde, Task};
use crate::engine::pool::List;
use crate::node::identifier::clockwise;
use crate::node::{Charge, Contact, Context, Members, Slot};
use crate::overlay::ring::{self, RingHost};

/// As which of its pointers a node asks another for its successors, and whether the first was looked up just now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pointer {
    /// As the first, for those after it.
    First {
        /// Whether it was looked up.
        is_looked_up: bool,
    },
    /// As the last.
    Last {
        /// Whether the first was looked up.
        is_looked_up: bool,
    },
}

/// What a node of Koorde keeps beside the ring.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pointers {
    /// Its pointers, the backups first.
    pub(super) list: List,
    /// Those that the round under way has gone through so far: lookups go on with the others until it is complete.
    pub(super) draft: List,
}

/// Pointers at most, whatever the options say.
const MOST: usize = 240;

impl Koorde {
    /// K times an identifier.
    pub(super) fn image(&self, id: u64) -> u64 {
        id << self.config.digit_bits()
    }

    /// The de Bruijn pointers of a node, in the order of the ring.
    pub(super) fn pointers(&self, node: Slot) -> &[Contact] {
        self.contacts.get(self.ring.node(node).table.list)
    }

    /// How many of these nodes come before the image of a node, as the ring goes from the first.
    fn before_image(&self, pointers: &[Contact], node: Slot) -> usize {
        let image = self.image(self.ring.node(node).id);
        let Some(first) = pointers.first().map(|first| first.id()) else { return 0 };
        pointers.iter().filter(|pointer| clockwise(first, pointer.id()) < clockwise(first, image)).count()
    }

    /// Nodes that a round goes through at most to come to the image: twice as many before it as should be kept, and a
    /// successor list. From a first node that is further away it would not be there before the next round begins.
    fn most_pointers(&self) -> usize {
        let before = 2 * (self.config.backups + 1) + self.config.successors;
        ((before + self.config.pointers) as usize).min(MOST)
    }

    /// A round, as the timer says, or when a node has joined.
    pub(super) fn fix_pointers(&mut self, context: &mut impl Context<Self>, node: Slot) {
        if self.ring.head(node).is_none() {
            return;
        }
        match self.pointers(node).first().copied() {
            Some(first) if first != self.ring.own(node) => {
                self.ask_pointer(context, node, first, Pointer::First { is_looked_up: false });
            }
            _ => self.look_up_pointer(context, node),
        }
    }

    /// Looks up the node from which the backups on are to be kept: as far before the image as so many nodes take on
    /// average, by the distances between those that are known.
    fn look_up_pointer(&mut self, context: &mut impl Context<Self>, node: Slot) {
        let own = self.ring.node(node).id;
        let reach = match (self.pointers(node), self.ring.successors(node)) {
            ([first, .., last], _) => clockwise(first.id(), last.id()) / (self.pointers(node).len() as u64 - 1),
            (_, [.., last]) => clockwise(own, last.id()) / self.ring.successors(node).len() as u64,
            _ => 0,
        };
        // In a ring so small that they would reach around it, what follows the image is all of it.
        let reach = reach.saturating_mul(u64::from(self.config.backups));
        let key = self.image(own).wrapping_sub(if reach < 1 << 63 { reach } else { 0 });
        let lookup = context.start_task(node, key, Task::Pointer);
        self.look_up(context, node, key, lookup);
    }

    /// The lookup has named the first node to keep: asks it for the nodes after it, unless it is the node itself.
    pub(super) fn pointer_found(&mut self, context: &mut impl Context<Self>, node: Slot, first: Contact) {
        match first == self.ring.own(node) {
            true => {
                self.begin_draft(node, first);
                self.extend_draft(context, node, true);
            }
            false => self.ask_pointer(context, node, first, Pointer::First { is_looked_up: true }),
        }
    }

    fn ask_pointer(&self, context: &mut impl Context<Self>, node: Slot, whom: Contact, as_which: Pointer) {
        context.request(node, whom, Message::GetSuccessors(as_which), message::GET_SUCCESSORS, None);
    }

    /// Answers a node whose pointer this one is. A node that has lost its place is no pointer.
    pub(super) fn successors_told(&mut self, node: Slot) -> Option<(Message, Charge)> {
        let state = self.ring.node(node);
        if !state.member || state.joining {
            return None;
        }
        let list = self.contacts.from_slice(self.ring.successors(node));
        Some((Message::Successors(list), message::successors(list.len() as u32)))
    }

    /// A pointer has named its successors.
    pub(super) fn successors_learnt(
        &mut self,
        context: &mut impl Context<Self>,
        node: Slot,
        from: Contact,
        as_which: Pointer,
        successors: List,
    ) {
        let (Pointer::First { is_looked_up } | Pointer::Last { is_looked_up }) = as_which;
        if matches!(as_which, Pointer::First { .. }) {
            self.begin_draft(node, from);
        } else if self.draft(node).last() != Some(&from) {
            return;
        }
        self.append_to_draft(context, node, successors, is_looked_up);
    }

    /// The pointers that the round under way has gone through.
    fn draft(&self, node: Slot) -> &[Contact] {
        self.contacts.get(self.ring.node(node).table.draft)
    }

    fn begin_draft(&mut self, node: Slot, first: Contact) {
        let list = self.contacts.from_slice(&[first]);
        let old = std::mem::replace(&mut self.ring.node_mut(node).table.draft, list);
        self.contacts.release(old);
    }

    /// As long as there are pointers to learn of, asks the last for its successors. The predecessor of the image is
    /// known only when a node behind the image is.
    fn extend_draft(&mut self, context: &mut impl Context<Self>, node: Slot, is_looked_up: bool) {
        let before = self.before_image(self.draft(node), node);
        let wanted = (before.max(1) - 1 + self.config.pointers as usize).max(before + 1).min(self.most_pointers());
        let Some(last) = self.draft(node).last().copied().filter(|_| self.draft(node).len() < wanted) else {
            return self.draft_complete(context, node, is_looked_up);
        };
        if last != self.ring.own(node) {
            return self.ask_pointer(context, node, last, Pointer::Last { is_looked_up });
        }
        let own = self.contacts.from_slice(self.ring.successors(node));
        self.append_to_draft(context, node, own, is_looked_up);
        self.contacts.release(own);
    }

    /// Appends the successors of the last node of the draft, and goes on. A short ring comes round to the first.
    fn append_to_draft(&mut self, context: &mut impl Context<Self>, node: Slot, successors: List, is_looked_up: bool) {
        let mut list = self.ring.node(node).table.draft;
        let first = self.contacts.get(list)[0].id();
        let before = list.len();
        let mut came_round = false;
        for place in 0..successors.len() {
            let next = self.contacts.get(successors)[place];
            let reached = self.contacts.get(list)[list.len() - 1].id();
            came_round = next.id() == first;
            if list.len() >= self.most_pointers() || clockwise(first, next.id()) <= clockwise(first, reached) {
                break;
            }
            self.contacts.push(&mut list, next);
        }
        self.ring.node_mut(node).table.draft = list;
        match (came_round, list.len() > before) {
            (true, _) => self.turn_draft(node),
            (false, true) => self.extend_draft(context, node, is_looked_up),
            // The last has no successor to name.
            (false, false) => self.draft_complete(context, node, true),
        }
    }

    /// The draft is the whole ring: what comes first by the image becomes the first, and what is too much goes.
    fn turn_draft(&mut self, node: Slot) {
        let (before, count) = (self.before_image(self.draft(node), node), self.draft(node).len());
        let backups = self.config.backups as usize;
        let first = before + 2 * count - 1 - backups % count;
        let mut list = List::default();
        for place in first..first + count.min(backups + self.config.pointers as usize) {
            let pointer = self.draft(node)[place % count];
            self.contacts.push(&mut list, pointer);
        }
        self.replace_pointers(node, list);
    }

    /// There is no more to learn from the nodes of the draft: they are the pointers from now on, but for those that are
    /// too far from the image. If too few come before it, or it is not among them, the first is looked up, unless that
    /// is where these come from.
    fn draft_complete(&mut self, context: &mut impl Context<Self>, node: Slot, is_looked_up: bool) {
        let (before, backups) = (self.before_image(self.draft(node), node), self.config.backups as usize);
        let count = self.draft(node).len();
        let is_missed = before == 0 || (before == count && count >= self.most_pointers());
        let is_short = !is_looked_up && (is_missed || before - 1 < backups.div_ceil(2));
        let first = if is_short { 0 } else { before.saturating_sub(1 + backups) };
        let last = (before.max(1) - 1 + self.config.pointers as usize).min(count);
        let last = if is_short { count } else { last };
        let mut list = List::default();
        for place in first..last {
            let pointer = self.draft(node)[place];
            self.contacts.push(&mut list, pointer);
        }
        self.replace_pointers(node, list);
        if is_short {
            self.look_up_pointer(context, node);
        }
    }

    /// A pointer did not name its successors: the next one is asked, if it was the first.
    pub(super) fn pointer_silent(
        &mut self,
        context: &mut impl Context<Self>,
        node: Slot,
        silent: Contact,
        as_which: Pointer,
    ) {
        ring::forget(self, context, node, silent);
        match as_which {
            Pointer::First { is_looked_up: false } => self.fix_pointers(context, node),
            Pointer::First { is_looked_up: true } if self.ring.head(node).is_some() => {
                self.look_up_pointer(context, node);
            }
            // Whoever has named it may name it again: the round ends.
            Pointer::Last { .. } if !self.draft(node).is_empty() => self.draft_complete(context, node, true),
            _ => {}
        }
    }

    /// The node has these pointers from now on, and no round is under way.
    pub(super) fn replace_pointers(&mut self, node: Slot, list: List) {
        let table = &mut self.ring.node_mut(node).table;
        let old = std::mem::replace(table, Pointers { list, draft: List::default() });
        self.contacts.release(old.list);
        self.contacts.release(old.draft);
    }

    /// Strikes a node from the pointers.
    pub(super) fn forget_pointer(&mut self, node: Slot, dead: Contact) {
        let Pointers { mut list, mut draft } = self.ring.node(node).table;
        for list in [&mut list, &mut draft] {
            if let Some(place) = self.contacts.get(*list).iter().position(|pointer| *pointer == dead) {
                self.contacts.remove(list, place);
            }
        }
        self.ring.node_mut(node).table = Pointers { list, draft };
    }

    /// The pointers without backups of the node with identifier `own` in a ring of these nodes, which is not empty.
    pub(super) fn right_pointers(&self, ring: &[Contact], own: u64) -> Vec<Contact> {
        self.around_image(ring, own, 0)
    }

    /// So many nodes before the predecessor of the image, that, and those after it.
    fn around_image(&self, ring: &[Contact], own: u64, backups: usize) -> Vec<Contact> {
        let image = self.image(own);
        let first = ring.partition_point(|member| member.id() < image) + 2 * ring.len() - 1 - backups % ring.len();
        let count = ring.len().min(backups + self.config.pointers as usize);
        (first..first + count).map(|place| ring[place % ring.len()]).collect()
    }

    /// Gives every member its exact pointers, and starts its timers.
    pub(super) fn build(&mut self, context: &mut impl Context<Self>, members: &Members) {
        ring::converged::build(self, context, members);
        let ring: Vec<Contact> = members.iter().filter(|member| !self.ring.client_mode(member.slot())).collect();
        for member in members.iter().filter(|_| !ring.is_empty()) {
            let pointers = self.around_image(&ring, member.id(), self.config.backups as usize);
            let list = self.contacts.from_slice(&pointers);
            self.replace_pointers(member.slot(), list);
        }
        for node in 0..self.ring.slots() {
            self.rounds.start(context, node);
        }
    }
}
