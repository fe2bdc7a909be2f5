//! What onlookers see of Koorde: figures of health, what must become true in quiet, and words for stories.

use super::imaginary::Imaginary;
use super::{Koorde, Message, Timer};
use crate::engine::time::Duration;
use crate::node::checker::{Checker, Fault, Liveness};
use crate::node::opinion::{Description, Opinion, Says};
use crate::node::{Contact, LookupId, Slot, Truth};
use crate::overlay::lookups::Step;
use crate::overlay::ring::checkers::liveness::{in_order, joined, lists};
use crate::overlay::ring::healing::{self, reachable};
use crate::overlay::ring::{self, health};
use crate::overlay::walk::WalkHost;

/// The figures of health, each with its meaning.
pub(super) const FIGURES: &[(&str, &str)] = &[
    health::FIGURES[0],
    health::FIGURES[1],
    health::FIGURES[2],
    health::FIGURES[3],
    health::FIGURES[4],
    (
        "wrong_pointer_share",
        "share of the nodes that a node should have as de Bruijn pointers, the predecessor of K times its identifier \
         and those after it, that it has not; in a large ring of a sample",
    ),
];

/// Members whose pointers are looked at; evenly spread over the ring.
const SAMPLE: usize = 1024;

/// Failed requests that a lookup must stand for one round to put pointers right.
const ENOUGH_RETRIES: u32 = 8;

/// What must hold in every network: what must hold of its ring.
pub(super) const CHECKERS: &[Checker<Koorde>] = &ring::checkers::all();

/// What becomes true in quiet, one after the other.
pub(super) const IN_QUIET: &[Liveness<Koorde>] = &[
    joined(),
    in_order(),
    lists(),
    Liveness {
        name: "pointers",
        meaning: "in quiet every node's de Bruijn pointers become the predecessor of K times its identifier, and those \
                  after it",
        within: Koorde::time_to_fix_pointers,
        check: pointers_are_right,
    },
];

fn pointers_are_right(koorde: &Koorde, truth: &Truth<'_>) -> Result<(), Fault> {
    let ring: Vec<Contact> = reachable(truth).collect();
    for member in &ring {
        let right = koorde.right_pointers(&ring, member.id());
        let pointers = koorde.pointers(member.slot());
        // Backups before them, and each followed by the next member.
        let follows = |pair: &[Contact]| {
            let next = ring.partition_point(|member| member.id() <= pair[0].id()) % ring.len();
            ring[next] == pair[1]
        };
        if !right.iter().all(|right| pointers.contains(right)) || !pointers.windows(2).all(follows) {
            let text = format!("the pointers of {} are {pointers:?}, not {right:?} and those before", member.id());
            return Err(Fault::new([member.slot()], text));
        }
    }
    Ok(())
}

impl Koorde {
    /// For pointers in a ring whose successor lists are right: a round, in which the pointer may be dead, and be looked
    /// up and asked then.
    pub(super) fn time_to_fix_pointers(&self, truth: &Truth<'_>) -> Option<Duration> {
        let members = truth.members.len();
        let rounds = match self.config.retries >= ENOUGH_RETRIES {
            true => 2,
            // A lookup that gives up leaves the pointer as it is until those of the nodes on its way are right.
            false => 2 + u64::from(usize::BITS - members.leading_zeros()),
        };
        let time = healing::rounds(self, self.config.fix_pointers_every, rounds, members)?;
        Some(
            time + self.config.lookup_deadline
                + truth.longest_wait.saturating_mul(4 + u64::from(self.config.pointers + self.config.backups)),
        )
    }

    /// In the order of [`FIGURES`].
    pub(super) fn measure_health(&self, truth: &Truth<'_>) -> Vec<Option<f64>> {
        let mut figures = health::measure(self, truth).to_vec();
        figures.push(self.wrong_pointer_share(truth));
        figures
    }

    fn wrong_pointer_share(&self, truth: &Truth<'_>) -> Option<f64> {
        let ring: Vec<Contact> = reachable(truth).collect();
        let (mut all, mut wrong) = (0u64, 0u64);
        for member in ring.iter().step_by(ring.len().div_ceil(SAMPLE).max(1)) {
            let right = self.right_pointers(&ring, member.id());
            let known = self.pointers(member.slot());
            all += right.len() as u64;
            wrong += right.iter().filter(|right| !known.contains(right)).count() as u64;
        }
        (all > 0).then(|| wrong as f64 / all as f64)
    }

    /// What `node` would say at the start of a lookup of its own; to one under way only who owns the key, if it knows:
    /// what else it says depends on where the lookup stands in the de Bruijn graph.
    pub(super) fn form_opinion(&self, node: Slot, key: u64, lookup: Option<LookupId>) -> Option<Opinion> {
        let dead = lookup.map_or(&[][..], |lookup| self.walk().known_dead(lookup));
        let (says, named) = match self.step_from(node, key, Imaginary::UNBEGUN, dead) {
            Step::Owner(owner) => (Says::Owner(owner), owner),
            Step::Next(..) if lookup.is_some() => return None,
            Step::Next(next, _) => (Says::Next(next), next),
            Step::Lost => (Says::Nothing, Contact::NONE),
        };
        let (source, timer) = match self.ring.successors(node).contains(&named) {
            _ if named.is_none() => ("tables", Timer::Stabilize),
            true => ("successor list", Timer::Stabilize),
            false => ("de Bruijn pointers", Timer::FixPointers),
        };
        Some(Opinion { says, source, kept_by: Some(timer_name(timer)) })
    }

    /// A message in words.
    pub(super) fn put_in_words(&self, message: &Message) -> Description {
        match message {
            Message::Walk(message) => message.describe(),
            _ => Description::plain("writes to"),
        }
    }
}

/// Names of rounds, as in "node 12's ... was due in 3 s".
pub(super) const fn timer_name(timer: Timer) -> &'static str {
    match timer {
        Timer::Stabilize => "stabilisation",
        Timer::FixPointers => "refresh of its de Bruijn pointers",
        Timer::CheckPredecessor => "check of its predecessor",
        Timer::Join => "next attempt to join",
    }
}
