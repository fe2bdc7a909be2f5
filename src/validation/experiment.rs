//! What an experiment is.

use crate::observe::report::RunReport;

/// What an analysis says of a figure at a value of the parameter.
pub type Analysis = fn(f64) -> f64;

/// An experiment of a paper, with all that is needed to play it.
#[derive(Clone, Copy, Debug)]
pub struct Experiment {
    /// Name, also of its scenario in `scenarios/validation/`.
    pub name: &'static str,
    /// Paper and figure or table.
    pub source: &'static str,
    /// What is looked at.
    pub about: &'static str,
    /// What `x` is.
    pub parameter: &'static str,
    /// The scenario, in TOML.
    pub scenario: &'static str,
    /// Values of `x` that are played if nobody asks for others.
    pub points: &'static [f64],
    /// Values that `x` may have.
    pub range: Range,
    /// The changes to the scenario for a value of `x`, as for `--set`.
    pub settings: fn(f64) -> Vec<String>,
    /// How many runs, each with other random numbers.
    pub replicates: fn(f64) -> u64,
    /// Names of the figures.
    pub metrics: &'static [&'static str],
    /// The figures of one run, in the order of `metrics`; `None` where there was nothing to measure.
    pub measure: fn(f64, &RunReport) -> Vec<Option<f64>>,
    /// What an analysis says, by metric: in place of published numbers. It must lie within the interval of the runs.
    pub analysis: &'static [(&'static str, Analysis)],
    /// Where the numbers are known not to be reproduced, and why.
    pub differences: &'static [Difference],
    /// What else must be known to read the table, in paragraphs: why numbers are shown without being judged, on what
    /// grounds others have their tolerance, which readings of the paper were tried.
    pub remarks: &'static [&'static str],
}

/// Rows whose reference value an honest run does not meet. The row says so, and counts as explained only as long as the
/// reason is seen to hold: the run must meet another reference instead.
#[derive(Clone, Copy, Debug)]
pub struct Difference {
    /// Which figure.
    pub metric: &'static str,
    /// Which values of `x`.
    pub holds: fn(f64) -> bool,
    /// What holds instead of the reference value, within the interval of the runs or `within` of it.
    pub instead: fn(f64) -> f64,
    /// How far from `instead` the measured value may be, as a share of it.
    pub within: f64,
    /// Why, in a sentence or two.
    pub why: &'static str,
}

/// Values that a parameter may have.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range {
    /// Lowest.
    pub low: f64,
    /// Highest.
    pub high: f64,
    /// Whether only whole numbers make sense.
    pub whole: bool,
}

impl Range {
    /// Whole numbers from `low` to `high`.
    pub const fn whole(low: u64, high: u64) -> Self {
        Range { low: low as f64, high: high as f64, whole: true }
    }

    /// Numbers from `low` to `high`.
    pub const fn real(low: f64, high: f64) -> Self {
        Range { low, high, whole: false }
    }

    /// Whether `x` is one of them.
    pub fn contains(&self, x: f64) -> bool {
        (self.low..=self.high).contains(&x) && (!self.whole || x.fract() == 0.0)
    }
}

impl std::fmt::Display for Range {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kind = if self.whole { "a whole number" } else { "a number" };
        write!(f, "{kind} from {} to {}", self.low, self.high)
    }
}
