//! Liveness: once quiet has returned, what the protocol promises becomes true within the time that it names, one
//! promise after the other, and stays true; and where all of it is true every lookup ends at the owner.
//!
//! The clock of a promise starts when all before it hold. It starts anew when the network is disturbed after all: when
//! somebody still comes or goes, or when a timeout comes before the reply, so that somebody alive was taken for dead.
//! What comes true may be undone by lookups and requests that were under way then and knew it otherwise; these have
//! ended after a lookup's deadline and a timeout, and from then on it stays true.
//! Nothing is claimed while a statement that should always hold does not: a network in two pieces cannot know of it.
//! Nor is it of a network without anybody who could own a key.

use super::{Broken, World};
use crate::engine::time::{Duration, Time};
use crate::node::checker::{Fault, Liveness};
use crate::node::{Simulated, Truth};
use crate::observe::report::Healing as Report;

/// Requests in a row that a lookup may take in a network as it should be. If its deadline leaves time for so many, it
/// has no reason to fail.
const REQUESTS_OF_A_LOOKUP: u64 = 64;

/// What is looked at, and when.
pub(super) struct Scene<'a, P: Simulated> {
    pub protocol: &'a P,
    pub world: &'a World<P>,
    pub truth: &'a Truth<'a>,
    pub now: Time,
}

/// How far a network has healed.
#[derive(Clone, Debug, Default)]
pub(super) struct Healing {
    since: Option<Time>,
    /// Arrivals, departures and false alarms so far, where these are the last.
    disturbances: Option<u64>,
    /// Promises that hold, in their order.
    kept: Vec<Kept>,
    /// When the clock of the next one started, and how long it may take.
    started: Time,
    within: Option<Duration>,
    /// For one that has been undone: from when on nothing may undo it.
    for_good_from: Option<Time>,
    /// How long it had taken when it was last seen not to hold.
    taken: Duration,
    is_claimed: bool,
    ideal_at: Option<Time>,
    /// Since when only promises are left that are not made.
    unpromised_since: Option<Time>,
    /// From when on lookups that end have been made in a network as it should be, and how many ended badly by then.
    exact_from: Option<Time>,
    bad: Option<u64>,
    slowest: Option<(&'static str, f64)>,
}

/// A promise that has come true.
#[derive(Clone, Copy, Debug)]
struct Kept {
    /// When its clock started, and how long it may take.
    started: Time,
    within: Duration,
    /// From when on nothing is under way any more that may undo it.
    for_good_from: Time,
}

impl Healing {
    /// Looks on. `is_whole` says whether all that must hold at every instant does.
    pub fn look<P: Simulated>(&mut self, scene: &Scene<'_, P>, is_whole: bool) -> Result<(), Broken> {
        let Scene { protocol, world, truth, now } = *scene;
        let Some(since) = world.quiet_since else { return Ok(()) };
        self.since = Some(since);
        let disturbances = world.accounts.arrivals + world.accounts.departures + world.accounts.false_alarms;
        let is_disturbed = self.disturbances.replace(disturbances) != Some(disturbances);
        let nobody_owns = world.members.iter().all(|member| world.is_client(member.slot()));
        if is_disturbed || !is_whole || nobody_owns {
            let Healing { disturbances, is_claimed, slowest, since, .. } = *self;
            *self = Healing { disturbances, is_claimed, slowest, since, ..Healing::default() };
            self.started = now;
            return Ok(());
        }
        let broken_first = P::LIVENESS.iter().zip(&self.kept).enumerate().find_map(|(place, (promise, kept))| {
            (promise.check)(protocol, truth).err().map(|fault| (place, promise, *kept, fault))
        });
        if let Some((place, promise, kept, fault)) = broken_first {
            if now >= kept.for_good_from {
                return Err(broken(promise, fault, "it has held before"));
            }
            self.kept.truncate(place);
            let within = kept.within.max(kept.for_good_from.since(kept.started));
            (self.started, self.within, self.for_good_from) = (kept.started, Some(within), Some(kept.for_good_from));
            (self.ideal_at, self.unpromised_since, self.exact_from, self.bad) = (None, None, None, None);
        }
        let grace = world.lookup_deadline() + truth.longest_wait;
        while let Some(promise) = P::LIVENESS.get(self.kept.len()) {
            let within = self.within.or_else(|| (promise.within)(protocol, truth));
            let Some(within) = within else {
                self.unpromised_since.get_or_insert(now);
                return Ok(());
            };
            (self.within, self.is_claimed) = (Some(within), true);
            let taken = now.since(self.started);
            match (promise.check)(protocol, truth) {
                Ok(()) => self.keep(promise.name, now, within, grace),
                Err(fault) if taken > within => {
                    return Err(broken(promise, fault, &late(taken, within)));
                }
                Err(_) => {
                    self.taken = taken;
                    return Ok(());
                }
            }
        }
        self.look_at_lookups(world, now)
    }

    /// A promise has come true.
    fn keep(&mut self, name: &'static str, now: Time, within: Duration, grace: Duration) {
        let share = self.taken.as_secs_f64() / within.as_secs_f64().max(1e-9);
        if self.slowest.is_none_or(|(_, slowest)| share > slowest) {
            self.slowest = Some((name, share));
        }
        let for_good_from = self.for_good_from.take().unwrap_or(now + grace);
        self.kept.push(Kept { started: self.started, within, for_good_from });
        (self.started, self.within, self.taken) = (now, None, Duration::ZERO);
    }

    /// All is as it should be: lookups that start now end at the owner.
    fn look_at_lookups<P: Simulated>(&mut self, world: &World<P>, now: Time) -> Result<(), Broken> {
        self.ideal_at.get_or_insert(now);
        let wait = if world.lookups.in_flight() == 0 { Duration::ZERO } else { world.lookup_deadline() };
        let from = *self.exact_from.get_or_insert(now + wait);
        if now < from || world.judge.is_by_the_start() {
            return Ok(());
        }
        let timely = world.lookup_deadline() >= world.network.longest_timeout().saturating_mul(REQUESTS_OF_A_LOOKUP);
        let bad = world.accounts.outcomes.wrong_owner + if timely { world.accounts.outcomes.failed } else { 0 };
        let before = *self.bad.get_or_insert(bad);
        if bad > before {
            let text = format!("{} lookups of a network as it should be did not end at the owner", bad - before);
            return Err(("exact_lookups", "where all tables are right every lookup is", Fault::new([], text)));
        }
        Ok(())
    }

    /// Whether all has been as it should be for so long that lookups have been seen to be right, or nothing more is
    /// promised.
    pub fn is_over(&self, now: Time, deadline: Duration) -> bool {
        let is_long_ago = |since: Time| now.since(since) >= deadline + deadline;
        self.unpromised_since.is_some_and(is_long_ago) || (self.bad.is_some() && self.ideal_at.is_some_and(is_long_ago))
    }

    pub fn report(&self, lookups: u64) -> Option<Report> {
        let Healing { is_claimed, ideal_at, slowest, .. } = *self;
        self.since.map(|since| Report { since, ideal_at, is_claimed, slowest, lookups })
    }
}

fn late(taken: Duration, within: Duration) -> String {
    format!("{:.3} s after quiet or what it needs, not within {:.3} s", taken.as_secs_f64(), within.as_secs_f64())
}

fn broken<P>(promise: &Liveness<P>, fault: Fault, when: &str) -> Broken {
    (promise.name, promise.meaning, Fault { text: format!("{} ({when})", fault.text), ..fault })
}
