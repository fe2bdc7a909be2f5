//! What the warnings of a run say, and what to do about them.

use super::human::{figure as number, grouped, percent, span};
use crate::engine::time::Time;
use crate::observe::report::{Drift, Warning};
use std::fmt;

impl Warning {
    /// A short name for programs to recognise: `few_lookups`.
    pub fn kind(&self) -> &'static str {
        match self {
            Warning::NoLookups => "no_lookups",
            Warning::FewLookups { .. } => "few_lookups",
            Warning::PopulationDrifts { .. } => "population_drifts",
            Warning::JoinsIncomplete { .. } => "joins_incomplete",
            Warning::DiedOut { .. } => "died_out",
            Warning::LateReplies { .. } => "late_replies",
            Warning::FalseTimeouts { .. } => "false_timeouts",
            Warning::AnswersStopped { .. } => "answers_stopped",
            Warning::NotSteady { .. } => "not_steady",
            Warning::ShortWarmup { .. } => "short_warmup",
        }
    }
}

/// One sentence: what was seen, what it means for the result, and what to do.
impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Warning::NoLookups => f.write_str(
                "no lookup ended in the measurement window, so there are no hops, latencies and failure rates: set \
                 workload.lookups_every, or measure longer",
            ),
            Warning::FewLookups { judged } => write!(
                f,
                "only {} lookups were judged, so one more failure moves the failure rate by {}: measure longer, or \
                 look up more often",
                grouped(judged),
                percent(1.0 / judged.max(1) as f64),
            ),
            Warning::PopulationDrifts { first, last } => write!(
                f,
                "the live population went from {} in the first window to {} in the last, so means over the \
                 measurement mix networks of different sizes: read timeseries.csv instead, or warm up longer",
                grouped(first.round() as u64),
                grouped(last.round() as u64),
            ),
            Warning::JoinsIncomplete { joining, live } => write!(
                f,
                "{} of {} live nodes had not completed their join at the end, and nodes that join neither own keys \
                 nor start lookups: warm up longer, or let them join more slowly",
                grouped(joining),
                grouped(live),
            ),
            Warning::DiedOut { at } => write!(
                f,
                "no node was alive at {}, and a network that died out does not come back as it was: use more nodes, \
                 longer sessions, or population.permanent",
                span(at.since(Time::ZERO)),
            ),
            Warning::LateReplies { share } => write!(
                f,
                "{} of all requests timed out before the reply of a live node could come, so live nodes were taken for \
                 dead: raise network.rpc_timeout, unless this is what you study",
                percent(share),
            ),
            Warning::FalseTimeouts { of_requests, of_timeouts, of_failures, failures, misled, ref enough } => {
                write!(
                    f,
                    "false timeouts are {} of all timeouts ({} of all requests): live nodes whose reply was late were \
                     taken for dead. ",
                    percent(of_timeouts),
                    percent(of_requests),
                )?;
                write!(f, "{} of {} failed lookups had one themselves", grouped(misled), grouped(failures))?;
                if of_failures > 0.0 {
                    write!(f, ", which explains {} of the failures", percent(of_failures))?;
                }
                f.write_str("; how many come from live neighbours that upkeep dropped is not counted: ")?;
                match enough {
                    Some(enough) => write!(
                        f,
                        "raise network.rpc_timeout to {enough}, which fewer than one in a million round trips between \
                         random nodes exceeds, and compare",
                    )?,
                    None => f.write_str("raise network.rpc_timeout and compare")?,
                }
                f.write_str(", unless this is what you study")
            }
            Warning::AnswersStopped { answers, share } => write!(
                f,
                "NAT stopped {} answers ({} of the lookups judged), which came from nodes that the initiator had not \
                 asked itself: use the routing `iterative` (or, in Chord, `recursive`), where answers come back on the \
                 way of the question",
                grouped(answers),
                percent(share),
            ),
            Warning::NotSteady { ref drifts } => {
                f.write_str("this is no steady state: from the first third of the measurement to the last ")?;
                for (place, Drift { figure, first, last }) in drifts.iter().enumerate() {
                    let comma = if place > 0 { ", " } else { "" };
                    write!(f, "{comma}{figure} went from {} to {}", number(*first), number(*last))?;
                }
                f.write_str(", so means depend on when it was measured: warm up longer, or read timeseries.csv")
            }
            Warning::ShortWarmup { warmup, session } => write!(
                f,
                "the warm-up ({}) is shorter than a session ({}), so most nodes that are measured were put there at \
                 the start, with the tables of the start: raise measurement.warmup",
                span(warmup),
                span(session),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::time::Duration;
    use std::collections::BTreeSet;

    fn false_timeouts(of_failures: f64, enough: Option<String>) -> Warning {
        let (of_requests, of_timeouts) = (0.0005, 0.013);
        Warning::FalseTimeouts { of_requests, of_timeouts, of_failures, failures: 4_000, misled: 1_300, enough }
    }

    #[test]
    fn every_warning_has_a_kind_of_its_own_and_says_what_to_do() {
        let all = [
            Warning::NoLookups,
            Warning::FewLookups { judged: 40 },
            Warning::PopulationDrifts { first: 10_000.0, last: 5_012.4 },
            Warning::JoinsIncomplete { joining: 12, live: 1_000 },
            Warning::DiedOut { at: Time::from_nanos(90_000_000_000) },
            Warning::LateReplies { share: 0.012 },
            false_timeouts(0.31, Some("1s".to_owned())),
            Warning::NotSteady { drifts: vec![Drift { figure: "latency_ms_mean", first: 1_612.0, last: 1_874.0 }] },
            Warning::ShortWarmup { warmup: Duration::from_secs(60), session: Duration::from_secs(1_200) },
            Warning::AnswersStopped { answers: 3542, share: 0.2957 },
        ];
        let unknown = false_timeouts(0.0, None);
        assert!(!unknown.to_string().contains("explain"), "{unknown}");
        assert!(unknown.to_string().contains(": raise network.rpc_timeout and compare, unless"), "{unknown}");
        let words =
            ["1,300 of 4,000 failed lookups had one themselves, which explains 31.0% of the failures", "to 1s,"];
        words.iter().for_each(|words| assert!(all[6].to_string().contains(words), "{}", all[6]));
        assert_eq!(all.iter().map(Warning::kind).collect::<BTreeSet<_>>().len(), all.len());
        for warning in &all {
            let text = warning.to_string();
            let (seen, advice) = text.rsplit_once(": ").expect("what was seen, then advice");
            assert!(!seen.is_empty() && !advice.is_empty());
        }
        assert!(
            all[1]
                .to_string()
                .starts_with("only 40 lookups were judged, so one more failure moves the failure rate by 2.50%")
        );
        assert!(all[2].to_string().contains("from 10,000 in the first window to 5,012 in the last"));
        assert!(all[4].to_string().starts_with("no node was alive at 1min 30s"));
        assert!(all[6].to_string().contains(
            "1.30% of all timeouts (0.0500% of all requests): live nodes whose reply was late were taken for"
        ));
        assert!(all[7].to_string().contains("to the last latency_ms_mean went from 1,612 to 1,874, so means"));
        assert!(all[8].to_string().starts_with("the warm-up (1min) is shorter than a session (20min)"));
    }
}
