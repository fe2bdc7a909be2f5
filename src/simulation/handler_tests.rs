//! Tests of what handlers may do, with a protocol whose first node does one thing a second after the start.
//!
//! Messages take 50 ms each way and requests wait for 500 ms, so each expected instant is a sum of these.

use super::{Check, Options, Simulation};
use crate::engine::time::{Duration, Time};
use crate::node::per_node::PerNode;
use crate::node::{
    Answer, Charge, Contact, Context, Ended, Expects, Inspect, LookupId, Members, Ownership, Prefetch, Protocol, Reply,
    ReplyTo, Slot, Start, Terms, TimerId, Truth, Way,
};
use crate::observe::progress::Unwatched;
use crate::observe::report::Unrecorded;
use crate::scenario::{Source, load};
use crate::simulation::protocols;

const CHARGE: Charge = Charge::empty(0);

const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

const fn within(wait: Duration) -> Terms {
    Terms { way: Way::Unasked, expects: Expects::ReplyWithin(wait) }
}

/// What the first node does, and how the others take it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Deed {
    /// Nothing.
    #[default]
    Nothing,
    /// It asks the second, which answers when the third has answered it, twice.
    AskThrough,
    /// It asks the second, which answers by a timer after so long, if it is there.
    AskLate(Duration),
    /// It asks the second and waits so long.
    AskWithin(Duration),
    /// It asks the second, which answers once and never again, until it was silent twice.
    AskAgain,
    /// It sets three timers and cancels one beforehand, one when it has fired, and one twice.
    CancelTimers,
    /// Its lookups end in each way that there is.
    LookUp,
    /// It does a bit of everything; and in this handler, whatever node's it is, there is a look into another's state.
    PeekIn(Handler),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Handler {
    Arrival,
    Departure,
    Lookup,
    LookupEnded,
    Request,
    Reply,
    Timeout,
    Message,
    Timer,
    TaskFailed,
    /// In none.
    None,
}

#[derive(Clone, Copy, Debug)]
enum Timer {
    Begin,
    Numbered(u8),
    Answer,
}

/// What happened, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Note {
    Replied { by: Slot, round_trip: Duration },
    TimedOut(Slot),
    Fired(u8),
    Cancelled(u8, bool),
    Ended(Ended),
    Departed,
    Arrived(Start),
}

#[derive(Default)]
struct Toy {
    deed: Deed,
    members: Vec<Contact>,
    notes: Vec<(Time, Slot, Note)>,
    now: Time,
    /// Requests that are to be answered.
    owed: PerNode<Option<ReplyTo>>,
    timers: Vec<TimerId>,
    /// Nodes that were chosen to begin with, as one of 1 and as the nearest of many.
    firsts: Vec<(Slot, Contact, Contact)>,
}

impl Toy {
    fn note(&mut self, context: &impl Context<Self>, node: Slot, note: Note) {
        self.now = context.now();
        self.notes.push((self.now, node, note));
    }

    fn peek(&mut self, node: Slot, handler: Handler) {
        if self.deed == Deed::PeekIn(handler) {
            self.owed[(node + 1) % 3] = None;
        }
    }
}

impl Protocol for Toy {
    type Message = u8;
    type Timer = Timer;
    type Task = ();

    const NAME: &'static str = "toy";
    const MESSAGE_KINDS: &'static [&'static str] = &["message"];
    const HEARS_OF_ENDS: bool = true;

    fn lookup_deadline(&self) -> Duration {
        Duration::from_secs(10)
    }

    fn start_converged(&mut self, context: &mut impl Context<Self>, members: &Members) {
        self.members = members.iter().collect();
        self.members.sort_unstable_by_key(|member| member.slot());
        self.owed.make_room(members.len() as Slot, || None);
        context.set_timer(0, ms(1000), Timer::Begin);
    }

    fn on_arrival(&mut self, context: &mut impl Context<Self>, node: Slot, start: Start) {
        self.peek(node, Handler::Arrival);
        self.note(context, node, Note::Arrived(start));
        let any = context.bootstrap_near(node, 1, |_| true).expect("somebody to begin with");
        let near = context.bootstrap_near(node, 400, |_| true).expect("somebody to begin with");
        self.firsts.push((node, any, near));
    }

    fn on_departure(&mut self, node: Slot) {
        self.peek(node, Handler::Departure);
        self.notes.push((self.now, node, Note::Departed));
    }

    fn on_lookup(&mut self, _: &mut impl Context<Self>, node: Slot, _: LookupId) {
        self.peek(node, Handler::Lookup);
    }

    fn on_lookup_ended(&mut self, node: Slot, _: LookupId, how: Ended) {
        self.peek(node, Handler::LookupEnded);
        self.notes.push((self.now, node, Note::Ended(how)));
    }

    fn on_request(
        &mut self,
        context: &mut impl Context<Self>,
        node: Slot,
        _: Contact,
        request: &u8,
        reply_to: ReplyTo,
    ) -> Answer<u8> {
        self.peek(node, Handler::Request);
        match self.deed {
            Deed::AskThrough if node == 1 => {
                self.owed[node] = Some(reply_to);
                context.request(node, self.members[2], *request, CHARGE, None);
                Answer::Later
            }
            Deed::AskLate(after) => {
                self.owed[node] = Some(reply_to);
                context.set_timer(node, after, Timer::Answer);
                Answer::Later
            }
            Deed::AskAgain if *request > 0 => Answer::Refused,
            _ => Answer::Now(*request, CHARGE),
        }
    }

    fn on_reply(&mut self, context: &mut impl Context<Self>, node: Slot, reply: Reply<'_, u8>) {
        self.peek(node, Handler::Reply);
        self.note(context, node, Note::Replied { by: reply.from.slot(), round_trip: reply.round_trip });
        if let (1, Some(owed)) = (node, self.owed[node]) {
            context.reply(owed, 0, CHARGE);
            context.reply(owed, 0, CHARGE);
        }
        if self.deed == Deed::AskAgain {
            context.request(node, reply.from, 1, CHARGE, None);
        }
    }

    fn on_timeout(&mut self, context: &mut impl Context<Self>, node: Slot, to: Contact, _: &u8) {
        self.peek(node, Handler::Timeout);
        self.note(context, node, Note::TimedOut(to.slot()));
        if self.deed == Deed::AskAgain && self.notes.len() < 3 {
            context.request(node, to, 1, CHARGE, None);
        }
    }

    fn on_message(&mut self, _: &mut impl Context<Self>, node: Slot, _: Contact, _: &u8) {
        self.peek(node, Handler::Message);
    }

    fn on_timer(&mut self, context: &mut impl Context<Self>, node: Slot, timer: Timer) {
        self.peek(node, Handler::Timer);
        match timer {
            Timer::Answer => {
                if let Some(owed) = self.owed[node] {
                    context.reply(owed, 0, CHARGE);
                }
            }
            Timer::Numbered(number) => {
                self.note(context, node, Note::Fired(number));
                let is_to_come = context.cancel_timer(self.timers[0]);
                self.note(context, node, Note::Cancelled(0, is_to_come));
            }
            Timer::Begin => match self.deed {
                Deed::AskThrough | Deed::AskLate(_) | Deed::AskAgain => {
                    context.request(node, self.members[1], 0, CHARGE, None)
                }
                Deed::AskWithin(wait) => context.post(node, self.members[1], 0, CHARGE, None, within(wait)),
                Deed::CancelTimers => {
                    for number in 0..3 {
                        let delay = ms(100 * (1 + u64::from(number)));
                        self.timers.push(context.set_timer(node, delay, Timer::Numbered(number)));
                    }
                    for number in [1, 1] {
                        let is_to_come = context.cancel_timer(self.timers[usize::from(number)]);
                        self.note(context, node, Note::Cancelled(number, is_to_come));
                    }
                }
                Deed::LookUp => {
                    let [answered, given_up, _] = [1, 2, 3].map(|key| context.start_task(node, key, ()));
                    context.start_task(1, 4, ());
                    context.answer(answered, self.members[1], 1);
                    context.give_up(given_up);
                    let is_end = |(_, _, note): &(Time, Slot, Note)| matches!(note, Note::Ended(_));
                    assert!(!self.notes.iter().any(is_end), "while the handler runs nothing is told");
                    self.now = context.now();
                }
                Deed::PeekIn(_) => {
                    context.request(node, self.members[1], 0, CHARGE, None);
                    context.post(node, self.members[1], 0, CHARGE, None, within(ms(1)));
                    context.send(node, self.members[1], 0, CHARGE, None);
                    context.start_task(node, 5, ());
                }
                Deed::Nothing => {}
            },
        }
    }

    fn on_task_failed(&mut self, context: &mut impl Context<Self>, node: Slot, (): ()) {
        self.peek(node, Handler::TaskFailed);
        assert_eq!(
            self.notes.last().map(|(_, _, note)| *note),
            Some(Note::Ended(Ended::CutOff)),
            "the end comes first"
        );
        self.now = context.now();
    }
}

impl Ownership for Toy {
    type Ground = Members;

    fn ground<'a>(&'a self, members: &'a Members) -> &'a Members {
        members
    }

    fn owner(members: &Members, key: u64, admits: impl Fn(Contact) -> bool) -> Option<Contact> {
        members.from_key(key).find(|member| admits(*member))
    }
}

impl Inspect for Toy {
    const FIGURES: &'static [(&'static str, &'static str)] = &[];

    fn health(&self, _: &Truth<'_>) -> Vec<Option<f64>> {
        Vec::new()
    }
}

impl Prefetch for Toy {}

const SCENARIO: &str = "\
name = \"toy\"
protocol = \"kademlia\"
population.nodes = 3
network = { latency = { constant = { delay = \"50ms\" } }, rpc_timeout = \"500ms\" }
workload.network_lookups_every = \"90d\"
measurement.duration = \"30s\"
";

/// Plays the deed with all checks on, with timeouts that are scheduled when they are needed and with all of them, and
/// gives the simulation at its end to `look`.
fn play(deed: Deed, changes: &[&str], look: impl Fn(&Simulation<Toy>)) {
    let set: Vec<String> = changes.iter().map(|change| (*change).to_owned()).collect();
    let source = Source::from_text("toy.toml", SCENARIO);
    let loaded = load(source, &set, protocols::NAMES, protocols::read);
    let scenario = loaded.unwrap_or_else(|problems| panic!("{problems}")).scenario;
    let check = Check { every: ms(1), each_event_from: None, until_healed: false };
    for eager_timeouts in [false, true] {
        let options = Options { check: Some(check), eager_timeouts, ..Options::default() };
        let mut simulation = Simulation::new(&scenario, Toy { deed, ..Toy::default() }, options);
        simulation.run_to_end(&mut Unwatched, &mut Unrecorded).expect("all that must hold holds");
        assert_eq!(simulation.calls_under_way(), 0);
        look(&simulation);
    }
}

/// What was noted: milliseconds after the deed, the node, and what.
fn notes(simulation: &Simulation<Toy>) -> Vec<(u64, Slot, Note)> {
    let since = |time: Time| time.since(Time::ZERO + ms(1000)).as_nanos() / 1_000_000;
    simulation.protocol().notes.iter().map(|(time, node, note)| (since(*time), *node, *note)).collect()
}

#[test]
fn a_request_is_answered_when_another_has_answered_and_only_once() {
    play(Deed::AskThrough, &[], |simulation| {
        let second = (150, 1, Note::Replied { by: 2, round_trip: ms(100) });
        let first = (200, 0, Note::Replied { by: 1, round_trip: ms(200) });
        assert_eq!(notes(simulation), [second, first]);
        assert_eq!((simulation.world.accounts.balance.sent, simulation.world.accounts.balance.delivered), (4, 4));
    });
}

#[test]
fn a_reply_that_comes_after_the_timeout_is_late_and_ends_nothing() {
    for (after, is_in_time) in [(399, true), (400, false), (401, false), (2000, false)] {
        play(Deed::AskLate(ms(after)), &[], |simulation| {
            let replied = (after + 100, 0, Note::Replied { by: 1, round_trip: ms(after + 100) });
            let expected = if is_in_time { replied } else { (500, 0, Note::TimedOut(1)) };
            assert_eq!(notes(simulation), [expected], "{after} ms");
            assert_eq!(simulation.world.accounts.late_replies, u64::from(!is_in_time), "{after} ms");
        });
    }
}

#[test]
fn whoever_departs_owes_no_reply_any_more() {
    // The first node stays, the two others crash.
    let changes = ["population.permanent=1", "event=[{at=\"1200ms\", crash={count=2}}]"];
    play(Deed::AskLate(ms(300)), &changes, |simulation| {
        let timed_out = (500, 0, Note::TimedOut(1));
        assert!(notes(simulation).contains(&timed_out));
        assert_eq!(simulation.world.accounts.balance.sent, 1);
    });
    play(Deed::AskLate(ms(300)), &["event=[{at=\"1200ms\", crash={count=3}}]"], |simulation| {
        assert_eq!((simulation.world.accounts.exchanges.abandoned, simulation.world.accounts.balance.sent), (1, 1));
    });
}

#[test]
fn a_request_may_have_a_time_of_its_own() {
    let replied = Note::Replied { by: 1, round_trip: ms(100) };
    let cases = [(80, 80, Note::TimedOut(1)), (100, 100, Note::TimedOut(1)), (101, 100, replied), (900, 100, replied)];
    for (wait, at, note) in cases {
        play(Deed::AskWithin(ms(wait)), &[], |simulation| assert_eq!(notes(simulation), [(at, 0, note)], "{wait} ms"));
    }
}

/// A round trip of 100 ms: 100 + 4 * 50, and twice that (RFC 6298, sections 2.2 and 5.5).
#[test]
fn timeouts_may_follow_what_the_node_has_measured() {
    let replied = (100, 0, Note::Replied { by: 1, round_trip: ms(100) });
    let law = "network.rpc_timeout={first=\"500ms\", least=\"10ms\"}";
    play(Deed::AskAgain, &[law], |simulation| {
        let silent = [400, 1000].map(|at| (at, 0, Note::TimedOut(1)));
        assert_eq!(notes(simulation), [replied, silent[0], silent[1]]);
    });
    play(Deed::AskAgain, &[], |simulation| {
        let silent = [600, 1100].map(|at| (at, 0, Note::TimedOut(1)));
        assert_eq!(notes(simulation), [replied, silent[0], silent[1]]);
    });
}

#[test]
fn a_timer_that_is_cancelled_does_not_fire() {
    play(Deed::CancelTimers, &[], |simulation| {
        let cancelled = [(0, 0, Note::Cancelled(1, true)), (0, 0, Note::Cancelled(1, false))];
        let too_late = |at, number| [(at, 0, Note::Fired(number)), (at, 0, Note::Cancelled(0, false))];
        assert_eq!(notes(simulation), [cancelled, too_late(100, 0), too_late(300, 2)].concat());
        assert!(simulation.world.cancelled.is_empty());
    });
}

#[test]
fn every_lookup_is_heard_to_end_once_however_it_ends() {
    let join_and_crash = "event=[{at=\"500ms\", join={count=1}}, {at=\"5s\", crash={count=3}}]";
    let changes = ["population.permanent=1", join_and_crash];
    play(Deed::LookUp, &changes, |simulation| {
        let heard = notes(simulation).into_iter().map(|(_, node, note)| (node, note));
        let heard: Vec<(Slot, Note)> = heard.filter(|(node, _)| *node < 2).collect();
        let ended = |node, how| (node, Note::Ended(how));
        let expected = [
            ended(0, Ended::Answered),
            ended(0, Ended::GivenUp),
            ended(1, Ended::InitiatorDeparted),
            (1, Note::Departed),
            ended(0, Ended::CutOff),
        ];
        assert_eq!(heard, expected);
    });
}

#[test]
fn lookups_of_the_workload_that_are_cut_off_are_heard_to_end() {
    let changes = ["workload.network_lookups_every=\"1s\"", "measurement.duration=\"60s\""];
    play(Deed::Nothing, &changes, |simulation| {
        let cut_off =
            notes(simulation).iter().filter(|(_, _, note)| *note == Note::Ended(Ended::CutOff)).count() as u64;
        assert!(cut_off > 20, "{cut_off}");
        assert_eq!(cut_off, simulation.world.accounts.cut_off);
    });
}

#[test]
fn a_look_into_the_state_of_another_node_ends_the_run_whichever_handler_takes_it() {
    let changes = [
        "workload.network_lookups_every=\"1s\"",
        "event=[{at=\"500ms\", join={count=1}}, {at=\"20s\", crash={count=1}}]",
    ];
    let look = |handler| {
        std::panic::catch_unwind(|| play(Deed::PeekIn(handler), &changes, |_| {}))
            .err()
            .map(|panic| panic.downcast_ref::<String>().cloned().unwrap_or_default())
    };
    assert_eq!(look(Handler::None), None);
    for handler in [
        Handler::Arrival,
        Handler::Departure,
        Handler::Lookup,
        Handler::LookupEnded,
        Handler::Request,
        Handler::Reply,
        Handler::Timeout,
        Handler::Message,
        Handler::Timer,
        Handler::TaskFailed,
    ] {
        let said = look(handler).unwrap_or_default();
        assert!(said.contains("nodes know only what they were told"), "{handler:?}: {said}");
    }
}

#[test]
fn who_returns_as_the_node_that_it_was_knows_it() {
    for (law, returning) in [("same", true), ("fresh", false)] {
        let law = format!("churn.return_identifier=\"{law}\"");
        let changes = [
            "population.permanent=1",
            "churn={session={fixed={length=\"5s\"}}, downtime={fixed={length=\"3s\"}}, at_start=\"fresh\"}",
            &law,
        ];
        play(Deed::Nothing, &changes, |simulation| {
            let arrived = |start| notes(simulation).iter().filter(|(_, _, note)| *note == Note::Arrived(start)).count();
            let (fresh, again) = (arrived(Start::Fresh), arrived(Start::Returning));
            assert!(fresh + again > 5, "{fresh} {again}");
            assert_eq!((fresh > 0, again > 0), (!returning, returning));
        });
    }
}

#[test]
fn the_nearest_of_many_random_members_is_the_nearest_of_all() {
    let changes =
        ["population.nodes=30", "network.latency={euclidean={side=\"100ms\"}}", "event=[{at=\"2s\", join={count=10}}]"];
    play(Deed::Nothing, &changes, |simulation| {
        let Toy { firsts, members, .. } = simulation.protocol();
        assert_eq!(firsts.len(), 10);
        let away = |node: Slot, other: &Contact| simulation.world.network.expected_round_trip(node, other.slot());
        for (node, _, near) in firsts {
            let nearest = members.iter().min_by_key(|member| away(*node, member));
            assert_eq!(Some(near), nearest, "400 draws of 30 leave one out once in a million times");
        }
        let is_near = firsts.iter().filter(|(_, any, near)| any == near).count();
        assert!(is_near < 5, "one draw finds the nearest of 30 hardly ever, not {is_near} times of 10");
    });
}
