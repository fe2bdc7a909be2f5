//! The exact ring: the neighbours that a quiet network ends up with.

use super::RingHost;
use crate::node::{Contact, Context, Members};

/// Gives every member its exact predecessor and successor list, and an empty table.
pub fn build<P: RingHost>(host: &mut P, context: &impl Context<P>, members: &Members) {
    for contact in members.iter() {
        host.ring_mut().move_in(contact, context.is_client(contact.slot()));
    }
    // A node behind NAT is in no other's tables.
    let ring: Vec<Contact> = members.iter().filter(|contact| !host.ring().client_mode(contact.slot())).collect();
    // How many of the ring come before this member.
    let mut place = 0;
    for contact in members.iter() {
        build_neighbours(host, &ring, place, contact);
        place += usize::from(ring.get(place) == Some(&contact));
    }
}

fn build_neighbours<P: RingHost>(host: &mut P, ring: &[Contact], place: usize, own: Contact) {
    let (node, client_mode) = (own.slot(), host.ring().client_mode(own.slot()));
    let capacity = host.ring().rules().successors as usize;
    let next = if client_mode { place } else { place + 1 };
    let count = capacity.min(if client_mode { ring.len() } else { ring.len() - 1 });
    let state = host.ring_mut().node_mut(node);
    state.member = true;
    match count {
        // No node can be reached: it looks for its place from the first round on.
        0 if client_mode => return,
        0 => return host.ring_mut().push_successor(node, own),
        _ => {}
    }
    state.predecessor = ring[(place + ring.len() - 1) % ring.len()];
    host.ring_mut().replace_successors(node, (0..count).map(|offset| ring[(next + offset) % ring.len()]));
}
