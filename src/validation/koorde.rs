//! Experiments on Koorde: path lengths in ideal networks, for each base. The published numbers are those of
//! independent programs that follow p2psim's rules; one is `scripts/reference/koorde.py`.

use super::experiment::{Experiment, Range};

/// An experiment for a base.
macro_rules! koorde {
    ($name:literal, $file:literal, $base:literal, $pointers:literal, $successors:literal, $about:literal) => {
        Experiment {
            name: $name,
            source: "Kaashoek and Karger, IPTPS 2003, by p2psim's rules",
            about: $about,
            parameter: "number of nodes",
            scenario: include_str!(concat!("../../scenarios/validation/", $file, ".toml")),
            points: &[256.0, 1024.0, 4096.0],
            range: Range::whole(2 + $successors, 65_536),
            settings: |x| {
                vec![
                    concat!("name=\"", $name, "\"").to_owned(),
                    format!("population.nodes={x}"),
                    concat!("protocol.koorde.base=", $base).to_owned(),
                    concat!("protocol.koorde.pointers=", $pointers).to_owned(),
                    concat!("protocol.koorde.successors=", $successors).to_owned(),
                    "protocol.koorde.backups=0".to_owned(),
                ]
            },
            // One ring differs from the next by more than a hop, where there are neither backups nor a list.
            replicates: |x| ((40_000.0 / x) as u64).clamp(4, 40),
            metrics: &["hops_mean"],
            measure: |_, report| vec![report.total.hops.mean],
            analysis: &[],
            differences: &[],
            remarks: &[],
        }
    };
}

/// One successor, as many pointers as the base has digits; one for base 2, as in the paper.
macro_rules! plain {
    ($name:literal, $base:literal, $pointers:literal) => {
        koorde!(
            $name,
            "koorde-2",
            $base,
            $pointers,
            1,
            "path length in an ideal network, one successor, a pointer for each digit"
        )
    };
}

/// p2psim's defaults: 16 pointers and 16 successors.
macro_rules! p2psim {
    ($name:literal, $base:literal) => {
        koorde!(
            $name,
            "koorde-p2psim-2",
            $base,
            16,
            16,
            "path length in an ideal network, 16 successors and 16 pointers (p2psim)"
        )
    };
}

/// Those with published numbers.
pub(super) const KOORDE_2: Experiment = plain!("koorde-2", 2, 1);
pub(super) const KOORDE_P2PSIM_2: Experiment = p2psim!("koorde-p2psim-2", 2);

/// The others of both families, which are played if they are named.
pub(super) const OTHERS: &[Experiment] = &[
    plain!("koorde-4", 4, 4),
    plain!("koorde-8", 8, 8),
    plain!("koorde-16", 16, 16),
    plain!("koorde-32", 32, 32),
    plain!("koorde-64", 64, 64),
    plain!("koorde-128", 128, 128),
    p2psim!("koorde-p2psim-4", 4),
    p2psim!("koorde-p2psim-8", 8),
    p2psim!("koorde-p2psim-16", 16),
    p2psim!("koorde-p2psim-32", 32),
    p2psim!("koorde-p2psim-64", 64),
    p2psim!("koorde-p2psim-128", 128),
    p2psim!("koorde-p2psim-256", 256),
];
