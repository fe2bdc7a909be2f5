//! Iterative lookups of a protocol whose queries carry something: nodes on a line, each of which knows the next three.

use super::{Walk, WalkHost, WalkMessage, WalkRules, begin, on_reply, on_request, on_timeout};
use crate::engine::time::Duration;
use crate::node::network_for_tests::{DELAY, Network, TIMEOUT};
use crate::node::{
    Answer, Contact, Context, Inspect, LookupId, Members, Ownership, Prefetch, Protocol, Purpose, Reply, ReplyTo, Slot,
    Start, Truth,
};
use crate::overlay::lookups::{LookupHost, Step};
use std::cell::RefCell;

/// What a node was asked: who it is, what the query carried, which nodes it named as dead.
type Asked = (Slot, u64, Vec<u64>);

/// The identifier of a node is its slot, and the last node owns every key. A query carries the lengths of the steps so
/// far, as decimal digits.
struct Line {
    nodes: Slot,
    walk: Walk<u64>,
    asked: RefCell<Vec<Asked>>,
    /// What lookups of the nodes' own named, and for which key.
    found: Vec<(u64, Contact)>,
    is_owner: bool,
}

impl Line {
    fn next(&self, node: Slot, carried: u64, dead: &[u64]) -> Step<u64> {
        let (last, id) = (self.nodes - 1, |node: Slot| Contact::new(u64::from(node), node));
        let mut nodes = (node + 1..=last).take(3).filter(|next| !dead.contains(&u64::from(*next)));
        match nodes.next() {
            Some(next) if next == last => Step::Owner(id(last)),
            Some(next) => Step::Next(id(next), carried * 10 + u64::from(next - node)),
            None => Step::Lost,
        }
    }
}

impl LookupHost for Line {
    type Carried = u64;

    fn own(&self, node: Slot) -> Contact {
        Contact::new(u64::from(node), node)
    }

    fn task_done(&mut self, _context: &mut impl Context<Self>, _node: Slot, _task: (), key: u64, owner: Contact) {
        self.found.push((key, owner));
    }
}

impl WalkHost for Line {
    const ASK_KIND: u8 = 0;
    const CONFIRM_KIND: u8 = 0;
    const CARRIED_KEYS: u32 = 1;

    fn walk(&self) -> &Walk<u64> {
        &self.walk
    }

    fn walk_mut(&mut self) -> &mut Walk<u64> {
        &mut self.walk
    }

    fn walk_message(message: WalkMessage<u64>) -> WalkMessage<u64> {
        message
    }

    fn first_step(&self, _context: &mut impl Context<Self>, node: Slot, _key: u64, dead: &[u64]) -> Step<u64> {
        self.next(node, 0, dead)
    }

    fn step(&self, node: Slot, _key: u64, carried: u64, dead: &[u64]) -> Step<u64> {
        self.asked.borrow_mut().push((node, carried, dead.to_vec()));
        self.next(node, carried, dead)
    }

    fn agrees_to_own(&self, _node: Slot, _key: u64) -> bool {
        self.is_owner
    }

    /// Lookups of the nodes' own end at the node before the owner.
    fn ends_before_owner(&self, purpose: Purpose<()>) -> bool {
        purpose == Purpose::Task(())
    }

    fn walk_met_silence(&mut self, _context: &mut impl Context<Self>, _node: Slot, _silent: Contact) {}
}

impl Protocol for Line {
    type Message = WalkMessage<u64>;
    type Timer = ();
    type Task = ();

    const NAME: &'static str = "line";
    const MESSAGE_KINDS: &'static [&'static str] = &["walk"];

    fn lookup_deadline(&self) -> Duration {
        Duration::from_secs(50)
    }

    fn start_converged(&mut self, _context: &mut impl Context<Self>, _members: &Members) {}

    fn on_arrival(&mut self, _context: &mut impl Context<Self>, _node: Slot, _start: Start) {}

    fn on_departure(&mut self, _node: Slot) {}

    fn on_lookup(&mut self, context: &mut impl Context<Self>, node: Slot, lookup: LookupId) {
        begin(self, context, node, 7, lookup);
    }

    fn on_request(
        &mut self,
        _context: &mut impl Context<Self>,
        node: Slot,
        _from: Contact,
        request: &Self::Message,
        _reply_to: ReplyTo,
    ) -> Answer<Self::Message> {
        on_request(self, node, *request).into()
    }

    fn on_reply(&mut self, context: &mut impl Context<Self>, node: Slot, reply: Reply<'_, Self::Message>) {
        on_reply(self, context, node, reply.from, *reply.request, *reply.reply);
    }

    fn on_timeout(&mut self, context: &mut impl Context<Self>, node: Slot, to: Contact, request: &Self::Message) {
        on_timeout(self, context, node, to, *request);
    }

    fn on_message(&mut self, _context: &mut impl Context<Self>, _node: Slot, _from: Contact, _: &Self::Message) {}

    fn on_timer(&mut self, _context: &mut impl Context<Self>, _node: Slot, _timer: ()) {}

    fn on_task_failed(&mut self, _context: &mut impl Context<Self>, _node: Slot, _task: ()) {}

    fn release(&mut self, message: &Self::Message) {
        self.walk.release(message);
    }
}

impl Ownership for Line {
    type Ground = Members;

    fn ground<'a>(&'a self, members: &'a Members) -> &'a Members {
        members
    }

    fn owner(members: &Members, _key: u64, _admits: impl Fn(Contact) -> bool) -> Option<Contact> {
        members.iter().last()
    }
}

impl Inspect for Line {
    const FIGURES: &'static [(&'static str, &'static str)] = &[];

    fn health(&self, _truth: &Truth<'_>) -> Vec<Option<f64>> {
        Vec::new()
    }
}

impl Prefetch for Line {}

fn line(nodes: Slot, confirm_owner: bool, is_owner: bool) -> Network<Line> {
    let walk = Walk::new(WalkRules { retries: 4, confirm_owner });
    let line = Line { nodes, walk, asked: RefCell::default(), found: Vec::new(), is_owner };
    Network::converged(line, &(0..u64::from(nodes)).collect::<Vec<_>>())
}

fn asked(network: &Network<Line>) -> Vec<Asked> {
    network.protocol.asked.borrow().clone()
}

#[test]
fn a_node_that_is_asked_again_is_told_what_it_was_told_before() {
    let mut network = line(6, false, true);
    network.crash(2);
    let found = network.look_up(0, 7);
    assert_eq!((found.owner, found.hops, found.timeouts), (Some(5), 3, 1));
    let expected = [(1, 1, vec![]), (1, 1, vec![2]), (3, 12, vec![2]), (4, 121, vec![2])];
    assert_eq!(asked(&network), expected, "1 was on the way with the step 1, and names 3, two steps on");
    assert_eq!(network.protocol.walk.held(), 0);
}

#[test]
fn a_lookup_begins_again_when_the_node_that_named_a_dead_one_has_died_too() {
    let mut network = line(6, false, true);
    network.crash(2);
    let found = network.look_up_while_some_crash(0, 7, DELAY.saturating_mul(3), &[1]);
    assert_eq!((found.owner, found.hops, found.timeouts), (Some(5), 2, 2));
    assert_eq!(asked(&network), [(1, 1, vec![]), (3, 3, vec![2, 1]), (4, 31, vec![2, 1])]);
    assert_eq!(found.took, TIMEOUT.saturating_mul(2) + DELAY.saturating_mul(6));
}

#[test]
fn a_lookup_that_meets_more_silence_than_its_retries_is_given_up() {
    let mut network = line(40, false, true);
    // The dead are met one by one, each again from the node before them: the fifth is one more than the retries.
    [1, 2, 4, 5, 7].into_iter().for_each(|node| network.crash(node));
    let found = network.look_up(0, 7);
    assert_eq!((found.owner, found.timeouts), (None, 5));
}

#[test]
fn an_owner_is_asked_whether_it_is_alive_and_agrees() {
    let found = line(5, true, true).look_up(0, 7);
    assert_eq!((found.owner, found.hops, found.rpcs), (Some(4), 3, 4), "the owner is no hop");
    assert_eq!(line(5, true, false).look_up(0, 7).owner, None, "it does not agree");
    let mut network = line(5, true, true);
    network.crash(4);
    let found = network.look_up(0, 7);
    assert_eq!(found.owner, None, "3 knows no other");
    assert!(asked(&network).contains(&(3, 111, vec![4])), "it was told who is dead");
}

#[test]
fn a_lookup_of_a_task_may_end_at_the_node_before_the_owner() {
    let mut network = line(5, true, true);
    let lookup = network.net.start_task(0, 7, ());
    begin(&mut network.protocol, &mut network.net, 0, 7, lookup);
    network.settle_down();
    assert_eq!(network.protocol.found, [(7, Contact::new(3, 3))]);
    // The node before the owner may be the initiator itself.
    let lookup = network.net.start_task(3, 8, ());
    begin(&mut network.protocol, &mut network.net, 3, 8, lookup);
    assert_eq!(network.protocol.found[1], (8, Contact::new(3, 3)));
}

#[test]
fn what_a_query_carries_is_paid_for() {
    let mut network = line(5, true, true);
    network.crash(2);
    network.look_up(0, 7);
    let sizes = crate::node::MessageSizes::default();
    // p2psim: 20 bytes, and 4 for each key, identifier or address. 1 and 2 are asked about a key, with what the query
    // carries; 1 again and 3 with the dead one, too; 4 about a key only.
    let requests: Vec<u32> = network.net.calls.iter().map(|call| call.charge.bytes(&sizes)).collect();
    assert_eq!(requests, [28, 28, 32, 32, 24]);
    // A contact, and what that is to be told; the owner; nothing.
    let replies = network.net.calls.iter().filter_map(|call| call.reply);
    let replies: Vec<u32> = replies.map(|(_, charge)| charge.bytes(&sizes)).collect();
    assert_eq!(replies, [28, 28, 24, 20]);
}
