//! The queue against a naive model, and its promises about order and memory.

use super::*;
use crate::engine::random::mix;
use proptest::prelude::*;
use std::collections::{BTreeMap, VecDeque};

/// What a test does to the queue and to the model alike. Delays count from the last event taken \[ns\].
#[derive(Clone, Copy, Debug)]
enum Step {
    Push(u64),
    TakeTicket,
    /// Use the oldest ticket that was taken and not used.
    PushWith(u64),
    Pop(u8),
}

/// Delays of every scale that the levels of the queue treat apart, and many equal ones.
fn delay() -> impl Strategy<Value = u64> {
    prop_oneof![
        4 => Just(0),
        2 => 0u64..4,
        2 => 0..1u64 << BUCKET_BITS,
        4 => (0u64..300).prop_map(|millis| millis * 1_000_000),
        2 => 0..1u64 << FAR_BITS,
        2 => Just(30_000_000_000),
        2 => 0..1u64 << ERA_BITS,
        1 => (0..8u64).prop_map(|eras| eras << ERA_BITS),
        1 => (0..6u64).prop_map(|days| days * 86_400_000_000_000),
        1 => Just(u64::MAX),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        5 => delay().prop_map(Step::Push),
        1 => Just(Step::TakeTicket),
        1 => delay().prop_map(Step::PushWith),
        3 => (1u8..6).prop_map(Step::Pop),
    ]
}

/// The obvious queue.
#[derive(Default)]
struct Model {
    waiting: BTreeMap<(u64, Ticket), u32>,
    now: u64,
}

impl Model {
    fn pop(&mut self) -> Option<(Time, u32)> {
        let ((time, _), event) = self.waiting.pop_first()?;
        self.now = time;
        Some((Time::from_nanos(time), event))
    }

    fn peek_time(&self) -> Option<Time> {
        self.waiting.first_key_value().map(|((time, _), _)| Time::from_nanos(*time))
    }
}

/// Plays the steps on both, compares after each, and drains both at the end.
fn play(start: u64, steps: &[Step]) {
    let (mut queue, mut model) = (EventQueue::new(), Model::default());
    let mut tickets = VecDeque::new();
    let mut event = 0;
    let mut push = |queue: &mut EventQueue<u32>, model: &mut Model, ticket: Option<Ticket>, delay: u64| {
        let time = model.now.max(start).saturating_add(delay);
        match ticket {
            Some(ticket) => {
                queue.push_with(ticket, Time::from_nanos(time), event);
                model.waiting.insert((time, ticket), event);
            }
            None => {
                // The model learns the order from the sequence number that the next ticket would have had.
                let ticket = Ticket(queue.next_sequence);
                queue.push(Time::from_nanos(time), event);
                model.waiting.insert((time, ticket), event);
            }
        }
        event += 1;
    };
    for step in steps {
        match *step {
            Step::Push(delay) => push(&mut queue, &mut model, None, delay),
            Step::TakeTicket => tickets.push_back(queue.ticket()),
            Step::PushWith(delay) => {
                if let Some(ticket) = tickets.pop_front() {
                    push(&mut queue, &mut model, Some(ticket), delay);
                }
            }
            Step::Pop(times) => {
                for _ in 0..times {
                    assert_eq!(queue.peek_time(), model.peek_time());
                    assert_eq!(queue.pop(), model.pop());
                }
            }
        }
        assert_eq!(queue.peek_time(), model.peek_time());
        assert_eq!(queue.peek(), model.waiting.first_key_value().map(|(_, event)| *event));
        assert_eq!(queue.len(), model.waiting.len());
        assert_eq!(queue.is_empty(), model.waiting.is_empty());
    }
    let mut waiting: Vec<(u64, u32)> = queue.waiting().map(|(time, event)| (time.as_nanos(), event)).collect();
    let mut expected: Vec<(u64, u32)> = model.waiting.iter().map(|((time, _), event)| (*time, *event)).collect();
    waiting.sort_unstable();
    expected.sort_unstable();
    assert_eq!(waiting, expected);
    while let Some(expected) = model.pop() {
        assert_eq!(queue.pop(), Some(expected));
    }
    assert_eq!(queue.pop(), None);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn the_queue_pops_like_the_naive_model(steps in prop::collection::vec(step(), 0..400)) {
        play(0, &steps);
    }

    #[test]
    fn the_queue_pops_like_the_naive_model_up_to_the_end_of_time(
        steps in prop::collection::vec(step(), 0..100),
        before_the_end in delay(),
    ) {
        play(u64::MAX - before_the_end, &steps);
    }
}

#[test]
fn equal_times_fire_in_the_order_of_scheduling() {
    // Enough for many blocks; scheduled into a far bucket, a near one, and the one that is being taken from.
    let instant = Time::from_nanos(10 << FAR_BITS | 77 << BUCKET_BITS | 5);
    let mut queue = EventQueue::new();
    (0..1000).for_each(|event| queue.push(instant, event));
    queue.push(Time::from_nanos(10 << FAR_BITS | 3), u32::MAX);
    assert_eq!(queue.pop().map(|(_, event)| event), Some(u32::MAX));
    (1000..2000).for_each(|event| queue.push(instant, event));
    for expected in 0..3000 {
        assert_eq!(queue.pop(), Some((instant, expected)));
        if expected < 1000 {
            queue.push(instant, 2000 + expected);
        }
    }
    assert!(queue.is_empty());
}

#[test]
fn a_ticket_keeps_its_place_wherever_the_event_lands() {
    for instant in [0, 1, 1 << BUCKET_BITS, 3 << FAR_BITS, 5 << ERA_BITS, u64::MAX] {
        let instant = Time::from_nanos(instant);
        let mut queue = EventQueue::new();
        queue.push(instant, 'a');
        let (second, third) = (queue.ticket(), queue.ticket());
        queue.push(instant, 'd');
        queue.push_with(third, instant, 'c');
        assert_eq!(queue.pop(), Some((instant, 'a')));
        // The bucket is being taken from by now.
        queue.push_with(second, instant, 'b');
        let rest: String = std::iter::from_fn(|| queue.pop()).map(|(_, event)| event).collect();
        assert_eq!(rest, "bcd", "at {instant}");
    }
}

#[test]
fn looking_at_the_next_time_does_not_forbid_earlier_events() {
    // The next event is far away, and an event from elsewhere schedules something before it.
    let mut queue = EventQueue::new();
    queue.push(Time::from_nanos(7 << ERA_BITS), 'z');
    for (time, event) in [(3 << ERA_BITS, 'c'), (9 << FAR_BITS, 'b'), (4, 'a')] {
        assert!(queue.peek_time() > Some(Time::from_nanos(time)));
        queue.push(Time::from_nanos(time), event);
        assert_eq!(queue.peek_time(), Some(Time::from_nanos(time)));
    }
    let order: String = std::iter::from_fn(|| queue.pop()).map(|(_, event)| event).collect();
    assert_eq!(order, "abcz");
}

#[test]
fn look_ahead_names_the_events_to_come() {
    let mut queue = EventQueue::new();
    assert_eq!(queue.look_ahead(0), None);
    // Not in the bucket that the queue begins with, which is never sorted.
    (0..10).for_each(|event| queue.push(Time::from_nanos(10_000_100 - event), event));
    queue.pop();
    for ahead in 0..9 {
        assert_eq!(queue.look_ahead(ahead), Some(&(8 - ahead as u64)));
    }
    assert_eq!(queue.look_ahead(9), None);
}

/// Takes and schedules `count` events with delays from nothing to ten seconds.
fn hold(queue: &mut EventQueue<u64>, count: u64) {
    for _ in 0..count {
        let (time, event) = queue.pop().expect("every event taken is replaced");
        let event = mix(event.wrapping_add(0x9e37_79b9_7f4a_7c15));
        let delay = if event.is_multiple_of(4) { (event >> 8) % 10_000_000_000 } else { (event >> 8) % 150_000_000 };
        queue.push(time + crate::engine::time::Duration::from_nanos(delay), event);
    }
}

#[test]
fn memory_stays_flat_however_long_a_run_goes_on() {
    let mut queue = EventQueue::new();
    (0..2_000).for_each(|event| queue.push(Time::ZERO, event));
    hold(&mut queue, 200_000);
    let (blocks, current) = (queue.blocks.count(), queue.current.capacity());
    hold(&mut queue, 2_000_000);
    assert_eq!(queue.len(), 2_000);
    // The number of blocks in use goes up and down with how events fall into buckets.
    assert!(queue.blocks.count() <= blocks + blocks / 10, "{} blocks after {blocks}", queue.blocks.count());
    assert!(queue.current.capacity() <= current.max(4096));
}

#[test]
fn a_drained_queue_has_given_all_blocks_back() {
    let mut queue = EventQueue::new();
    (0..10_000u64).for_each(|event| queue.push(Time::from_nanos(mix(event) >> 24), event));
    while queue.pop().is_some() {}
    let blocks = queue.blocks.count();
    (0..10_000u64).for_each(|event| queue.push(queue_end(&queue, event), event));
    assert!(queue.blocks.count() <= blocks + 2, "{} blocks after {blocks}", queue.blocks.count());

    /// A time after the last event taken, spread as before.
    fn queue_end(queue: &EventQueue<u64>, event: u64) -> Time {
        Time::from_nanos(queue.now + (mix(event) >> 24))
    }
}

#[test]
#[cfg(debug_assertions)]
#[should_panic(expected = "in the past")]
fn scheduling_in_the_past_is_caught_in_debug_builds() {
    let mut queue = EventQueue::new();
    queue.push(Time::from_nanos(10), ());
    queue.pop();
    queue.push(Time::from_nanos(9), ());
}

#[test]
#[cfg(not(debug_assertions))]
fn scheduling_in_the_past_fires_at_once_in_release_builds() {
    let mut queue = EventQueue::new();
    queue.push(Time::from_nanos(10 << FAR_BITS), 'a');
    queue.push(Time::from_nanos(11 << FAR_BITS), 'c');
    queue.pop();
    queue.push(Time::from_nanos(9), 'b');
    assert_eq!(queue.pop(), Some((Time::from_nanos(10 << FAR_BITS), 'b')));
    assert_eq!(queue.pop(), Some((Time::from_nanos(11 << FAR_BITS), 'c')));
}

#[test]
fn an_entry_of_a_16_byte_event_has_32_bytes() {
    assert_eq!(size_of::<Entry<[u64; 2]>>(), 32);
}
