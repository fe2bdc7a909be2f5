//! Who looks up what: when random lookups start, at which live node, and for which key.
//!
//! The workload knows how many nodes are live, not who they are. All randomness comes from the stream
//! [`Purpose::Workload`], and the number of draws depends on the number of lookups only: when the population changes,
//! the same sequence of keys meets other times and other initiators.

#[cfg(test)]
mod tests;
mod zipf;

use crate::engine::random::{Purpose, Seed, mix, unit_open};
use crate::engine::time::{Duration, Time};
use crate::scenario::model::{Arrivals, Keys, Workload};
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use zipf::Zipf;

/// The random lookups of one run.
///
/// All nodes together start lookups at a rate that follows the number of live nodes, so the process is a Poisson
/// process whose rate is constant between two changes of the population. The waiting time is held as *hazard*: the
/// integral of the rate over the waiting time, which is unit-exponential whatever the rate does. A change of the rate
/// only stretches or shortens what is left. With nobody live, the rate is 0 and the hazard is kept.
#[derive(Clone, Debug)]
pub struct Lookups {
    arrivals: Arrivals,
    keys: KeyLaw,
    /// Lookups per nanosecond at present.
    rate_per_ns: f64,
    /// Hazard left at `since`.
    hazard: f64,
    since: Time,
    next: Time,
    rng: ChaCha8Rng,
}

/// One lookup: who starts it and what it looks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lookup {
    /// Which of the live nodes starts it, counted from 0.
    pub rank: u32,
    /// What it looks for.
    pub target: Target,
}

/// What a lookup looks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// This key.
    Key(u64),
    /// The identifier of the live node of this rank.
    Node(u32),
}

impl Lookups {
    /// The lookups of a run that starts at time 0 with `live` nodes.
    pub fn new(workload: &Workload, seed: Seed, live: u32) -> Self {
        let mut rng = seed.stream(Purpose::Workload);
        let salt = rng.next_u64();
        let keys = match workload.keys {
            Keys::Uniform => KeyLaw::Uniform,
            Keys::LiveNodes => KeyLaw::LiveNodes,
            Keys::Zipf { keys, exponent } => KeyLaw::Zipf { ranks: Zipf::new(keys, exponent), salt },
        };
        let arrivals = workload.arrivals;
        let hazard = gap(arrivals, &mut rng);
        let mut lookups = Self { arrivals, keys, rate_per_ns: 0.0, hazard, since: Time::ZERO, next: Time::NEVER, rng };
        lookups.set_live(Time::ZERO, live);
        lookups
    }

    /// When the next lookup starts if the population stays as it is; [`Time::NEVER`] if none does.
    pub fn next_time(&self) -> Time {
        self.next
    }

    /// From `now` on there are `live` nodes. `now` must not lie before an earlier call's nor after the next lookup.
    pub fn set_live(&mut self, now: Time, live: u32) {
        let rate_per_ns = rate_per_ns(self.arrivals, live);
        if rate_per_ns != self.rate_per_ns {
            self.settle(now);
            self.rate_per_ns = rate_per_ns;
            self.reckon();
        }
    }

    /// Starts the lookup that is due, at one of `live` nodes (at least 1), and waits for the next.
    pub fn start(&mut self, live: u32) -> Lookup {
        self.settle(self.next);
        // What is left of the hazard belongs to the fraction of a nanosecond by which the time was rounded down:
        // keeping it, roundings do not add up.
        self.hazard += gap(self.arrivals, &mut self.rng);
        self.reckon();
        let rank = rank_below(live, self.rng.next_u64());
        let target = self.keys.draw(live, &mut self.rng);
        Lookup { rank, target }
    }

    /// Takes the hazard of the time up to `now` off what is left.
    fn settle(&mut self, now: Time) {
        let elapsed_ns = now.since(self.since).as_nanos() as f64;
        self.hazard = (self.hazard - self.rate_per_ns * elapsed_ns).max(0.0);
        self.since = now;
    }

    /// Finds when the hazard will be used up at the present rate.
    fn reckon(&mut self) {
        self.next = if self.rate_per_ns > 0.0 {
            self.since + Duration::from_nanos((self.hazard / self.rate_per_ns) as u64)
        } else {
            Time::NEVER
        };
    }
}

/// Lookups per nanosecond of all nodes together.
fn rate_per_ns(arrivals: Arrivals, live: u32) -> f64 {
    let per = |mean: Duration| mean.as_nanos().max(1) as f64;
    match arrivals {
        Arrivals::None => 0.0,
        Arrivals::PerNode(mean) => f64::from(live) / per(mean),
        Arrivals::Network(_) | Arrivals::NetworkEvenly(_) if live == 0 => 0.0,
        Arrivals::Network(every) | Arrivals::NetworkEvenly(every) => 1.0 / per(every),
    }
}

/// Hazard from one lookup to the next, 1 on average.
fn gap(arrivals: Arrivals, rng: &mut impl Rng) -> f64 {
    match arrivals {
        Arrivals::NetworkEvenly(_) => 1.0,
        _ => unit_exponential(rng),
    }
}

/// Exponential with mean 1.
fn unit_exponential(rng: &mut impl Rng) -> f64 {
    -libm::log(unit_open(rng))
}

/// Scales 64 random bits down to `0..live`. Unlike a draw with rejection this takes one draw whatever `live` is, so the
/// keys that follow do not depend on the population; no node is likelier than another by more than 1 part in 2^32.
fn rank_below(live: u32, bits: u64) -> u32 {
    ((u128::from(bits) * u128::from(live)) >> 64) as u32
}

/// Which keys are looked for.
#[derive(Clone, Copy, Debug)]
enum KeyLaw {
    Uniform,
    LiveNodes,
    /// The key of rank i is a hash of `salt + i`.
    Zipf {
        ranks: Zipf,
        salt: u64,
    },
}

impl KeyLaw {
    fn draw(&self, live: u32, rng: &mut impl Rng) -> Target {
        match self {
            KeyLaw::Uniform => Target::Key(rng.next_u64()),
            KeyLaw::LiveNodes => Target::Node(rank_below(live, rng.next_u64())),
            KeyLaw::Zipf { ranks, salt } => Target::Key(mix(salt.wrapping_add(ranks.sample(rng)))),
        }
    }
}
