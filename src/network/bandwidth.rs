//! Bandwidth: the line of a node carries so many bytes a second. What a node sends waits until what it has sent before
//! is on the line, and is dropped if too much waits already; what it gets takes its time on the line, too.
//!
//! As in OverSim's SimpleUnderlay (Baumgart, Heep and Krause, 2007) only senders have a queue: messages that come to a
//! node from several others at the same time do not wait for each other.

use super::rule::{Cause, Ends, Packet, Rule, Verdict};
use super::{Place, put};
use crate::engine::memory::allocated_bytes;
use crate::engine::time::{Duration, Time};
use crate::scenario::model::{self, Kind};

/// The lines of nodes.
#[derive(Clone, Debug)]
pub(super) struct Bandwidth {
    /// Lines by kind, the only one where nodes do not differ; empty where no line has a limit.
    lines: Vec<Option<model::Bandwidth>>,
    /// When the line of each host will have sent everything that waits.
    free_at: Vec<Time>,
}

impl Bandwidth {
    pub(super) fn new(all: Option<model::Bandwidth>, kinds: &[Kind]) -> Self {
        let lines: Vec<_> = match kinds {
            [] => vec![all],
            kinds => kinds.iter().map(|kind| kind.bandwidth.or(all)).collect(),
        };
        let is_limited = lines.iter().any(Option::is_some);
        Bandwidth { lines: if is_limited { lines } else { Vec::new() }, free_at: Vec::new() }
    }

    /// Whether a line has a limit.
    pub(super) fn is_limited(&self) -> bool {
        !self.lines.is_empty()
    }

    /// Puts a message into the queue of its sender. The time until it is on the line, and then off it at its receiver.
    fn send(&mut self, packet: &Packet, ends: Ends) -> Verdict {
        let mut time = Duration::ZERO;
        if let Some(line) = self.lines[usize::from(ends.from)] {
            let free_at = &mut self.free_at[packet.from as usize];
            let sent_at = (*free_at).max(packet.now) + on_line(packet.bytes.into(), line.up_bytes_per_s);
            time = sent_at.since(packet.now);
            if time > on_line(line.queue_bytes, line.up_bytes_per_s) {
                return Verdict::Drop(Cause::QueueFull);
            }
            *free_at = sent_at;
        }
        if let Some(line) = self.lines[usize::from(ends.to)] {
            time = time + on_line(packet.bytes.into(), line.down_bytes_per_s);
        }
        Verdict::Delay(time)
    }
}

/// How long so many bytes take, rounded up to whole nanoseconds.
fn on_line(bytes: u64, bytes_per_s: u64) -> Duration {
    let nanos = (u128::from(bytes) * 1_000_000_000).div_ceil(u128::from(bytes_per_s));
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

impl Rule for Bandwidth {
    const LEAVES: bool = true;

    fn is_idle(&self) -> bool {
        !self.is_limited()
    }

    fn place(&mut self, host: u32, _place: Place, _kind: Option<&Kind>) {
        if self.is_limited() {
            put(&mut self.free_at, host, Time::ZERO);
        }
    }

    #[inline(always)]
    fn leave(&mut self, packet: &Packet, ends: Ends) -> Verdict {
        self.send(packet, ends)
    }

    fn memory_bytes(&self) -> u64 {
        allocated_bytes(&self.free_at)
    }
}
