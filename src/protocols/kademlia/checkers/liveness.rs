//! What becomes true in a quiet Kademlia network: everybody has joined, and every member knows somebody alive in each
//! subtree beside its own in which there is somebody (Kademlia 2.1). Then from everywhere each step of a lookup for any
//! key finds somebody nearer, until it is at the owner, if only answers have room for more than the dead.
//!
//! How long that takes follows from refreshes. A refresh asks the contacts of a bucket: those that are dead are missed,
//! and go after so many of them; those that answer learn of the node. What a node does not find itself the others find
//! of it: whoever it asks has it in the right bucket, if there is room.

use super::super::config::{Config, Routing};
use super::Kademlia;
use crate::engine::time::Duration;
use crate::node::checker::{Fault, Liveness, all_joined};
use crate::node::{Contact, Truth};
use crate::overlay::digits::{Digits, distance};
use crate::overlay::lookups::REQUESTS;
use crate::overlay::rounds::JOIN_ATTEMPTS;
use std::collections::BTreeSet;

pub(super) const ALL: &[Liveness<Kademlia>] = &[
    Liveness {
        name: "joined",
        meaning: "in quiet every live node completes its join",
        within: Kademlia::time_to_join,
        check: all_joined,
    },
    Liveness {
        name: "subtrees_known",
        meaning: "in quiet every member knows somebody alive in each subtree beside its own in which there is a member",
        within: Kademlia::time_to_know_subtrees,
        check: subtrees_known,
    },
    Liveness {
        name: "answers_live",
        meaning: "nobody has so many contacts in a subtree that are dead and not known to be that an answer could name \
                  only those",
        within: Kademlia::time_to_answer_live,
        check: answers_live,
    },
];

/// Subtrees beside that of a node: one for each bit.
const ONE_BIT: Digits = Digits { bits: 1 };

/// Refreshes that may find only the dead, beyond those that it takes to give one contact up.
const SPARE_REFRESHES: u64 = 4;

impl Kademlia {
    /// `None` if lookups are cut off before they have come past the dead.
    fn time_to_join(&self, truth: &Truth<'_>) -> Option<Duration> {
        let Config { lookup_deadline, join_retry_after, .. } = *self.config();
        let has_time = lookup_deadline >= truth.longest_wait.saturating_mul(REQUESTS);
        has_time.then(|| (lookup_deadline + truth.longest_wait + join_retry_after).saturating_mul(JOIN_ATTEMPTS))
    }

    /// `None` if tables are not refreshed, if nobody ever counts as gone, if a lookup does not find as many nodes as a
    /// bucket holds, so that a node may miss some that are in its last bucket's range, or if the network has fallen
    /// apart.
    fn time_to_know_subtrees(&self, truth: &Truth<'_>) -> Option<Duration> {
        let neglect = self.longest_neglect()?;
        if self.config.upkeep_results < self.config.k || self.config.answers < self.config.k {
            return None;
        }
        let refreshes = u64::from(self.config.stale_after?) + SPARE_REFRESHES;
        self.is_linked(truth).then(|| (neglect + self.config.lookup_deadline).saturating_mul(refreshes))
    }

    /// Only lookups find the dead: how long it takes until they have come across all of them is not promised. Once they
    /// are few they stay few.
    fn time_to_answer_live(&self, truth: &Truth<'_>) -> Option<Duration> {
        answers_live(self, truth).is_ok().then_some(self.config.lookup_deadline)
    }

    /// Whether tables may name a live node.
    fn is_named(&self, truth: &Truth<'_>, live: Contact) -> bool {
        self.config.learn_unreachable || !(truth.is_client)(live.slot())
    }

    /// Whether somebody on one side knows somebody on the other wherever a subtree divides those who can be reached.
    /// Where nobody does, both sides look for each other in vain: a lookup asks the nearest to its key that are known,
    /// all of them on its own side, and others, who know both, are never asked.
    fn is_linked(&self, truth: &Truth<'_>) -> bool {
        let sorted: Vec<Contact> = truth.members.iter().filter(|member| self.is_named(truth, *member)).collect();
        // The number of bits that both have in common, and these.
        let divide = |one: u64, other: u64| {
            let level = distance(one, other).leading_zeros();
            (level, ONE_BIT.own_range(one, level).0)
        };
        let mut links = BTreeSet::new();
        for member in &sorted {
            let contacts = self.rows(member.slot()).flatten().map(|entry| self.contact(*entry));
            let live = contacts.filter(|contact| truth.directory.is_live(*contact) && self.is_named(truth, *contact));
            links.extend(live.map(|contact| divide(member.id(), contact.id())));
        }
        // Wherever they are divided, two neighbours are.
        sorted.array_windows().all(|[one, other]| links.contains(&divide(one.id(), other.id())))
    }
}

fn answers_live(kademlia: &Kademlia, truth: &Truth<'_>) -> Result<(), Fault> {
    let config = kademlia.config();
    let most = match config.routing {
        Routing::Iterative => config.answers,
        Routing::SemiRecursive => config.answers.min(config.retries + 1),
    };
    for member in truth.members.iter() {
        let mut dead = [0u32; 64];
        for (bucket, entries) in kademlia.buckets(member.slot()).iter().zip(kademlia.rows(member.slot())) {
            let named = entries.iter().filter(|entry| !kademlia.is_stale(**entry));
            let named = named.map(|entry| kademlia.contact(*entry)).chain(kademlia.cached(*bucket));
            for contact in named.filter(|contact| !truth.directory.is_live(*contact)) {
                dead[subtree(member.id(), contact.id())] += 1;
            }
        }
        if let Some(level) = dead.iter().position(|count| *count >= most) {
            let text = format!("{} has {} dead contacts in subtree {level}", member.id(), dead[level]);
            return Err(Fault::new([member.slot()], text));
        }
    }
    Ok(())
}

/// The subtree beside that of `own` in which `other` is: by the first bit in which they differ.
fn subtree(own: u64, other: u64) -> usize {
    (distance(own, other).leading_zeros() as usize).min(63)
}

fn subtrees_known(kademlia: &Kademlia, truth: &Truth<'_>) -> Result<(), Fault> {
    let sorted: Vec<Contact> = truth.members.iter().filter(|member| kademlia.is_named(truth, *member)).collect();
    for member in truth.members.iter() {
        let mut known = 0u64;
        for entry in kademlia.rows(member.slot()).flatten() {
            let contact = kademlia.contact(*entry);
            if truth.directory.is_live(contact) && !kademlia.is_stale(*entry) {
                known |= 1 << subtree(member.id(), contact.id());
            }
        }
        // All that agree with the member in the bits before.
        let mut near = &sorted[..];
        for level in 0..64 {
            let beside = within(near, ONE_BIT.range(member.id(), level, level as u32 + 1));
            near = within(near, ONE_BIT.own_range(member.id(), level as u32 + 1));
            if let (false, Some(missing)) = (known >> level & 1 == 1, beside.first()) {
                let (own, other) = (member.id(), missing.id());
                let index = kademlia.bucket_index(member.slot(), other);
                let at = kademlia.at(member.slot(), index);
                let (bucket, entries) = (kademlia.tables.bucket(at), kademlia.tables.entries(at));
                let text = format!(
                    "{own} knows nobody alive in subtree {level}, where {other} would be; its bucket {index} \
                     of {} has {} contacts, {} of them dead, and {} in reserve, and was refreshed {:.0} s ago",
                    kademlia.buckets(member.slot()).len(),
                    entries.len(),
                    entries.iter().filter(|entry| !truth.directory.is_live(kademlia.contact(**entry))).count(),
                    bucket.cache.len(),
                    bucket.touched.age(truth.now).as_secs_f64(),
                );
                return Err(Fault::new([member.slot(), missing.slot()], text));
            }
            if near.iter().all(|other| *other == member) {
                break;
            }
        }
    }
    Ok(())
}

/// Those of `sorted` that lie in the range.
fn within(sorted: &[Contact], (low, high): (u64, u64)) -> &[Contact] {
    let from = sorted.partition_point(|contact| contact.id() < low);
    let to = from + sorted[from..].partition_point(|contact| contact.id() <= high);
    &sorted[from..to]
}
