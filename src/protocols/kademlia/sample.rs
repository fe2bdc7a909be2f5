//! Parameters drawn at random: everything that a scenario can say of Kademlia, but for the tolerance zone, which gives
//! up being right, and tables with nodes that cannot be reached, which are known to fail.

use super::presets::PRESETS;
use crate::engine::dice::{Dice, whole_milliseconds};
use crate::overlay::lookups::REQUESTS;
use crate::scenario::Draft;
use crate::scenario::{Circumstances, Sample};

/// See [`crate::scenario::Configurable::sample`].
pub(super) fn sample(dice: &mut Dice, circumstances: &Circumstances) -> Sample {
    let Circumstances { nodes, longest_wait, is_calm } = *circumstances;
    let k = dice.count(2, 24);
    let bits = if dice.percent(70) { 1 } else { dice.count(2, 5) };
    let mut table = Draft::new();
    if dice.percent(30) {
        table = table.text("preset", dice.pick(&PRESETS).name).count("tolerance_bits", 0);
    }
    table = table.count("k", k).count("bits_per_level", bits);
    if dice.percent(15) {
        table = table.count("identifier_bits", dice.count(24, 63));
    }
    // Who is behind NAT gets no answer that comes from another than it has asked.
    let (drawn, tolerates_nat) = lookups(dice, table, k);
    table = drawn;
    table = buckets(dice, table);
    let refresh_s = dice.magnitude(30.0, 600.0).max(20.0 * longest_wait.as_secs_f64());
    let check_s = refresh_s * dice.magnitude(0.05, 0.3);
    table = table.duration("refresh_after", whole_milliseconds(refresh_s));
    table = table.duration("refresh_check_every", whole_milliseconds(check_s));
    if dice.percent(30) {
        table = table.duration("ping_every", whole_milliseconds(refresh_s * dice.magnitude(0.05, 1.0)));
    }
    let retry = dice.seconds(0.2, 30.0);
    let enough = longest_wait.saturating_mul(REQUESTS + 1);
    let deadline = match is_calm || dice.percent(80) {
        true => enough,
        false => dice.seconds(5.0, 30.0),
    };
    table = table.duration("join_retry_after", retry).duration("lookup_deadline", deadline);
    let levels = f64::from((u64::from(nodes) / k).max(1).ilog2()) + 2.0;
    let round_s = refresh_s + check_s;
    let healing_s = 10.0 * (refresh_s + 4.0 * check_s + deadline.as_secs_f64())
        + 10.0 * (retry.as_secs_f64() + deadline.as_secs_f64());
    Sample {
        table,
        round: whole_milliseconds(round_s),
        messages_per_round: 2.0 * (levels * (1 << bits) as f64) * (k as f64 + 4.0),
        healing: whole_milliseconds(healing_s),
        tolerates_nat,
    }
}

/// How lookups go, and whether the initiator asks for itself.
fn lookups(dice: &mut Dice, mut table: Draft, k: u64) -> (Draft, bool) {
    table = table.count("alpha", dice.count(1, 6));
    let parallelism = dice.pick(&["strict", "strict", "loose", "first_answer"]);
    table = table.text("parallelism", parallelism);
    if dice.percent(40) {
        table = table.count("results", dice.count(1, k));
    }
    // Healing is promised only where answers have as many as a bucket and upkeep finds as many: so mostly they do, and
    // that has to be said, since a preset has numbers of its own.
    let answers = if dice.percent(15) { dice.count(1, k.max(2)) } else { k };
    let upkeep_results = if dice.percent(10) { dice.count(1, k) } else { k };
    table = table.count("answers", answers).count("upkeep_results", upkeep_results);
    table = table.flag("final_step", dice.percent(70) && parallelism != "first_answer");
    match dice.count(0, 5) {
        0 => (table.text("ends_at", "first_owner"), true),
        1 => (table.text("routing", "semi_recursive").count("retries", dice.count(4, 60)), false),
        _ => (table, true),
    }
}

/// Who is kept in buckets.
fn buckets(dice: &mut Dice, mut table: Draft) -> Draft {
    table = table.count("replacement_cache", if dice.percent(30) { 0 } else { dice.count(1, 24) });
    let ping_oldest = dice.percent(50);
    table = table.flag("ping_oldest", ping_oldest);
    if ping_oldest && dice.percent(50) {
        table = table.duration("questionable_after", dice.seconds(1.0, 900.0));
    }
    table = table.count("stale_after", dice.count(1, 5));
    if dice.percent(30) {
        table = table.text("start_buckets", "random");
    }
    table = table.flag("keep_stale", dice.percent(50));
    table = if dice.percent(15) { table.flag("death_notice", true) } else { table };
    table.flag("refresh_on_join", dice.percent(80))
}
