//! Tests of NAT and of what lookups tell, with a protocol in which everybody writes to everybody.

use super::{Check, Options, Simulation};
use crate::engine::time::{Duration, Time};
use crate::node::{
    Answer, Charge, Contact, Context, Expects, Inspect, LookupId, Members, Ownership, Prefetch, Protocol, Reply,
    ReplyTo, Slot, Start, Terms, Truth, Way,
};
use crate::observe::progress::Unwatched;
use crate::observe::report::{RunReport, Unrecorded};
use crate::scenario::{Source, load};
use crate::simulation::protocols;

/// Kinds of messages: as which they are sent.
const REQUEST: u8 = 0;
const MESSAGE: u8 = 1;
const HANDED_OVER: u8 = 2;
const REPLY: u8 = 3;

/// Nodes that a lookup is to find, and that it finds.
const WANTED: u32 = 4;
const FOUND: usize = 3;

/// A minute after the start each node writes to all others in each way.
#[derive(Default)]
struct Gossip {
    members: Vec<Contact>,
    /// Receiver, sender and kind.
    received: Vec<(Slot, Slot, u8)>,
    /// Sender, receiver and kind of what was not answered, or did not get through.
    silent: Vec<(Slot, Slot, u8)>,
    /// Newcomers, and where they could have begun to join.
    bootstraps: Vec<(Slot, Contact)>,
    /// What a node knows of itself.
    knows: Vec<(Slot, bool)>,
}

impl Protocol for Gossip {
    type Message = u8;
    type Timer = ();
    type Task = ();

    const NAME: &'static str = "gossip";
    const MESSAGE_KINDS: &'static [&'static str] = &["request", "message", "handed_over", "reply"];

    fn lookup_deadline(&self) -> Duration {
        Duration::from_secs(60)
    }

    fn start_converged(&mut self, context: &mut impl Context<Self>, members: &Members) {
        self.members = members.iter().collect();
        for member in &self.members {
            self.knows.push((member.slot(), context.is_client(member.slot())));
            context.set_timer(member.slot(), Duration::from_secs(60), ());
        }
    }

    fn on_arrival(&mut self, context: &mut impl Context<Self>, node: Slot, _: Start) {
        let bootstrap = context.bootstrap(node, |_| true).expect("somebody to begin with");
        self.bootstraps.push((node, bootstrap));
    }

    fn on_departure(&mut self, _: Slot) {}

    fn on_lookup(&mut self, context: &mut impl Context<Self>, node: Slot, lookup: LookupId) {
        let key = context.lookup(lookup).expect("just started").key;
        let mut right = Vec::new();
        let reached = Members::from_contacts(
            self.members.iter().copied().filter(|member| !self.knows.contains(&(member.slot(), true))),
        );
        Self::replicas(&reached, key, WANTED as usize, |_| true, &mut right);
        let owner = right[0];
        // One of those that it should find stays unknown, another node comes in its place.
        right.truncate(FOUND);
        right.push(Contact::new(key, node));
        context.closest_found(lookup, &right, WANTED);
        context.answer(lookup, owner, 1);
        context.closest_found(lookup, &[], WANTED);
    }

    fn on_request(
        &mut self,
        _: &mut impl Context<Self>,
        node: Slot,
        from: Contact,
        request: &u8,
        _: ReplyTo,
    ) -> Answer<u8> {
        self.received.push((node, from.slot(), *request));
        Answer::Now(REPLY, Charge::empty(REPLY))
    }

    fn on_reply(&mut self, _: &mut impl Context<Self>, node: Slot, reply: Reply<'_, u8>) {
        self.received.push((node, reply.from.slot(), *reply.reply));
    }

    fn on_timeout(&mut self, _: &mut impl Context<Self>, node: Slot, to: Contact, request: &u8) {
        self.silent.push((node, to.slot(), *request));
    }

    fn on_message(&mut self, _: &mut impl Context<Self>, node: Slot, from: Contact, message: &u8) {
        self.received.push((node, from.slot(), *message));
    }

    fn on_timer(&mut self, context: &mut impl Context<Self>, node: Slot, (): ()) {
        for member in self.members.iter().filter(|member| member.slot() != node) {
            context.request(node, *member, REQUEST, Charge::empty(REQUEST), None);
            context.send(node, *member, MESSAGE, Charge::empty(MESSAGE), None);
            let terms = Terms { way: Way::Unasked, expects: Expects::Notice };
            context.post(node, *member, HANDED_OVER, Charge::empty(HANDED_OVER), None, terms);
        }
    }

    fn on_task_failed(&mut self, _: &mut impl Context<Self>, _: Slot, (): ()) {}
}

impl Ownership for Gossip {
    type Ground = Members;

    fn ground<'a>(&'a self, members: &'a Members) -> &'a Members {
        members
    }

    fn owner(members: &Members, key: u64, admits: impl Fn(Contact) -> bool) -> Option<Contact> {
        members.from_key(key).find(|member| admits(*member))
    }

    fn replicas(
        members: &Members,
        key: u64,
        count: usize,
        admits: impl Fn(Contact) -> bool,
        replicas: &mut Vec<Contact>,
    ) {
        replicas.extend(members.from_key(key).filter(|member| admits(*member)).take(count));
    }
}

impl Inspect for Gossip {
    const FIGURES: &'static [(&'static str, &'static str)] =
        &[("closest_found", "of those that lookups should find"), ("behind_nat", "members")];

    fn health(&self, truth: &Truth<'_>) -> Vec<Option<f64>> {
        let behind = truth.members.iter().filter(|member| (truth.is_client)(member.slot())).count();
        vec![truth.closest_found, Some(behind as f64)]
    }
}

impl Prefetch for Gossip {}

const SCENARIO: &str = "\
name = \"gossip\"
protocol = \"chord\"
[population]
nodes = 40
[network]
behind_nat = 0.3
[workload]
network_lookups_every = \"1s\"
[[event]]
at = \"2min\"
join = { count = 30 }
[measurement]
duration = \"10min\"
window = \"5min\"
load_keys = 1000
";

/// Plays the scenario with some changes and checks on, and gives the simulation at its end to `look`.
fn play(changes: &[&str], look: impl FnOnce(&Simulation<Gossip>)) -> RunReport {
    let set: Vec<String> = changes.iter().map(|change| (*change).to_owned()).collect();
    let source = Source::from_text("gossip.toml", SCENARIO);
    let scenario = load(source, &set, protocols::NAMES, protocols::read).expect("a sound scenario").scenario;
    let check = Check { every: Duration::from_secs(1), each_event_from: None, until_healed: false };
    let options = Options { check: Some(check), ..Options::default() };
    let mut simulation = Simulation::new(&scenario, Gossip::default(), options);
    simulation.run_to_end(&mut Unwatched, &mut Unrecorded).expect("all that must hold holds");
    look(&simulation);
    Simulation::new(&scenario, Gossip::default(), options).play()
}

#[test]
fn who_is_behind_nat_gets_replies_and_nothing_unasked() {
    let report = play(&[], |simulation| {
        let Gossip { members, received, silent, bootstraps, knows } = simulation.protocol();
        let behind: Vec<Slot> = knows.iter().filter(|(_, is_behind)| *is_behind).map(|(slot, _)| *slot).collect();
        assert!((5..20).contains(&behind.len()), "{} of 40 for a share of 0.3", behind.len());
        for (from, to) in members.iter().flat_map(|from| members.iter().map(|to| (from.slot(), to.slot()))) {
            let reaches = from != to && !behind.contains(&to);
            let is_silent = from != to && behind.contains(&to);
            for kind in [REQUEST, MESSAGE, HANDED_OVER] {
                assert_eq!(received.contains(&(to, from, kind)), reaches, "{from} to {to}, kind {kind}");
            }
            assert_eq!(received.contains(&(from, to, REPLY)), reaches, "the reply of {to} to {from}");
            for (kind, is_told) in [(REQUEST, true), (MESSAGE, false), (HANDED_OVER, true)] {
                assert_eq!(silent.contains(&(from, to, kind)), is_silent && is_told, "{from} of {to}, kind {kind}");
            }
        }
        let world = &simulation.world;
        assert_eq!((world.accounts.balance.dropped, world.accounts.balance.lost), (3 * 39 * behind.len() as u64, 0));
        assert!(world.history.as_ref().is_some_and(|history| history.suspected_since(Time::from_nanos(1))));
        assert_eq!(bootstraps.len(), 30);
        assert!(bootstraps.iter().all(|(_, first)| !behind.contains(&first.slot())), "{bootstraps:?}");
    });
    assert_eq!(report.total.outcomes.wrong_owner + report.total.outcomes.failed, 0, "none of them owns a key");
    assert!(report.total.outcomes.correct > 300);
}

#[test]
fn who_is_behind_nat_owns_nothing_by_any_rule() {
    for owner in ["measurement.owner=present", "measurement.owner=original"] {
        let report = play(&[owner], |simulation| {
            let (world, members) = (&simulation.world, &simulation.protocol().members);
            for (member, (_, is_behind)) in members.iter().zip(&simulation.protocol().knows) {
                let owner = world.owner(simulation.protocol(), 0, member.id()).expect("an owner");
                assert_eq!(owner == *member, !is_behind);
                assert!(!world.is_client(owner.slot()));
            }
        });
        let owners = 40 - report.windows[0].health[1].1.expect("a figure") as u64;
        assert_eq!(report.load.expect("keys").per_node.count, owners);
        assert_eq!(report.total.outcomes.wrong_owner, 0);
    }
}

#[test]
fn without_nat_everything_arrives_and_nobody_is_suspected() {
    play(&["network.behind_nat=0"], |simulation| {
        assert_eq!(simulation.protocol().silent, []);
        assert_eq!(simulation.protocol().received.len(), 4 * 40 * 39);
        assert!(simulation.protocol().knows.iter().all(|(_, is_behind)| !is_behind));
        let history = simulation.world.history.as_ref().expect("a checked run");
        assert!(!history.suspected_since(Time::ZERO));
    });
}

#[test]
fn what_lookups_find_is_held_against_the_truth_in_each_window() {
    let shares = |changes: &[&str]| -> Vec<Option<f64>> {
        play(changes, |_| ()).windows.iter().map(|window| window.health[0].1).collect()
    };
    let expected = Some(FOUND as f64 / f64::from(WANTED));
    assert_eq!(shares(&[]), [expected; 2]);
    assert_eq!(shares(&["network.behind_nat=0"]), [expected; 2]);
    // With fewer than it was to find, the share is of those that there are: all are found.
    assert_eq!(shares(&["population.nodes=3", "protocol.chord.successors=2", "network.behind_nat=0"]), [Some(1.0); 2]);
    // A window without lookups has nothing to tell.
    assert_eq!(shares(&["workload.network_lookups_every=1000h"]), [None; 2]);
}
