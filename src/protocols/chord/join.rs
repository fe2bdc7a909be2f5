//! Joining: a node finds its successor through a member it was told of, and takes over its successor list.
//!
//! The successor is asked for its neighbours before it is adopted, so it is seen alive (Zave's condition). The reply
//! is then used like that of a round of stabilisation, which at once tells the successor of its new predecessor.

use super::routing::Step;
use super::{Asking, Chord, FingersPerRound, Task, Timer};
use crate::node::identifier::clockwise;
use crate::node::{Contact, Context, Slot};

impl Chord {
    /// Looks for a successor: on arrival, or after the last one was lost. The first node of a network is a ring of
    /// its own, unless nobody could reach it there.
    pub(super) fn begin_join(&mut self, context: &mut impl Context<Self>, node: Slot) {
        if self.head(node).is_some() {
            // A notification has brought a successor meanwhile.
            self.node_mut(node).joining = false;
            return;
        }
        self.node_mut(node).joining = true;
        // The first identifier after its own: somebody may still take the node itself for the owner of its own.
        let key = self.node(node).id.wrapping_add(1);
        match self.bootstrap(context, node) {
            Some(_) => {
                let lookup = context.start_task(node, key, Task::Join);
                self.begin(context, node, key, lookup);
            }
            None if self.client_mode(node) => self.join_failed(context, node),
            None => {
                let own = self.own(node);
                self.push_successor(node, own);
                self.become_member(context, node);
            }
        }
    }

    /// The successor list has run empty, which the papers assume away: with a list of 1 every crash does it. The
    /// nearest finger is the best successor known, but it may be far away, with many nodes in between. The node goes
    /// back from there, predecessor by predecessor; until nobody is nearer it names no owners, or else it would
    /// send nodes that join to wrong places, and these would send others. Without a finger it joins again.
    pub(super) fn find_place(&mut self, context: &mut impl Context<Self>, node: Slot) {
        match self.nearest_finger(node) {
            Some(finger) => {
                self.node_mut(node).joining = true;
                self.ask_neighbours(context, node, finger, Asking::Join);
            }
            None => self.begin_join(context, node),
        }
    }

    pub(super) fn nearest_finger(&self, node: Slot) -> Option<Contact> {
        let own = self.node(node).id;
        let fingers = self.node(node).fingers.contacts(&self.contacts).iter().copied();
        fingers.filter(|finger| finger.is_some()).min_by_key(|finger| clockwise(own, finger.id()))
    }

    /// The node that was to be the successor did not answer.
    pub(super) fn successor_silent(&mut self, context: &mut impl Context<Self>, node: Slot) {
        if self.head(node).is_some() {
            // The way back has ended at a dead node; the last one before is alive.
            self.become_member(context, node);
            self.notify_head(context, node);
        } else if self.node(node).member && self.nearest_finger(node).is_some() {
            self.find_place(context, node);
        } else {
            self.join_failed(context, node);
        }
    }

    /// A member that has a place in the ring: one that has lost its own cannot show the way. If all have, the first to
    /// try again is a ring of its own that the others join.
    pub(super) fn bootstrap(&self, context: &mut impl Context<Self>, node: Slot) -> Option<Contact> {
        context.bootstrap(node, |member| self.head(member.slot()).is_some())
    }

    /// The step of a lookup from the node that makes it. A node without a place knows nobody but the member it was
    /// told to turn to.
    pub(super) fn first_step(&self, context: &mut impl Context<Self>, node: Slot, key: u64, dead: &[u64]) -> Step {
        match self.head(node) {
            Some(_) => self.step(node, key, dead),
            None => self.bootstrap(context, node).map_or(Step::Lost, Step::Next),
        }
    }

    /// The lookup of a join has named a successor.
    pub(super) fn successor_found(&mut self, context: &mut impl Context<Self>, node: Slot, successor: Contact) {
        if successor == self.own(node) {
            self.join_failed(context, node);
        } else {
            self.ask_neighbours(context, node, successor, Asking::Join);
        }
    }

    /// Tries again later.
    pub(super) fn join_failed(&mut self, context: &mut impl Context<Self>, node: Slot) {
        context.set_timer(node, self.config.join_retry_after, Timer::Join);
    }

    /// The node has a successor. The first time, that makes it a member.
    pub(super) fn become_member(&mut self, context: &mut impl Context<Self>, node: Slot) {
        let state = self.node_mut(node);
        state.joining = false;
        if std::mem::replace(&mut state.member, true) {
            return;
        }
        context.join_completed(node);
        self.start_timers(context, node);
        if self.config.fingers_on_join {
            self.refresh_fingers(context, node, FingersPerRound::All);
        }
    }
}
