//! One-way delays: the latency models of a scenario, with the place of each host where a model needs it.

use super::rule::{Ends, Packet, Rule, Verdict};
use super::{DRAW_COORDINATES, DRAW_ROW, FIRST_DRAW_ORDER, Place, put};
use crate::engine::distribution::Distribution;
use crate::engine::memory::allocated_bytes;
use crate::engine::time::Duration;
use crate::scenario::model::{Kind, Latency, LatencyMatrix};
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use std::sync::Arc;

/// A latency model at work.
#[derive(Clone, Debug)]
pub(super) enum Delays {
    /// The same for every message: nothing to draw.
    Constant(Duration),
    /// Drawn anew for every message.
    Drawn { law: Distribution, mean: Duration },
    /// `base` plus the distance of the two points.
    Euclidean {
        /// Coordinates of each host, in units of 2^-32 of the side.
        points: Vec<[u32; 2]>,
        base: Duration,
        /// Length of one unit of the coordinates \[ns\].
        unit_ns: f64,
    },
    /// Entry of a matrix.
    Matrix {
        /// Row and column of each host.
        rows: Vec<u32>,
        /// Where hosts are dealt out one by one: all rows, in random order. Empty where nodes fall on them at random.
        order: Vec<u32>,
        matrix: Arc<LatencyMatrix>,
    },
}

impl Delays {
    pub(super) fn new(latency: &Latency, salt: u64) -> Self {
        match latency {
            Latency::Drawn(Distribution::Fixed(delay)) => Delays::Constant(*delay),
            Latency::Drawn(law) => Delays::Drawn { law: *law, mean: Duration::from_secs_f64(law.mean_s()) },
            Latency::Euclidean { side, base } => Delays::Euclidean {
                points: Vec::new(),
                base: *base,
                unit_ns: side.as_nanos() as f64 / (1u64 << 32) as f64,
            },
            Latency::Matrix(matrix) => {
                let order = if matrix.one_node_per_host { shuffled(matrix.hosts, salt) } else { Vec::new() };
                Delays::Matrix { rows: Vec::new(), order, matrix: Arc::clone(matrix) }
            }
        }
    }

    /// Delay of one message.
    #[inline]
    fn draw(&self, from: u32, to: u32, rng: &mut impl Rng) -> Duration {
        match self {
            Delays::Drawn { law, .. } => law.sample(rng),
            _ => self.between(from, to),
        }
    }

    /// Mean delay of a message between two different hosts.
    #[inline]
    fn between(&self, from: u32, to: u32) -> Duration {
        match self {
            Delays::Constant(delay) => *delay,
            Delays::Drawn { mean, .. } => *mean,
            Delays::Euclidean { points, base, unit_ns } => {
                *base + distance(points[from as usize], points[to as usize], *unit_ns)
            }
            Delays::Matrix { rows, matrix, .. } => {
                let (row, column) = (rows[from as usize] as usize, rows[to as usize] as usize);
                matrix.one_way[row * matrix.hosts as usize + column]
            }
        }
    }
}

impl Rule for Delays {
    fn is_idle(&self) -> bool {
        false
    }

    /// Gives `host` the place of a node.
    fn place(&mut self, host: u32, place: Place, _kind: Option<&Kind>) {
        match self {
            Delays::Constant(_) | Delays::Drawn { .. } => {}
            Delays::Euclidean { points, .. } => {
                let bits = place.draw(DRAW_COORDINATES);
                put(points, host, [(bits >> 32) as u32, bits as u32]);
            }
            Delays::Matrix { rows, order, .. } if !order.is_empty() => {
                put(rows, host, order[host as usize % order.len()]);
            }
            Delays::Matrix { rows, matrix, .. } => {
                // The high bits of 32 random bits times the number of hosts: uniform to 1 in 2^32 / hosts.
                let row = ((place.draw(DRAW_ROW) >> 32) * u64::from(matrix.hosts)) >> 32;
                put(rows, host, row as u32);
            }
        }
    }

    #[inline(always)]
    fn travel(&mut self, packet: &Packet, _ends: Ends, _so_far: Duration, random: &mut ChaCha8Rng) -> Verdict {
        Verdict::Delay(self.draw(packet.from, packet.to, random))
    }

    fn expected(&self, from: u32, to: u32, _ends: Ends) -> Duration {
        self.between(from, to)
    }

    /// Mean delay between the two hosts for which it is longest, wherever they sit.
    fn longest_expected(&self) -> Duration {
        match self {
            Delays::Constant(delay) => *delay,
            Delays::Drawn { mean, .. } => *mean,
            Delays::Euclidean { base, unit_ns, .. } => *base + distance([0, 0], [u32::MAX, u32::MAX], *unit_ns),
            Delays::Matrix { matrix, .. } => matrix.one_way.iter().copied().max().unwrap_or_default(),
        }
    }

    /// Memory of the hosts' places, and of the matrix \[B\].
    fn memory_bytes(&self) -> u64 {
        match self {
            Delays::Constant(_) | Delays::Drawn { .. } => 0,
            Delays::Euclidean { points, .. } => allocated_bytes(points),
            Delays::Matrix { rows, order, matrix } => {
                allocated_bytes(rows) + allocated_bytes(order) + size_of_val(&matrix.one_way[..]) as u64
            }
        }
    }
}

/// The numbers below `count` in an order that depends on `salt` alone.
fn shuffled(count: u32, salt: u64) -> Vec<u32> {
    let mut order: Vec<u32> = (0..count).collect();
    order.sort_by_cached_key(|number| Place(salt).draw(FIRST_DRAW_ORDER + u64::from(*number)));
    order
}

/// Euclidean distance of two points, rounded down to whole nanoseconds. Every operation on floats here is exactly
/// rounded, so the result is the same on every platform.
fn distance(a: [u32; 2], b: [u32; 2], unit_ns: f64) -> Duration {
    let [width, height] = [0, 1].map(|axis| f64::from(a[axis]) - f64::from(b[axis]));
    Duration::from_nanos((libm::sqrt(width * width + height * height) * unit_ns) as u64)
}
