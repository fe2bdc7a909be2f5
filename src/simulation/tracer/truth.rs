//! What was true when a node said something, and what had made it untrue.

use super::{History, Simulation, Tracer};
use crate::engine::time::Time;
use crate::node::opinion::Says;
use crate::node::{Contact, Simulated, Slot};
use crate::observe::story::{Belief, Cause, Round, Saying, State, Who};
use crate::simulation::event::Event;

impl<T: Copy> Tracer<T> {
    /// The node at a slot.
    pub(super) fn who<P: Simulated>(&self, simulation: &Simulation<P>, slot: Slot) -> Who {
        let (directory, width) = (&simulation.world.directory, simulation.slot_blocks.width());
        let part = (width > 1).then(|| slot % width);
        Who { node: directory.node(slot), part, identifier: directory.contact(slot).id() }
    }

    /// The node that a contact stands for, there or gone.
    pub(super) fn name(&self, contact: Contact) -> Who {
        let stranger = Who { node: u32::MAX, part: None, identifier: contact.id() };
        self.history.who(contact.id()).unwrap_or(stranger)
    }

    pub(super) fn saying(&self, says: Says) -> Saying {
        match says {
            Says::Owner(owner) => Saying::Owner(self.name(owner)),
            Says::Next(next) => Saying::Next(self.name(next)),
            Says::Nothing => Saying::Nothing,
        }
    }

    /// What is true of the node that a contact stands for, as seen from `node`.
    pub(super) fn state<P: Simulated>(&self, simulation: &Simulation<P>, node: Slot, contact: Contact) -> State {
        let world = &simulation.world;
        let since = || self.history.last(contact.id()).map_or(Time::ZERO, |stay| stay.arrived);
        if !world.directory.is_live(contact) {
            return self.history.departure(contact.id()).unwrap_or(State::Joining { since: since() });
        }
        if !world.reachable(node, contact.slot()) {
            State::Unreachable { since: self.history.split.unwrap_or(Time::ZERO) }
        } else if world.is_client(contact.slot()) {
            State::BehindNat
        } else if world.members.contains(contact) {
            State::Member
        } else {
            State::Joining { since: since() }
        }
    }

    /// What the node at `slot` believes about the key, or, with `said`, what it has just said, and what is true.
    pub(super) fn belief<P: Simulated<Timer = T>>(
        &self,
        simulation: &Simulation<P>,
        now: Time,
        slot: Slot,
        said: Option<Says>,
    ) -> Option<Belief> {
        let followed = self.followed.as_ref()?;
        let (world, key) = (&simulation.world, followed.story.key);
        let statement = simulation.protocol.opinion(slot, key, followed.id);
        let says = said.or(statement.map(|statement| statement.says))?;
        let statement = statement.filter(|statement| statement.says == says);
        let kept_by = statement.and_then(|statement| statement.kept_by);
        let owner = world.owner(&simulation.protocol, followed.initiator, key);
        let named = match says {
            Says::Owner(contact) | Says::Next(contact) => Some(contact),
            Says::Nothing => None,
        };
        let state = named.map(|named| self.state(simulation, slot, named));
        let by = self.who(simulation, slot);
        let cause = match (says, named.zip(state)) {
            (Says::Owner(named), Some((_, state))) if owner != Some(named) => {
                self.history.cause(by, self.name(named), state, owner.map(|owner| self.name(owner)))
            }
            (Says::Next(named), Some((_, state))) => self.history.cause(by, self.name(named), state, None),
            _ => None,
        };
        Some(Belief {
            at: now,
            by,
            says: self.saying(says),
            source: statement.map(|statement| statement.source),
            round: kept_by.map(|name| Round { name, due_in: due_in(simulation, now, slot, name) }),
            named: state,
            owner: owner.map(|owner| self.name(owner)),
            cause,
        })
    }

    /// The answer with what is true of it, the owner, and why they differ, now that the lookup has ended.
    pub(super) fn judge<P: Simulated<Timer = T>>(
        &self,
        simulation: &Simulation<P>,
    ) -> (Option<(Who, State)>, Option<Who>, Option<Cause>) {
        let Some((followed, record)) = self.followed.as_ref().zip(self.record) else { return (None, None, None) };
        let owner = record.owner.and_then(|id| self.history.who(id));
        let Some(answer) = record.answer.and_then(|id| self.history.who(id)) else { return (None, owner, None) };
        let state = match simulation.world.members.successor(answer.identifier) {
            Some(member) if member.id() == answer.identifier => self.state(simulation, followed.initiator, member),
            _ => self.state(simulation, followed.initiator, Contact::new(answer.identifier, Slot::MAX)),
        };
        let beliefs = followed.story.exchanges.iter().filter_map(|exchange| exchange.belief).chain(followed.story.own);
        let named = beliefs.filter(|belief| belief.says == Saying::Owner(answer));
        let by = named.max_by_key(|belief| belief.at).map_or(followed.story.initiator, |belief| belief.by);
        let is_wrong = record.owner != record.answer;
        let cause = if is_wrong { self.history.cause(by, answer, state, owner) } else { None };
        (Some((answer, state)), owner, cause)
    }
}

/// How long it is until the next round with this name at a node.
fn due_in<P: Simulated>(
    simulation: &Simulation<P>,
    now: Time,
    slot: Slot,
    name: &str,
) -> Option<crate::engine::time::Duration> {
    let incarnation = simulation.world.directory.incarnation(slot);
    let is_due = |event: &Event<P::Timer>| match event {
        Event::Timer { node, incarnation: of, timer } => {
            *node == slot && *of == incarnation && P::timer_name(*timer) == name
        }
        _ => false,
    };
    let times = simulation.world.queue.waiting().filter(|(_, event)| is_due(event)).map(|(time, _)| time);
    times.min().map(|time| time.since(now))
}

impl History {
    /// Why `by` was wrong to name `named`, of which `state` is true, while `owner` would have been right.
    fn cause(&self, by: Who, named: Who, state: State, owner: Option<Who>) -> Option<Cause> {
        match state {
            State::Departed { at, graceful } => return Some(Cause::Departed { who: named, at, graceful }),
            State::Unreachable { since } => return Some(Cause::Split { who: named, at: since }),
            State::BehindNat => return Some(Cause::BehindNat { who: named }),
            State::Joining { since } => return Some(Cause::Joining { who: named, at: since }),
            State::Member => {}
        }
        let owner = owner.filter(|owner| *owner != named)?;
        let at = self.last(owner.identifier)?.member?;
        let after = |time: Option<Time>| time.filter(|time| *time > at);
        if let Some(at) = after(self.last_suspicion(by.identifier, owner.identifier)) {
            return Some(Cause::Suspected { who: owner, at });
        }
        match after(self.healed) {
            Some(at) => Some(Cause::Healed { who: owner, at }),
            None => Some(Cause::Joined { who: owner, before: named, at }),
        }
    }
}
