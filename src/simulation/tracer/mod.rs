//! Follows one lookup through a run and writes down its story.
//!
//! The tracer stands outside of the run. The loop stops before each event and lets it look: at what is about to happen,
//! and, at the next stop, at what has come of it. It changes nothing, so a run that is traced has the same fingerprint;
//! and there is no trace of it in the code that handles events, so other runs do not pay for it.

mod history;
mod truth;

use super::agenda::ExternalEvent;
use super::calls::Call;
use super::event::Event;
use super::run::Simulation;
use crate::engine::queue::Ticket;
use crate::engine::time::Time;
use crate::node::{LookupId, Simulated, Slot};
use crate::observe::report::LookupRecord;
use crate::observe::story::{Ending, Exchange, Story, Told};
use history::History;

/// What is about to happen.
#[derive(Clone, Copy, Debug)]
enum Next<T> {
    ExternalEvent(ExternalEvent),
    Event(Event<T>),
}

/// The lookup, once it has started.
#[derive(Debug)]
struct Followed {
    /// `None` once it has ended.
    id: Option<LookupId>,
    /// As calls know it, also after its end.
    mark: Option<LookupId>,
    initiator: Slot,
    story: Story,
    /// The tickets of the exchanges, in the same order.
    tickets: Vec<Ticket>,
    /// Requests that it had sent when last looked at.
    rpcs: u32,
}

/// Follows the lookup with one number.
#[derive(Debug)]
pub(crate) struct Tracer<T> {
    number: u64,
    history: History,
    followed: Option<Followed>,
    next: Option<(Time, Next<T>)>,
    members: usize,
    record: Option<LookupRecord>,
    is_over: bool,
}

impl<T: Copy> Tracer<T> {
    /// Will follow the lookup with this number.
    pub fn new<P: Simulated<Timer = T>>(number: u64, simulation: &Simulation<P>) -> Self {
        let mut tracer = Tracer {
            number,
            history: History::default(),
            followed: None,
            next: None,
            members: simulation.world.members.len(),
            record: None,
            is_over: false,
        };
        for member in simulation.world.members.iter() {
            tracer.note_arrival(simulation, member.slot(), Time::ZERO);
        }
        tracer
    }

    /// A lookup of the measurement has been judged.
    pub fn judged(&mut self, record: &LookupRecord) {
        if record.number == self.number {
            self.record = Some(*record);
        }
    }

    /// Looks at what has come of the last event, and at what is next. Called before each event and at the end.
    pub fn look<P: Simulated<Timer = T>>(&mut self, simulation: &Simulation<P>) {
        if let Some((time, next)) = self.next.take() {
            self.look_back(simulation, time, next);
        }
        let agenda = simulation.agenda.peek_time();
        let queue = simulation.world.queue.peek_time().unwrap_or(Time::NEVER);
        let time = agenda.min(queue);
        if time < simulation.end {
            let event = || simulation.world.queue.peek().map(Next::Event);
            let happening =
                simulation.agenda.peek().map(|(_, happening)| Next::ExternalEvent(simulation.with_key(happening)));
            if let Some(next) = if agenda <= queue { happening } else { event() } {
                self.look_ahead(simulation, time, next);
                self.next = Some((time, next));
            }
        }
    }

    /// The story, once there is nothing to add.
    pub fn is_over(&self) -> bool {
        self.is_over
    }

    /// The story as far as it goes.
    pub fn tell<P: Simulated<Timer = T>>(self, simulation: &Simulation<P>) -> Told {
        let started = simulation.world.lookups.started();
        match self.followed {
            Some(followed) => Told::Story(Box::new(followed.story)),
            None if self.number < started => Told::Own,
            None => Told::Unknown { started },
        }
    }

    /// Before an event.
    fn look_ahead<P: Simulated<Timer = T>>(&mut self, simulation: &Simulation<P>, now: Time, next: Next<T>) {
        self.members = simulation.world.members.len();
        match next {
            Next::ExternalEvent(ExternalEvent::Depart { node, graceful }) => {
                for slot in simulation.slot_blocks.slots(node) {
                    self.history.departed(simulation.world.directory.contact(slot).id(), now, graceful);
                }
            }
            Next::ExternalEvent(ExternalEvent::Partition { .. }) => self.history.split = Some(now),
            Next::ExternalEvent(ExternalEvent::Heal) => self.history.healed = Some(now),
            Next::ExternalEvent(ExternalEvent::Quiet) => self.history.healed = self.history.split.and(Some(now)),
            Next::ExternalEvent(ExternalEvent::Lookup { node, key }) => self.look_at_start(simulation, now, node, key),
            // A lookup of somebody has its key by now.
            Next::ExternalEvent(ExternalEvent::Join { .. } | ExternalEvent::LookupOf { .. }) => {}
            Next::ExternalEvent(
                ExternalEvent::LinkBegins { .. } | ExternalEvent::LinkEnds { .. } | ExternalEvent::Mend,
            ) => {}
            Next::Event(Event::Timeout { call, .. }) => self.look_at_timeout(simulation, now, call),
            Next::Event(Event::Request { call, to }) => {
                let call = simulation.world.call(call);
                if let Some(place) = self.place(call).filter(|_| lives(simulation, call)) {
                    let belief = self.belief(simulation, now, to, None);
                    if let Some(exchange) = self.exchange(place) {
                        exchange.arrived = Some(now);
                        exchange.belief = belief.filter(|_| exchange.says.is_none());
                    }
                }
            }
            Next::Event(Event::Message { call, .. }) => {
                let call = simulation.world.call(call);
                let place = self.place(call).filter(|_| lives(simulation, call));
                if let Some(exchange) = place.and_then(|place| self.exchange(place)) {
                    exchange.arrived = Some(now);
                }
            }
            Next::Event(Event::Reply { call, to }) => {
                let call = simulation.world.call(call);
                let is_good = !call.timed_out && simulation.world.directory.is_current(to, call.from_incarnation);
                let place = self.place(call).filter(|_| is_good);
                if let Some(exchange) = place.and_then(|place| self.exchange(place)) {
                    exchange.answered = Some(now);
                }
            }
            Next::Event(Event::Timer { .. } | Event::Deadline { .. }) => {}
        }
    }

    fn look_at_start<P: Simulated<Timer = T>>(&mut self, simulation: &Simulation<P>, now: Time, node: u32, key: u64) {
        let world = &simulation.world;
        if world.lookups.started() != self.number {
            return;
        }
        let is_member = |slot: &Slot| world.members.contains(world.directory.contact(*slot));
        let Some(initiator) = simulation.slot_blocks.slots(node).find(is_member) else { return };
        let story = Story {
            number: self.number,
            initiator: self.who(simulation, initiator),
            key,
            started: now,
            own: None,
            exchanges: Vec::new(),
            ending: None,
        };
        self.followed = Some(Followed { id: None, mark: None, initiator, story, tickets: Vec::new(), rpcs: 0 });
        let own = self.belief(simulation, now, initiator, None);
        if let Some(followed) = &mut self.followed {
            followed.story.own = own;
        }
    }

    fn look_at_timeout<P: Simulated<Timer = T>>(&mut self, simulation: &Simulation<P>, now: Time, call: u32) {
        let directory = &simulation.world.directory;
        let call = simulation.world.call(call);
        if call.answered || !directory.is_current(call.from.slot(), call.from_incarnation) {
            return;
        }
        if directory.is_live(call.to) {
            self.history.suspected(call.from, call.to, now);
        }
        let Some(place) = self.place(call) else { return };
        let receiver = self.state(simulation, call.from.slot(), call.to);
        if let Some(exchange) = self.exchange(place) {
            exchange.timed_out = Some((now, receiver));
        }
    }

    /// After an event.
    fn look_back<P: Simulated<Timer = T>>(&mut self, simulation: &Simulation<P>, now: Time, next: Next<T>) {
        if let Next::ExternalEvent(ExternalEvent::Join { node }) = next {
            simulation.slot_blocks.slots(node).for_each(|slot| self.note_arrival(simulation, slot, now));
        }
        if simulation.world.members.len() > self.members {
            self.note_members(simulation, now, next);
        }
        let world = &simulation.world;
        let number = self.number;
        let is_start = matches!(next, Next::ExternalEvent(ExternalEvent::Lookup { .. }));
        let Some(followed) = &mut self.followed else { return };
        if is_start && followed.story.started == now && followed.mark.is_none() && followed.story.ending.is_none() {
            followed.id = world.lookups.find(number);
            followed.mark = followed.id;
        } else if followed.story.ending.is_none()
            && followed.id.is_some_and(|id| world.lookups.get(id).is_some_and(|lookup| lookup.rpcs == followed.rpcs))
            && !concerns(simulation, next, followed.mark)
        {
            return;
        }
        followed.rpcs = followed.id.and_then(|id| world.lookups.get(id)).map_or(followed.rpcs, |lookup| lookup.rpcs);
        self.note_sent(simulation, now);
        self.note_reply(simulation, now, next);
        self.note_end(simulation, now, next);
        let mark = self.followed.as_ref().and_then(|followed| followed.mark);
        let is_ended = self.followed.as_ref().is_some_and(|followed| followed.story.ending.is_some());
        self.is_over = is_ended && (mark.is_none() || !simulation.world.calls().any(|call| call.lookup == mark));
    }

    /// Writes down what the lookup has just sent.
    fn note_sent<P: Simulated<Timer = T>>(&mut self, simulation: &Simulation<P>, now: Time) {
        let Some(followed) = &self.followed else { return };
        if followed.mark.is_none() || followed.story.ending.is_some() {
            return;
        }
        let is_new = |call: &&Call<P::Message>| {
            call.lookup == followed.mark && !followed.tickets.contains(&call.ticket) && call.request.is_some()
        };
        let mut calls: Vec<Call<P::Message>> = simulation.world.calls().filter(is_new).copied().collect();
        calls.sort_unstable_by_key(|call| call.ticket);
        for call in calls {
            let words = call.request.map(|request| simulation.protocol.describe(&request));
            let exchange = Exchange {
                sent: now,
                from: self.name(call.from),
                to: self.name(call.to),
                verb: words.map_or("", |words| words.verb),
                says: words.and_then(|words| words.says).map(|says| self.saying(says)),
                receiver: self.state(simulation, call.from.slot(), call.to),
                arrived: None,
                belief: None,
                answered: None,
                timed_out: None,
            };
            if let Some(followed) = &mut self.followed {
                followed.tickets.push(call.ticket);
                followed.story.exchanges.push(exchange);
            }
        }
    }

    /// A reply that says something about the key tells more reliably what its sender believed than asking it does.
    fn note_reply<P: Simulated<Timer = T>>(&mut self, simulation: &Simulation<P>, now: Time, next: Next<T>) {
        let Next::Event(Event::Request { call, to }) = next else { return };
        let call = simulation.world.call(call);
        let Some(place) = self.place(call).filter(|_| call.pending > 0) else { return };
        let Some(says) = call.reply.and_then(|reply| simulation.protocol.describe(&reply).says) else { return };
        let belief = self.belief(simulation, now, to, Some(says));
        if let Some(exchange) = self.exchange(place) {
            exchange.belief = belief;
        }
    }

    fn note_end<P: Simulated<Timer = T>>(&mut self, simulation: &Simulation<P>, now: Time, next: Next<T>) {
        let Some(followed) = &mut self.followed else { return };
        let is_under_way = followed.id.is_some_and(|id| simulation.world.lookups.get(id).is_some());
        if is_under_way || followed.story.ending.is_some() {
            return;
        }
        followed.id = None;
        let is_deadline = matches!(next, Next::Event(Event::Deadline { .. }));
        let (answer, owner, cause) = self.judge(simulation);
        let ending = Ending { at: now, is_deadline, record: self.record, answer, owner, cause };
        if let Some(followed) = &mut self.followed {
            followed.story.ending = Some(ending);
        }
    }

    fn note_arrival<P: Simulated<Timer = T>>(&mut self, simulation: &Simulation<P>, slot: Slot, now: Time) {
        let contact = simulation.world.directory.contact(slot);
        let who = self.who(simulation, slot);
        self.history.arrived(who, now, simulation.world.members.contains(contact));
    }

    /// Somebody has become a member: whoever the event was about.
    fn note_members<P: Simulated<Timer = T>>(&mut self, simulation: &Simulation<P>, now: Time, next: Next<T>) {
        let Next::Event(event) = next else { return };
        let (Event::Request { to: slot, .. }
        | Event::Reply { to: slot, .. }
        | Event::Timeout { to: slot, .. }
        | Event::Message { to: slot, .. }
        | Event::Timer { node: slot, .. }) = event
        else {
            return;
        };
        let contact = simulation.world.directory.contact(slot);
        if simulation.world.members.contains(contact) {
            self.history.became_member(contact.id(), now);
        }
    }

    /// Where the story tells of a call.
    fn place<M>(&self, call: &Call<M>) -> Option<usize> {
        let followed = self.followed.as_ref()?;
        let is_its = followed.mark.is_some() && call.lookup == followed.mark;
        followed.tickets.iter().position(|ticket| is_its && *ticket == call.ticket)
    }

    fn exchange(&mut self, place: usize) -> Option<&mut Exchange> {
        self.followed.as_mut()?.story.exchanges.get_mut(place)
    }
}

/// Whether somebody gets what a call carries if it arrives now.
fn lives<P: Simulated>(simulation: &Simulation<P>, call: &Call<P::Message>) -> bool {
    simulation.world.receiver(call).is_some()
}

/// Whether an event that has just happened was about a call of the lookup.
fn concerns<P: Simulated>(simulation: &Simulation<P>, next: Next<P::Timer>, lookup: Option<LookupId>) -> bool {
    match next {
        Next::Event(
            Event::Request { call, .. }
            | Event::Reply { call, .. }
            | Event::Timeout { call, .. }
            | Event::Message { call, .. },
        ) => simulation.world.call(call).lookup == lookup,
        Next::Event(Event::Timer { .. } | Event::Deadline { .. }) | Next::ExternalEvent(_) => false,
    }
}
