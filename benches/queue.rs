//! Speed of the event queue under the hold model: take the next event, touch a node, schedule another event.
//!
//! Three events wait for each node. `messages` gives a node one message on its way (10-150 ms) and two timers (30 s),
//! so nearly all events are messages; `mixed` draws each delay anew: 70% messages, 29% timers, 1% after 20 minutes, so
//! nearly all events that wait are timers. The standard library's heap is measured beside it.
//!
//! Run with `cargo bench --bench queue`; name numbers of nodes to choose others:
//! `cargo bench --bench queue -- 4000000`.
#![allow(clippy::disallowed_types, clippy::disallowed_methods, reason = "a benchmark measures real time")]
#![allow(clippy::print_stdout, reason = "a benchmark prints what it measured")]

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::hint::black_box;
use std::time::Instant;
use torus_sim::engine::queue::EventQueue;
use torus_sim::engine::random::mix;
use torus_sim::engine::time::{Duration, Time};

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

/// Events per second: the median of nine rounds of `events / 9` events each, after a third as many to settle.
fn speed(queue: &mut impl Queue, mix_of_delays: Mix, nodes: u32, events: u64) -> f64 {
    let mut memory = vec![0u64; nodes as usize * NODE_WORDS];
    let mut bits = 1u64;
    let mut draw = || {
        bits = bits.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(bits)
    };
    for node in 0..nodes {
        for kind in 0..3 {
            let spread = if kind == 0 { 150_000_000 } else { 30_000_000_000 };
            queue.schedule(Time::from_nanos(draw() % spread), Event { payload: 0, node, kind });
        }
    }
    let mut turn = |count: u64| {
        for _ in 0..count {
            let (time, mut event) = queue.take();
            if let Some(node) = queue.hint() {
                black_box(memory[node as usize * NODE_WORDS]);
            }
            let random = draw();
            let word = &mut memory[event.node as usize * NODE_WORDS..][..NODE_WORDS];
            word[0] += 1;
            word[(random % 64) as usize] ^= event.payload;
            if event.kind == 0 || mix_of_delays == Mix::Mixed {
                // A message goes to another node.
                event.node = (((random >> 32) * u64::from(nodes)) >> 32) as u32;
            }
            event.payload = random;
            queue.schedule(time + delay(mix_of_delays, event.kind, mix(random)), event);
        }
    };
    turn(events / 3);
    let mut round = || {
        let start = Instant::now();
        turn(events / 9);
        (events / 9) as f64 / start.elapsed().as_secs_f64()
    };
    let mut speeds: [f64; 9] = std::array::from_fn(|_| round());
    speeds.sort_by(f64::total_cmp);
    speeds[4]
}

fn main() {
    let chosen: Vec<u32> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
    let chosen = if chosen.is_empty() { vec![10_000, 100_000, 1_000_000] } else { chosen };
    println!("{:>9} {:>9} {:>12} {:>12} {:>12}   [10^6 events/s]", "nodes", "delays", "heap", "queue", "look-ahead");
    for nodes in chosen {
        for (name, mix_of_delays) in [("messages", Mix::Messages), ("mixed", Mix::Mixed)] {
            let events = (u64::from(nodes) * 12).max(12_000_000);
            let heap = speed(&mut Heap::default(), mix_of_delays, nodes, events / 4);
            let [plain, ahead] = [false, true].map(|looks_ahead| {
                speed(&mut Wheel { queue: EventQueue::new(), looks_ahead }, mix_of_delays, nodes, events)
            });
            println!("{nodes:>9} {name:>9} {:>12.1} {:>12.1} {:>12.1}", heap / 1e6, plain / 1e6, ahead / 1e6);
        }
    }
}
