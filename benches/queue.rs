//! Speed of the event queue under the hold model: take the next event, touch a node, schedule another event.
//!
//! Three events wait for each node. `messages` gives a node one message on its way (10-150 ms) and two timers (30 s),
//! so nearly all events are messages; `mixed` draws each delay anew: 70% messages, 29% timers, 1% after 20 minutes, so
//! nearly all events that wait are timers. The standard library's heap and the `radix-heap` crate are measured beside
//! it. All of them take the same events in the same order: a hash over what was taken is printed, and the program ends
//! with an error if two of them differ.
//!
//! Run with `cargo bench --bench queue`; name numbers of nodes to choose others:
//! `cargo bench --bench queue -- 4000000`. With `--turns N` it only takes and schedules N events of ten thousand nodes,
//! for `scripts/instructions.sh`.
#![allow(clippy::disallowed_types, clippy::disallowed_methods, reason = "a benchmark measures real time")]
#![allow(clippy::print_stdout, reason = "a benchmark prints what it measured")]

use radix_heap::RadixHeapMap;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::hint::black_box;
use std::time::Instant;
use torus_sim::engine::queue::EventQueue;
use torus_sim::engine::random::mix;
use torus_sim::engine::time::{Duration, Time};
use xxhash_rust::xxh3::Xxh3;

/// Events whose order is compared.
const HASHED: u64 = 3_000_000;

/// Bytes of a simulated node, in words.
const NODE_WORDS: usize = 64;

/// Of the simulator's kind and size: 16 bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Event {
    payload: u64,
    node: u32,
    kind: u32,
}

/// How delays are drawn.
#[derive(Clone, Copy, PartialEq)]
enum Mix {
    Messages,
    Mixed,
}

/// The operations that are measured.
trait Queue {
    fn schedule(&mut self, time: Time, event: Event);
    fn take(&mut self) -> (Time, Event);
    fn hint(&self) -> Option<u32> {
        None
    }
}

/// The event queue, with or without touching the node that comes 8 events later.
struct Wheel {
    queue: EventQueue<Event>,
    looks_ahead: bool,
}

impl Queue for Wheel {
    #[inline(always)]
    fn schedule(&mut self, time: Time, event: Event) {
        self.queue.push(time, event);
    }
    fn take(&mut self) -> (Time, Event) {
        black_box(self.queue.peek_time());
        self.queue.pop().expect("every event taken is replaced")
    }
    fn hint(&self) -> Option<u32> {
        if self.looks_ahead { self.queue.look_ahead(8).map(|event| event.node) } else { None }
    }
}

/// The standard library's heap.
#[derive(Default)]
struct Heap {
    heap: BinaryHeap<Reverse<(u64, u64, Event)>>,
    sequence: u64,
}

impl Queue for Heap {
    fn schedule(&mut self, time: Time, event: Event) {
        self.heap.push(Reverse((time.as_nanos(), self.sequence, event)));
        self.sequence += 1;
    }
    fn take(&mut self) -> (Time, Event) {
        let Reverse((time, _, event)) = self.heap.pop().expect("every event taken is replaced");
        (Time::from_nanos(time), event)
    }
}

/// A radix heap. It keeps the order of time alone, so the place in the order of scheduling is part of its key.
#[derive(Default)]
struct Radix {
    heap: RadixHeapMap<Reverse<(u64, u64)>, Event>,
    sequence: u64,
}

impl Queue for Radix {
    fn schedule(&mut self, time: Time, event: Event) {
        self.heap.push(Reverse((time.as_nanos(), self.sequence)), event);
        self.sequence += 1;
    }
    fn take(&mut self) -> (Time, Event) {
        let (Reverse((time, _)), event) = self.heap.pop().expect("every event taken is replaced");
        (Time::from_nanos(time), event)
    }
}

/// Delay of the next event of a kind: kind 0 is a message, the others are timers.
fn delay(mix: Mix, kind: u32, bits: u64) -> Duration {
    let message = Duration::from_nanos(10_000_000 + bits % 140_000_000);
    let timer = Duration::from_secs(30);
    match (mix, (bits >> 32) % 100) {
        (Mix::Messages, _) => [message, timer][kind.min(1) as usize],
        (Mix::Mixed, 0..70) => message,
        (Mix::Mixed, 70..99) => timer,
        (Mix::Mixed, _) => Duration::from_secs(1200),
    }
}

/// The hold model at work on a queue.
struct Hold<'a, Q> {
    queue: &'a mut Q,
    delays: Mix,
    nodes: u32,
    memory: Vec<u64>,
    bits: u64,
    /// Over time and event of all that was taken, if it is to be known.
    taken: Option<Xxh3>,
}

impl<'a, Q: Queue> Hold<'a, Q> {
    /// Three events wait for each node.
    fn new(queue: &'a mut Q, delays: Mix, nodes: u32) -> Self {
        let memory = vec![0u64; nodes as usize * NODE_WORDS];
        let mut hold = Hold { queue, delays, nodes, memory, bits: 1, taken: None };
        for node in 0..nodes {
            for kind in 0..3 {
                let spread = if kind == 0 { 150_000_000 } else { 30_000_000_000 };
                let time = Time::from_nanos(hold.draw() % spread);
                hold.queue.schedule(time, Event { payload: 0, node, kind });
            }
        }
        hold
    }

    #[inline(always)]
    fn draw(&mut self) -> u64 {
        self.bits = self.bits.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.bits)
    }

    /// Takes and schedules so many events.
    fn turn(&mut self, count: u64) {
        for _ in 0..count {
            let (time, mut event) = self.queue.take();
            if let Some(taken) = &mut self.taken {
                taken.update(&time.as_nanos().to_le_bytes());
                taken.update(&(u64::from(event.node) << 32 | u64::from(event.kind)).to_le_bytes());
            }
            if let Some(node) = self.queue.hint() {
                black_box(self.memory[node as usize * NODE_WORDS]);
            }
            let random = self.draw();
            let word = &mut self.memory[event.node as usize * NODE_WORDS..][..NODE_WORDS];
            word[0] += 1;
            word[(random % 64) as usize] ^= event.payload;
            if event.kind == 0 || self.delays == Mix::Mixed {
                // A message goes to another node.
                event.node = (((random >> 32) * u64::from(self.nodes)) >> 32) as u32;
            }
            event.payload = random;
            self.queue.schedule(time + delay(self.delays, event.kind, mix(random)), event);
        }
    }
}

/// Events per second: the median of nine rounds of `events / 9` events each, after a third as many to settle; and the
/// hash of the first `HASHED` events of a run of its own.
fn speed<Q: Queue>(make: impl Fn() -> Q, delays: Mix, nodes: u32, events: u64) -> (f64, u64) {
    let mut queue = make();
    let mut hold = Hold::new(&mut queue, delays, nodes);
    hold.taken = Some(Xxh3::new());
    hold.turn(HASHED);
    let hash = hold.taken.map_or(0, |taken| taken.digest());
    let mut queue = make();
    let mut hold = Hold::new(&mut queue, delays, nodes);
    hold.turn(events / 3);
    let mut round = || {
        let start = Instant::now();
        hold.turn(events / 9);
        (events / 9) as f64 / start.elapsed().as_secs_f64()
    };
    let mut speeds: [f64; 9] = std::array::from_fn(|_| round());
    speeds.sort_by(f64::total_cmp);
    (speeds[4], hash)
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(place) = arguments.iter().position(|argument| argument == "--turns") {
        let turns = arguments.get(place + 1).and_then(|turns| turns.parse().ok()).expect("--turns has a number");
        let mut queue = Wheel { queue: EventQueue::new(), looks_ahead: false };
        Hold::new(&mut queue, Mix::Messages, 10_000).turn(turns);
        return;
    }
    let chosen: Vec<u32> = arguments.iter().filter_map(|argument| argument.parse().ok()).collect();
    let chosen = if chosen.is_empty() { vec![10_000, 100_000, 1_000_000] } else { chosen };
    println!(
        "{:>9} {:>9} {:>12} {:>12} {:>12} {:>12}   {:16} [10^6 events/s]",
        "nodes", "delays", "heap", "radix heap", "queue", "look-ahead", "taken"
    );
    for nodes in chosen {
        for (name, delays) in [("messages", Mix::Messages), ("mixed", Mix::Mixed)] {
            let events = (u64::from(nodes) * 12).max(12_000_000);
            let (heap, hash) = speed(Heap::default, delays, nodes, events / 4);
            let (radix, of_radix) = speed(Radix::default, delays, nodes, events / 4);
            let wheel = |looks_ahead| move || Wheel { queue: EventQueue::new(), looks_ahead };
            let (plain, of_plain) = speed(wheel(false), delays, nodes, events);
            let (ahead, of_ahead) = speed(wheel(true), delays, nodes, events);
            let speeds = [heap, radix, plain, ahead].map(|speed| format!("{:>12.1}", speed / 1e6)).join(" ");
            println!("{nodes:>9} {name:>9} {speeds}   {hash:016x}");
            assert!([of_radix, of_plain, of_ahead] == [hash; 3], "the queues take events in different orders");
        }
    }
}
