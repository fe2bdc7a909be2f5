//! Latency, loss, timeouts, NAT and partitions at random.

use super::generator::Frame;
use super::mode::Mode;
use crate::engine::dice::{Dice, whole_milliseconds};
use crate::engine::time::Duration;
use crate::scenario::Draft;
use crate::scenario::Sample;

/// A latency law, with its mean and the longest delay to be reckoned with \[s\].
fn latency(dice: &mut Dice) -> (Draft, f64, f64) {
    let of = |name: &str, law: Draft| Draft::new().table(name, law);
    match dice.count(0, 5) {
        0 => {
            let delay = if dice.percent(15) { 0.0 } else { dice.magnitude(0.001, 0.3) };
            let length = if delay > 0.0 { whole_milliseconds(delay) } else { Duration::ZERO };
            (of("constant", Draft::of_duration("delay", length)), delay, delay)
        }
        1 => {
            let (from, width) = (dice.magnitude(0.001, 0.1), dice.magnitude(0.01, 0.2));
            let law = Draft::of_duration("from", whole_milliseconds(from));
            let law = law.duration("to", whole_milliseconds(from + width));
            (of("uniform", law), from + width / 2.0, from + width)
        }
        2 => {
            let mean = dice.magnitude(0.005, 0.06);
            (of("exponential", Draft::of_duration("mean", whole_milliseconds(mean))), mean, mean * 25.0)
        }
        3 => {
            let (median, sigma) = (dice.magnitude(0.005, 0.1), dice.number(0.05, 0.5));
            let key = dice.pick(&["median", "mean"]);
            let law = Draft::of_duration(key, whole_milliseconds(median)).number("sigma", sigma);
            (of("log_normal", law), median * libm::exp(sigma * sigma / 2.0), median * libm::exp(6.5 * sigma))
        }
        _ => {
            let (side, base) = (dice.magnitude(0.005, 0.2), dice.number(0.0, 0.05));
            let law = Draft::of_duration("side", whole_milliseconds(side));
            (of("euclidean", law.duration("base", whole_milliseconds(base))), base, base + side * 1.5)
        }
    }
}

/// `[network]`, and how long a request waits at most. Mostly for long enough for every reply: where somebody alive is
/// taken for dead nothing is promised. `extra_s` is what kinds of nodes add to the delay of a message at most \[s\].
pub(super) fn draw(dice: &mut Dice, mode: Mode, extra_s: f64) -> (Draft, Duration) {
    let (latency, mean_s, longest_s) = latency(dice);
    let longest_s = longest_s + extra_s;
    let is_hasty = mode == Mode::Everything && dice.percent(7);
    let enough_s = (2.0 * longest_s * dice.number(1.05, 1.5)).max(0.02) + 0.005;
    let wait_s = if is_hasty { hasty_s(2.0 * mean_s, dice.number(0.8, 3.0)) } else { enough_s };
    let wait = whole_milliseconds(wait_s);
    // In round trips only where the longest is not far from the mean, or timeouts would last for ever.
    let factor = wait_s / (2.0 * mean_s);
    let is_expected = mean_s > 0.0 && extra_s == 0.0 && factor <= 60.0;
    let mut most_s = wait_s;
    let table = match dice.count(0, 99) {
        0..30 if is_expected => Draft::new().table("rpc_timeout", Draft::new().number("round_trips", factor)),
        // Never less than what is enough for every reply.
        30..40 if mode == Mode::Everything => {
            let most = whole_milliseconds(wait_s * dice.magnitude(1.0, 8.0)).max(wait);
            most_s = most.as_secs_f64();
            let measured = Draft::of_duration("first", wait).duration("least", wait).duration("most", most);
            Draft::new().table("rpc_timeout", measured)
        }
        _ => Draft::new().duration("rpc_timeout", wait),
    };
    let table = match mode == Mode::Everything && dice.percent(35) {
        true => table.number("loss", dice.magnitude(0.0005, 0.1)),
        false => table,
    };
    // Where timeouts follow the distance the longest is that of the longest distance.
    (table.table("latency", latency), whole_milliseconds(most_s.max(2.0 * longest_s * factor.min(2.0))))
}

/// So many round trips, but for those that no reply could be in time for: a scenario in which no request can succeed is
/// refused.
fn hasty_s(round_trip_s: f64, factor: f64) -> f64 {
    let wait_s = if factor < 1.02 { round_trip_s * 1.02 + 0.001 } else { round_trip_s * factor };
    wait_s.max(0.01)
}

/// `[network]` with nodes behind NAT now and then, if the protocol stands it. For one that does not nothing is drawn.
pub(super) fn behind_nat(dice: &mut Dice, mode: Mode, network: Draft, sample: &Sample) -> Draft {
    match sample.tolerates_nat && mode == Mode::Everything && dice.percent(20) {
        true => network.number("behind_nat", dice.number(0.05, 0.6)),
        false => network,
    }
}

/// Partitions, mostly so short that each side still knows the other after it, and when they begin \[s\].
pub(super) fn partitions(dice: &mut Dice, frame: &Frame) -> Vec<(f64, Draft)> {
    let mut events = Vec::new();
    if !dice.percent(30) {
        return events;
    }
    let mut from = 0.0;
    for _ in 0..dice.count(1, 2) {
        let begin = from + (frame.quiet_s * 0.9 - from).max(0.0) * dice.number(0.0, 0.9);
        let rounds = if dice.percent(75) { dice.magnitude(0.05, 1.0) } else { dice.magnitude(1.0, 20.0) };
        let end = (begin + rounds * frame.round_s).min(frame.quiet_s * 0.95);
        let partition = match dice.percent(60) {
            true => Draft::new().count("groups", dice.count(2, 4)),
            false => shares(dice),
        };
        events.push((begin, Draft::new().table("partition", partition)));
        // The return of quiet heals what nothing else does.
        if dice.percent(90) {
            events.push((end.max(begin + 0.002), Draft::new().flag("heal", true)));
        }
        from = end + 0.01;
    }
    events
}

fn shares(dice: &mut Dice) -> Draft {
    let one = (dice.number(0.05, 0.95) * 64.0).max(1.0) as u64;
    Draft::new().numbers("shares", &[one as f64 / 64.0, (64 - one) as f64 / 64.0])
}
