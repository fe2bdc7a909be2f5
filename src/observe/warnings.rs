//! Finds reasons to look twice before trusting a result.

use super::report::{Statistics, Warning};
use crate::engine::time::Time;

/// Below this many judged lookups a failure rate of a few percent is known to no better than about one.
const FEW_LOOKUPS: u64 = 400;
/// A live population that moves by more than this share during the measurement is not a steady state.
const DRIFT_SHARE: f64 = 0.1;
/// More joining nodes than this share at the end: joins do not keep up.
const JOINING_SHARE: f64 = 0.1;
/// More late replies than this share of all requests: the timeout is too short for the latency.
const LATE_SHARE: f64 = 0.01;

/// All that applies, in a fixed order. `joining` of `live` nodes were not members at the end; `late_share` of all
/// requests had their reply after the timeout.
pub fn find(
    total: &Statistics,
    windows: &[Statistics],
    died_out: Option<Time>,
    joining: u64,
    live: u64,
    late_share: f64,
) -> Vec<Warning> {
    let judged = total.outcomes.lookups() - total.outcomes.aborted;
    let mut warnings = Vec::new();
    match judged {
        0 => warnings.push(Warning::NoLookups),
        1..FEW_LOOKUPS => warnings.push(Warning::FewLookups { judged }),
        _ => {}
    }
    if let [first, .., last] = windows {
        let (first, last) = (first.live_nodes_mean, last.live_nodes_mean);
        if (last - first).abs() > DRIFT_SHARE * first.max(last) {
            warnings.push(Warning::PopulationDrifts { first, last });
        }
    }
    if joining as f64 > JOINING_SHARE * live as f64 {
        warnings.push(Warning::JoinsIncomplete { joining, live });
    }
    warnings.extend(died_out.map(|at| Warning::DiedOut { at }));
    if late_share > LATE_SHARE {
        warnings.push(Warning::LateReplies { share: late_share });
    }
    warnings
}
