//! What protocols can do to the world: the other side of [`Context`].

use super::event::Event;
use super::found::Asked;
use super::outcome::LookupResult;
use super::world::World;
use crate::engine::queue::Ticket;
use crate::engine::random;
use crate::engine::time::{Duration, Time};
use crate::node::awake::{Awake, guard};
use crate::node::{
    Charge, Contact, Context, Expects, Lookup, LookupId, Purpose, ReplyTo, Simulated, Slot, Terms, TimerId,
};
use rand_chacha::ChaCha8Rng;

/// Random slots tried for a bootstrap node before the members are gone through in order.
const BOOTSTRAP_TRIES: u32 = 64;

impl<P: Simulated> Context<P> for World<P> {
    #[inline]
    fn now(&self) -> Time {
        self.now
    }

    #[inline]
    fn random(&mut self) -> &mut ChaCha8Rng {
        &mut self.random
    }

    #[inline]
    fn contact(&self, node: Slot) -> Contact {
        self.directory.contact(node)
    }

    fn is_client(&self, node: Slot) -> bool {
        World::is_client(self, node)
    }

    fn closest_found(&mut self, id: LookupId, found: &[Contact], wanted: u32) {
        let Some(Lookup { initiator, key, .. }) = self.lookups.get(id).filter(|_| id.is_workload()).copied() else {
            return;
        };
        if self.metrics.is_measuring() {
            self.judge.found.tell(Asked { initiator, key, wanted }, found);
            self.has_leftovers = true;
        }
    }

    fn bootstrap(&mut self, node: Slot, admits: impl Fn(Contact) -> bool) -> Option<Contact> {
        // Whoever keeps the list of nodes to begin with may look into their state: that is not the node's own
        // knowledge, and all that the node learns from it is one contact.
        let _nobody = self.is_guarded.then(Awake::nobody);
        let slots = u64::from(self.directory.slots());
        for _ in 0..BOOTSTRAP_TRIES {
            let slot = random::below(&mut self.random, slots) as Slot;
            let candidate = self.directory.contact(slot);
            let eligible = slot != node && self.directory.is_occupied(slot) && self.members.contains(candidate);
            if eligible && self.admits(node, slot) && admits(candidate) {
                return Some(candidate);
            }
        }
        let from = random::mix(random::below(&mut self.random, u64::MAX));
        let eligible = |member: &Contact| member.slot() != node && self.admits(node, member.slot());
        self.members.from_key(from).find(|member| eligible(member) && admits(*member))
    }

    fn bootstrap_near(&mut self, node: Slot, choices: u32, admits: impl Fn(Contact) -> bool) -> Option<Contact> {
        let mut nearest: Option<(Duration, Contact)> = None;
        for _ in 0..choices.max(1) {
            let choice = self.bootstrap(node, &admits)?;
            let round_trip = self.network.expected_round_trip(self.host(node), self.host(choice.slot()));
            if nearest.is_none_or(|(least, _)| round_trip < least) {
                nearest = Some((round_trip, choice));
            }
        }
        nearest.map(|(_, choice)| choice)
    }

    // Inlined, so that the payload is written where it will be read.
    #[inline(always)]
    fn post(
        &mut self,
        from: Slot,
        to: Contact,
        message: P::Message,
        charge: Charge,
        lookup: Option<LookupId>,
        terms: Terms,
    ) {
        let Terms { way, expects } = terms;
        let index = match expects {
            Expects::Reply => Some(self.post_request(from, to, charge, lookup, way, None)),
            Expects::ReplyWithin(wait) => Some(self.post_request(from, to, charge, lookup, way, Some(wait))),
            Expects::Notice => Some(self.post_noticed(from, to, charge, lookup, way)),
            Expects::Nothing => self.post_message(from, to, charge, lookup, way),
        };
        match index {
            Some(index) => self.calls[index].request = Some(message),
            None => self.release(message),
        }
    }

    fn reply(&mut self, reply_to: ReplyTo, message: P::Message, charge: Charge) {
        let ReplyTo { call: index, node, ticket } = reply_to;
        guard(true, node);
        let call = &self.calls[index];
        if call.pending == 0 || call.ticket != ticket || call.replied {
            // There has been a reply, or the node has departed since.
            self.release(message);
            return;
        }
        self.send_reply(index, message, charge);
        // Within the handler of the request nobody owes anything yet.
        if self.owed.remove(&(node, ticket)).is_some() && self.settle(index) {
            let call = &self.calls[index];
            self.accounts.exchanges.abandoned += u64::from(call.is_abandoned());
            call.request.into_iter().chain(call.reply).for_each(|payload| self.release(payload));
        }
    }

    #[inline]
    fn set_timer(&mut self, node: Slot, delay: Duration, timer: P::Timer) -> TimerId {
        let time = self.now + delay;
        // A period of "never" is infinitely long: nothing to wait for.
        if time == Time::NEVER {
            return TimerId { node, time, ticket: Ticket::default() };
        }
        let ticket = self.queue.ticket();
        self.queue.push_with(ticket, time, Event::Timer { node, incarnation: self.directory.incarnation(node), timer });
        TimerId { node, time, ticket }
    }

    fn cancel_timer(&mut self, timer: TimerId) -> bool {
        let TimerId { node, time, ticket } = timer;
        guard(true, node);
        let is_to_come = time != Time::NEVER && self.queue.is_to_come(time, ticket);
        is_to_come && self.cancelled.insert(ticket)
    }

    fn join_completed(&mut self, node: Slot) {
        if self.members.insert(self.directory.contact(node)) {
            self.metrics.join_completed(self.now.since(self.directory.arrived(node)));
            self.population_changed(0);
            if let Some(history) = &mut self.history {
                history.joined(self.directory.contact(node), self.now);
            }
        }
    }

    fn start_task(&mut self, node: Slot, key: u64, task: P::Task) -> LookupId {
        self.start_lookup(node, key, Purpose::Task(task))
    }

    fn lookup(&self, id: LookupId) -> Option<Lookup<P::Task>> {
        self.lookups.get(id).copied()
    }

    fn answer(&mut self, id: LookupId, owner: Contact, hops: u32) {
        self.end_lookup(id, LookupResult::Answer { owner, hops });
    }

    fn give_up(&mut self, id: LookupId) {
        self.end_lookup(id, LookupResult::GivenUp);
    }
}
