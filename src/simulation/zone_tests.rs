//! Tests of ownership that nodes agree on, with a CAN of one dimension: who owns a key depends on who split whose zone,
//! and on who took over from whom.
//!
//! The first node has all keys. A newcomer asks for the zone in which its identifier lies; whoever has it keeps the
//! lower half and hands over the upper one, wherever that identifier lies. Each node pings the one behind it and takes
//! its zone over if it is silent. What tests expect is worked out from the list of all claims, the last one first.

use super::{Check, Options, Simulation};
use crate::engine::time::{Duration, Time};
use crate::node::per_node::PerNode;
use crate::node::{
    Answer, Charge, Contact, Context, Ground, Inspect, LookupId, Members, Ownership, Prefetch, Protocol, Reply,
    ReplyTo, Slot, Start, Truth,
};
use crate::observe::progress::Unwatched;
use crate::observe::report::{LookupRecord, Outcome, Recorder, RunReport};
use crate::scenario::{ScheduleEntry, Source, load};
use crate::simulation::protocols;
use std::collections::BTreeMap;

const CHARGE: Charge = Charge::empty(0);
const PING_EVERY: Duration = Duration::from_secs(10);

#[derive(Clone, Copy, Debug)]
enum Message {
    /// A newcomer with this identifier wants half a zone.
    Join(u64),
    /// It gets this one, before that of the other node.
    Half(Zone, Contact),
    Find {
        key: u64,
        lookup: LookupId,
        hops: u32,
    },
    Mine,
    /// The zone that is asked for lies further on.
    Next(Contact),
    Ping,
    /// The last key of the zone, and who comes behind it.
    Pong(u64, Contact),
}

/// From the first key to the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Zone {
    first: u64,
    last: u64,
}

impl Zone {
    fn contains(self, key: u64) -> bool {
        (self.first..=self.last).contains(&key)
    }

    fn halves(self) -> [Zone; 2] {
        let middle = self.first + (self.last - self.first) / 2;
        [Zone { last: middle, ..self }, Zone { first: middle + 1, ..self }]
    }
}

/// What a node knows.
#[derive(Clone, Copy, Debug)]
struct Own {
    contact: Contact,
    zone: Zone,
    next: Contact,
    /// Where the zone of the next one ends, and who comes then.
    beyond: Option<(u64, Contact)>,
}

/// Whose zone begins where; where nobody has a zone, nobody owns keys.
#[derive(Clone, Debug, Default)]
struct Zones {
    by_first: BTreeMap<u64, (u64, Contact)>,
}

impl Ground for Zones {
    fn memory_bytes(&self) -> u64 {
        (self.by_first.len() * size_of::<(u64, u64, Contact)>()) as u64
    }
}

#[derive(Default)]
struct Can {
    nodes: PerNode<Option<Own>>,
    zones: Zones,
    /// All that nodes have laid claim to, in order.
    claims: Vec<(Time, Zone, Contact)>,
    /// Whether a node that answers a lookup hands its zone over in the same breath.
    hands_over: bool,
}

impl Can {
    fn claim(&mut self, now: Time, own: Own) {
        let Own { contact, zone, .. } = own;
        self.nodes.make_room(contact.slot(), || None);
        self.nodes[contact.slot()] = Some(own);
        self.zones.by_first.insert(zone.first, (zone.last, contact));
        self.claims.push((now, zone, contact));
    }

    /// The node keeps the lower half of its zone, the newcomer gets the upper one.
    fn split(&mut self, now: Time, mut own: Own, newcomer: Contact) -> (Zone, Contact) {
        let [kept, handed] = own.zone.halves();
        let next = std::mem::replace(&mut own.next, newcomer);
        self.claim(now, Own { zone: kept, beyond: Some((handed.last, next)), ..own });
        self.zones.by_first.insert(handed.first, (handed.last, newcomer));
        self.claims.push((now, handed, newcomer));
        (handed, next)
    }

    fn ask(context: &mut impl Context<Self>, node: Slot, to: Contact, message: Message) {
        let lookup = if let Message::Find { lookup, .. } = message { Some(lookup) } else { None };
        context.request(node, to, message, CHARGE, lookup);
    }
}

impl Protocol for Can {
    type Message = Message;
    type Timer = ();
    type Task = ();

    const NAME: &'static str = "can";
    const MESSAGE_KINDS: &'static [&'static str] = &["message"];

    fn lookup_deadline(&self) -> Duration {
        Duration::from_secs(60)
    }

    fn start_converged(&mut self, context: &mut impl Context<Self>, members: &Members) {
        let mut members: Vec<Contact> = members.iter().collect();
        members.sort_unstable_by_key(|member| member.slot());
        let (first, all) = (members[0], Zone { first: 0, last: u64::MAX });
        self.claim(context.now(), Own { contact: first, zone: all, next: first, beyond: None });
        for newcomer in &members[1..] {
            let mut owns = (0..newcomer.slot()).filter_map(|slot| self.nodes[slot]);
            let own = owns.find(|own| own.zone.contains(newcomer.id())).expect("every key is somebody's");
            let (zone, next) = self.split(context.now(), own, *newcomer);
            self.claim(context.now(), Own { contact: *newcomer, zone, next, beyond: None });
        }
        members.iter().for_each(|member| _ = context.set_timer(member.slot(), PING_EVERY, ()));
    }

    fn on_arrival(&mut self, context: &mut impl Context<Self>, node: Slot, _: Start) {
        self.nodes.make_room(node, || None);
        let first = context.bootstrap(node, |_| true).expect("somebody to begin with");
        let point = context.contact(node).id();
        Self::ask(context, node, first, Message::Join(point));
    }

    fn on_departure(&mut self, node: Slot) {
        if let Some(own) = self.nodes[node].take() {
            self.zones.by_first.remove(&own.zone.first);
        }
    }

    fn on_lookup(&mut self, context: &mut impl Context<Self>, node: Slot, lookup: LookupId) {
        let key = context.lookup(lookup).expect("just started").key;
        let own = self.nodes[node].expect("a member has a zone");
        if !own.zone.contains(key) {
            return Self::ask(context, node, own.next, Message::Find { key, lookup, hops: 1 });
        }
        context.answer(lookup, own.contact, 0);
        if self.hands_over {
            self.zones.by_first.insert(own.zone.first, (own.zone.last, own.next));
            self.claims.push((context.now(), own.zone, own.next));
        }
    }

    fn on_request(
        &mut self,
        context: &mut impl Context<Self>,
        node: Slot,
        from: Contact,
        request: &Message,
        _: ReplyTo,
    ) -> Answer<Message> {
        let Some(own) = self.nodes[node] else { return Answer::Refused };
        let reply = match *request {
            Message::Join(point) if own.zone.contains(point) => {
                let (zone, next) = self.split(context.now(), own, from);
                Message::Half(zone, next)
            }
            Message::Find { key, .. } if own.zone.contains(key) => Message::Mine,
            Message::Ping => Message::Pong(own.zone.last, own.next),
            _ => Message::Next(own.next),
        };
        Answer::Now(reply, CHARGE)
    }

    fn on_reply(&mut self, context: &mut impl Context<Self>, node: Slot, reply: Reply<'_, Message>) {
        match (*reply.request, *reply.reply) {
            (Message::Join(_), Message::Half(zone, next)) => {
                let own = Own { contact: context.contact(node), zone, next, beyond: None };
                self.nodes[node] = Some(own);
                context.join_completed(node);
                context.set_timer(node, PING_EVERY, ());
            }
            (Message::Find { lookup, hops, .. }, Message::Mine) => context.answer(lookup, reply.from, hops),
            (Message::Find { key, lookup, hops }, Message::Next(next)) => {
                Self::ask(context, node, next, Message::Find { key, lookup, hops: hops + 1 });
            }
            (request, Message::Next(next)) => Self::ask(context, node, next, request),
            (Message::Ping, Message::Pong(last, next)) => {
                let own = self.nodes[node].as_mut().expect("who pings has a zone");
                if own.next == reply.from {
                    own.beyond = Some((last, next));
                }
            }
            _ => {}
        }
    }

    fn on_timeout(&mut self, context: &mut impl Context<Self>, node: Slot, to: Contact, request: &Message) {
        match *request {
            Message::Find { lookup, .. } => context.give_up(lookup),
            Message::Ping => {
                let own = self.nodes[node].expect("who pings has a zone");
                if let (true, Some((last, next))) = (own.next == to, own.beyond) {
                    let zone = Zone { last, ..own.zone };
                    self.claim(context.now(), Own { zone, next, beyond: None, ..own });
                }
            }
            _ => {}
        }
    }

    fn on_message(&mut self, _: &mut impl Context<Self>, _: Slot, _: Contact, _: &Message) {}

    fn on_timer(&mut self, context: &mut impl Context<Self>, node: Slot, (): ()) {
        let own = self.nodes[node].expect("whoever set the timer has a zone");
        Self::ask(context, node, own.next, Message::Ping);
        context.set_timer(node, PING_EVERY, ());
    }

    fn on_task_failed(&mut self, _: &mut impl Context<Self>, _: Slot, (): ()) {}
}

impl Ownership for Can {
    type Ground = Zones;

    const FOLLOWS_FROM_MEMBERS: bool = false;

    fn ground<'a>(&'a self, _: &'a Members) -> &'a Zones {
        &self.zones
    }

    fn owner(zones: &Zones, key: u64, admits: impl Fn(Contact) -> bool) -> Option<Contact> {
        let (_, (last, owner)) = zones.by_first.range(..=key).next_back()?;
        (key <= *last && admits(*owner)).then_some(*owner)
    }
}

impl Inspect for Can {
    const FIGURES: &'static [(&'static str, &'static str)] = &[];

    fn health(&self, _: &Truth<'_>) -> Vec<Option<f64>> {
        Vec::new()
    }
}

impl Prefetch for Can {}

const SCENARIO: &str = "\
name = \"zones\"
protocol = \"kademlia\"
population.nodes = 5
network = { latency = { constant = { delay = \"50ms\" } }, rpc_timeout = \"500ms\" }
workload.network_lookups_every = \"1s\"
measurement = { duration = \"10min\", load_keys = 10000 }
";
const JOINS: &str = "event=[{at=\"3min\", join={count=6}}]";

#[derive(Default)]
struct Written(Vec<LookupRecord>);

impl Recorder for Written {
    fn lookup(&mut self, record: &LookupRecord) {
        self.0.push(*record);
    }

    fn scheduled(&mut self, _: &ScheduleEntry) {}
}

/// What came of a run with these changes: its lookups, the protocol at its end, and the report.
struct Run {
    lookups: Vec<LookupRecord>,
    claims: Vec<(Time, Zone, Contact)>,
    report: RunReport,
}

fn play(hands_over: bool, changes: &[&str]) -> Run {
    let set: Vec<String> = changes.iter().map(|change| (*change).to_owned()).collect();
    let loaded = load(Source::from_text("zones.toml", SCENARIO), &set, protocols::NAMES, protocols::read);
    let scenario = loaded.unwrap_or_else(|problems| panic!("{problems}")).scenario;
    let check = Check { every: Duration::from_secs(1), each_event_from: None, until_healed: false };
    let options = Options { check: (!hands_over).then_some(check), record_lookups: true, ..Options::default() };
    let can = || Can { hands_over, ..Can::default() };
    let mut written = Written::default();
    let mut simulation = Simulation::new(&scenario, can(), options);
    simulation.run_to_end(&mut Unwatched, &mut written).expect("all that must hold holds");
    let claims = simulation.protocol().claims.clone();
    let report = Simulation::new(&scenario, can(), options).play();
    assert_eq!(report.total.outcomes.lookups(), written.0.len() as u64);
    Run { lookups: written.0, claims, report }
}

impl Run {
    /// Who laid claim to `key` last, up to then.
    fn claimed(&self, key: u64, until: Time) -> Option<u64> {
        let mut claims = self.claims.iter().rev();
        let claim = claims.find(|(time, zone, _)| *time <= until && zone.contains(key));
        claim.map(|(_, _, contact)| contact.id())
    }
}

const fn minutes(minutes: u64) -> Time {
    Time::from_nanos(minutes * 60_000_000_000)
}

#[test]
fn answers_are_judged_by_the_zones_of_the_instant() {
    let run = play(false, &[JOINS]);
    let ids: std::collections::BTreeSet<u64> = run.claims.iter().map(|(_, _, contact)| contact.id()).collect();
    assert_eq!((ids.len(), run.lookups.len() > 500), (11, true));
    let mut unlike_a_ring = 0;
    for record in &run.lookups {
        assert_eq!(record.owner, run.claimed(record.key, record.ended), "{record:?}");
        let is_right = record.answer == record.owner;
        // Only while a zone is split can the answer of a moment ago be wrong.
        assert!(is_right || record.ended.since(minutes(3)) < Duration::from_secs(2), "{record:?}");
        assert_eq!(record.outcome, if is_right { Outcome::Correct } else { Outcome::WrongOwner });
        let nearest = ids.range(record.key..).chain(&ids).next().copied();
        unlike_a_ring += usize::from(record.owner != nearest);
    }
    assert!(unlike_a_ring > 100, "no rule over identifiers would have given these owners: {unlike_a_ring}");
}

#[test]
fn a_node_that_hands_its_zone_over_as_it_answers_is_wrong() {
    let run = play(true, &["measurement.duration=\"2min\""]);
    let own = |record: &&LookupRecord| record.hops == Some(0);
    assert!(run.lookups.iter().filter(own).count() > 10);
    for record in run.lookups.iter().filter(own) {
        assert_eq!(record.owner, run.claimed(record.key, record.ended));
        assert_eq!(record.outcome, Outcome::WrongOwner, "{record:?}");
    }
}

#[test]
fn by_the_start_zones_stay_whose_they_were() {
    let run = play(false, &[JOINS, "measurement.owner=\"original\""]);
    let (mut kept, mut moved) = (0, 0);
    for record in &run.lookups {
        assert_eq!(record.owner, run.claimed(record.key, Time::ZERO), "{record:?}");
        let is_kept = record.answer == record.owner;
        assert_eq!(record.outcome, if is_kept { Outcome::Correct } else { Outcome::WrongOwner });
        assert!(is_kept || record.ended > minutes(3));
        (kept, moved) = (kept + u32::from(is_kept), moved + u32::from(!is_kept));
    }
    assert!(kept > 200 && moved > 50, "{kept} {moved}");
}

#[test]
fn what_a_dead_node_had_is_nobodys_until_somebody_takes_it_over() {
    let run = play(false, &["event=[{at=\"3min\", crash={count=1}}]"]);
    let (taken_over, zone, heir) = *run.claims.last().expect("claims");
    assert!(taken_over > minutes(3) && taken_over < minutes(4), "{taken_over:?}");
    let lost = |record: &LookupRecord| {
        let before = run.claimed(record.key, minutes(3));
        zone.contains(record.key) && before != Some(heir.id())
    };
    let after = |record: &&LookupRecord| record.ended > taken_over && record.started > taken_over;
    let heirs: Vec<&LookupRecord> = run.lookups.iter().filter(after).filter(|record| lost(record)).collect();
    assert!(heirs.len() > 10, "{}", heirs.len());
    assert!(heirs.iter().all(|record| record.owner == Some(heir.id()) && record.outcome == Outcome::Correct));
    let between = |record: &&LookupRecord| record.started > minutes(3) && record.ended < taken_over && lost(record);
    assert!(run.lookups.iter().filter(between).all(|record| record.owner.is_none()));
    assert!(run.lookups.iter().filter(between).all(|record| record.outcome == Outcome::Failed));
}

#[test]
fn keys_are_dealt_out_by_zones() {
    let run = play(false, &[]);
    let mut sizes: BTreeMap<u64, u64> = BTreeMap::new();
    // Of each node the last claim counts.
    for (_, zone, contact) in &run.claims {
        sizes.insert(contact.id(), zone.last - zone.first);
    }
    let share = |size: &u64| *size as f64 / u64::MAX as f64;
    let largest = sizes.values().map(share).fold(0.0, f64::max);
    let load = run.report.load.expect("keys");
    let most = load.per_node.max.expect("nodes") / load.keys as f64;
    // 10,000 keys: five standard deviations are at most 0.025.
    assert!((most - largest).abs() < 0.025, "{most} {largest}");
    assert_eq!(load.per_node.count, 5);
}
