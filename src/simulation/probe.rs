//! Programs look at a run: after each event, or between two.

use super::event::Kind;
use super::run::Simulation;
use crate::engine::time::Time;
use crate::node::{Simulated, Slot, Truth};

/// An event that has happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Happened {
    /// When.
    pub time: Time,
    /// What kind of event it was.
    pub kind: Kind,
    /// The number of the node at which it happened; `None` for what happens to the network.
    pub node: Option<u32>,
    /// Its slot, by which protocols keep state: of a node with several identifiers, that of the one at which it
    /// happened.
    pub slot: Option<Slot>,
}

/// Looks at a run of `P` after each event. It sees everything and changes nothing: a run is the same with it and
/// without.
///
/// An event is what counts as one in the report and enters the fingerprint. Messages for nodes that are gone, timers
/// that were cancelled and the like come to nothing and are not shown.
pub trait Probe<P: Simulated> {
    /// Whether it looks at all. Where it does not, as `()`, asking it costs nothing.
    const LOOKS: bool = true;

    /// Looks, after `happened`, at the state of all nodes and at the truth that they cannot see.
    fn after(&mut self, happened: &Happened, protocol: &P, truth: &Truth<'_>);
}

/// Does not look.
impl<P: Simulated> Probe<P> for () {
    const LOOKS: bool = false;

    fn after(&mut self, _happened: &Happened, _protocol: &P, _truth: &Truth<'_>) {}
}

impl<P: Simulated> Simulation<P> {
    /// The event that has happened last; `None` if nothing has happened yet.
    pub fn last_event(&self) -> Option<Happened> {
        let (time, slot, number) = self.world.fingerprint.last()?;
        let kind = Kind::of(number)?;
        let slot = (!kind.is_of_network()).then_some(slot);
        Some(Happened { time, kind, node: slot.map(|slot| self.world.directory.node(slot)), slot })
    }

    /// Looks at the state of all nodes and at the truth as they are now.
    pub fn look<T>(&self, at: impl FnOnce(&P, &Truth<'_>) -> T) -> T {
        let world = &self.world;
        let (reachable, is_client) = (|a, b| world.reachable(a, b), |slot| world.is_client(slot));
        let truth = world.truth(&reachable, &is_client);
        at(&self.protocol, &Truth { now: self.now(), ..truth })
    }

    /// Lets the probe look, if there has been an event since it was `shown` one.
    #[inline(always)]
    pub(super) fn show<B: Probe<P>>(&self, probe: &mut B, shown: &mut u64) {
        if B::LOOKS && *shown != self.world.accounts.events {
            *shown = self.world.accounts.events;
            if let Some(happened) = self.last_event() {
                self.look(|protocol, truth| probe.after(&happened, protocol, truth));
            }
        }
    }
}
