//! The event loop.

use super::agenda::{Agenda, ExternalEvent};
use super::checkers::{Check, Checks};
use super::event::Kind;
use super::identities::Identities;
use super::injection::Injected;
use super::judge::EndedLookup;
use super::load;
use super::probe::Probe;
use super::slot_blocks::SlotBlocks;
use super::tracer::Tracer;
use super::world::World;
use crate::engine::time::Time;
use crate::node::awake::begin_guarding;
use crate::node::history::History;
use crate::node::{Contact, Lookup, Simulated, Slot};
use crate::observe::progress::{Exhausted, Interrupted, Monitor, Progress, Stopped, Unwatched};
use crate::observe::report::{Recorder, RunReport, Unrecorded};
use crate::observe::violation::Violation;
use crate::observe::warnings::{self, Expected};
use crate::scenario::{OwnerOf, ReturnIdentifier, Scenario};
use std::ops::ControlFlow;

/// What a run does besides simulating. Nothing here changes the fingerprint.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Hand every lookup of the measurement to the recorder.
    pub record_lookups: bool,
    /// Hand every arrival, departure and lookup to the recorder.
    pub record_schedule: bool,
    /// Do not look at the health of the network at the end of every window: the columns stay empty.
    pub blind: bool,
    /// Schedule every timeout when its request is sent, as a real node would. Slower; for tests of the shortcut.
    pub eager_timeouts: bool,
    /// Hand the story of the lookup with this number to the recorder. Slower, and the history of all nodes is kept.
    pub follow_lookup: Option<u64>,
    /// Check now and then that what must hold does.
    pub check: Option<Check>,
}

/// Where to stop a run for a while.
#[derive(Clone, Copy, Debug)]
pub(super) struct Until {
    /// What happens at this time or later is not played.
    pub time: Time,
    /// No more than so many events of the whole run.
    pub events: u64,
}

impl Until {
    /// Not before the end of the run.
    pub const END: Until = Until { time: Time::NEVER, events: u64::MAX };
}

/// One run of one protocol.
pub struct Simulation<P: Simulated> {
    pub(super) protocol: P,
    pub(super) world: World<P>,
    pub(super) agenda: Agenda,
    pub(super) slot_blocks: SlotBlocks,
    pub(super) identities: Identities,
    /// Set when somebody arrives for whom there is no identifier.
    pub(super) exhausted: Option<Exhausted>,
    pub(super) end: Time,
    pub(super) owner: OwnerOf,
    load: load::Keys,
    pub(super) died_out: Option<Time>,
    expected: Expected,
    pub(super) options: Options,
    /// Follows a lookup. The event loop lets it look before each event, where it else counts events for the monitor.
    tracer: Option<Box<Tracer<P::Timer>>>,
    pub(super) checks: Option<Checks>,
    /// When the next check is due; never, if nothing is checked.
    pub(super) next_check: Time,
    /// Whether the run has shown what it was to show, and ends.
    is_settled: bool,
    /// Whether the run is over: nothing happens any more.
    pub(super) is_over: bool,
    /// Up to here a program has let the run go on, though nothing may have happened since [`World::now`].
    pub(super) reached: Time,
    /// What a program has let happen.
    pub(super) injected: Injected,
}

impl<P: Simulated> Simulation<P> {
    /// A run at time 0: with a converged start, the initial nodes are there.
    pub fn new(scenario: &Scenario, protocol: P, options: Options) -> Self {
        let mut world = World::new(scenario, &protocol);
        let (returning, width) = (scenario.churn.return_identifier, protocol.identifiers_per_node());
        world.finished = (options.record_lookups || options.follow_lookup.is_some()).then(Vec::new);
        world.eager_timeouts = options.eager_timeouts;
        world.history = options.check.is_some().then(History::default);
        if options.check.is_some() {
            begin_guarding();
            world.is_guarded = true;
        }
        let mut simulation = Simulation {
            world,
            agenda: Agenda::new(scenario),
            slot_blocks: SlotBlocks::new(width, returning == ReturnIdentifier::Same),
            identities: Identities::new(scenario.seed, &protocol, returning),
            exhausted: None,
            end: scenario.measurement.end(),
            owner: scenario.measurement.owner,
            load: load::Keys::new(scenario.seed, scenario.measurement.load_keys),
            died_out: None,
            expected: Expected::of(scenario),
            options,
            tracer: None,
            checks: options.check.map(Checks::new),
            is_settled: false,
            is_over: false,
            reached: Time::ZERO,
            injected: Injected::default(),
            next_check: if options.check.is_some() { Time::ZERO } else { Time::NEVER },
            protocol,
        };
        simulation.start_converged();
        simulation.tracer = options.follow_lookup.map(|number| Box::new(Tracer::new(number, &simulation)));
        simulation
    }

    /// The protocol with the state of all nodes.
    pub fn protocol(&self) -> &P {
        &self.protocol
    }

    /// Plays the run to its end.
    ///
    /// # Errors
    /// As [`Self::run_to_end`].
    pub fn run(mut self, monitor: &mut dyn Monitor, recorder: &mut dyn Recorder) -> Result<RunReport, Stopped> {
        self.run_to_end(monitor, recorder)?;
        Ok(self.report())
    }

    /// Plays the run to its end, for whoever wants to look at the protocol's state after that.
    ///
    /// # Errors
    /// If the monitor stops it, a check finds a violation, or a node arrives when all identifiers are held by others.
    pub fn run_to_end(&mut self, monitor: &mut dyn Monitor, recorder: &mut dyn Recorder) -> Result<(), Stopped> {
        self.play_on(Until::END, monitor, recorder, &mut ())?;
        if self.tracer.is_some() {
            self.trace(monitor, recorder)?;
        }
        if let Some(tracer) = self.tracer.take() {
            recorder.told(tracer.tell(self));
        }
        self.tell(monitor)?;
        monitor.ended(&|| self.memory_bytes());
        Ok(())
    }

    /// Plays on until it is time to stop or the run is over. However often it is stopped and goes on, it is the same
    /// run.
    pub(super) fn play_on<B: Probe<P>>(
        &mut self,
        until: Until,
        monitor: &mut dyn Monitor,
        recorder: &mut dyn Recorder,
        probe: &mut B,
    ) -> Result<(), Stopped> {
        let mut next_progress = 0;
        let mut shown = self.world.accounts.events;
        if let Some(exhausted) = self.exhausted {
            return Err(exhausted.into());
        }
        self.hand_out_injected(recorder);
        let limit = until.time.min(self.end);
        'run: loop {
            if self.world.accounts.events >= next_progress {
                if self.is_over || self.world.accounts.events >= until.events {
                    return Ok(());
                }
                next_progress = self.world.accounts.events + monitor.events_between().max(1);
                if self.tracer.is_some() {
                    next_progress = self.trace(monitor, recorder)?;
                } else {
                    self.tell(monitor)?;
                }
                next_progress = next_progress.min(until.events);
            }
            // Nothing but events of the queue happens before this instant, and none of them moves it.
            let agenda_time = self.agenda.peek_time();
            let horizon = agenda_time.min(self.world.metrics.boundary()).min(self.next_check).min(limit);
            let is_followed = self.tracer.is_some();
            while let Some((time, event)) = self.world.queue.pop_before(horizon) {
                self.world.now = time;
                self.prefetch_ahead();
                self.play_event(event);
                self.tidy(recorder);
                self.show(probe, &mut shown);
                if is_followed || self.world.accounts.events >= next_progress {
                    continue 'run;
                }
            }
            let queue_time = self.world.queue.peek_time().unwrap_or(Time::NEVER);
            let time = agenda_time.min(queue_time);
            if time >= limit && limit < self.end {
                // Windows and checks that are due by now wait for what comes next, as if nobody had stopped here.
                return Ok(());
            }
            self.catch_up(time)?;
            if time >= self.end || self.is_settled {
                self.is_over = true;
                self.reached = if time >= self.end { self.end } else { self.world.now };
                return Ok(());
            }
            // Windows have ended up to here, and what is due now comes next: first what is on the agenda.
            self.world.now = time;
            if agenda_time == time {
                self.play_agenda(recorder);
                if let Some(exhausted) = self.exhausted {
                    return Err(exhausted.into());
                }
            } else if let Some((_, event)) = self.world.queue.pop() {
                self.play_event(event);
            }
            self.tidy(recorder);
            self.show(probe, &mut shown);
        }
    }

    /// Ends windows and makes the check that are due before something happens at `time`.
    #[inline(always)]
    pub(super) fn catch_up(&mut self, time: Time) -> Result<(), Stopped> {
        self.close_windows(time.min(self.end));
        if self.next_check <= time.min(self.end) {
            // Nothing changes from the last event on: what is seen at the end is seen as of the end.
            self.check(if time >= self.end { self.end } else { self.next_check.max(self.world.now) })?;
        }
        Ok(())
    }

    /// Lets the tracer look, tells its story once it is over, and the monitor now and then. Returns the number of
    /// events at which to do so again.
    #[cold]
    #[inline(never)]
    fn trace(&mut self, monitor: &mut dyn Monitor, recorder: &mut dyn Recorder) -> Result<u64, Interrupted> {
        let Some(mut tracer) = self.tracer.take() else { return Ok(self.world.accounts.events) };
        tracer.look(self);
        let is_over = tracer.is_over();
        if is_over {
            recorder.told(tracer.tell(self));
        } else {
            self.tracer = Some(tracer);
        }
        if is_over || self.world.accounts.events.is_multiple_of(monitor.events_between()) {
            self.tell(monitor)?;
        }
        Ok(self.world.accounts.events)
    }

    /// Memory of what tells which node has which slots and identifiers \[B\].
    pub(super) fn numbers_bytes(&self) -> u64 {
        self.slot_blocks.memory_bytes() + self.identities.memory_bytes()
    }

    /// Messages and requests that have been sent and are not over yet.
    pub fn calls_under_way(&self) -> usize {
        self.world.calls_under_way()
    }

    /// Plays the run to its end, watched by nobody and writing nothing down.
    pub fn play(self) -> RunReport {
        self.run(&mut Unwatched, &mut Unrecorded).expect("only a monitor ends a run early, and this one never does")
    }

    fn tell(&self, monitor: &mut dyn Monitor) -> Result<(), Interrupted> {
        let world = &self.world;
        let progress = Progress {
            now: world.now,
            end: self.end,
            live_nodes: world.live(),
            events: world.accounts.events,
            last_event: world.fingerprint.last().map(|(_, _, kind)| Kind::name(kind)),
        };
        match monitor.progress(&progress) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(Interrupted { progress }),
        }
    }

    /// Ends all windows that end at or before `time`.
    #[inline]
    fn close_windows(&mut self, time: Time) {
        while self.world.metrics.boundary() <= time {
            let (protocol, world, blind) = (&self.protocol, &self.world, self.options.blind);
            let health = || match blind {
                true => vec![None; P::FIGURES.len()],
                false => protocol.health(&world.truth(&|a, b| world.reachable(a, b), &|slot| world.is_client(slot))),
            };
            // The closure looks at the world while the metrics inside it change: measure first.
            let measured = if world.metrics.is_measuring() { health() } else { Vec::new() };
            self.world.judge.found.begin_window();
            let requests = self.world.request_counts();
            if !self.world.metrics.close_window(requests, || measured) {
                break;
            }
        }
    }

    /// Checks that what must hold does, as things are after the last event.
    #[cold]
    #[inline(never)]
    fn check(&mut self, now: Time) -> Result<(), Stopped> {
        let Some(checks) = &mut self.checks else { return Ok(()) };
        checks.note(&mut self.world);
        let world = &self.world;
        let (reachable, is_client) = (|a, b| world.reachable(a, b), |slot| world.is_client(slot));
        let broken = checks.look(&self.protocol, world, &world.truth(&reachable, &is_client), now);
        // Several periods may have gone by without an event: nothing has changed since the first of them.
        self.next_check = checks.next_after(self.next_check.max(world.now));
        self.is_settled = checks.is_settled();
        broken.map_err(|(checker, meaning, fault)| {
            let node = |slot: Slot| (world.directory.node(slot), world.directory.contact(slot).id());
            let last = world.fingerprint.last();
            Stopped::Violated(Box::new(Violation {
                checker,
                meaning,
                text: fault.text,
                nodes: fault.nodes.into_iter().map(node).collect(),
                at: last.map_or(Time::ZERO, |(time, _, _)| time),
                events: world.accounts.events,
                last_event: last.map(|(_, slot, kind)| (Kind::name(kind), world.directory.node(slot))),
            }))
        })
    }

    /// Judges and hands out lookups that ended, and gives back payloads that were dropped.
    #[inline(always)]
    pub(super) fn tidy(&mut self, recorder: &mut dyn Recorder) {
        if self.world.has_leftovers {
            self.world.has_leftovers = false;
            self.hand_out(recorder);
        }
    }

    /// Judges lookups that have ended in the handler that has just returned.
    #[inline(always)]
    pub(super) fn settle_ends(&mut self) {
        if !self.world.judge.is_idle() {
            self.judge_ended();
        }
    }

    /// Judges lookups that have ended, and tells the protocol of them, if it wants to hear of that.
    #[inline(never)]
    fn judge_ended(&mut self) {
        self.world.judge_found(&self.protocol);
        let mut ended = self.world.judge.take_ended();
        for lookup in ended.drain(..) {
            self.world.judge(&self.protocol, &lookup);
            if P::HEARS_OF_ENDS {
                let EndedLookup { id, lookup: Lookup { initiator, .. }, result } = lookup;
                let _awake = self.world.awake(initiator);
                self.protocol.on_lookup_ended(initiator, id, result.into());
            }
        }
        self.world.judge.keep_room(ended);
    }

    /// Judges lookups that have ended, and gives back payloads that were dropped.
    #[inline(always)]
    pub(super) fn settle(&mut self) {
        self.settle_ends();
        while let Some(message) = self.world.released.pop() {
            self.protocol.release(&message);
        }
    }

    #[inline(never)]
    fn hand_out(&mut self, recorder: &mut dyn Recorder) {
        self.settle();
        if let Some(finished) = &mut self.world.finished {
            for record in finished.drain(..) {
                if let Some(tracer) = &mut self.tracer {
                    tracer.judged(&record);
                }
                if self.options.record_lookups {
                    recorder.lookup(&record);
                }
            }
        }
    }

    fn play_agenda(&mut self, recorder: &mut dyn Recorder) {
        let Some((time, happening)) = self.agenda.next() else { return };
        if self.injected.touches_nodes && !self.is_possible(happening) {
            return;
        }
        let happening = match happening {
            ExternalEvent::LookupOf { .. } => {
                let with_key = self.with_key(happening);
                self.agenda.settle(with_key);
                with_key
            }
            other => other,
        };
        if let (true, Some(entry)) = (self.options.record_schedule, self.agenda.last_as_schedule_entry()) {
            recorder.scheduled(&entry);
        }
        debug_assert_eq!(time, self.world.now);
        match happening {
            ExternalEvent::Join { node } => self.arrive(node),
            ExternalEvent::Depart { node, graceful } => self.depart(node, graceful),
            ExternalEvent::Lookup { node, key } => self.start_lookup(node, key),
            ExternalEvent::LookupOf { .. } => {}
            happens_to_network => self.disturb(happens_to_network),
        }
    }

    /// A lookup of somebody's identifier as a lookup of that key: the first of its identifiers.
    pub(super) fn with_key(&self, happening: ExternalEvent) -> ExternalEvent {
        match happening {
            ExternalEvent::LookupOf { node, target } => {
                let slot = self.slot_blocks.slots(target).start;
                ExternalEvent::Lookup { node, key: self.world.directory.contact(slot).id() }
            }
            other => other,
        }
    }

    fn report(self) -> RunReport {
        let Simulation { protocol, world, died_out, expected, slot_blocks, load, checks, end, .. } = self;
        let counts = |member: Contact| !world.is_client(member.slot());
        let ground = protocol.ground(&world.members);
        let owners = world.members.iter().filter(|member| counts(*member)).collect::<Vec<_>>();
        let load = load.deal_out(&owners, slot_blocks.width(), |key| P::owner(ground, key, counts));
        let healing = checks.and_then(|checks| checks.healing(world.accounts.outcomes.lookups()));
        let live = world.live();
        let joining = live.saturating_sub(world.members.len() as u64 / u64::from(slot_blocks.width()));
        let stopped_answers = world.accounts.stopped_answers;
        let kinds = world.by_kind.map_or_else(Vec::new, |by_kind| by_kind.finish(end));
        let (total, windows, hops) = world.metrics.finish();
        let mut warnings = warnings::find(&expected, &total, &windows, died_out, joining, live);
        warnings.extend(warnings::answers_stopped(stopped_answers, &total));
        RunReport {
            protocol: P::NAME,
            fingerprint: world.fingerprint.digest(),
            events: world.accounts.events,
            in_flight: world.lookups.workload_in_flight(),
            messages: world.accounts.balance,
            total,
            windows,
            hops,
            kinds,
            load,
            warnings,
            healing,
        }
    }
}
