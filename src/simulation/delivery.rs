//! Events of the queue reach the handlers of nodes.

use super::calls::Call;
use super::event::{Event, Kind};
use super::outcome::LookupResult;
use super::run::Simulation;
use crate::node::awake::Awake;
use crate::node::directory::Incarnation;
use crate::node::{Answer, Purpose, Reply, ReplyTo, Simulated, Slot};

impl<P: Simulated> Simulation<P> {
    /// Plays an event, with the state of all nodes but its own out of reach if the run is guarded.
    #[inline(always)]
    pub(super) fn play_event(&mut self, event: Event<P::Timer>) {
        match self.world.is_guarded {
            true => self.handle_guarded(event),
            false => self.handle(event),
        }
    }

    #[cold]
    #[inline(never)]
    fn handle_guarded(&mut self, event: Event<P::Timer>) {
        let _awake = event.node().map(Awake::only);
        self.handle(event);
    }

    fn handle(&mut self, event: Event<P::Timer>) {
        match event {
            Event::Request { call, to } => self.deliver_request(call, to),
            Event::Reply { call, to } => self.deliver_reply(call, to),
            Event::Timeout { call, to } => self.expire(call, to),
            Event::Message { call, to } => self.deliver_message(call, to),
            Event::Timer { node, incarnation, timer } => {
                if !self.world.cancelled.is_empty() && self.world.cancelled.remove(&self.world.queue.last()) {
                    return;
                }
                if self.world.directory.is_current(node, incarnation) {
                    self.witness(node, Some(incarnation));
                    self.world.record(node, Kind::Timer);
                    self.protocol.on_timer(&mut self.world, node, timer);
                }
            }
            Event::Deadline { lookup } => {
                self.world.deadline_passed();
                if let Some(late) = self.world.end_lookup(lookup, LookupResult::CutOff) {
                    self.world.record(late.initiator, Kind::Deadline);
                    self.world.accounts.cut_off += 1;
                    self.settle_ends();
                    if let Purpose::Task(task) = late.purpose {
                        let _awake = self.world.awake(late.initiator);
                        self.protocol.on_task_failed(&mut self.world, late.initiator, task);
                    }
                }
            }
        }
    }

    /// Notes whether something is handed to the incarnation for which it was meant, if somebody checks. Deliberately
    /// apart from the decision to hand it over.
    #[inline]
    fn witness(&mut self, slot: Slot, meant_for: Option<Incarnation>) {
        if self.checks.is_some() {
            let directory = &self.world.directory;
            let is_meant = directory.is_occupied(slot) && meant_for == Some(directory.incarnation(slot));
            self.world.accounts.strays += u64::from(!is_meant);
        }
    }

    /// For whom what a call carries is meant: the incarnation to which it was sent, or, where nodes return as who they
    /// were, the present one of that node. For [`Self::witness`], so apart from [`World::receiver`].
    fn addressee(&self, index: u32) -> Option<Incarnation> {
        let call = self.world.call(index);
        if self.world.nodes_return { self.world.directory.find(call.to) } else { call.to_incarnation }
    }

    fn deliver_request(&mut self, index: u32, to: Slot) {
        let receiver = self.world.receiver(self.world.call(index));
        if self.world.arrived(receiver.is_some()) {
            self.witness(to, self.addressee(index));
            self.world.record(to, Kind::Request);
            let Call { from, request, ticket, .. } = *self.world.call(index);
            let reply_to = ReplyTo { call: index, node: to, ticket };
            let answer = request.map(|request| self.protocol.on_request(&mut self.world, to, from, &request, reply_to));
            match answer {
                Some(Answer::Now(reply, charge)) => self.world.send_reply(index, reply, charge),
                Some(Answer::Later) => self.world.owe_reply(index, to),
                Some(Answer::Refused) | None => {
                    // Alive and silent: whoever asked will take it for dead.
                    self.world.suspect();
                    self.world.ensure_timeout(index);
                }
            }
        } else {
            self.world.ensure_timeout(index);
        }
        self.passed(index);
    }

    fn deliver_reply(&mut self, index: u32, to: Slot) {
        let call = self.world.call(index);
        let (from, request, reply, timed_out) = (call.to, call.request, call.reply, call.timed_out);
        let (from_incarnation, sent_at) = (call.from_incarnation, call.sent_at);
        let alive = self.world.directory.is_current(to, from_incarnation);
        if self.world.arrived(alive) {
            self.witness(to, Some(from_incarnation));
            self.world.record(to, Kind::Reply);
            let round_trip = self.world.now.since(sent_at);
            if let Some(measured) = &mut self.world.measured {
                measured.measure(to, from, round_trip);
            }
            match (&request, &reply) {
                (Some(request), Some(reply)) if !timed_out => {
                    self.world.call_mut(index).answered = true;
                    self.world.accounts.exchanges.answered += 1;
                    self.protocol.on_reply(&mut self.world, to, Reply { from, request, reply, round_trip });
                }
                _ => self.world.accounts.late_replies += 1,
            }
        }
        self.passed(index);
    }

    fn expire(&mut self, index: u32, to: Slot) {
        let call = self.world.call(index);
        if !call.answered && self.world.directory.is_current(to, call.from_incarnation) {
            let (from_incarnation, silent, lookup, request) =
                (call.from_incarnation, call.to, call.lookup, call.request);
            let is_under_way = call.pending > 1;
            self.witness(to, Some(from_incarnation));
            self.world.call_mut(index).timed_out = true;
            self.world.accounts.exchanges.timed_out += 1;
            let is_false = is_under_way && self.world.receiver(self.world.call(index)).is_some();
            self.world.accounts.false_alarms += u64::from(is_false);
            self.world.record(to, Kind::Timeout);
            if let Some(measured) = &mut self.world.measured {
                measured.back_off(to, silent);
            }
            if let Some(lookup) = lookup.and_then(|id| self.world.lookups.get_mut(id)) {
                lookup.timeouts += 1;
                lookup.false_timeouts += u32::from(is_false);
            }
            if let Some(request) = &request {
                self.protocol.on_timeout(&mut self.world, to, silent, request);
            }
        }
        self.passed(index);
    }

    fn deliver_message(&mut self, index: u32, to: Slot) {
        let receiver = self.world.receiver(self.world.call(index));
        if self.world.arrived(receiver.is_some()) {
            self.witness(to, self.addressee(index));
            self.world.record(to, Kind::Message);
            let (from, message) = (self.world.call(index).from, self.world.call(index).request);
            if let Some(message) = &message {
                self.protocol.on_message(&mut self.world, to, from, message);
            }
        }
        self.passed(index);
    }

    /// One event that referred to a call is over.
    #[inline(always)]
    pub(super) fn passed(&mut self, index: u32) {
        if self.world.settle(index) {
            let call = self.world.call(index);
            let is_abandoned = call.is_abandoned();
            let payloads = [&call.request, &call.reply];
            payloads.into_iter().flatten().for_each(|payload| self.protocol.release(payload));
            self.world.accounts.exchanges.abandoned += u64::from(is_abandoned);
        }
    }
}
