//! Books that were tampered with are found out.

use super::*;
use crate::node::Contact;
use crate::node::Members;
use crate::scenario::{Source, load};
use crate::simulation::protocols::{self, Any};

const SCENARIO: &str = "\
name = \"books\"
[population]
nodes = 3
[protocol.chord]
successors = 2
[measurement]
duration = \"1min\"
";

/// What a look finds in the books of a network of three nodes that `tamper` has changed.
fn found(tamper: impl FnOnce(&mut World<Any>)) -> Option<&'static str> {
    let source = Source::from_text("books.toml", SCENARIO);
    let scenario = load(source, &[], protocols::NAMES, protocols::read).expect("a sound scenario").scenario;
    let protocol = Any::new(Default::default());
    let mut world = World::new(&scenario, &protocol);
    for slot in 0..3 {
        world.directory.arrive(slot, u64::from(slot) << 32, slot, Time::ZERO);
    }
    world.members = Members::from_contacts((0..3).map(|slot| Contact::new(u64::from(slot) << 32, slot)));
    world.accounts.arrivals = 3;
    world.population_changed(3);
    tamper(&mut world);
    let mut checks = Checks::new(Check { every: Duration::from_secs(1), each_event_from: None, until_healed: false });
    checks.memory.now = Time::from_nanos(5);
    world.now = world.now.max(Time::from_nanos(world.accounts.events));
    // The protocol's own statements are about tables that this network does not have.
    let looked = checks.look_at_books(&protocol, &world);
    looked.err().map(|(name, _, _)| name)
}

#[test]
fn sound_books_pass_and_each_false_entry_is_found() {
    let at_five = |world: &mut World<Any>| world.accounts.events = 5;
    assert_eq!(found(at_five), None);
    assert_eq!(found(|_| ()), Some("clock"), "time went back");
    let after = |change: fn(&mut World<Any>)| {
        found(move |world| {
            at_five(world);
            change(world);
        })
    };
    assert_eq!(after(|world| world.accounts.balance.sent += 1), Some("messages"));
    assert_eq!(
        after(|world| (world.accounts.balance.sent, world.accounts.balance.in_flight) = (1, 1)),
        Some("messages")
    );
    assert_eq!(after(|world| world.accounts.requests += 1), Some("exchanges"));
    assert_eq!(after(|world| world.accounts.exchanges.timed_out += 1), Some("exchanges"));
    assert_eq!(after(|world| world.accounts.strays += 1), Some("incarnations"));
    let orphan = |world: &mut World<Any>| {
        world.start_lookup(1, 7, crate::node::Purpose::Workload);
        world.directory.depart(1);
    };
    assert_eq!(after(orphan), Some("incarnations"));
    let wrong = |world: &mut World<Any>| {
        world.is_untouched = true;
        let lookup = world.start_lookup(1, 7, crate::node::Purpose::Workload);
        crate::node::Context::<Any>::answer(world, lookup, Contact::new(0, 0), 1);
        let ended = world.judge.take_ended();
        ended.iter().for_each(|ended| world.judge(&Any::new(Default::default()), ended));
    };
    assert_eq!(after(wrong), Some("answers"));
    assert_eq!(after(|world| world.accounts.tasks_ended += 1), Some("lookups"));
    assert_eq!(after(|world| world.accounts.arrivals += 1), Some("population"));
    assert_eq!(after(|world| world.directory.depart(1)), Some("population"));
    let taken = |world: &mut World<Any>| {
        world.directory.depart(1);
        world.directory.arrive(1, 77, 1, Time::ZERO);
    };
    assert_eq!(after(taken), Some("population"), "the member has another identifier than the node");
}
