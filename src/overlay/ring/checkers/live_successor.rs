//! Every member knows a live successor: the first half of Zave's invariant.

use super::super::RingHost;
use super::super::healing::first_not_beyond_repair;
use crate::node::checker::{Checker, Fault, Scope};
use crate::node::{Contact, Truth};

/// The statement.
pub const fn checker<P: RingHost>() -> Checker<P> {
    Checker {
        name: "live_successor",
        meaning: "every member has a live member in its successor list",
        scope: Scope::OnceHeld,
        after_departures: true,
        check: check::<P>,
    }
}

/// Zave assumes that no failure leaves a member without a live successor; so where one has, it is a fault unless more
/// has happened around that member than maintenance can keep up with.
fn check<P: RingHost>(host: &P, truth: &Truth<'_>) -> Result<bool, Fault> {
    let is_cut_off = |member: &Contact| {
        !host.ring().successors(member.slot()).iter().any(|successor| truth.members.contains(*successor))
    };
    let cut_off: Vec<Contact> = truth.members.iter().filter(is_cut_off).collect();
    let Some(first) = cut_off.first() else { return Ok(!truth.members.is_empty()) };
    let unexcused = first_not_beyond_repair(host, truth, &cut_off);
    let member = unexcused.unwrap_or(*first);
    let text = match host.ring().successors(member.slot()).len() {
        0 => format!("{} has no successor", member.id()),
        count => format!("all {count} successors of {} are dead", member.id()),
    };
    Err(Fault::new([member.slot()], text).excused_if(unexcused.is_none()))
}
