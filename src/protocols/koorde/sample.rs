//! Parameters drawn at random: everything that a scenario can say of Koorde, but for the original rules, which are
//! known to break.

use crate::engine::dice::{Dice, whole_milliseconds};
use crate::scenario::Draft;
use crate::scenario::{Circumstances, Sample};

/// Requests in a row that a lookup always has time for, where it is to have the time that it needs: with base 2 and few
/// pointers a path has thrice as many steps as one of Chord.
const REQUESTS: u64 = 160;

/// See [`crate::scenario::Configurable::sample`].
pub(super) fn sample(dice: &mut Dice, circumstances: &Circumstances) -> Sample {
    let Circumstances { nodes, longest_wait, is_calm } = *circumstances;
    let most = u64::from(nodes.saturating_sub(1)).clamp(1, 16);
    let successors = dice.count(2.min(most), most);
    let round_s = dice.magnitude(4.0, 60.0).max(4.0 * longest_wait.as_secs_f64());
    let pointers_s = round_s * dice.magnitude(0.3, 3.0);
    let check_s = round_s * dice.magnitude(0.3, 3.0);
    let retry = dice.seconds(0.2, round_s);
    let deadline = match is_calm || dice.percent(80) {
        true => longest_wait.saturating_mul(REQUESTS + 1),
        false => dice.seconds(5.0, 30.0),
    };
    let mut table = Draft::new()
        .count("base", 1 << dice.count(1, 8))
        .count("pointers", dice.count(1, 24))
        .count("backups", dice.count(0, 12))
        .count("successors", successors)
        .duration("stabilize_every", whole_milliseconds(round_s))
        .duration("fix_pointers_every", whole_milliseconds(pointers_s))
        .duration("lookup_deadline", deadline)
        .duration("join_retry_after", retry);
    table = match dice.percent(10) {
        true => table.text("check_predecessor_every", "never"),
        false => table.duration("check_predecessor_every", whole_milliseconds(check_s)),
    };
    table = match dice.count(0, 3) {
        0 => table.count("retries", dice.count(0, 7)),
        1 => table.count("retries", dice.count(9, 60)),
        _ => table,
    };
    table = if dice.percent(15) { table.flag("farewells", false) } else { table };
    table = if dice.percent(15) { table.count("identifier_bits", dice.count(24, 63)) } else { table };
    let joins_s = 4.0 * (retry.as_secs_f64() + longest_wait.as_secs_f64() * 8.0);
    let healing_s =
        round_s * (20.0 + 2.0 * successors as f64) + 8.0 * pointers_s + joins_s + 3.0 * deadline.as_secs_f64();
    Sample {
        table,
        round: whole_milliseconds(round_s),
        messages_per_round: 10.0 + 4.0 * round_s / pointers_s,
        healing: whole_milliseconds(healing_s),
        tolerates_nat: false,
    }
}
