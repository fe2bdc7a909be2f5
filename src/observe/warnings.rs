//! Finds reasons to look twice before trusting a result.

use super::report::{Statistics, Warning};
use super::steadiness;
use crate::engine::distribution::Distribution;
use crate::engine::time::{Duration, Time};
use crate::scenario::{Action, ChurnProcess, Latency, RpcTimeout, Scenario, Start, enough_timeout};

/// Below this many judged lookups a failure rate of a few percent is known to no better than about one.
const FEW_LOOKUPS: u64 = 400;
/// A live population that moves by more than this share during the measurement is not a steady state.
const DRIFT_SHARE: f64 = 0.1;
/// More joining nodes than this share at the end: joins do not keep up.
const JOINING_SHARE: f64 = 0.1;
/// More false timeouts than this share of all requests: the timeout is too short for the latency.
const LATE_SHARE: f64 = 0.01;
/// False timeouts that make up this share of failures or timeouts decide the result.
const FALSE_SHARE: f64 = 0.1;
/// Fewer failures with a false timeout among their requests are chance.
const FEWEST_MISLED: u64 = 3;

/// What a scenario leads one to expect of its measurement.
#[derive(Clone, Debug)]
pub struct Expected {
    warmup: Duration,
    /// A session, if nodes come and go by a law.
    session: Option<Duration>,
    /// Whether something is to happen in the measurement that explains a change: a scheduled event, or joins of a
    /// joining start.
    is_eventful: bool,
    latency: Latency,
    rpc_timeout: RpcTimeout,
}

impl Expected {
    /// Of a scenario.
    pub fn of(scenario: &Scenario) -> Self {
        let measurement = scenario.measurement;
        let begins = Time::ZERO + measurement.warmup;
        let ends = |at: Time, action: &Action| match action {
            Action::Join { over, .. } => at + *over,
            _ => at,
        };
        let is_during =
            scenario.events.iter().any(|event| event.at < measurement.end() && ends(event.at, &event.action) >= begins);
        let nodes = u64::from(scenario.population.nodes);
        let is_joining = match scenario.population.start {
            Start::Joining { join_every } => Time::ZERO + join_every.saturating_mul(nodes.saturating_sub(1)) >= begins,
            Start::Converged => false,
        };
        let is_played = scenario.schedule.is_some();
        let session = match scenario.churn.process {
            _ if is_played => None,
            ChurnProcess::None => None,
            ChurnProcess::OnOff { session, .. } | ChurnProcess::Steady { session } => Some(typical(&session)),
            ChurnProcess::Poisson { departures_every: Duration::MAX, .. } => None,
            // One of all nodes departs in this time.
            ChurnProcess::Poisson { departures_every, .. } => Some(departures_every.saturating_mul(nodes)),
        };
        let (latency, rpc_timeout) = (scenario.network.latency.clone(), scenario.network.rpc_timeout);
        Expected { warmup: measurement.warmup, session, is_eventful: is_during || is_joining, latency, rpc_timeout }
    }

    fn short_warmup(&self) -> Option<Warning> {
        let session = self.session.filter(|session| self.warmup < *session)?;
        Some(Warning::ShortWarmup { warmup: self.warmup, session })
    }

    fn not_steady(&self, windows: &[Statistics]) -> Option<Warning> {
        let drifts = if self.is_eventful { Vec::new() } else { steadiness::drifts(windows) };
        (!drifts.is_empty()).then_some(Warning::NotSteady { drifts })
    }
}

/// The mean session, or the length that nine of ten do not exceed if that is less: a few huge sessions make the mean of
/// a heavy-tailed law, or have it infinite, while the others have long gone by.
fn typical(session: &Distribution) -> Duration {
    Duration::from_secs_f64(session.mean_s()).min(session.nine_of_ten())
}

/// All that applies, in a fixed order. `joining` of `live` nodes were not members at the end.
pub fn find(
    expected: &Expected,
    total: &Statistics,
    windows: &[Statistics],
    died_out: Option<Time>,
    joining: u64,
    live: u64,
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
    let share = total.requests.false_timeout_share().filter(|share| *share > LATE_SHARE);
    warnings.extend(share.map(|share| Warning::LateReplies { share }));
    warnings.extend(false_timeouts(total, || enough_timeout(&expected.latency, expected.rpc_timeout)));
    warnings.extend(expected.not_steady(windows));
    warnings.extend(expected.short_warmup());
    warnings
}

/// Whether NAT stopped answers in the measurement.
pub fn answers_stopped(answers: u64, total: &Statistics) -> Option<Warning> {
    let judged = total.outcomes.lookups() - total.outcomes.aborted;
    (answers > 0).then(|| Warning::AnswersStopped { answers, share: answers as f64 / judged.max(1) as f64 })
}

/// Whether false timeouts decide how many lookups fail.
///
/// Of the failures they explain the share that is in excess of chance: if a share b of the right answers had a false
/// timeout among its requests, and a share a of the failures, (a - b) / (1 - b), unless a is within three standard
/// deviations of b. That leaves out failures for which a false timeout of maintenance laid the ground, so a tenth of
/// all timeouts is enough, too, if they are a tenth as many as the failures: then a tenth of those who are taken for
/// dead live. `enough` tells a timeout that would do.
fn false_timeouts(total: &Statistics, enough: impl FnOnce() -> Option<String>) -> Option<Warning> {
    let failures = total.outcomes.wrong_owner + total.outcomes.failed;
    let of_requests = total.requests.false_timeout_share().filter(|share| *share > 0.0 && failures > 0)?;
    let of_timeouts = total.requests.falsely as f64 / total.requests.timed_out as f64;
    let misled = total.failures_after_false_timeout;
    let of_failures = explained(failures, misled, total);
    let are_enough = total.requests.falsely as f64 >= FALSE_SHARE * failures as f64;
    let are_many = are_enough && of_timeouts >= FALSE_SHARE && total.requests.falsely >= FEWEST_MISLED;
    let is_decisive = of_failures >= FALSE_SHARE || are_many;
    is_decisive.then(|| Warning::FalseTimeouts {
        of_requests,
        of_timeouts,
        of_failures,
        failures,
        misled,
        enough: enough(),
    })
}

/// The share of `failures`, of which `misled` had a false timeout, that false timeouts explain.
fn explained(failures: u64, misled: u64, total: &Statistics) -> f64 {
    let by_chance = total.correct_after_false_timeout as f64 / total.outcomes.correct.max(1) as f64;
    let expected = by_chance * failures as f64;
    let noise = 3.0 * libm::sqrt(expected * (1.0 - by_chance));
    if misled < FEWEST_MISLED || misled as f64 - expected <= noise {
        return 0.0;
    }
    (misled as f64 / failures as f64 - by_chance) / (1.0 - by_chance)
}

#[cfg(test)]
#[path = "warnings_tests.rs"]
mod tests;
