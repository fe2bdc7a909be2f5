//! Keeping the ring: stabilisation, notification (rectify, in Zave's words), and the check of the predecessor.
//!
//! Under the original rules (ToN 2003, figure 6) a node adopts its successor's predecessor on hearsay, and a notified
//! node takes a nearer predecessor only. Under the corrected rules (Zave 2017) a candidate is asked for its own
//! successor list, and so seen alive, before it is adopted; and a node that is notified by another than its
//! predecessor pings the predecessor, and takes the notifier in its place if there is no answer.
//!
//! A node behind NAT keeps its successors in the same way, but notifies nobody: as a predecessor that gives no answer
//! it would hide the nodes that join before it. So nobody names it, and the ring is that of the others.

use super::message::{self, Asking, Message};
use super::{Chord, ListRefresh, Maintenance, NO_LIST, Notify};
use crate::engine::pool::List;
use crate::node::identifier::between;
use crate::node::{Charge, Contact, Context, Slot};

impl Chord {
    fn is_corrected(&self) -> bool {
        self.config.maintenance == Maintenance::Corrected
    }

    /// A round: asks the first successor for its neighbours.
    pub(super) fn stabilize(&mut self, context: &mut impl Context<Self>, node: Slot) {
        let own = self.own(node);
        match self.head(node) {
            None if !self.node(node).joining => self.find_place(context, node),
            None => {}
            Some(head) if head == own => {
                // Alone in its ring: whoever notified it is its first other member.
                let predecessor = self.node(node).predecessor;
                if predecessor.is_some() && predecessor != own {
                    self.successor_offered(context, node, predecessor);
                }
            }
            Some(head) => self.ask_neighbours(context, node, head, Asking::Successor),
        }
    }

    /// A round of the successor list: asks the first successor for its own.
    pub(super) fn refresh_list(&mut self, context: &mut impl Context<Self>, node: Slot) {
        if let Some(head) = self.head(node).filter(|head| *head != self.own(node)) {
            self.ask_neighbours(context, node, head, Asking::List);
        }
    }

    /// Whether successor lists come with what this asks for.
    fn is_with_list(&self, asking: Asking) -> bool {
        match (self.config.successor_list_refresh, asking) {
            (ListRefresh::Copied | ListRefresh::InTurn, _) => true,
            (_, Asking::Join | Asking::List | Asking::Notification) => true,
            (_, Asking::Successor | Asking::Candidate) => false,
        }
    }

    pub(super) fn ask_neighbours(
        &mut self,
        context: &mut impl Context<Self>,
        node: Slot,
        whom: Contact,
        asking: Asking,
    ) {
        let charge = match asking {
            Asking::Notification => message::NOTIFICATION,
            _ => message::GET_NEIGHBOURS,
        };
        let request = Message::GetNeighbours { asking, client_mode: self.client_mode(node) };
        context.request(node, whom, request, charge, None);
    }

    /// Answers a request for neighbours. A node that has not joined has none to tell of. Nor has one that lost them:
    /// an empty list would leave the other with no more than itself.
    pub(super) fn neighbours(&mut self, node: Slot, asking: Asking) -> Option<(Message, Charge)> {
        if !self.node(node).member || self.head(node).is_none() {
            return None;
        }
        let start = node as usize * self.config.successors as usize;
        let (count, successors) = match self.is_with_list(asking) {
            true => {
                let count = self.node(node).successor_count;
                (u32::from(count), self.contacts.from_slice(&self.successors[start..start + count as usize]))
            }
            false => (0, NO_LIST),
        };
        let predecessor = self.node(node).predecessor;
        let charge = match asking {
            Asking::Notification => message::notification_reply(count),
            _ => message::neighbours(count),
        };
        Some((Message::Neighbours { predecessor, successors }, charge))
    }

    /// The same; and where joining nodes are adopted at once, whoever joins here is taken for notifying this node too.
    /// Where a notification is answered, it is one.
    pub(super) fn neighbours_asked(
        &mut self,
        context: &mut impl Context<Self>,
        node: Slot,
        from: Contact,
        asking: Asking,
    ) -> Option<(Message, Charge)> {
        if asking == Asking::Notification {
            self.notified(context, node, from);
        }
        let answer = self.neighbours(node, asking);
        if self.config.adopt_joining && asking == Asking::Join {
            self.notified(context, node, from);
        }
        answer
    }

    pub(super) fn neighbours_learnt(
        &mut self,
        context: &mut impl Context<Self>,
        node: Slot,
        from: Contact,
        asking: Asking,
        predecessor: Contact,
        successors: List,
    ) {
        match asking {
            Asking::Join => {
                if self.head(node).is_none() || self.is_nearer(node, from) {
                    self.set_successors(node, from, successors);
                }
                if self.node(node).member && self.is_nearer(node, predecessor) {
                    // It had lost its place, and is not back yet.
                    return self.ask_neighbours(context, node, predecessor, Asking::Join);
                }
                self.take_over_predecessor(node, from, predecessor);
                self.become_member(context, node);
                self.after_successor(context, node, predecessor);
            }
            // If the head has changed while the reply was on its way, the next round will ask the new one.
            Asking::Successor if self.head(node) == Some(from) => {
                if self.config.successor_list_refresh == ListRefresh::Copied {
                    self.set_successors(node, from, successors);
                }
                self.after_successor(context, node, predecessor);
            }
            Asking::List | Asking::Notification if self.head(node) == Some(from) => {
                self.set_successors(node, from, successors);
            }
            Asking::Successor | Asking::List | Asking::Notification => {}
            Asking::Candidate => {
                match self.config.successor_list_refresh {
                    _ if !self.is_nearer(node, from) => {}
                    ListRefresh::Copied => self.set_successors(node, from, successors),
                    _ => self.push_successor(node, from),
                }
                match self.head(node) == Some(from) {
                    true if self.config.stabilize_to_end => self.after_successor(context, node, predecessor),
                    true => self.end_round(context, node, predecessor),
                    false => self.notify_head(context, node),
                }
            }
        }
    }

    /// Where old predecessors are told of new ones, a joining node begins with its successor's predecessor, so that
    /// it can tell that node of the next one that joins in between; and so it does where rounds of stabilisation go
    /// from predecessor to predecessor. Otherwise (ToN 2003, figure 6) with none.
    fn take_over_predecessor(&mut self, node: Slot, successor: Contact, predecessor: Contact) {
        let own = self.node(node).id;
        let before = predecessor.is_some() && between(predecessor.id(), own, successor.id());
        let wanted = self.config.notify_old_predecessor || self.config.stabilize_to_end;
        if before && wanted && self.node(node).predecessor.is_none() {
            self.node_mut(node).predecessor = predecessor;
        }
    }

    /// The successor has told of its predecessor: if that lies between, it is the better successor.
    fn after_successor(&mut self, context: &mut impl Context<Self>, node: Slot, predecessor: Contact) {
        if !self.is_nearer(node, predecessor) {
            self.end_round(context, node, predecessor);
        } else if self.is_corrected() {
            self.ask_neighbours(context, node, predecessor, Asking::Candidate);
        } else {
            self.push_successor(node, predecessor);
            self.notify_head(context, node);
        }
    }

    /// The first successor has named its predecessor, which is no nearer.
    fn end_round(&mut self, context: &mut impl Context<Self>, node: Slot, predecessor: Contact) {
        if self.config.notify == Notify::EveryRound || predecessor != self.own(node) {
            self.notify_head(context, node);
        }
    }

    /// A node asked for its neighbours did not answer.
    pub(super) fn no_neighbours(
        &mut self,
        context: &mut impl Context<Self>,
        node: Slot,
        silent: Contact,
        asking: Asking,
    ) {
        self.forget(context, node, silent);
        match asking {
            Asking::Join => self.successor_silent(context, node),
            Asking::Successor | Asking::List | Asking::Notification => self.stabilize(context, node),
            Asking::Candidate => self.notify_head(context, node),
        }
    }

    /// Tells the first successor of this node, unless it cannot be reached: then it asks for the list only, if that
    /// comes with a notification.
    pub(super) fn notify_head(&mut self, context: &mut impl Context<Self>, node: Slot) {
        if let Some(head) = self.head(node).filter(|head| *head != self.own(node)) {
            match self.config.successor_list_refresh == ListRefresh::WithNotification {
                true => self.ask_neighbours(context, node, head, Asking::Notification),
                false if self.client_mode(node) => {}
                false => context.send(node, head, Message::Notify, message::NOTIFICATION, None),
            }
        }
    }

    /// `from` says that it may be the predecessor.
    pub(super) fn notified(&mut self, context: &mut impl Context<Self>, node: Slot, from: Contact) {
        let own = self.own(node);
        if !self.node(node).member || from == own {
            return;
        }
        // Alone, or lost without a finger to go back from: whoever notifies it is its only way into the ring. Else it
        // is the worst way: the notifier stands right behind, so nearly the whole ring would lie between the two.
        let is_only_way = match self.head(node) {
            Some(head) => head == own,
            None => self.nearest_finger(node).is_none(),
        };
        if is_only_way {
            self.push_successor(node, from);
        }
        let predecessor = self.node(node).predecessor;
        if predecessor.is_none() || between(predecessor.id(), from.id(), own.id()) {
            self.adopt_predecessor(context, node, from);
        } else if predecessor != from && self.is_corrected() {
            self.ping_predecessor(context, node, from);
        }
    }

    fn adopt_predecessor(&mut self, context: &mut impl Context<Self>, node: Slot, new: Contact) {
        let old = std::mem::replace(&mut self.node_mut(node).predecessor, new);
        if self.config.notify_old_predecessor && old.is_some() && old != new && old != self.own(node) {
            context.send(node, old, Message::NewSuccessor(new), message::NEW_SUCCESSOR, None);
        }
    }

    /// Somebody offers a nearer successor.
    pub(super) fn successor_offered(&mut self, context: &mut impl Context<Self>, node: Slot, candidate: Contact) {
        // A node that returned under its old identifier is offered successors before it has joined: it finds its own.
        if !self.node(node).member || !self.is_nearer(node, candidate) {
            return;
        }
        if self.is_corrected() {
            self.ask_neighbours(context, node, candidate, Asking::Candidate);
        } else {
            self.push_successor(node, candidate);
            self.notify_head(context, node);
        }
    }

    /// Pings the predecessor, as its timer says.
    pub(super) fn check_predecessor(&mut self, context: &mut impl Context<Self>, node: Slot) {
        self.ping_predecessor(context, node, Contact::NONE);
    }

    fn ping_predecessor(&mut self, context: &mut impl Context<Self>, node: Slot, candidate: Contact) {
        let predecessor = self.node(node).predecessor;
        if predecessor.is_some() && predecessor != self.own(node) {
            context.request(node, predecessor, Message::Ping { candidate }, message::PING_OR_REPLY, None);
        }
    }

    /// The predecessor did not answer a ping.
    pub(super) fn predecessor_dead(
        &mut self,
        context: &mut impl Context<Self>,
        node: Slot,
        dead: Contact,
        candidate: Contact,
    ) {
        if self.node(node).predecessor == dead {
            self.node_mut(node).predecessor = candidate;
        }
        self.forget(context, node, dead);
    }
}
