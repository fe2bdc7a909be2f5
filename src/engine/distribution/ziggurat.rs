//! The unit exponential by the ziggurat method: a logarithm only once in a hundred draws.
//!
//! Marsaglia and Tsang, "The Ziggurat Method for Generating Random Variables" (J. Stat. Software 5(8), 2000): the
//! density is covered by 256 layers of equal area. A draw picks a layer and a point in it; nearly always the point lies
//! under the density for sure. Layer and point come from different bits of the same draw.

use crate::engine::random::{unit, unit_open};
use rand::Rng;
use std::sync::LazyLock;

/// Number of layers.
const LAYERS: usize = 256;
/// Where the base layer ends and the tail begins, and the area of a layer: the solution for 256 layers.
const TAIL: f64 = 7.697_117_470_131_05;
const AREA: f64 = 0.003_949_659_822_581_557;

/// The right ends of the layers, from the widest to 0, and the density there.
struct Layers {
    ends: [f64; LAYERS + 1],
    densities: [f64; LAYERS + 1],
}

static LAYERS_BY_END: LazyLock<Layers> = LazyLock::new(|| {
    let mut ends = [0.0; LAYERS + 1];
    // The base layer holds the tail too: as a rectangle of the same area it would end here.
    ends[0] = AREA / libm::exp(-TAIL);
    ends[1] = TAIL;
    for layer in 2..LAYERS {
        ends[layer] = -libm::log(AREA / ends[layer - 1] + libm::exp(-ends[layer - 1]));
    }
    Layers { ends, densities: ends.map(|end| libm::exp(-end)) }
});

/// Draws from the exponential law with mean 1.
#[inline]
pub(super) fn exponential(rng: &mut impl Rng) -> f64 {
    let layers = &*LAYERS_BY_END;
    loop {
        let bits = rng.next_u64();
        let layer = (bits & 0xff) as usize;
        let x = (bits >> 12) as f64 * (1.0 / (1u64 << 52) as f64) * layers.ends[layer];
        if x < layers.ends[layer + 1] {
            return x;
        }
        if let Some(x) = at_the_edge(rng, layers, layer, x) {
            return x;
        }
    }
}

/// A point that may lie above the density: accepted if it does not. In the base layer: a draw from the tail.
#[cold]
fn at_the_edge(rng: &mut impl Rng, layers: &Layers, layer: usize, x: f64) -> Option<f64> {
    if layer == 0 {
        return Some(TAIL - libm::log(unit_open(rng)));
    }
    let (low, high) = (layers.densities[layer], layers.densities[layer + 1]);
    (low + (high - low) * unit(rng) < libm::exp(-x)).then_some(x)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_layers_close_at_the_top() {
        let layers = &*LAYERS_BY_END;
        let top = layers.ends[LAYERS - 1];
        // The last layer reaches from its density to 1; its area must be that of the others.
        assert!((top * (1.0 - libm::exp(-top)) - AREA).abs() < 1e-12, "{top}");
        assert!(layers.ends.windows(2).all(|pair| pair[0] > pair[1]));
    }
}
