//! What a matrix that could be read most likely was not meant to say: another unit, half a matrix, holes written as 0,
//! delays from hosts to themselves.

use super::diagnostics::Problem;
use super::matrix::{Format, Manner, Values};
use super::model::LatencyMatrix;
use super::source::{Place, SourceText};
use crate::engine::time::Duration;
use std::sync::Arc;

/// A median delay below or above which the unit is doubted \[ms\].
const DOUBTED_MS: (f64, f64) = (1.0, 3_000.0);
/// Delays that are looked at for the median.
const SAMPLE: usize = 100_000;

/// What can be played, but may not be as it was meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Remark {
    /// The delay from a host to itself, with the host's number from 1 on, is not zero.
    Diagonal {
        host: u32,
        delay: Duration,
        /// Whether the table, of three hosts, may be a list, as the scenario does not say.
        may_be_list: bool,
    },
    /// So many pairs of different hosts have no delay, the first of which these are, from 1 on.
    Zeros(usize, u32, u32),
}

/// The matrix with remarks, or why it cannot be right.
pub(super) fn check(
    matrix: LatencyMatrix,
    manner: Manner,
    source: &Arc<SourceText>,
) -> Result<(LatencyMatrix, Vec<Remark>), Vec<Problem>> {
    let hosts = matrix.hosts as usize;
    let all = || (0..hosts * hosts).map(|index| (index / hosts, index % hosts, matrix.one_way[index]));
    let is_zero = |keep: fn(&(usize, usize, Duration)) -> bool| all().filter(keep).all(|(_, _, delay)| delay.is_zero());
    let (below, above) = (is_zero(|(row, column, _)| row > column), is_zero(|(row, column, _)| row < column));
    if below != above {
        let side = if below { "below" } else { "above" };
        let problem = Problem::error(format!("all delays {side} the diagonal are 0"), Place::whole(source), "");
        let problem = problem.note("a matrix has the delays of both directions");
        return Err(vec![problem.help("fill in the other half, or leave out these zeros: half a matrix is symmetric")]);
    }
    if let Some(problem) = doubtful_unit(&matrix, manner, source) {
        return Err(vec![problem]);
    }
    let mut remarks = Vec::new();
    if let Some((row, _, delay)) = all().find(|(row, column, delay)| row == column && !delay.is_zero()) {
        let may_be_list = hosts == 3 && manner.format == Format::Auto;
        remarks.push(Remark::Diagonal { host: row as u32 + 1, delay, may_be_list });
    }
    let mut zeros = all().filter(|(row, column, delay)| row != column && delay.is_zero());
    if let Some((row, column, _)) = zeros.next() {
        remarks.push(Remark::Zeros(1 + zeros.count(), row as u32 + 1, column as u32 + 1));
    }
    Ok((matrix, remarks))
}

/// Seconds or microseconds in place of milliseconds, which a scenario with other delays on purpose says.
fn doubtful_unit(matrix: &LatencyMatrix, manner: Manner, source: &Arc<SourceText>) -> Option<Problem> {
    if manner.unit_is_given {
        return None;
    }
    let stride = matrix.one_way.len() / SAMPLE + 1;
    let sampled = matrix.one_way.iter().step_by(stride).filter(|delay| !delay.is_zero());
    let mut delays: Vec<u64> = sampled.map(|delay| delay.as_nanos()).collect();
    if delays.is_empty() {
        return None;
    }
    let middle = delays.len() / 2;
    let (_, median, _) = delays.select_nth_unstable(middle);
    let trips = if manner.values == Values::RoundTrip { 2.0 } else { 1.0 };
    let median_ms = *median as f64 * trips / 1e6;
    let (kind, unit) = match median_ms {
        _ if median_ms < DOUBTED_MS.0 => ("short", "s"),
        _ if median_ms > DOUBTED_MS.1 => ("long", "us"),
        _ => return None,
    };
    let message = format!("delays of {median_ms} ms in the median are very {kind}: are they in milliseconds?");
    let problem = Problem::error(message, Place::whole(source), "");
    Some(problem.help(format!(
        "say what they are: `network.latency.matrix.unit = \"{unit}\"`, or \"ms\" if that is what is meant"
    )))
}

impl Remark {
    /// The warning for it.
    pub(super) fn warning(&self, place: Place) -> Problem {
        match self {
            Remark::Diagonal { host, delay, may_be_list } => {
                let message = format!("the diagonal of the matrix is not zero: {delay} one way at host {host}");
                let problem = Problem::warning(message, place, "");
                let problem = problem.note("it is the delay between two nodes on the same host");
                let help = "if that is meant, say `within_host = \"diagonal\"`; if not, `within_host = \"zero\"`";
                problem.help(match may_be_list {
                    true => format!("{help}; if each line has two hosts and a delay, `format = \"list\"`"),
                    false => help.to_owned(),
                })
            }
            Remark::Zeros(count, from, to) => {
                let message = format!(
                    "{count} {} between different hosts {} 0: from host {from} to host {to}{}",
                    if *count == 1 { "delay" } else { "delays" },
                    if *count == 1 { "is" } else { "are" },
                    if *count == 1 { "" } else { ", for one" },
                );
                let problem = Problem::warning(message, place, "");
                problem.note("in many data sets 0 stands for a pair that was not measured")
            }
        }
    }
}
