//! Parameters of networks in the field, by name. What a deployment decides by other means than the paper's parameters
//! is put in the terms of this model; each preset says how.

use super::config::{Config, EndsAt, Parallelism};
use crate::engine::distribution::Distribution;
use crate::engine::time::Duration;

/// A named set of parameters.
#[derive(Clone, Copy, Debug)]
pub(super) struct Preset {
    pub name: &'static str,
    pub config: fn() -> Config,
}

const fn minutes(count: u64) -> Duration {
    Duration::from_secs(60 * count)
}

/// All presets; the first is the default. Sources: Maymounkov and Mazieres, IPTPS 2002; BitTorrent's BEP 5;
/// go-libp2p-kad-dht and libp2p's specification of its DHT; eMule's source, Stutzbach and Rejaie (INFOCOM 2006) and
/// Steiner et al. (IMC 2007); Ethereum's Node Discovery v5 as in go-ethereum.
pub(super) const PRESETS: [Preset; 5] = [
    Preset { name: "paper", config: Config::default },
    Preset { name: "mainline", config: mainline },
    Preset { name: "ipfs", config: ipfs },
    Preset { name: "kad", config: kad },
    Preset { name: "discv5", config: discv5 },
];

/// The parameters of a preset.
pub(super) fn find(name: &str) -> Option<Config> {
    PRESETS.iter().find(|preset| preset.name == name).map(|preset| (preset.config)())
}

/// BEP 5: buckets of 8; one that has not changed for 15 minutes is refreshed. A newcomer that finds its bucket full has
/// the contact longest unheard of pinged, and once more before it goes: two failures. BEP 5 gives no number of parallel
/// requests; 3 as in the paper.
fn mainline() -> Config {
    Config {
        k: 8,
        final_step: false,
        answers: 8,
        results: 8,
        upkeep_results: 8,
        replacement_cache: 8,
        ping_oldest: true,
        questionable_after: minutes(15),
        stale_after: Some(2),
        keep_stale: false,
        refresh_after: minutes(15),
        refresh_check_every: Distribution::Fixed(minutes(1)),
        ..Config::default()
    }
}

/// libp2p: 20 contacts a bucket, 10 requests in flight, and an end as soon as the 3 nearest known have answered (its
/// "resiliency", beta). Who does not answer a query goes from the table at once; who finds its bucket full is not kept.
/// Refresh every 10 minutes.
fn ipfs() -> Config {
    Config {
        alpha: 10,
        final_step: false,
        results: 3,
        replacement_cache: 0,
        stale_after: Some(1),
        keep_stale: false,
        refresh_after: minutes(10),
        refresh_check_every: Distribution::Fixed(minutes(1)),
        ..Config::default()
    }
}

/// eMule: 10 contacts a bucket; three requests at first, and each answer sends one to those nearer (loose
/// parallelism), an answer to a search for a place to store having 4 contacts. Nodes within the tolerance zone, which
/// agree with the key in 8 bits, will do. The tree is full for its first levels, which is about three bits a step.
fn kad() -> Config {
    Config {
        k: 10,
        bits_per_level: 3,
        parallelism: Parallelism::Loose,
        final_step: false,
        answers: 4,
        results: 10,
        upkeep_results: 10,
        tolerance_bits: 8,
        replacement_cache: 0,
        stale_after: Some(2),
        keep_stale: false,
        ..Config::default()
    }
}

/// go-ethereum: buckets of 16 with 10 replacements; the last contact of a random bucket is pinged every 10 s or so, and
/// goes if it does not answer; refresh every 30 minutes.
fn discv5() -> Config {
    Config {
        k: 16,
        final_step: false,
        answers: 16,
        results: 16,
        upkeep_results: 16,
        replacement_cache: 10,
        stale_after: Some(1),
        keep_stale: false,
        ping_every: Distribution::Fixed(Duration::from_secs(10)),
        refresh_after: minutes(30),
        refresh_check_every: Distribution::Fixed(minutes(3)),
        ends_at: EndsAt::Closest,
        ..Config::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn presets_have_the_parameters_that_their_networks_are_known_for() {
        let of = |name: &str| find(name).map(|config| (config.k, config.alpha, config.refresh_after));
        assert_eq!(of("paper"), Some((20, 3, minutes(60))));
        assert_eq!(of("mainline"), Some((8, 3, minutes(15))));
        assert_eq!(of("ipfs"), Some((20, 10, minutes(10))));
        assert_eq!(of("kad"), Some((10, 3, minutes(60))));
        assert_eq!(of("discv5"), Some((16, 3, minutes(30))));
        assert!(find("chord").is_none());
    }
}
