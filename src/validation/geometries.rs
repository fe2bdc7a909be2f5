//! Experiments on geometries: what is left of a ring and of XOR after a share of nodes has crashed, and how long paths
//! are. Path lengths count the destination, as the paper's do: one more than the hops of a run, which end at the node
//! that names it.

use super::experiment::{Difference, Experiment, Range};
use super::geometry::{self, Identifiers, Ring};
use crate::observe::report::RunReport;

const METRICS: &[&str] = &["hops_mean", "failed_share"];

fn measure(_x: f64, report: &RunReport) -> Vec<Option<f64>> {
    vec![report.total.hops.mean.map(|hops| hops + 1.0), report.total.outcomes.failure_rate()]
}

fn crashed(x: f64) -> Vec<String> {
    vec![format!("event.0.crash.fraction={x}")]
}

pub(super) const GUMMADI_RING: Experiment = Experiment {
    name: "gummadi-ring",
    source: "Gummadi et al., SIGCOMM 2003, ring",
    about: "paths between live nodes after a share of 65,536 has crashed; no neighbours in sequence, nothing is \
            repaired; lengths count the destination",
    parameter: "share of nodes that crash",
    scenario: include_str!("../../scenarios/validation/gummadi-ring.toml"),
    points: &[0.0, 0.3],
    range: Range::real(0.0, 0.6),
    settings: crashed,
    replicates: |_| 3,
    metrics: METRICS,
    measure,
    analysis: &[],
    differences: &[
        Difference {
            metric: "hops_mean",
            holds: |x| x == 0.0,
            instead: |x| geometry::ring(Ring::OneSuccessor, Identifiers::Random, x).hops_mean,
            within: 0.01,
            why: "`hops_mean` at 0: Chord's fingers are the first nodes after each 2^i, and a path takes the \
                  predecessor of its destination on its way. `src/validation/geometry.rs` follows these rules \
                  without messages, and the row is held to that. In a ring with a node at each of 2^16 places, \
                  where a node knows its successor and for each i a random node more than 2^i and up to 2^(i+1) \
                  away, and hands on to whoever is nearest, the destination itself included, paths are 7.40 long, \
                  as published; with fingers at 2^i exactly they are 8.0.",
        },
        Difference {
            metric: "failed_share",
            holds: |x| x == 0.3,
            instead: |x| geometry::ring(Ring::OneSuccessor, Identifiers::Random, x).failed_share,
            within: 0.04,
            why: "`failed_share` at 0.3: the paper hands on to any live neighbour that is nearer; Chord names as \
                  owner only a first successor. With no list of successors 30% of the destinations have lost the \
                  one node that would name them, and a node whose successor has crashed cannot carry a query on: \
                  that is the rest. The row is held to a model of just this (`src/validation/geometry.rs`). The \
                  same file has the paper's rule: in the ring of the remark above 4.6% of the paths fail; with \
                  fingers at 2^i exactly it is 7.2%, and 14.9% if identifiers are random too.",
        },
    ],
    remarks: &[],
};

pub(super) const GUMMADI_RING_16: Experiment = Experiment {
    name: "gummadi-ring-16",
    source: "Gummadi et al., SIGCOMM 2003, ring with sequential neighbours",
    about: "the same with 16 successors",
    parameter: "share of nodes that crash",
    scenario: include_str!("../../scenarios/validation/gummadi-ring-16.toml"),
    points: &[0.3],
    range: Range::real(0.0, 0.6),
    settings: crashed,
    replicates: |_| 3,
    metrics: METRICS,
    measure,
    analysis: &[],
    differences: &[],
    remarks: &[],
};

pub(super) const GUMMADI_XOR: Experiment = Experiment {
    name: "gummadi-xor",
    source: "Gummadi et al., SIGCOMM 2003, XOR",
    about: "paths between live nodes after a share of 65,536 has crashed; one contact a subtree, nothing is repaired; \
            lengths count the destination",
    parameter: "share of nodes that crash",
    scenario: include_str!("../../scenarios/validation/gummadi-xor.toml"),
    points: &[0.0, 0.3],
    range: Range::real(0.0, 0.6),
    settings: crashed,
    // Tables take most of the time; lengths hardly differ from run to run.
    replicates: |x| if x > 0.0 { 3 } else { 2 },
    metrics: METRICS,
    measure,
    analysis: &[],
    differences: &[
        Difference {
            metric: "hops_mean",
            holds: |x| x == 0.0,
            instead: |_| geometry::xor_hops(65_536),
            within: 0.01,
            why: "`hops_mean` at 0: a hop puts the first differing bit right and leaves those after it random, so \
                  half of 16 bits need one: 8.0. With random identifiers a recursion over the forks gives 7.95, to \
                  which the row is held. 7.7 would be the mean of 47,000 nodes.",
        },
        Difference {
            metric: "failed_share",
            holds: |x| x == 0.3,
            instead: |x| geometry::xor(Identifiers::Random, x).failed_share,
            within: 0.04,
            why: "`failed_share` at 0.3: of live neighbours that are nearer, which is one subtree for each \
                  differing bit, those of the last few bits decide. `src/validation/geometry.rs` draws just that, \
                  and the row is held to it: 30% of the paths fail, with random identifiers and with all of 2^16 \
                  alike. The published number was read in a digest; 20% is what 23% of crashes would give.",
        },
    ],
    remarks: &[],
};

pub(super) const KADEMLIA_PATHS: Experiment = Experiment {
    name: "kademlia-paths",
    source: "Kademlia with one contact a bucket",
    about: "path length, against a recursion over subtrees; hops as everywhere, up to the node that names the owner",
    parameter: "number of nodes",
    scenario: include_str!("../../scenarios/validation/kademlia-paths.toml"),
    points: &[64.0, 256.0, 1024.0, 4096.0],
    range: Range::whole(2, 65_536),
    settings: |x| vec![format!("population.nodes={x}")],
    // One network differs from the next the more the smaller they are.
    replicates: |x| ((20_000.0 / x) as u64).clamp(4, 40),
    metrics: &["hops_mean"],
    measure: |_, report| vec![report.total.hops.mean],
    // A node that looks for itself takes no hop, all others take one fewer than the path has.
    analysis: &[("hops_mean", |x| geometry::xor_hops(x as usize) - 1.0 + 1.0 / x)],
    differences: &[],
    remarks: &[],
};
