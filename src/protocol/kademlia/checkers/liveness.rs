//! What becomes true in a quiet Kademlia network: everybody has joined, and every member has a live contact in each
//! bucket in whose range there is somebody. Then from everywhere each step of a lookup for any key finds somebody
//! nearer, until it is at the owner.
//!
//! How long that takes follows from refreshes. A refresh asks the contacts of a bucket: those that are dead are missed,
//! and go after so many of them; those that answer learn of the node. What a node does not find itself the others find
//! of it: whoever it asks has it in the right bucket, if there is room.

use super::Kademlia;
use crate::engine::time::Duration;
use crate::protocol::checker::{Fault, Liveness};
use crate::protocol::{Contact, Slot, Truth};

pub(super) const ALL: &[Liveness<Kademlia>] = &[
    Liveness {
        name: "joined",
        meaning: "in quiet every live node completes its join",
        within: Kademlia::time_to_join,
        check: joined,
    },
    Liveness {
        name: "ranges_known",
        meaning: "in quiet every member knows somebody alive in each bucket in whose range there is a member",
        within: Kademlia::time_to_know_ranges,
        check: ranges_known,
    },
];

/// Attempts to join that may fail while the tables of others still name the dead.
const JOIN_ATTEMPTS: u64 = 8;

/// Refreshes that may find only the dead, beyond those that it takes to give one contact up.
const SPARE_REFRESHES: u64 = 4;

impl Kademlia {
    fn time_to_join(&self, truth: &Truth<'_>) -> Option<Duration> {
        let attempt = self.config.lookup_deadline + truth.longest_wait + self.config.join_retry_after;
        Some(attempt.saturating_mul(JOIN_ATTEMPTS))
    }

    /// `None` if tables are not refreshed, or if the network has fallen apart: then no message can bring its parts
    /// together.
    fn time_to_know_ranges(&self, truth: &Truth<'_>) -> Option<Duration> {
        let neglect = self.longest_neglect()?;
        let refreshes = u64::from(self.config.stale_after) + SPARE_REFRESHES;
        self.is_connected(truth).then(|| (neglect + self.config.lookup_deadline).saturating_mul(refreshes))
    }

    /// Whether all members hang together by live contacts, whoever knows whom.
    fn is_connected(&self, truth: &Truth<'_>) -> bool {
        let mut leader: Vec<Slot> = (0..truth.directory.slots()).collect();
        for member in truth.members.iter() {
            for bucket in self.buckets(member.slot()) {
                for entry in self.entries(*bucket) {
                    if truth.directory.is_live(entry.contact) {
                        let (one, other) =
                            (root(&mut leader, member.slot()), root(&mut leader, { entry.contact }.slot()));
                        leader[one as usize] = other;
                    }
                }
            }
        }
        let mut roots = truth.members.iter().map(|member| root(&mut leader, member.slot()));
        let first = roots.next();
        roots.all(|other| Some(other) == first)
    }
}

/// The leader of the group that `slot` is in.
fn root(leader: &mut [Slot], mut slot: Slot) -> Slot {
    while leader[slot as usize] != slot {
        let next = leader[slot as usize];
        leader[slot as usize] = leader[next as usize];
        slot = next;
    }
    slot
}

fn joined(_kademlia: &Kademlia, truth: &Truth<'_>) -> Result<(), Fault> {
    let live = (0..truth.directory.slots()).filter(|slot| truth.directory.is_occupied(*slot));
    let mut waiting = live.map(|slot| truth.directory.contact(slot)).filter(|live| !truth.members.contains(*live));
    match waiting.next() {
        Some(first) => {
            let text = format!("{:016x} and {} others have not joined", first.id(), waiting.count());
            Err(Fault::new([first.slot()], text))
        }
        None => Ok(()),
    }
}

fn ranges_known(kademlia: &Kademlia, truth: &Truth<'_>) -> Result<(), Fault> {
    for member in truth.members.iter() {
        for (index, bucket) in kademlia.buckets(member.slot()).iter().enumerate() {
            let knows = kademlia.entries(*bucket).iter().any(|entry| truth.directory.is_live(entry.contact));
            let missing: Option<Contact> = kademlia.somebody_in_range(truth, member.slot(), index);
            if let (false, Some(missing)) = (knows, missing) {
                let text = format!(
                    "{:016x} knows nobody alive in its bucket {index}, where {:016x} would be",
                    member.id(),
                    missing.id()
                );
                return Err(Fault::new([member.slot(), missing.slot()], text));
            }
        }
    }
    Ok(())
}
