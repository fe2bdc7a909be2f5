//! Parameters drawn at random: everything that a scenario can say of Chord, but for the original rules, which are known
//! to break.

use crate::engine::dice::{Dice, whole_milliseconds};
use crate::engine::time::Duration;
use crate::overlay::lookups::REQUESTS;
use crate::scenario::Draft;
use crate::scenario::{Circumstances, Sample};

/// A period around `mean_s`, as a duration or as a law, with the longest that it is likely to be.
fn period(dice: &mut Dice, table: Draft, key: &str, mean_s: f64) -> (Draft, f64) {
    let mean = whole_milliseconds(mean_s);
    match dice.count(0, 9) {
        0 => (table.table(key, Draft::new().table("exponential", Draft::of_duration("mean", mean))), mean_s * 2.5),
        1 | 2 => {
            let (from, to) = (whole_milliseconds(mean_s * 0.5), whole_milliseconds(mean_s * 1.5));
            let law = Draft::new().duration("from", from).duration("to", to);
            (table.table(key, Draft::new().table("uniform", law)), mean_s * 1.5)
        }
        _ => (table.duration(key, mean), mean_s),
    }
}

/// See [`crate::scenario::Configurable::sample`].
pub(super) fn sample(dice: &mut Dice, circumstances: &Circumstances) -> Sample {
    let Circumstances { nodes, longest_wait, .. } = *circumstances;
    let virtual_nodes = if nodes <= 300 && dice.percent(12) { dice.count(2, 4) } else { 1 };
    let ring = u64::from(nodes) * virtual_nodes;
    let most = (ring - 1).clamp(1, 16);
    let successors = if dice.percent(4) { 1 } else { dice.count(2.min(most), most) };
    let round_s = dice.magnitude(4.0, 60.0).max(4.0 * longest_wait.as_secs_f64());
    let table = Draft::new().count("successors", successors).count("virtual_nodes", virtual_nodes);
    let table = match dice.percent(15) {
        true => table.count("identifier_bits", dice.count(24, 63)),
        false => table,
    };
    let (table, longest_s) = period(dice, table, "stabilize_every", round_s);
    let fingers_s = round_s * dice.magnitude(0.3, 3.0);
    let never = dice.percent(4);
    let (table, fingers_s) = match never {
        true => (table.text("fix_fingers_every", "never"), fingers_s),
        false => period(dice, table, "fix_fingers_every", fingers_s),
    };
    let check_s = round_s * dice.magnitude(0.3, 3.0);
    let table = match dice.percent(10) {
        true => table.text("check_predecessor_every", "never"),
        false => period(dice, table, "check_predecessor_every", check_s).0,
    };
    let (fingers_per_round, table) = match dice.count(0, 3) {
        0 => (12, table.text("fingers_per_round", "all")),
        1 => (1, table),
        _ => {
            let count = dice.count(1, 12);
            (count, table.count("fingers_per_round", count))
        }
    };
    let (fingers, table) = match dice.percent(10) {
        true => (64.0, table.text("finger_turns", "bits")),
        false => (20.0, table),
    };
    let (table, deadline) = lookups(dice, table, circumstances);
    let table = rules(dice, table);
    let (table, list_s) = list_rounds(dice, table, round_s);
    let retry = dice.seconds(0.2, round_s);
    let table = table.duration("join_retry_after", retry);
    let turns = 2.0 + (fingers + successors as f64) / fingers_per_round as f64;
    let joins_s = 4.0 * (retry.as_secs_f64() + longest_wait.as_secs_f64() * 8.0);
    let healing_s = (longest_s + list_s) * (20.0 + 2.0 * successors as f64)
        + 4.0 * (longest_wait.as_secs_f64() + turns * fingers_s.max(longest_s))
        + joins_s
        + 3.0 * deadline.as_secs_f64();
    Sample {
        table,
        round: whole_milliseconds(longest_s),
        messages_per_round: virtual_nodes as f64 * (10.0 + fingers_per_round as f64 * 8.0 * longest_s / fingers_s),
        healing: whole_milliseconds(healing_s),
        tolerates_nat: false,
    }
}

/// How lookups go, and how long they may take.
fn lookups(dice: &mut Dice, table: Draft, circumstances: &Circumstances) -> (Draft, Duration) {
    let routing = dice.pick(&["iterative", "iterative", "recursive", "semi_recursive"]);
    let mut table = table.text("routing", routing);
    if routing == "iterative" {
        match dice.count(0, 5) {
            0 => table = table.text("lookups_end_at", "predecessor"),
            1 if dice.percent(50) => table = table.flag("confirm_owner", true).flag("owner_agrees", true),
            1 => table = table.flag("confirm_owner", true),
            _ => {}
        }
        table = if dice.percent(15) { table.flag("lookups_mend_tables", false) } else { table };
    } else {
        table = if dice.percent(25) { table.text("acknowledgements", "implied") } else { table };
        table = if dice.percent(20) { table.flag("confirm_owner", true) } else { table };
    }
    table = match dice.count(0, 3) {
        0 => table.count("retries", dice.count(0, 7)),
        1 => table.count("retries", dice.count(9, 60)),
        _ => table,
    };
    let enough = circumstances.longest_wait.saturating_mul(REQUESTS + 1);
    let deadline = match circumstances.is_calm || dice.percent(80) {
        true => enough,
        false => dice.seconds(5.0, 30.0),
    };
    (table.duration("lookup_deadline", deadline), deadline)
}

/// How the successor list is kept, with the longest that a round of its own is likely to take.
fn list_rounds(dice: &mut Dice, table: Draft, round_s: f64) -> (Draft, f64) {
    match dice.count(0, 19) {
        0 | 1 => (table.text("successor_list_refresh", "in_turn"), 0.0),
        2 | 3 => {
            let table = table.text("successor_list_refresh", "own_rounds");
            let mean_s = round_s * dice.magnitude(0.5, 3.0);
            period(dice, table, "successor_list_every", mean_s)
        }
        4 | 5 => (table.text("successor_list_refresh", "with_notification"), 0.0),
        6..=8 => (table.text("notify", "when_needed"), 0.0),
        _ => (table, 0.0),
    }
}

/// Options of the rules that keep the ring.
fn rules(dice: &mut Dice, mut table: Draft) -> Draft {
    let flags = [
        ("stabilize_to_end", 15, true),
        ("fingers_with_stabilize", 20, true),
        ("fingers_on_join", 30, false),
        ("notify_old_predecessor", 25, true),
        ("adopt_joining", 15, true),
        ("farewells", 15, false),
    ];
    for (key, share, value) in flags {
        table = if dice.percent(share) { table.flag(key, value) } else { table };
    }
    let words = [
        ("next_hop", 15, "at_key"),
        ("periods", 15, "per_node"),
        ("finger_refresh", 20, "asked"),
        ("fingers_beyond", 15, "successor_list"),
        ("farewell_hands_over", 15, "last_successor"),
    ];
    for (key, share, word) in words {
        table = if dice.percent(share) { table.text(key, word) } else { table };
    }
    table
}
