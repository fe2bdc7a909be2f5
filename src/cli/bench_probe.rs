//! The two ways in which `torus-sim bench` looks at a run: seldom, so that it does not disturb it, and at every event.

use super::bench_worker::KindTime;
use super::clock::Stopwatch;
use super::progress::Watcher;
use crate::engine::time::{Duration, Time};
use crate::observe::{Monitor, Progress};
use std::ops::ControlFlow;

/// Events between two looks before the measurement begins: few, so that its beginning is seen in time.
const EVENTS_BETWEEN_IN_WARMUP: u64 = 256;

/// Events between two looks in the measurement, and between two calls of what shows progress.
const EVENTS_BETWEEN: u64 = 1 << 16;

/// Empty spans that are timed to know what looking at the clock costs.
const CALIBRATION_SPANS: u64 = 1 << 15;

/// What an undisturbed run gave.
#[derive(Clone, Debug, Default)]
pub(super) struct Undisturbed {
    /// Real time before the first event \[s\].
    pub(super) build_s: f64,
    /// Events of the measurement.
    pub(super) events: u64,
    /// Real time of the measurement \[s\].
    pub(super) wall_s: f64,
    /// What the parts of the run held at its end \[B\].
    pub(super) parts: Vec<(&'static str, u64)>,
}

/// Looks at the clock when the first event comes, when the warm-up is over, and at the end.
pub(super) struct Pace {
    watcher: Watcher,
    clock: Stopwatch,
    warmup: Duration,
    build_s: Option<f64>,
    /// Events so far, and the clock \[s\], when the measurement began.
    begun: Option<(u64, f64)>,
    ended: (u64, f64),
    parts: Vec<(&'static str, u64)>,
}

impl Pace {
    /// The run is built from now on.
    pub(super) fn start(watcher: Watcher, warmup: Duration) -> Self {
        let clock = Stopwatch::start();
        Pace { watcher, clock, warmup, build_s: None, begun: None, ended: (0, 0.0), parts: Vec::new() }
    }

    /// What was seen. A run so short that its warm-up was not seen to end counts as a whole.
    pub(super) fn finish(self) -> Undisturbed {
        self.watcher.finish();
        let build_s = self.build_s.unwrap_or(0.0);
        let (events, wall_s) = self.begun.unwrap_or((0, build_s));
        Undisturbed { build_s, events: self.ended.0 - events, wall_s: self.ended.1 - wall_s, parts: self.parts }
    }
}

impl Monitor for Pace {
    fn progress(&mut self, progress: &Progress) -> ControlFlow<()> {
        let now_s = self.clock.elapsed().as_secs_f64();
        self.build_s.get_or_insert(now_s);
        // A span in which nothing happened has no rate: the last call is no beginning.
        if progress.now >= Time::ZERO + self.warmup && progress.now < progress.end {
            self.begun.get_or_insert((progress.events, now_s));
        }
        self.ended = (progress.events, now_s);
        self.watcher.progress(progress)
    }

    fn events_between(&self) -> u64 {
        if self.begun.is_some() { EVENTS_BETWEEN } else { EVENTS_BETWEEN_IN_WARMUP }
    }

    fn ended(&mut self, memory: &dyn Fn() -> Vec<(&'static str, u64)>) {
        self.parts = memory();
    }
}

/// Times each event: from the end of the one before to its own end, taking it from the queue included.
///
/// The clock is looked at twice between two events, so that what is done with a time is in no span. That an event waits
/// for the clock keeps the processor from working ahead on the next one: the sum over all events is more than they take
/// undisturbed, and kinds are to be compared with each other.
pub(super) struct Probe {
    watcher: Watcher,
    clock: Stopwatch,
    warmup: Duration,
    kinds: Vec<(&'static str, u64, f64)>,
    /// Events that were seen. At its end a run tells once more of its last one.
    seen: u64,
    /// When the present span began \[ns\].
    begun_ns: u64,
    /// What a span holds in which nothing happens \[ns\].
    empty_ns: f64,
}

impl Probe {
    /// A probe that knows what it costs itself.
    pub(super) fn start(watcher: Watcher, warmup: Duration) -> Self {
        let clock = Stopwatch::start();
        let mut probe = Probe { watcher, clock, warmup, kinds: Vec::new(), seen: 0, begun_ns: 0, empty_ns: 0.0 };
        let end = Time::ZERO + warmup;
        for events in 1..=CALIBRATION_SPANS {
            let idle = Progress { now: end, end, live_nodes: 0, events, last_event: Some("nothing") };
            // Through the table of methods, as the event loop calls it.
            let monitor: &mut dyn Monitor = std::hint::black_box(&mut probe);
            let _ = monitor.progress(&idle);
        }
        let of_nothing = probe.kinds.iter().map(|(_, spans, ns)| ns / (*spans).max(1) as f64).next();
        probe.empty_ns = of_nothing.unwrap_or(0.0);
        (probe.seen, probe.kinds) = (0, Vec::new());
        probe
    }

    /// What each kind took, that of the most events first.
    pub(super) fn finish(self) -> Vec<KindTime> {
        self.watcher.finish();
        let empty_ns = self.empty_ns;
        let own = |(kind, events, ns): &(&'static str, u64, f64)| KindTime {
            kind: (*kind).to_owned(),
            events: *events,
            ns: (ns - empty_ns * *events as f64).max(0.0),
        };
        let mut kinds: Vec<KindTime> = self.kinds.iter().map(own).collect();
        kinds.sort_by_key(|kind| std::cmp::Reverse(kind.events));
        kinds
    }

    fn now_ns(&self) -> u64 {
        u64::try_from(self.clock.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    fn book(&mut self, kind: &'static str, ns: u64) {
        // Names are few and each stands in memory once.
        match self.kinds.iter_mut().find(|(known, ..)| std::ptr::eq(*known, kind)) {
            Some((_, events, sum)) => {
                *events += 1;
                *sum += ns as f64;
            }
            None => self.kinds.push((kind, 1, ns as f64)),
        }
    }
}

impl Monitor for Probe {
    fn progress(&mut self, progress: &Progress) -> ControlFlow<()> {
        let span_ns = self.now_ns().saturating_sub(self.begun_ns);
        let mut flow = ControlFlow::Continue(());
        if let Some(kind) = progress.last_event
            && progress.events > self.seen
            && progress.now >= Time::ZERO + self.warmup
        {
            self.book(kind, span_ns);
        }
        self.seen = progress.events;
        if progress.events.is_multiple_of(EVENTS_BETWEEN) {
            flow = self.watcher.progress(progress);
        }
        self.begun_ns = self.now_ns();
        flow
    }

    fn events_between(&self) -> u64 {
        1
    }
}
