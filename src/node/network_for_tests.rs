//! A network of a few nodes of any protocol, for tests: every message takes 10 ms, every request waits 100 ms, links
//! can be cut, and nothing is drawn but by the protocol itself. All that is sent is kept, to be looked at.
//!
//! Timers whose period is [`NEVER`] never fire: rounds are then played by calling the protocol's procedures.

use super::awake::Awake;
use super::world_for_tests::Event;
pub(crate) use super::world_for_tests::{Call, DELAY, Found, Net, TIMEOUT};
use super::{
    Answer, Contact, Ended, Inspect, Lookup, LookupId, Members, Protocol, Purpose, Reply, ReplyTo, Slot, Start,
};
use crate::engine::distribution::Distribution;
use crate::engine::queue::Ticket;
use crate::engine::time::{Duration, Time};

/// The period of a timer that never fires.
pub(crate) const NEVER: Distribution = Distribution::Fixed(Duration::MAX);

/// A network of one protocol. Slots are given in order of arrival and used once.
pub(crate) struct Network<P: Protocol> {
    pub protocol: P,
    pub net: Net<P>,
}

impl<P: Protocol> Network<P> {
    /// Nobody yet.
    pub fn without_nodes(protocol: P) -> Self {
        let net = Net::new(protocol.lookup_deadline());
        Network { protocol, net }
    }

    /// A converged start of nodes with these identifiers; the first is at slot 0.
    pub fn converged(protocol: P, ids: &[u64]) -> Self {
        let mut network = Network::without_nodes(protocol);
        for (slot, id) in (0..).zip(ids) {
            network.net.directory.arrive(slot, *id, slot, Time::ZERO);
        }
        let contacts: Vec<Contact> = (0..ids.len() as u32).map(|slot| network.net.directory.contact(slot)).collect();
        network.net.members = Members::from_contacts(contacts);
        let members = network.net.members.clone();
        network.protocol.start_converged(&mut network.net, &members);
        network
    }

    /// A node arrives at the next slot.
    pub fn arrive(&mut self, id: u64) -> Slot {
        let slot = self.net.directory.slots();
        self.arrive_at(slot, id);
        slot
    }

    pub fn arrive_at(&mut self, slot: Slot, id: u64) {
        let was_here = self.net.directory.was_here(Contact::new(id, slot));
        self.net.directory.arrive(slot, id, slot, self.net.now);
        let start = if was_here { Start::Returning } else { Start::Fresh };
        let _awake = Awake::only(slot);
        self.protocol.on_arrival(&mut self.net, slot, start);
    }

    pub fn crash(&mut self, node: Slot) {
        while let Some(lookup) = self.net.lookups.any_of(node) {
            self.net.end(lookup, None, 0, Ended::InitiatorDeparted);
        }
        self.tell_of_ends();
        self.net.members.remove(self.net.directory.contact(node));
        self.net.directory.depart(node);
        self.protocol.on_departure(node);
    }

    pub fn leave(&mut self, node: Slot) {
        {
            let _awake = Awake::only(node);
            self.protocol.on_leave(&mut self.net, node);
        }
        self.crash(node);
    }

    /// The identifiers of the nodes that `node` has links of that sort to, in order.
    pub fn linked(&self, node: Slot, sort: &str) -> Vec<u64>
    where
        P: Inspect,
    {
        let mut ids = Vec::new();
        self.protocol.links(node, &mut |its_sort, to| ids.extend((its_sort == sort).then_some(to.id())));
        ids.sort_unstable();
        ids
    }

    /// Plays what happens in the next `span`.
    pub fn play(&mut self, span: Duration) {
        let end = self.net.now + span;
        while let Some(entry) = self.net.queue.first_entry().filter(|entry| entry.key().0 <= end) {
            let ((time, _), event) = entry.remove_entry();
            self.net.now = time;
            self.happen(event);
            self.tell_of_ends();
            let released: Vec<P::Message> = self.net.released.drain(..).collect();
            released.into_iter().for_each(|message| self.protocol.release(&message));
        }
        self.net.now = end;
    }

    fn tell_of_ends(&mut self) {
        for (lookup, initiator, how) in std::mem::take(&mut self.net.ended) {
            if P::HEARS_OF_ENDS {
                let _awake = Awake::only(initiator);
                self.protocol.on_lookup_ended(initiator, lookup, how);
            }
        }
    }

    fn happen(&mut self, event: Event<P::Timer>) {
        let (protocol, net) = (&mut self.protocol, &mut self.net);
        match event {
            Event::Timer { node, incarnation, timer } if net.directory.is_current(node, incarnation) => {
                let _awake = Awake::only(node);
                protocol.on_timer(net, node, timer);
            }
            Event::Timer { .. } => {}
            Event::Deadline(id) => {
                let late = net.end(id, None, 0, Ended::CutOff);
                self.tell_of_ends();
                let (protocol, net) = (&mut self.protocol, &mut self.net);
                if let Some(Lookup { initiator, purpose: Purpose::Task(task), .. }) = late {
                    let _awake = Awake::only(initiator);
                    protocol.on_task_failed(net, initiator, task);
                }
            }
            Event::Request(index) | Event::Reply(index) | Event::Timeout(index) | Event::Message(index) => {
                self.deliver(event, index);
                self.settle(index);
            }
        }
    }

    fn deliver(&mut self, event: Event<P::Timer>, index: usize) {
        let (protocol, net) = (&mut self.protocol, &mut self.net);
        let Call { from, from_incarnation, to, to_incarnation, request, reply, lookup, .. } = net.calls[index];
        let caller_is_current = net.directory.is_current(from.slot(), from_incarnation);
        let target_is_current =
            to_incarnation.is_some_and(|incarnation| net.directory.is_current(to.slot(), incarnation));
        let _awake = Awake::only(match event {
            Event::Request(_) | Event::Message(_) => to.slot(),
            _ => from.slot(),
        });
        match event {
            Event::Request(_) if target_is_current => {
                let reply_to = ReplyTo { call: index as u32, node: to.slot(), ticket: Ticket::default() };
                match protocol.on_request(net, to.slot(), from, &request, reply_to) {
                    Answer::Now(reply, charge) => net.post_reply(index, reply, charge),
                    Answer::Later | Answer::Refused => {}
                }
            }
            Event::Message(_) if target_is_current => protocol.on_message(net, to.slot(), from, &request),
            Event::Reply(_) if caller_is_current && net.waiting.contains(&index) => {
                net.waiting.remove(&index);
                if let Some((reply, _)) = reply {
                    let round_trip = net.now.since(net.calls[index].sent);
                    let reply = Reply { from: to, request: &request, reply: &reply, round_trip };
                    protocol.on_reply(net, from.slot(), reply);
                }
            }
            Event::Timeout(_) if caller_is_current && net.waiting.contains(&index) => {
                net.waiting.remove(&index);
                if let Some(lookup) = lookup.and_then(|id| net.lookups.get_mut(id)) {
                    lookup.timeouts += 1;
                }
                protocol.on_timeout(net, from.slot(), to, &request);
            }
            _ => {}
        }
    }

    fn settle(&mut self, index: usize) {
        let call = &mut self.net.calls[index];
        call.pending -= 1;
        if call.pending == 0 {
            self.net.released.push(call.request);
            self.net.released.extend(call.reply.map(|(reply, _)| reply));
        }
    }

    /// A minute in which nothing is due but what is under way.
    pub fn settle_down(&mut self) {
        self.play(Duration::from_secs(60));
    }

    fn start_lookup(&mut self, node: Slot, key: u64) -> u64 {
        let incarnation = self.net.directory.incarnation(node);
        let id = self.net.lookups.start(node, incarnation, key, Purpose::Workload, self.net.now);
        let number = self.net.lookups.get(id).expect("just started").number;
        self.net.push(self.net.deadline, Event::Deadline(id));
        let _awake = Awake::only(node);
        self.protocol.on_lookup(&mut self.net, node, id);
        number
    }

    /// Starts a lookup and waits for its end.
    pub fn look_up(&mut self, node: Slot, key: u64) -> Found {
        let number = self.start_lookup(node, key);
        self.settle_down();
        self.net.found[&number]
    }

    /// The same, but nodes crash a while after the lookup has started.
    pub fn look_up_while_some_crash(&mut self, node: Slot, key: u64, after: Duration, victims: &[Slot]) -> Found {
        let number = self.start_lookup(node, key);
        self.play(after);
        victims.iter().for_each(|victim| self.crash(*victim));
        self.settle_down();
        self.net.found[&number]
    }

    /// Starts a lookup, does something a while later, and waits for the end.
    pub fn look_up_meanwhile(
        &mut self,
        node: Slot,
        key: u64,
        after: Duration,
        meddle: impl FnOnce(&mut P, LookupId),
    ) -> Found {
        let number = self.start_lookup(node, key);
        self.play(after);
        let lookup = self.net.lookups.find(number).expect("the lookup is under way");
        meddle(&mut self.protocol, lookup);
        self.settle_down();
        self.net.found[&number]
    }

    /// Lets everybody crash and waits for what is under way. Panics if anything is left then but timers of those gone.
    pub fn crash_everybody(&mut self) {
        let live = (0..self.net.directory.slots()).filter(|slot| self.net.directory.is_occupied(*slot));
        live.collect::<Vec<Slot>>().into_iter().for_each(|node| self.crash(node));
        self.settle_down();
        let is_timer = |event: &Event<P::Timer>| matches!(event, Event::Timer { .. });
        assert!(self.net.queue.values().all(is_timer), "something is under way");
    }
}
