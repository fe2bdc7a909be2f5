//! Slowness: what makes the way of a message longer than its latency: the lines of some kinds of nodes, links between
//! them, and events.

use super::Link;
use super::rule::{Active, Ends, Packet, Rule, Verdict};
use crate::engine::time::Duration;
use crate::scenario::model::{Kind, LinkEffect};
use rand_chacha::ChaCha8Rng;

/// What is slow.
#[derive(Clone, Debug)]
pub(super) struct Slow {
    /// What each message from or to a node takes longer, by kind; empty where none does.
    by_kind: Vec<Duration>,
    /// What the scenario says of links for the whole run.
    links: Active<(f64, Duration)>,
    longest: Duration,
    /// What events have done to links.
    events: Active<(f64, Duration)>,
}

fn slowness(effect: LinkEffect) -> Option<(f64, Duration)> {
    match effect {
        LinkEffect::Slow { factor, delay } => Some((factor, delay)),
        _ => None,
    }
}

impl Slow {
    pub(super) fn new(kinds: &[Kind], links: &[Link]) -> Self {
        let is_any = kinds.iter().any(|kind| !kind.delay.is_zero());
        let by_kind = if is_any { kinds.iter().map(|kind| kind.delay).collect() } else { Vec::new() };
        let mut slow = Slow { by_kind, links: Active::default(), longest: Duration::ZERO, events: Active::default() };
        links.iter().for_each(|link| slow.links.begin(0, link, slowness));
        slow.longest = all_ends(kinds.len()).map(|ends| slow.constant(ends)).max().unwrap_or_default();
        slow
    }

    /// What does not depend on the message, or on what happens.
    fn constant(&self, ends: Ends) -> Duration {
        let own = |kind: u8| self.by_kind.get(usize::from(kind)).copied().unwrap_or_default();
        self.links.on(ends).fold(own(ends.from) + own(ends.to), |sum, (_, delay)| sum + delay)
    }

    #[cold]
    fn extra(&self, ends: Ends, so_far: Duration) -> Duration {
        let mut delay = so_far + self.constant(ends);
        for (factor, more) in self.events.on(ends) {
            delay = stretched(delay, factor) + more;
        }
        delay - so_far
    }
}

/// All pairs of kinds.
fn all_ends(kinds: usize) -> impl Iterator<Item = Ends> {
    let kinds = kinds as u8;
    (0..kinds).flat_map(move |from| (0..kinds).map(move |to| Ends { from, to }))
}

/// So many times as long, rounded down to whole nanoseconds.
fn stretched(delay: Duration, factor: f64) -> Duration {
    if factor == 1.0 { delay } else { Duration::from_nanos((delay.as_nanos() as f64 * factor) as u64) }
}

impl Rule for Slow {
    fn is_idle(&self) -> bool {
        self.by_kind.is_empty() && self.links.is_empty() && self.events.is_empty()
    }

    #[inline(always)]
    fn travel(&mut self, _packet: &Packet, ends: Ends, so_far: Duration, _random: &mut ChaCha8Rng) -> Verdict {
        Verdict::Delay(self.extra(ends, so_far))
    }

    fn expected(&self, _from: u32, _to: u32, ends: Ends) -> Duration {
        self.constant(ends)
    }

    fn longest_expected(&self) -> Duration {
        self.longest
    }

    fn begin(&mut self, number: usize, link: &Link) {
        self.events.begin(number, link, slowness);
    }

    fn end(&mut self, number: usize) {
        self.events.end(number);
    }

    fn mend(&mut self) {
        self.events.clear();
    }

    fn calm(&mut self) {
        self.mend();
    }
}
