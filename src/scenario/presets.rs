//! Churn laws seen in the field or used by well-known studies, by name (`churn.preset`).

use super::model::ChurnProcess;
use crate::engine::distribution::Distribution;
use crate::engine::time::Duration;

/// A named churn.
#[derive(Clone, Copy, Debug)]
pub struct Preset {
    /// The name in `churn.preset`.
    pub name: &'static str,
    /// Law of sessions.
    pub session: Law,
    /// Law of downtimes. `None`: a steady population, each departure replaced at once by a new node.
    pub downtime: Option<Law>,
    /// Where it comes from.
    pub source: &'static str,
}

/// A law in the units of its source.
#[derive(Clone, Copy, Debug)]
pub enum Law {
    /// Weibull: shape, and scale \[ms\].
    Weibull(f64, u64),
    /// Pareto: shape, and minimum \[ms\].
    Pareto(f64, u64),
    /// Exponential: mean \[ms\].
    Exponential(u64),
    /// Exponential: median \[ms\]; the mean is median / ln 2.
    ExponentialMedian(u64),
}

const SECOND: u64 = 1_000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;

const fn on_off(name: &'static str, session: Law, downtime: Law, source: &'static str) -> Preset {
    Preset { name, session, downtime: Some(downtime), source }
}

const fn steady(name: &'static str, session: Law, source: &'static str) -> Preset {
    Preset { name, session, downtime: None, source }
}

/// Fits to traces of the Failure Trace Archive.
const JAVADI: &str = "Javadi et al., The Failure Trace Archive, JPDC 2013";
const STUTZBACH: &str = "Stutzbach and Rejaie, Understanding churn in peer-to-peer networks, IMC 2006";
/// Departures are Poisson with rate N ln 2 / median session over the whole network, each replaced by an arrival.
const RHEA: &str = "Rhea et al., Handling churn in a DHT, USENIX 2004";

/// All presets. Times in hours with two decimals are given in milliseconds, exactly.
pub const PRESETS: [Preset; 19] = [
    on_off("overnet2003", Law::Weibull(0.85, 204 * HOUR / 100), Law::Weibull(0.44, 298 * HOUR / 100), JAVADI),
    on_off("skype2006", Law::Weibull(0.64, 1_086 * HOUR / 100), Law::Weibull(0.63, 948 * HOUR / 100), JAVADI),
    on_off("microsoft1999", Law::Weibull(0.55, 3_530 * HOUR / 100), Law::Weibull(0.60, 934 * HOUR / 100), JAVADI),
    on_off("planetlab2005", Law::Weibull(0.33, 1_935 * HOUR / 100), Law::Weibull(0.36, 559 * HOUR / 100), JAVADI),
    on_off("websites2002", Law::Weibull(0.46, 368 * HOUR / 100), Law::Weibull(0.65, 61 * HOUR / 100), JAVADI),
    steady("bittorrent-redhat", Law::Weibull(0.34, 213 * MINUTE / 10), STUTZBACH),
    steady("bittorrent-debian", Law::Weibull(0.38, 424 * MINUTE / 10), STUTZBACH),
    steady("bittorrent-flatout", Law::Weibull(0.59, 419 * MINUTE / 10), STUTZBACH),
    steady(
        "kad",
        Law::Weibull(0.5, 5_000 * SECOND),
        "Heep, R/Kademlia: recursive and topology-aware overlay routing, 2010",
    ),
    // Median 1 h. The mean is infinite: it cannot start in equilibrium.
    steady(
        "accordion",
        Law::Pareto(1.0, 1_800 * SECOND),
        "Li et al., Bandwidth-efficient management of DHT routing tables, NSDI 2005",
    ),
    // The experiments that p2psim ships; they look up a key per node every 600 s.
    on_off("p2psim", Law::Exponential(HOUR), Law::Exponential(HOUR), "p2psim, shipped experiments"),
    steady("bamboo-1.4m", Law::ExponentialMedian(14 * MINUTE / 10), RHEA),
    steady("bamboo-2.8m", Law::ExponentialMedian(28 * MINUTE / 10), RHEA),
    steady("bamboo-5.8m", Law::ExponentialMedian(58 * MINUTE / 10), RHEA),
    steady("bamboo-12m", Law::ExponentialMedian(12 * MINUTE), RHEA),
    steady("bamboo-23m", Law::ExponentialMedian(23 * MINUTE), RHEA),
    steady("bamboo-47m", Law::ExponentialMedian(47 * MINUTE), RHEA),
    steady("bamboo-94m", Law::ExponentialMedian(94 * MINUTE), RHEA),
    steady("bamboo-187m", Law::ExponentialMedian(187 * MINUTE), RHEA),
];

impl Law {
    fn distribution(self) -> Distribution {
        match self {
            Law::Weibull(shape, scale) => Distribution::Weibull { shape, scale: Duration::from_millis(scale) },
            Law::Pareto(shape, minimum) => Distribution::Pareto { shape, minimum: Duration::from_millis(minimum) },
            Law::Exponential(mean) => Distribution::Exponential { mean: Duration::from_millis(mean) },
            Law::ExponentialMedian(median) => {
                let mean_s = Duration::from_millis(median).as_secs_f64() / std::f64::consts::LN_2;
                Distribution::Exponential { mean: Duration::from_secs_f64(mean_s) }
            }
        }
    }
}

/// The churn of a preset, if there is one of that name.
pub fn process(name: &str) -> Option<ChurnProcess> {
    let preset = PRESETS.iter().find(|preset| preset.name == name)?;
    let session = preset.session.distribution();
    Some(match preset.downtime {
        Some(downtime) => ChurnProcess::OnOff { session, downtime: downtime.distribution() },
        None => ChurnProcess::Steady { session },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn presets_have_the_published_parameters() {
        let hours = |hundredths: u64| Duration::from_secs(hundredths * 36);
        assert_eq!(
            process("overnet2003"),
            Some(ChurnProcess::OnOff {
                session: Distribution::Weibull { shape: 0.85, scale: hours(204) },
                downtime: Distribution::Weibull { shape: 0.44, scale: hours(298) },
            })
        );
        assert_eq!(
            process("bittorrent-redhat"),
            Some(ChurnProcess::Steady {
                session: Distribution::Weibull { shape: 0.34, scale: Duration::from_secs(1_278) }
            })
        );
        assert_eq!(process("nonesuch"), None);
    }

    #[test]
    fn bamboo_is_named_after_its_median_session() {
        for (name, median_min) in [("bamboo-1.4m", 1.4), ("bamboo-47m", 47.0), ("bamboo-187m", 187.0)] {
            let Some(ChurnProcess::Steady { session: Distribution::Exponential { mean } }) = process(name) else {
                panic!("{name}")
            };
            assert!((mean.as_secs_f64() * libm::log(2.0) / 60.0 - median_min).abs() < 1e-9, "{name}");
        }
    }

    #[test]
    fn names_are_unique() {
        for (index, preset) in PRESETS.iter().enumerate() {
            assert!(PRESETS[index + 1..].iter().all(|other| other.name != preset.name), "{}", preset.name);
        }
    }
}
