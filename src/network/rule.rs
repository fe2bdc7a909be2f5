//! Rules: what can happen to a message between its sender and its receiver. Each rule looks at the message and gives a
//! verdict. Which rules there are, and their order, stands in [`super`].

use super::Place;
use crate::engine::time::{Duration, Time};
use crate::scenario::model::{Kind, KindId, Link, LinkEffect};
use rand_chacha::ChaCha8Rng;

/// A message as the network sees it.
#[derive(Clone, Copy, Debug)]
pub struct Packet {
    /// Host of the sender.
    pub from: u32,
    /// Host that it is addressed to.
    pub to: u32,
    /// When it is sent.
    pub now: Time,
    /// Its size \[B\].
    pub bytes: u32,
    /// Whether the receiver that it is meant for is there.
    pub is_expected: bool,
    /// Whether the receiver may never have heard of the sender: it is no answer to anything.
    pub is_unasked: bool,
}

/// The kinds of both ends.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ends {
    pub(super) from: KindId,
    pub(super) to: KindId,
}

/// What a rule says of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Nothing: ask the next rule.
    Pass,
    /// It takes so much longer; ask the next rule.
    Delay(Duration),
    /// It does not arrive. No other rule is asked.
    Drop(Cause),
}

/// Why a message does not arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// There was no room for it in the queue of its sender's line.
    QueueFull,
    /// Its receiver is gone.
    Gone,
    /// Its receiver is behind NAT and has not asked for it.
    Nat,
    /// A partition stands between sender and receiver.
    Partition,
    /// An event cut that link off.
    Cut,
    /// Chance.
    Loss,
}

/// Something that can happen to messages. A rule keeps what it needs to know of hosts itself. All that is random in it
/// comes from the stream that it is given.
pub(super) trait Rule {
    /// Whether [`Self::leave`] does anything.
    const LEAVES: bool = false;

    /// Whether no message could meet this rule at present, whoever sends it to whom: then it is not asked.
    fn is_idle(&self) -> bool;

    /// A node of kind `kind` now occupies `host`, in place of whoever did before.
    fn place(&mut self, host: u32, place: Place, kind: Option<&Kind>) {
        let _ = (host, place, kind);
    }

    /// A message leaves its sender, who does not know what will become of it.
    #[inline(always)]
    fn leave(&mut self, packet: &Packet, ends: Ends) -> Verdict {
        let _ = (packet, ends);
        Verdict::Pass
    }

    /// A message is on its way, which takes `so_far` as far as rules before this one know.
    #[inline(always)]
    fn travel(&mut self, packet: &Packet, ends: Ends, so_far: Duration, random: &mut ChaCha8Rng) -> Verdict {
        let _ = (packet, ends, so_far, random);
        Verdict::Pass
    }

    /// The mean delay that it gives messages from one host to another while nothing happens.
    fn expected(&self, from: u32, to: u32, ends: Ends) -> Duration {
        let _ = (from, to, ends);
        Duration::ZERO
    }

    /// The longest of those.
    fn longest_expected(&self) -> Duration {
        Duration::ZERO
    }

    /// Something begins to happen between kinds of nodes: `number` is its own.
    fn begin(&mut self, number: usize, link: &Link) {
        let _ = (number, link);
    }

    /// What began under this number is over.
    fn end(&mut self, number: usize) {
        let _ = number;
    }

    /// All that has begun is over.
    fn mend(&mut self) {}

    /// From now on nothing is lost, cut off or slowed by events.
    fn calm(&mut self) {}

    /// Memory of what it knows \[B\].
    fn memory_bytes(&self) -> u64 {
        0
    }
}

/// Links that something happens to at present, by the number of the event.
#[derive(Clone, Debug, Default)]
pub(super) struct Active<T>(Vec<(usize, Link, T)>);

impl<T: Copy> Active<T> {
    /// Adds what `pick` takes from the effect of a link, if it does.
    pub(super) fn begin(&mut self, number: usize, link: &Link, pick: impl Fn(LinkEffect) -> Option<T>) {
        if let Some(effect) = pick(link.effect) {
            self.0.push((number, link.clone(), effect));
        }
    }

    pub(super) fn end(&mut self, number: usize) {
        self.0.retain(|(active, ..)| *active != number);
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What happens to messages between these kinds, in order of beginning.
    pub(super) fn on(&self, ends: Ends) -> impl Iterator<Item = T> {
        self.0.iter().filter(move |(_, link, _)| link.has(ends.from, ends.to)).map(|(_, _, effect)| *effect)
    }
}
