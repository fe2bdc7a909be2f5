//! `[network]`: latency, loss, NAT, and how long a request waits.

use super::diagnostics::Problem;
use super::files::{Files, MatrixKey};
use super::laws::read_law;
use super::matrix::{self, Format, Manner, Values};
use super::matrix_checks::Remark;
use super::model::{self, Latency, MeasuredTimeout, Network, RpcTimeout};
use super::reader::TableReader;
use super::reader_values::Zero;
use super::round_trips;
use super::tree::{Kind, Value};
use super::{read_kinds, read_links};
use crate::engine::distribution::Distribution;
use crate::engine::time::Duration;
use std::ops::Bound;

const LATENCIES: [&str; 6] = ["constant", "uniform", "exponential", "log_normal", "euclidean", "matrix"];
const DEFAULT_DELAY: Duration = Duration::from_millis(50);
/// Twenty mean delays of usual latencies. Of round trips with exponential delays of 50 ms each way, 21 e^-20 (4e-8)
/// take longer. With half of it one in 2,000 does, more than good maintenance fails.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(1);
/// The least timeout of TCP in Linux; RFC 6298 has a second (2.4).
const LEAST_TIMEOUT: Duration = Duration::from_millis(200);
/// RFC 6298 has at least as much (2.5).
const MOST_TIMEOUT: Duration = Duration::from_secs(60);

pub(super) fn read(
    table: &mut TableReader<'_>,
    files: &mut Files,
    nodes: Option<u32>,
    kinds: &[model::Kind],
) -> Network {
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
    round_trips::judge(table, &latency, rpc_timeout);
    if behind_nat > 0.0 && kinds.iter().any(|kind| kind.behind_nat) {
        let message = "kinds of nodes say who is behind NAT";
        let problem = Problem::error(message, table.place_of("behind_nat"), "and so does this");
        table.report("behind_nat", problem.help("leave `network.behind_nat` out, or `behind_nat` of kinds"));
    }
    let bandwidth = table.optional_table("bandwidth", read_kinds::read_bandwidth);
    let links = read_links::read(table, kinds);
    Network { latency, loss, behind_nat, rpc_timeout, bandwidth, links }
}

fn read_timeout(table: &mut TableReader<'_>) -> RpcTimeout {
    if !matches!(table.take("rpc_timeout"), Some(Value { kind: Kind::Table(_), .. })) {
        return RpcTimeout::Fixed(table.duration_or("rpc_timeout", DEFAULT_TIMEOUT, Zero::Forbidden));
    }
    table.table("rpc_timeout", |table| match table.exactly_one(&["round_trips", "first"]) {
        Some("first") => RpcTimeout::Measured(read_measured(table)),
        _ => RpcTimeout::RoundTrips(table.number("round_trips", (Bound::Excluded(0.0), Bound::Included(1_000.0)))),
    })
}

fn read_measured(table: &mut TableReader<'_>) -> MeasuredTimeout {
    let first = table.duration("first", Zero::Forbidden);
    let least = table.duration_or("least", LEAST_TIMEOUT.min(first), Zero::Forbidden);
    let most = table.duration_or("most", MOST_TIMEOUT.max(first), Zero::Forbidden);
    let are_sound = ["first", "least", "most"].iter().all(|key| table.is_sound(key));
    if are_sound && !(least..=most).contains(&first) {
        let (key, label) = if first < least { ("least", "the least of all") } else { ("most", "the most of all") };
        let problem =
            Problem::error("the first timeout is not within its bounds", table.place_of("first"), "the first");
        let problem = problem.and(table.place_of(key), label);
        table.report("first", problem.help("let `least` be at most `first`, and `first` at most `most`"));
    }
    MeasuredTimeout { first, least, most }
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

/// Units of delays in a file \[ns\].
const UNITS: [(&str, u64); 4] = [("ms", 1_000_000), ("s", 1_000_000_000), ("us", 1_000), ("ns", 1)];

fn read_matrix(table: &mut TableReader<'_>, files: &mut Files, nodes: Option<u32>) -> Option<Latency> {
    let source = files.open(table, "file");
    let format = table.word(
        "format",
        &[("auto", Format::Auto), ("square", Format::Square), ("list", Format::List), ("p2psim", Format::P2psim)],
    );
    // In p2psim's topologies delays are one-way.
    let is_p2psim = source.as_ref().is_some_and(|source| matrix::is_p2psim(source, format));
    let usual = if is_p2psim { Values::OneWay } else { Values::RoundTrip };
    let values = table.word_or("values", usual, &[("round_trip", Values::RoundTrip), ("one_way", Values::OneWay)]);
    let manner = Manner { format, values, unit_is_given: table.has("unit"), unit_ns: table.word("unit", &UNITS) };
    let has_diagonal = table.word("within_host", &[("diagonal", true), ("zero", false)]);
    let one_node_per_host = table.flag("one_node_per_host", false);
    let key = MatrixKey { blake3: files.last_hash(), manner, one_node_per_host, has_diagonal };
    let read = match files.matrices.read(&source?, key) {
        Ok(read) => read,
        Err(problems) => {
            problems.into_iter().for_each(|problem| table.report("file", problem));
            return None;
        }
    };
    for remark in read.remarks {
        if !(matches!(remark, Remark::Diagonal { .. }) && table.has("within_host")) {
            table.warn(remark.warning(table.place_of("file")));
        }
    }
    let matrix = read.matrix;
    if one_node_per_host && let Some(nodes) = nodes.filter(|&nodes| nodes > matrix.hosts) {
        let message = format!("{nodes} nodes do not fit on {} hosts, one on each", matrix.hosts);
        let label = format!("the matrix has {} hosts", matrix.hosts);
        let problem = Problem::error(message, table.place_of("file"), label);
        let problem = problem.and(table.key_place("one_node_per_host"), "so nodes cannot share hosts");
        table.report("file", problem.note(format!("allowed: `population.nodes` at most {}", matrix.hosts)));
    }
    Some(Latency::Matrix(matrix))
}

/// Whether every message arrives at once.
fn is_instant(latency: &Latency) -> bool {
    match latency {
        Latency::Drawn(Distribution::Fixed(delay)) => delay.is_zero(),
        Latency::Matrix(matrix) => matrix.one_way.iter().all(|delay| delay.is_zero()),
        _ => false,
    }
}
