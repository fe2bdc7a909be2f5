//! What happens in the course of an iterative lookup, at its initiator and at the nodes that it asks.

use super::host::WalkHost;
use super::message::{Ask, Confirm, Next, Packed, WalkMessage};
use crate::node::{Charge, Contact, Context, LookupId, Slot};
use crate::overlay::lookups::{Step, conclude, give_up};

/// A lookup under way, for its initiator.
#[derive(Clone, Copy)]
struct Walker {
    node: Slot,
    key: u64,
    lookup: LookupId,
}

/// Starts a lookup at `node`.
pub fn begin<P: WalkHost>(host: &mut P, context: &mut impl Context<P>, node: Slot, key: u64, lookup: LookupId) {
    host.walk_mut().begin(node, lookup);
    ask_from_own_tables(host, context, Walker { node, key, lookup });
}

/// Begins, or begins again, with what the initiator itself knows.
fn ask_from_own_tables<P: WalkHost>(host: &mut P, context: &mut impl Context<P>, walker: Walker) {
    let Walker { node, key, lookup } = walker;
    let step = host.first_step(context, node, key, host.walk().known_dead(lookup));
    let record = &mut host.walk_mut().records[lookup];
    record.named_by = Contact::NONE;
    match step {
        Step::Owner(owner) => {
            record.depth = 0;
            accept(host, context, walker, owner);
        }
        Step::Next(next, carried) => {
            record.depth = 1;
            ask(host, context, walker, next, carried);
        }
        Step::Lost => give_up(host, context, node, lookup),
    }
}

fn ask<P: WalkHost>(host: &mut P, context: &mut impl Context<P>, walker: Walker, next: Contact, carried: P::Carried) {
    let Walker { node, key, lookup } = walker;
    let (dead, count) = host.walk_mut().seal(lookup);
    let charge = Charge::empty(P::ASK_KIND).with_keys(1 + P::CARRIED_KEYS + count);
    let message = P::walk_message(WalkMessage::Ask(Ask { key, lookup, dead, carried }));
    context.request(node, next, message, charge, Some(lookup));
}

/// A request arrives at `node`; to be called from [`crate::node::Protocol::on_request`]. A node that cannot help does
/// not answer.
pub fn on_request<P: WalkHost>(host: &P, node: Slot, request: WalkMessage<P::Carried>) -> Option<(P::Message, Charge)> {
    let (reply, charge) = match request {
        WalkMessage::Ask(Ask { key, dead, carried, .. }) => {
            let charge = Charge::empty(P::ASK_KIND).with_contacts(1);
            match host.step(node, key, carried, host.walk().unseal(dead)) {
                Step::Owner(owner) => (WalkMessage::Owner(Packed(owner)), charge),
                Step::Next(next, carried) => {
                    (WalkMessage::Next(Next { next, carried }), charge.with_keys(P::CARRIED_KEYS))
                }
                Step::Lost => return None,
            }
        }
        WalkMessage::Confirm(Confirm { key, .. }) => {
            let reply = if host.agrees_to_own(node, key) { WalkMessage::Mine } else { WalkMessage::NotMine };
            (reply, Charge::empty(P::CONFIRM_KIND))
        }
        _ => return None,
    };
    Some((P::walk_message(reply), charge))
}

/// A reply arrives at the initiator; to be called from [`crate::node::Protocol::on_reply`].
pub fn on_reply<P: WalkHost>(
    host: &mut P,
    context: &mut impl Context<P>,
    node: Slot,
    from: Contact,
    request: WalkMessage<P::Carried>,
    reply: WalkMessage<P::Carried>,
) {
    let Some((key, lookup)) = request.asks_about() else { return };
    if context.lookup(lookup).is_none() {
        return;
    }
    let walker = Walker { node, key, lookup };
    let record = &mut host.walk_mut().records[lookup];
    if let WalkMessage::Ask(Ask { carried, .. }) = request {
        (record.named_by, record.named_with) = (from, carried);
    }
    match reply {
        WalkMessage::Next(Next { next, carried }) => {
            record.depth += 1;
            match record.depth > P::HOP_LIMIT {
                true => give_up(host, context, node, lookup),
                false => ask(host, context, walker, next, carried),
            }
        }
        WalkMessage::Owner(Packed(owner)) => accept(host, context, walker, owner),
        WalkMessage::Mine => {
            let hops = record.depth - 1;
            conclude(host, context, node, lookup, from, hops);
        }
        WalkMessage::NotMine => give_up(host, context, node, lookup),
        WalkMessage::Ask(_) | WalkMessage::Confirm(_) => {}
    }
}

/// Takes the answer, if need be after asking the owner whether it is alive.
fn accept<P: WalkHost>(host: &mut P, context: &mut impl Context<P>, walker: Walker, owner: Contact) {
    let Walker { node, key, lookup } = walker;
    let Some(purpose) = context.lookup(lookup).map(|lookup| lookup.purpose) else { return };
    let (own, ends_before_owner) = (host.own(node), host.ends_before_owner(purpose));
    let walk = host.walk_mut();
    let confirm_owner = walk.rules.confirm_owner;
    let record = &mut walk.records[lookup];
    let (named_by, hops) = (record.named_by, record.depth);
    if ends_before_owner {
        let named_by = if named_by.is_none() { own } else { named_by };
        conclude(host, context, node, lookup, named_by, hops);
    } else if confirm_owner && owner != own {
        // One step further, so that a timeout goes back to the node that named it.
        record.depth += 1;
        let charge = Charge::empty(P::CONFIRM_KIND).with_keys(1);
        context.request(
            node,
            owner,
            P::walk_message(WalkMessage::Confirm(Confirm { key, lookup })),
            charge,
            Some(lookup),
        );
    } else {
        conclude(host, context, node, lookup, owner, hops);
    }
}

/// `silent` did not answer a request; to be called from [`crate::node::Protocol::on_timeout`]. Asks the node that
/// named it for another, or begins again.
pub fn on_timeout<P: WalkHost>(
    host: &mut P,
    context: &mut impl Context<P>,
    node: Slot,
    silent: Contact,
    request: WalkMessage<P::Carried>,
) {
    let Some((key, lookup)) = request.asks_about() else { return };
    host.walk_met_silence(context, node, silent);
    if context.lookup(lookup).is_none() {
        return;
    }
    let walker = Walker { node, key, lookup };
    let walk = host.walk_mut();
    let retries = walk.rules.retries;
    let record = walk.note_silent(lookup, silent);
    let (named_by, named_with) = (record.named_by, record.named_with);
    if record.attempts > retries {
        give_up(host, context, node, lookup);
    } else if named_by.is_none() || named_by == silent {
        ask_from_own_tables(host, context, walker);
    } else {
        record.depth -= 1;
        ask(host, context, walker, named_by, named_with);
    }
}
