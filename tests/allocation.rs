//! Nothing is allocated for an event: in the steady state a run lives on what its pools, tables and queues have grown
//! to. What is left are growths: a bucket of the oracle that never held so many members, a list of free places that
//! never was so long. They become rarer as the run goes on, and are far fewer than the rarest events, joins and
//! crashes: an allocation in any handler shows at once.
//!
//! The allocator that counts is for this file alone, and counts what the thread that simulates asks for.
#![allow(unsafe_code, reason = "an allocator cannot be written without; it hands all on to the system's")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::ops::ControlFlow;
use torus_sim::engine::time::Time;
use torus_sim::observe::report::{RunReport, Unrecorded};
use torus_sim::observe::{Monitor, Progress};
use torus_sim::scenario::{Source, load};
use torus_sim::simulation::{Options, protocols};

/// Counts the allocations of each thread.
struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

fn count() {
    // A thread that is ending has no count any more, and nobody asks for it.
    let _ = ALLOCATIONS.try_with(|allocations| allocations.set(allocations.get() + 1));
}

// SAFETY: each method hands its arguments, for which the caller vouches, to the system's allocator and returns what
// that gives. Counting allocates nothing: the counter is a constant in memory that the thread has.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: as the caller promised.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: as the caller promised.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: as the caller promised.
        unsafe { System.realloc(block, layout, size) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: as the caller promised.
        unsafe { System.dealloc(block, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn allocations() -> u64 {
    ALLOCATIONS.with(Cell::get)
}

/// Notes allocations and events at half time and at the end. It may allocate at each call, to see that this shows.
struct Halves {
    is_wasteful: bool,
    wasted: Vec<String>,
    half: Option<(u64, u64)>,
    end: (u64, u64),
}

impl Monitor for Halves {
    fn progress(&mut self, progress: &Progress) -> ControlFlow<()> {
        let seen = (allocations(), progress.events);
        if progress.now.as_nanos() * 2 >= progress.end.as_nanos() && progress.now > Time::ZERO {
            self.half.get_or_insert(seen);
        }
        self.end = seen;
        if self.is_wasteful {
            self.wasted.push(progress.events.to_string());
        }
        ControlFlow::Continue(())
    }

    fn events_between(&self) -> u64 {
        1 << 10
    }
}

/// Allocations and events of the second half of a run of 500 nodes, and the report.
fn second_half(changes: &[&str], is_wasteful: bool) -> (u64, u64, RunReport) {
    let law = include_str!("../scenarios/churn20m.toml");
    // One window: what a window leaves behind is no matter of events.
    let small = ["population.nodes=500", "measurement.warmup=50min", "measurement.duration=50min"];
    let changes: Vec<String> =
        small.iter().chain(&["measurement.window=50min"]).chain(changes).map(|change| (*change).to_owned()).collect();
    let loaded = load(Source::from_text("churn20m.toml", law), &changes, protocols::NAMES, protocols::read);
    let loaded = loaded.expect("the scenario is sound");
    let mut halves = Halves { is_wasteful, wasted: Vec::new(), half: None, end: (0, 0) };
    let options = Options { blind: true, ..Options::default() };
    let report = loaded.protocol.play(&loaded.scenario, options, &mut halves, &mut Unrecorded);
    let half = halves.half.expect("there is a second half");
    (halves.end.0 - half.0, halves.end.1 - half.1, report.expect("nobody stops it"))
}

/// Other ways of the protocols than those that each has by itself.
const WAYS: &[&[&str]] = &[
    &["protocol.chord.routing=recursive", "network.loss=0.02"],
    &["churn.graceful=0.5", "protocol.chord.routing=semi_recursive"],
    &["protocol.chord.fingers_per_round=all", "protocol.chord.confirm_owner=true"],
    &["protocol=kademlia", "protocol.kademlia.routing=semi_recursive", "network.loss=0.02"],
    &["protocol=kademlia", "protocol.kademlia.preset=mainline"],
];

#[test]
fn the_steady_state_allocates_nothing_for_an_event() {
    let each = protocols::NAMES.iter().map(|name| vec![format!("protocol={name}")]);
    let more = WAYS.iter().map(|changes| changes.iter().map(|change| (*change).to_owned()).collect());
    for changes in each.chain(more) {
        let changes: Vec<&str> = changes.iter().map(String::as_str).collect();
        let (allocations, events, report) = second_half(&changes, false);
        let rarest = report.total.joins.min(report.total.departures);
        assert!(rarest > 500, "{changes:?}: too few to compare with");
        assert!(allocations * 10 <= rarest, "{changes:?}: {allocations} allocations in {events} events");
    }
}

#[test]
fn an_allocation_now_and_then_is_seen() {
    let (frugal, events, _) = second_half(&[], false);
    let (wasteful, _, _) = second_half(&[], true);
    assert!(wasteful >= frugal + (events >> 10) - 1, "{wasteful}, {frugal} in {events} events");
}
