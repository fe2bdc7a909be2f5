//! Joining: a node looks up its own identifier through a member that it was told of, and then refreshes the buckets
//! beyond its nearest neighbour (Kademlia 2.3).

use super::{Kademlia, Task, Timer};
use crate::node::{Context, Slot};

impl Kademlia {
    /// Looks for its own place: on arrival, or because it knows nobody alive any more. It turns to a member that it is
    /// told of, each time another: those that it has heard of before may be gone. The first node of a network is alone.
    pub(super) fn begin_join(&mut self, context: &mut impl Context<Self>, node: Slot) {
        let member = context.bootstrap(node, |_| true);
        if member.is_none() && !self.knows_anybody(node) {
            return self.become_member(context, node);
        }
        let own = self.node(node).id;
        let lookup = context.start_task(node, own, Task::Join);
        self.begin_search(context, node, own, lookup, member);
    }

    /// The lookup of its own identifier has ended.
    pub(super) fn place_found(&mut self, context: &mut impl Context<Self>, node: Slot) {
        let is_new = !self.node(node).member;
        self.become_member(context, node);
        if is_new && self.config.refresh_on_join {
            self.refresh_beyond_neighbour(context, node);
        }
    }

    /// Tries again later.
    pub(super) fn join_failed(&mut self, context: &mut impl Context<Self>, node: Slot) {
        context.set_timer(node, self.config.join_retry_after, Timer::Join);
    }

    /// The node has found its place, or is alone. The first time, that makes it a member.
    fn become_member(&mut self, context: &mut impl Context<Self>, node: Slot) {
        if !std::mem::replace(&mut self.node_mut(node).member, true) {
            context.join_completed(node);
            self.rounds.start(context, node);
        }
    }
}
