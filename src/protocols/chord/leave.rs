//! Leaving gracefully (ToN 2003, section on voluntary departures): the neighbours are told and take over the
//! pointers. A neighbour that gets no such message finds out as it would about a crash.

use super::{Chord, HandsOver, Message, message};
use crate::engine::pool::List;
use crate::node::{Contact, Context, Slot};

impl Chord {
    /// Tells the predecessor and the successor, unless neither knows of this node.
    pub(super) fn say_goodbye(&mut self, context: &mut impl Context<Self>, node: Slot) {
        if !self.node(node).member || self.client_mode(node) {
            return;
        }
        let own = self.own(node);
        let predecessor = self.node(node).predecessor;
        let head = self.head(node).filter(|head| *head != own);
        if let (Some(head), true) = (head, predecessor != own) {
            let farewell = Message::PredecessorLeaves(predecessor);
            context.send(node, head, farewell, message::leave(1), None);
        }
        if let (Some(_), true) = (head, predecessor.is_some() && predecessor != own) {
            let start = node as usize * self.config.successors as usize;
            let count = self.node(node).successor_count as usize;
            let first = match self.config.farewell_hands_over {
                HandsOver::SuccessorList => start,
                HandsOver::LastSuccessor => start + count - 1,
            };
            let list = self.contacts.from_slice(&self.successors[first..start + count]);
            let charge = message::leave(list.len() as u32);
            context.send(node, predecessor, Message::SuccessorLeaves(list), charge, None);
        }
    }

    /// A successor leaves: it is struck from the tables, and the last node of its list may extend this one's.
    pub(super) fn successor_leaves(
        &mut self,
        context: &mut impl Context<Self>,
        node: Slot,
        from: Contact,
        successors: List,
    ) {
        if self.config.farewell_hands_over == HandsOver::LastSuccessor {
            return self.successor_replaced(context, node, from, successors);
        }
        if self.head(node) == Some(from) {
            // What it leaves behind is what this node's list would become after the next round.
            let mut tail = self.contacts.copy(successors);
            if let Some(first) = self.contacts.get(tail).first().copied().filter(|first| *first != self.own(node)) {
                self.contacts.remove(&mut tail, 0);
                self.set_successors(node, first, tail);
            }
            self.contacts.release(tail);
        }
        self.forget(context, node, from);
    }

    /// A successor leaves, and names the last of its list.
    fn successor_replaced(&mut self, context: &mut impl Context<Self>, node: Slot, from: Contact, named: List) {
        let last = self.contacts.get(named).first().copied().filter(|last| *last != self.own(node));
        match last {
            // A list of one has no room before it has let go, and a node without a successor would be lost.
            Some(last) if self.successors(node) == [from] => {
                self.push_successor(node, last);
                self.forget(context, node, from);
            }
            Some(last) => {
                self.forget(context, node, from);
                self.append_successor(node, last);
            }
            None => self.forget(context, node, from),
        }
    }

    /// The predecessor leaves and names its own.
    pub(super) fn predecessor_leaves(
        &mut self,
        context: &mut impl Context<Self>,
        node: Slot,
        from: Contact,
        predecessor: Contact,
    ) {
        if self.node(node).predecessor == from {
            let own = self.own(node);
            self.node_mut(node).predecessor = if predecessor == own { Contact::NONE } else { predecessor };
        }
        self.forget(context, node, from);
    }
}
