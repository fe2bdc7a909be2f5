//! Doors for programs: a run that is played piece by piece, looked at, and disturbed from outside.

use std::fmt::Write as _;
use std::sync::Arc;
use torus_sim::engine::time::{Duration, Time};
use torus_sim::node::{Simulated, Truth};
use torus_sim::observe::Unwatched;
use torus_sim::observe::report::{LookupRecord, Recorder, Unrecorded};
use torus_sim::protocols::chord::Chord;
use torus_sim::protocols::kademlia::Kademlia;
use torus_sim::protocols::koorde::Koorde;
use torus_sim::scenario::{self, Arrivals, ChurnProcess, Configurable, Link, LinkEffect, Loaded, Source};
use torus_sim::scenario::{ScheduleAction, ScheduleEntry};
use torus_sim::simulation::{Check, EventKind, Happened, Injection, Options, Probe, Refused, Simulation};

/// Nodes come and go, some of them politely, messages are lost and come late, and the network falls apart and heals.
const BUSY: &str = r#"
name = "busy"
population.nodes = 40
[network]
rpc_timeout = "300ms"
loss = 0.01
[network.latency.exponential]
mean = "60ms"
[churn]
graceful = 0.3
[churn.session.exponential]
mean = "2min"
[churn.downtime.exponential]
mean = "1min"
[workload]
lookups_every = "5s"
[[event]]
at = "40s"
crash = { fraction = 0.2 }
[[event]]
at = "60s"
partition = { shares = [0.7, 0.3] }
[[event]]
at = "80s"
heal = true
[measurement]
warmup = "10s"
duration = "110s"
window = "30s"
"#;

fn at_s(seconds: f64) -> Time {
    Time::ZERO + Duration::from_secs_f64(seconds)
}

fn load<P: Simulated + Configurable>(text: &str) -> Loaded<P> {
    let text = format!("protocol = '{}'\n{text}", P::NAME);
    let source = Source::from_text("busy", &text);
    let loaded = scenario::load(source, &[], &[P::NAME], |table, _, facts| Some(P::from_table(table, facts)));
    loaded.unwrap_or_else(|problems| panic!("{problems}"))
}

/// Everything is written down, and what must hold is checked every second.
const OPTIONS: Options = Options {
    record_lookups: true,
    record_schedule: true,
    blind: false,
    eager_timeouts: false,
    follow_lookup: None,
    check: Some(Check { every: Duration::from_secs(1), each_event_from: None, until_healed: false }),
};

fn begin<P: Simulated + Configurable>(text: &str) -> Simulation<P> {
    let loaded = load::<P>(text);
    Simulation::new(&loaded.scenario, loaded.protocol, OPTIONS)
}

#[derive(Default)]
struct Notes {
    lookups: Vec<LookupRecord>,
    schedule: Vec<ScheduleEntry>,
}

impl Recorder for Notes {
    fn lookup(&mut self, record: &LookupRecord) {
        self.lookups.push(*record);
    }

    fn scheduled(&mut self, entry: &ScheduleEntry) {
        self.schedule.push(*entry);
    }
}

/// Writes down each event, and what it sees of the network.
#[derive(Default)]
struct Seen {
    events: Vec<Happened>,
    members: u64,
}

impl<P: Simulated> Probe<P> for Seen {
    fn after(&mut self, happened: &Happened, protocol: &P, truth: &Truth<'_>) {
        assert_eq!(happened.time, truth.now);
        assert_eq!(protocol.health(truth).len(), P::FIGURES.len());
        self.members += truth.members.len() as u64;
        self.events.push(*happened);
    }
}

/// The report as text: all of it, and what was written down.
fn told<P: Simulated>(simulation: Simulation<P>, notes: Notes) -> String {
    let report = simulation.run(&mut Unwatched, &mut Unrecorded).expect("no violation");
    let mut text = format!("{report:#?}\n");
    for lookup in &notes.lookups {
        writeln!(text, "{lookup:?}").expect("a string takes everything");
    }
    for entry in &notes.schedule {
        writeln!(text, "{entry:?}").expect("a string takes everything");
    }
    text
}

fn however_it_is_stepped<P: Simulated + Configurable>() {
    let mut notes = Notes::default();
    let mut whole = begin::<P>(BUSY);
    whole.run_to_end(&mut Unwatched, &mut notes).expect("no violation");
    assert_eq!(whole.now(), whole.end());
    assert_eq!(whole.step(), Ok(None), "it is over");
    let whole = told(whole, notes);

    let (mut notes, mut seen) = (Notes::default(), Seen::default());
    let mut probed = begin::<P>(BUSY);
    probed.advance(Time::NEVER, &mut Unwatched, &mut notes, &mut seen).expect("no violation");
    assert_eq!(told(probed, notes), whole, "with a probe");

    // Odd slices, and some that end where a window or an event of the scenario is due.
    for slice_ns in [7_333_333_331, 10_000_000_000, 999_999_999] {
        let (mut notes, mut sliced) = (Notes::default(), begin::<P>(BUSY));
        let mut reached = Time::ZERO;
        while reached < sliced.end() {
            reached += Duration::from_nanos(slice_ns);
            sliced.advance(reached, &mut Unwatched, &mut notes, &mut ()).expect("no violation");
            assert_eq!(sliced.now(), reached.min(sliced.end()));
        }
        assert_eq!(told(sliced, notes), whole, "in slices of {slice_ns} ns");
    }

    let mut stepped = begin::<P>(BUSY);
    let mut events = Vec::new();
    while let Some(happened) = stepped.step().expect("no violation") {
        assert_eq!(happened.time, stepped.now());
        events.push(happened);
    }
    assert!(events == seen.events, "a step is an event, and a probe sees each");
    let report = told(stepped, Notes::default());
    assert!(whole.starts_with(&report), "step by step; nobody wrote anything down");
    assert!(report.contains(&format!("events: {},", events.len())), "{report}");
}

#[test]
fn chord_is_the_same_run_however_it_is_stepped() {
    however_it_is_stepped::<Chord>();
}

#[test]
fn kademlia_is_the_same_run_however_it_is_stepped() {
    however_it_is_stepped::<Kademlia>();
}

#[test]
fn koorde_is_the_same_run_however_it_is_stepped() {
    however_it_is_stepped::<Koorde>();
}

/// Plays the busy scenario while a program interferes with it.
fn disturbed<P: Simulated + Configurable>() -> (Simulation<P>, Notes) {
    let (mut notes, mut simulation) = (Notes::default(), begin::<P>(BUSY));
    let mut guests = Vec::new();
    for round in 1..=23 {
        simulation
            .advance(at_s(0.5 + 5.0 * f64::from(round)), &mut Unwatched, &mut notes, &mut ())
            .expect("no violation");
        let joined = simulation.inject(Injection::Join { node: None }).expect("a new node");
        assert_eq!((joined.kind, joined.time), (EventKind::Join, simulation.now()));
        guests.extend(joined.node);
        if let Some(node) = guests.get(guests.len().wrapping_sub(3)).copied() {
            simulation.inject(Injection::Lookup { node, key: u64::from(round) << 57 }).expect("it is there");
            simulation.inject(Injection::Depart { node, graceful: round % 2 == 0 }).expect("it is there");
        }
        // Nodes of the scenario, of which the agenda may hold something.
        for node in [round % 40, (7 * round) % 40] {
            match simulation.inject(Injection::Depart { node, graceful: false }) {
                Ok(happened) => assert_eq!((happened.kind, happened.node), (EventKind::Crash, Some(node))),
                Err(refused) => assert_eq!(refused, Refused::Absent(node)),
            }
        }
    }
    simulation.run_to_end(&mut Unwatched, &mut notes).expect("the books are right");
    (simulation, notes)
}

fn disturbed_alike<P: Simulated + Configurable>() {
    let (simulation, notes) = disturbed::<P>();
    let (schedule, lookups) = (notes.schedule.clone(), notes.lookups.clone());
    let (again, notes_again) = disturbed::<P>();
    let report = told(simulation, notes);
    assert_eq!(report, told(again, notes_again));

    // What happened, with what was injected, is a schedule: played again it is the same run.
    let mut loaded = load::<P>(BUSY);
    let scenario = &mut loaded.scenario;
    scenario.events.retain(|event| event.at > at_s(50.0));
    scenario.churn.process = ChurnProcess::None;
    scenario.workload.arrivals = Arrivals::None;
    let joins = schedule.iter().filter(|entry| entry.action == ScheduleAction::Join).count();
    assert!(joins > 23, "joins of the agenda too: {joins}");
    scenario.schedule = Some(Arc::new(schedule.clone()));
    let (mut notes, mut replay) = (Notes::default(), Simulation::new(scenario, loaded.protocol, OPTIONS));
    replay.run_to_end(&mut Unwatched, &mut notes).expect("no violation");
    assert_eq!((notes.schedule, notes.lookups), (schedule, lookups));
    let replayed = replay.run(&mut Unwatched, &mut Unrecorded).expect("no violation");
    assert!(report.contains(&replayed.fingerprint), "{} {report}", replayed.fingerprint);
}

#[test]
fn a_run_with_injected_events_is_deterministic_keeps_its_books_and_plays_again_from_its_schedule() {
    disturbed_alike::<Chord>();
    disturbed_alike::<Kademlia>();
    disturbed_alike::<Koorde>();
}

/// One event of the scenario, at 10 s, and a lookup every second, from 1 s on, on the network as a whole.
const ORDERLY: &str = r#"
name = "orderly"
population.nodes = 40
network.latency.constant.delay = "50ms"
[[event]]
at = "10s"
crash = { count = 1 }
[measurement]
duration = "20s"
"#;

/// The events at one instant, as a program sees them that lets a node join there after so many of them.
fn kinds_at(instant: Time, after: usize) -> Vec<EventKind> {
    let mut simulation = begin::<Chord>(ORDERLY);
    simulation.run_until(instant).expect("no violation");
    let mut kinds = Vec::new();
    for _ in 0..after {
        kinds.push(simulation.step().expect("no violation").expect("an event"));
    }
    kinds.push(simulation.inject(Injection::Join { node: None }).expect("a new node"));
    while let Some(happened) = simulation.step().expect("no violation").filter(|next| next.time == instant) {
        kinds.push(happened);
    }
    assert!(kinds.iter().all(|happened| happened.time == instant), "{kinds:?}");
    kinds.into_iter().map(|happened| happened.kind).collect()
}

#[test]
fn what_is_injected_happens_after_what_was_played_and_before_what_is_due_at_the_same_instant() {
    assert_eq!(kinds_at(at_s(10.0), 0)[..2], [EventKind::Join, EventKind::Crash]);
    assert_eq!(kinds_at(at_s(10.0), 1)[..2], [EventKind::Crash, EventKind::Join]);
    // Before the queue: a message arrives at this instant.
    let mut simulation = begin::<Chord>(ORDERLY);
    let arrives = std::iter::from_fn(|| simulation.step().expect("no violation"))
        .find(|happened| happened.kind == EventKind::Request)
        .expect("nodes ask each other");
    assert_eq!(kinds_at(arrives.time, 0)[..2], [EventKind::Join, EventKind::Request]);
    assert_eq!(kinds_at(arrives.time, 1)[..2], [EventKind::Request, EventKind::Join]);
}

#[test]
fn what_cannot_happen_is_refused_and_changes_nothing() {
    let mut simulation = begin::<Chord>(ORDERLY);
    let untouched = told(begin::<Chord>(ORDERLY), Notes::default());
    simulation.run_until(at_s(5.0)).expect("no violation");
    let refused = [
        (Injection::Join { node: Some(3) }, Refused::Present(3)),
        (Injection::Join { node: Some(900) }, Refused::Unknown(900)),
        (Injection::Depart { node: 900, graceful: true }, Refused::Absent(900)),
        (Injection::Lookup { node: 40, key: 1 }, Refused::Absent(40)),
        (Injection::Partition { shares: vec![1.0] }, Refused::Shares),
        (Injection::Partition { shares: vec![0.5, 0.6] }, Refused::Shares),
        (Injection::Partition { shares: vec![1.5, -0.5] }, Refused::Shares),
        (Injection::LinkEnds { number: 1 << 31 }, Refused::LinkNumber(1 << 31)),
    ];
    for (injection, reason) in refused {
        assert_eq!(simulation.inject(injection), Err(reason));
    }
    simulation.run_until(Time::NEVER).expect("no violation");
    assert_eq!(simulation.inject(Injection::Heal), Err(Refused::Over));
    assert_eq!(told(simulation, Notes::default()), untouched);
}

#[test]
fn a_program_parts_the_network_and_ends_nodes_and_lets_them_return() {
    let mut simulation = begin::<Chord>(ORDERLY);
    simulation.run_until(at_s(2.0)).expect("no violation");
    simulation.inject(Injection::Partition { shares: vec![0.5, 0.5] }).expect("it is possible");
    let parted = |simulation: &Simulation<Chord>| {
        simulation.look(|_, truth| truth.members.iter().any(|member| !(truth.reachable)(0, member.slot())))
    };
    assert!(parted(&simulation));
    simulation.inject(Injection::Heal).expect("it is possible");
    assert!(!parted(&simulation));

    let all = Link { between: Vec::new(), effect: LinkEffect::Cut };
    for (injection, kind) in [
        (Injection::LinkBegins { number: 7, link: all }, EventKind::LinkBegins),
        (Injection::LinkEnds { number: 7 }, EventKind::LinkEnds),
        (Injection::Mend, EventKind::Mend),
    ] {
        let happened = simulation.inject(injection).expect("it is possible");
        assert_eq!((happened.kind, happened.node), (kind, None));
    }

    let live = |simulation: &Simulation<Chord>| {
        simulation.look(|_, truth| (0..40).filter(|slot| truth.directory.is_occupied(*slot)).count())
    };
    for node in 0..40 {
        simulation.inject(Injection::Depart { node, graceful: false }).expect("it is there");
    }
    assert_eq!(live(&simulation), 0);
    for node in 0..40 {
        simulation.inject(Injection::Join { node: Some(node) }).expect("it is away");
    }
    assert_eq!(live(&simulation), 40);
    // The crash at 10 s strikes one of them: it is there again, and the agenda does not know that it was away.
    simulation.run_until(at_s(15.0)).expect("no violation");
    assert_eq!(live(&simulation), 39);
}
