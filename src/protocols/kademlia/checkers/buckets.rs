//! Routing tables are what the paper says that they are (Kademlia 2.2, 2.4, 4.1), whatever happens.

use super::Kademlia;
use crate::node::checker::{Checker, Fault, Scope};
use crate::node::{Contact, Slot, Truth};

pub(super) const CHECKER: Checker<Kademlia> = Checker {
    name: "buckets",
    meaning: "each contact is in the one bucket whose range it lies in, once, and no bucket has more than it has room \
              for, nor the node itself, nor anybody who said that nobody can reach it",
    scope: Scope::Always,
    after_departures: false,
    check,
};

fn check(kademlia: &Kademlia, truth: &Truth<'_>) -> Result<bool, Fault> {
    for member in truth.members.iter() {
        check_table(kademlia, truth, member)?;
    }
    Ok(true)
}

fn check_table(kademlia: &Kademlia, truth: &Truth<'_>, member: Contact) -> Result<(), Fault> {
    let node = member.slot();
    let config = kademlia.config();
    let levels = usize::from(kademlia.node(node).levels);
    let fault = |text: String| Err(Fault::new([node], format!("in the table of {} {text}", member.id())));
    let buckets = kademlia.buckets(node);
    if buckets.len() != levels * kademlia.digits.per_level() + 1 {
        return fault(format!("there are {} buckets in {levels} levels", buckets.len()));
    }
    for (index, (bucket, entries)) in buckets.iter().zip(kademlia.rows(node)).enumerate() {
        let contacts: Vec<Contact> = entries.iter().map(|entry| kademlia.contact(*entry)).collect();
        let cached = kademlia.cached(*bucket);
        if contacts.len() > config.k as usize || cached.len() > config.replacement_cache as usize {
            return fault(format!("bucket {index} has {} contacts and {} in reserve", contacts.len(), cached.len()));
        }
        if contacts.len() < config.k as usize && !cached.is_empty() {
            return fault(format!("bucket {index} has room, and {} in reserve", cached.len()));
        }
        let mut ids: Vec<u64> = contacts.iter().chain(&cached).map(|contact| contact.id()).collect();
        ids.sort_unstable();
        if ids.windows(2).any(|pair| pair[0] == pair[1]) {
            return fault(format!("bucket {index} has somebody twice"));
        }
        for contact in contacts.iter().chain(&cached) {
            if contact.id() == member.id() || kademlia.bucket_index(node, contact.id()) != index {
                return fault(format!("bucket {index} has {contact:?}, who does not belong there"));
            }
            if !config.learn_unreachable && client_mode(kademlia, truth, *contact) {
                return fault(format!("there is {contact:?}, whom nobody can reach"));
            }
        }
    }
    Ok(())
}

/// Whether a live contact cannot be reached; of those who are gone nobody knows.
fn client_mode(kademlia: &Kademlia, truth: &Truth<'_>, contact: Contact) -> bool {
    let slot: Slot = contact.slot();
    truth.directory.is_live(contact) && kademlia.node(slot).client_mode
}
