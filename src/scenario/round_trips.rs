//! What can be said beforehand of a timeout: how many requests will wait in vain for a node that lives.
//!
//! The share is that of requests between two random nodes. The nodes that a protocol asks may be nearer or farther.

use super::diagnostics::Problem;
use super::model::{Latency, LatencyMatrix, RpcTimeout};
use super::reader::TableReader;
use crate::engine::time::Duration;

/// A larger share of requests is worth a word: careful maintenance fails no more often.
const NOTABLE: f64 = 1e-4;
/// What a timeout that is proposed leaves.
const NEGLIGIBLE: f64 = 1e-6;

/// Warns of a timeout that many round trips will exceed, and refuses one that all of them do.
pub(super) fn judge(table: &mut TableReader<'_>, latency: &Latency, timeout: RpcTimeout) {
    if !table.is_sound("rpc_timeout") || !table.is_sound("latency") {
        return;
    }
    let Some(share) = false_timeout_share(latency, timeout).filter(|share| *share > NOTABLE) else { return };
    let place = table.place_of("rpc_timeout");
    let help = match enough_timeout(latency, timeout) {
        Some(enough) => format!("with {enough} it is fewer than one in a million"),
        None => "raise `network.rpc_timeout`".to_owned(),
    };
    if share == 1.0 {
        let problem = Problem::error("no request can succeed", place, "over before any reply can come");
        let problem = problem.and(table.place_of("latency"), "there and back takes at least as long");
        table.report("rpc_timeout", problem.help(help));
        return;
    }
    let message = format!("{} of all requests to live nodes will time out", percent(share));
    let problem = Problem::warning(message, place, "shorter than many round trips");
    let problem = problem.and(table.place_of("latency"), "by this law, there and back between random nodes");
    let note = "who answers late is taken for dead, so lookups fail that would not: see `false_timeout_share`";
    table.warn(problem.note(note).help(help));
}

/// The share of requests between two random live nodes whose reply comes after the timeout, of those of which nothing
/// is lost; `None` where it is not known.
pub fn false_timeout_share(latency: &Latency, timeout: RpcTimeout) -> Option<f64> {
    match (latency, timeout) {
        // What nodes will have measured is not known beforehand.
        (_, RpcTimeout::Measured(_)) => None,
        (Latency::Drawn(law), RpcTimeout::Fixed(limit)) => law.two_reach(limit),
        (Latency::Drawn(law), RpcTimeout::RoundTrips(factor)) => {
            law.two_reach(Duration::from_secs_f64(2.0 * law.mean_s() * factor))
        }
        // Each pair waits for a multiple of its own round trip, which is always the same.
        (Latency::Euclidean { .. } | Latency::Matrix(_), RpcTimeout::RoundTrips(factor)) => {
            Some(f64::from(u8::from(factor <= 1.0)))
        }
        (Latency::Euclidean { side, base }, RpcTimeout::Fixed(limit)) => {
            let distance = (limit.as_secs_f64() / 2.0 - base.as_secs_f64()) / side.as_secs_f64();
            Some(1.0 - within(distance))
        }
        (Latency::Matrix(matrix), RpcTimeout::Fixed(limit)) => Some(pairs_beyond(matrix, limit)),
    }
}

/// Probability that two random points of a unit square lie closer together than `distance`.
fn within(distance: f64) -> f64 {
    let d = distance.clamp(0.0, std::f64::consts::SQRT_2);
    let square = d * d;
    if d <= 1.0 {
        return square * (std::f64::consts::PI - 8.0 * d / 3.0 + square / 2.0);
    }
    let root = libm::sqrt(square - 1.0);
    1.0 / 3.0 + (std::f64::consts::PI - 2.0) * square - square * square / 2.0 + 4.0 / 3.0 * root * (2.0 * square + 1.0)
        - 4.0 * square * libm::atan(root)
}

/// The share of pairs of hosts whose round trip reaches `limit`; of two different hosts where each has one node.
fn pairs_beyond(matrix: &LatencyMatrix, limit: Duration) -> f64 {
    let hosts = matrix.hosts as usize;
    let (mut pairs, mut beyond) = (0_u64, 0_u64);
    for from in 0..hosts {
        for to in 0..hosts {
            if from == to && matrix.one_node_per_host && hosts > 1 {
                continue;
            }
            let round_trip = matrix.one_way[from * hosts + to] + matrix.one_way[to * hosts + from];
            pairs += 1;
            beyond += u64::from(round_trip >= limit);
        }
    }
    beyond as f64 / pairs.max(1) as f64
}

/// A longer timeout of the same form, a round one, that fewer than a millionth of the requests between two random live
/// nodes exceed; `None` if that is true of `timeout`, or only of absurd ones.
pub fn enough_timeout(latency: &Latency, timeout: RpcTimeout) -> Option<String> {
    let round = (0..10_u32).flat_map(|power| [10, 15, 20, 30, 50, 70].map(|digits| digits * 10_u64.pow(power)));
    let is_enough = |timeout| false_timeout_share(latency, timeout).is_some_and(|share| share <= NEGLIGIBLE);
    if is_enough(timeout) {
        return None;
    }
    match timeout {
        RpcTimeout::Fixed(_) => {
            let mut limits = round.map(|digits| Duration::from_nanos(100_000 * digits));
            limits.find(|limit| is_enough(RpcTimeout::Fixed(*limit))).map(|limit| limit.to_string())
        }
        RpcTimeout::RoundTrips(_) => {
            let mut factors =
                round.map(|digits| digits as f64 / 10.0).filter(|factor| (1.5..=1_000.0).contains(factor));
            factors
                .find(|factor| is_enough(RpcTimeout::RoundTrips(*factor)))
                .map(|factor| format!("{factor} round trips"))
        }
        RpcTimeout::Measured(_) => None,
    }
}

/// A share in percent, with three digits that count.
fn percent(share: f64) -> String {
    let percent = share * 100.0;
    let digits = match percent {
        10.0.. => 1,
        1.0.. => 2,
        0.1.. => 3,
        _ => 4,
    };
    format!("{percent:.digits$}%")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::distribution::Distribution;
    use std::sync::Arc;

    const MS: fn(u64) -> Duration = Duration::from_millis;
    const MICROS: fn(u64) -> Duration = |micros| Duration::from_nanos(1_000 * micros);

    #[test]
    fn the_share_of_random_pairs_is_that_of_geometry() {
        let latency = Latency::Euclidean { side: MS(100), base: MS(10) };
        let share = |limit| false_timeout_share(&latency, RpcTimeout::Fixed(limit)).unwrap();
        // Square line picking: a distance of at most the side has probability pi - 13 / 6.
        assert!((1.0 - share(MS(220)) - (std::f64::consts::PI - 13.0 / 6.0)).abs() < 1e-12);
        assert_eq!(share(MS(20)), 1.0);
        assert!(share(MICROS(20_000 + 282_843)).abs() < 1e-9);
        // The density at half the side is 2 x (pi - 4 x + x^2) there.
        let (low, high) = (1.0 - share(MICROS(119_800)), 1.0 - share(MICROS(120_200)));
        assert!(((high - low) / 0.002 - (std::f64::consts::PI - 2.0 + 0.25)).abs() < 1e-4);
    }

    #[test]
    fn the_share_of_a_matrix_is_that_of_its_pairs() {
        let one_way = [0, 10, 20, 12, 0, 30, 40, 30, 0].map(MS).to_vec();
        let matrix = |one_node_per_host| {
            Latency::Matrix(Arc::new(LatencyMatrix { hosts: 3, one_way: one_way.clone(), one_node_per_host }))
        };
        let share = |alone, limit| false_timeout_share(&matrix(alone), RpcTimeout::Fixed(MS(limit))).unwrap();
        // Round trips of 22, 60 and 60 ms, each for two ordered pairs; and three of 0.
        assert_eq!(share(false, 60), 4.0 / 9.0);
        assert_eq!(share(true, 60), 4.0 / 6.0);
        assert_eq!(share(true, 61), 0.0);
        assert_eq!(share(true, 22), 1.0);
        let trips = |factor| false_timeout_share(&matrix(false), RpcTimeout::RoundTrips(factor)).unwrap();
        assert_eq!([trips(1.0), trips(1.1)], [1.0, 0.0]);
    }

    #[test]
    fn what_is_proposed_is_enough_and_not_absurd() {
        let latency = Latency::Drawn(Distribution::Exponential { mean: MS(50) });
        // (1 + x) e^-x is 1e-6 at x = 16.7: 835 ms.
        assert_eq!(enough_timeout(&latency, RpcTimeout::Fixed(MS(500))), Some("1s".to_owned()));
        assert_eq!(enough_timeout(&latency, RpcTimeout::RoundTrips(2.0)), Some("10 round trips".to_owned()));
        assert_eq!([0.5, 0.0123456, 0.000499].map(percent), ["50.0%", "1.23%", "0.0499%"]);
    }
}
