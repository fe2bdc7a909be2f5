//! Rounds that each node repeats: timers with periods, which begin at random phases.

use crate::engine::distribution::Distribution;
use crate::engine::time::Duration;
use crate::node::per_node::PerNode;
use crate::node::{Context, Protocol, Slot};

/// A period without end: there are no rounds.
pub const NEVER: Distribution = Distribution::Fixed(Duration::MAX);

/// Attempts to join that may fail while the tables of others still name the dead: what proofs of healing grant.
pub const JOIN_ATTEMPTS: u64 = 8;

/// A kind of round.
#[derive(Clone, Copy, Debug)]
pub struct Round<T> {
    /// The timer that begins one.
    pub timer: T,
    /// From one to the next; [`NEVER`] if there are none.
    pub period: Distribution,
    /// Whether they have a timer of their own. If they take place with others they have not; a node that has periods
    /// of its own draws one all the same.
    pub is_timed: bool,
}

impl<T> Round<T> {
    /// Rounds with a timer of their own.
    pub const fn timed(timer: T, period: Distribution) -> Self {
        Round { timer, period, is_timed: true }
    }
}

/// The rounds of all nodes, of `N` kinds.
#[derive(Debug)]
pub struct Rounds<T, const N: usize> {
    rounds: [Round<T>; N],
    /// Where each node has periods of its own: those, by kind.
    own: Option<PerNode<[Duration; N]>>,
}

impl<T: Copy + PartialEq, const N: usize> Rounds<T, N> {
    /// Rounds whose periods are drawn for each round.
    pub const fn new(rounds: [Round<T>; N]) -> Self {
        Rounds { rounds, own: None }
    }

    /// Rounds whose periods each node draws once, when it becomes a member.
    pub const fn with_own_periods(rounds: [Round<T>; N]) -> Self {
        Rounds { rounds, own: Some(PerNode::new()) }
    }

    /// Memory that is held, used or free \[B\].
    pub fn memory_bytes(&self) -> u64 {
        self.own.as_ref().map_or(0, PerNode::memory_bytes)
    }

    /// Starts the timers of a node that has just become a member, each at a random instant between two of its rounds:
    /// if periods differ, such an instant falls into a long one rather than a short one.
    pub fn start<P: Protocol<Timer = T>>(&mut self, context: &mut impl Context<P>, node: Slot) {
        if let Some(own) = &mut self.own {
            own.make_room(node, || [Duration::MAX; N]);
            own[node] = self.rounds.map(|round| round.period.sample(context.random()));
        }
        for (kind, round) in self.rounds.iter().enumerate().filter(|(_, round)| round.is_timed) {
            let phase = match self.period(node, kind) {
                NEVER => continue,
                period if period.mean_s().is_finite() => period.sample_residual(context.random()),
                period => period.sample(context.random()),
            };
            context.set_timer(node, phase, round.timer);
        }
    }

    /// A timer has fired: if it is one of the rounds', sets it for the next.
    pub fn set_next<P: Protocol<Timer = T>>(&self, context: &mut impl Context<P>, node: Slot, timer: T) {
        if let Some(kind) = self.rounds.iter().position(|round| round.timer == timer) {
            let pause = self.period(node, kind).sample(context.random());
            context.set_timer(node, pause, timer);
        }
    }

    fn period(&self, node: Slot, kind: usize) -> Distribution {
        match &self.own {
            Some(own) => Distribution::Fixed(own[node][kind]),
            None => self.rounds[kind].period,
        }
    }
}
