//! `[network]`: latency, loss, NAT, and how long a request waits.

use super::diagnostics::Problem;
use super::files::Files;
use super::laws::read_law;
use super::matrix::{self, Format, Values};
use super::model::{Latency, Network, RpcTimeout};
use super::reader::TableReader;
use super::reader_values::Zero;
use super::tree::{Kind, Value};
use crate::engine::distribution::Distribution;
use crate::engine::time::Duration;
use std::ops::Bound;
use std::sync::Arc;

const LATENCIES: [&str; 6] = ["constant", "uniform", "exponential", "log_normal", "euclidean", "matrix"];
const DEFAULT_DELAY: Duration = Duration::from_millis(50);
/// Twenty mean delays of usual latencies. Of round trips with exponential delays of 50 ms each way, 21 e^-20 (4e-8)
/// take longer. With half of it one in 2,000 does, more than good maintenance fails.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(1);

pub(super) fn read(table: &mut TableReader<'_>, files: &mut Files, nodes: Option<u32>) -> Network {
    let rpc_timeout = read_timeout(table);
    let loss = table.number_or("loss", 0.0, 0.0..1.0);
    let behind_nat = table.number_or("behind_nat", 0.0, 0.0..1.0);
    let latency =
        table.choice("latency", &LATENCIES, Some("constant"), |table, name| read_latency(table, name, files, nodes));
    let latency = latency.flatten().unwrap_or(Latency::Drawn(Distribution::Fixed(DEFAULT_DELAY)));
    if matches!(rpc_timeout, RpcTimeout::RoundTrips(_)) && is_instant(&latency) && table.is_sound("latency") {
        let message = "a timeout in round trips needs a latency above zero";
        let problem = Problem::error(message, table.place_of("rpc_timeout"), "some multiple of zero");
        let problem = problem.and(table.place_of("latency"), "no time at all");
        table.report("rpc_timeout", problem.help("give `network.rpc_timeout` as a duration"));
    }
    Network { latency, loss, behind_nat, rpc_timeout }
}

fn read_timeout(table: &mut TableReader<'_>) -> RpcTimeout {
    if !matches!(table.take("rpc_timeout"), Some(Value { kind: Kind::Table(_), .. })) {
        return RpcTimeout::Fixed(table.duration_or("rpc_timeout", DEFAULT_TIMEOUT, Zero::Forbidden));
    }
    let range = (Bound::Excluded(0.0), Bound::Included(1_000.0));
    RpcTimeout::RoundTrips(table.table("rpc_timeout", |table| table.number("round_trips", range)))
}

fn read_latency(table: &mut TableReader<'_>, name: &str, files: &mut Files, nodes: Option<u32>) -> Option<Latency> {
    match name {
        "constant" => {
            let delay = table.duration_or("delay", DEFAULT_DELAY, Zero::Allowed);
            Some(Latency::Drawn(Distribution::Fixed(delay)))
        }
        "euclidean" => {
            let side = table.duration("side", Zero::Forbidden);
            let base = table.duration_or("base", Duration::ZERO, Zero::Allowed);
            Some(Latency::Euclidean { side, base })
        }
        "matrix" => read_matrix(table, files, nodes),
        law => read_law(table, law).map(Latency::Drawn),
    }
}

fn read_matrix(table: &mut TableReader<'_>, files: &mut Files, nodes: Option<u32>) -> Option<Latency> {
    let source = files.open(table, "file");
    let values = table.word("values", &[("round_trip", Values::RoundTrip), ("one_way", Values::OneWay)]);
    let format =
        table.word("format", &[("auto", Format::Auto), ("square", Format::Square), ("p2psim", Format::P2psim)]);
    let one_node_per_host = table.flag("one_node_per_host", false);
    let mut matrix = match matrix::read(&source?, format, values) {
        Ok(matrix) => matrix,
        Err(problems) => {
            problems.into_iter().for_each(|problem| table.report("file", problem));
            return None;
        }
    };
    matrix.one_node_per_host = one_node_per_host;
    if one_node_per_host && let Some(nodes) = nodes.filter(|&nodes| nodes > matrix.hosts) {
        let message = format!("{nodes} nodes do not fit on {} hosts, one on each", matrix.hosts);
        let label = format!("the matrix has {} hosts", matrix.hosts);
        let problem = Problem::error(message, table.place_of("file"), label);
        let problem = problem.and(table.key_place("one_node_per_host"), "so nodes cannot share hosts");
        table.report("file", problem.note(format!("allowed: `population.nodes` at most {}", matrix.hosts)));
    }
    Some(Latency::Matrix(Arc::new(matrix)))
}

/// Whether every message arrives at once.
fn is_instant(latency: &Latency) -> bool {
    match latency {
        Latency::Drawn(Distribution::Fixed(delay)) => delay.is_zero(),
        Latency::Matrix(matrix) => matrix.one_way.iter().all(|delay| delay.is_zero()),
        _ => false,
    }
}
