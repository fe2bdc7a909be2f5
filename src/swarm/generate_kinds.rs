//! Kinds of nodes, their lines, and what happens to links between them, at random.

use super::generator::Frame;
use super::mode::Mode;
use crate::engine::dice::{Dice, whole_milliseconds};
use crate::scenario::{Draft, Sample};

/// What nodes differ in.
pub(super) struct Kinds {
    /// `[[population.kind]]`, or nothing.
    pub tables: Vec<Draft>,
    /// Names by which links and events mean nodes; none where they do not differ.
    names: Vec<&'static str>,
    /// What a message may take longer for them, whoever sends it to whom \[s\].
    pub extra_s: f64,
    /// Whether a kind says that it is behind NAT.
    pub has_nat: bool,
}

/// What a line carries: at least a few messages in a millisecond, so that most storms pass in time for their replies.
fn bandwidth(dice: &mut Dice) -> Draft {
    let up = dice.magnitude(50_000.0, 2e6) as u64;
    let down = dice.magnitude(50_000.0, 2e6) as u64;
    let table = Draft::new().count("up_bytes_per_s", up).count("down_bytes_per_s", down);
    if dice.percent(50) { table.count("queue_bytes", dice.magnitude(5_000.0, 1e6) as u64) } else { table }
}

/// `network.bandwidth`, now and then.
pub(super) fn line(dice: &mut Dice, mode: Mode) -> Option<Draft> {
    (mode == Mode::Everything && dice.percent(8)).then(|| bandwidth(dice))
}

/// Kinds now and then. Who is behind NAT only where the protocol stands it.
pub(super) fn kinds(dice: &mut Dice, mode: Mode) -> Kinds {
    let mut kinds = Kinds { tables: Vec::new(), names: Vec::new(), extra_s: 0.0, has_nat: false };
    if mode != Mode::Everything || !dice.percent(25) {
        return kinds;
    }
    let mut rest = 1.0;
    let mut longest_s: f64 = 0.0;
    for name in ["a", "b", "c"].into_iter().take(dice.count(1, 3) as usize) {
        let share = rest * dice.number(0.1, 0.6);
        rest -= share;
        let mut table = Draft::new().text("name", name).number("share", share);
        kinds.names.push(name);
        if dice.percent(40) {
            table = table.text("region", "west");
            kinds.names.push("west");
        }
        if dice.percent(30) {
            table = table.flag("client", true);
        }
        if dice.percent(30) {
            let delay = whole_milliseconds(dice.magnitude(0.001, 0.1));
            longest_s = longest_s.max(delay.as_secs_f64());
            table = table.duration("delay", delay);
        }
        if dice.percent(15) {
            table = table.table("bandwidth", bandwidth(dice));
        }
        kinds.tables.push(table);
    }
    kinds.names.push("others");
    kinds.extra_s = 2.0 * longest_s;
    kinds
}

impl Kinds {
    /// The first kind is behind NAT now and then, if the protocol stands it.
    pub(super) fn behind_nat(&mut self, dice: &mut Dice, sample: &Sample) {
        if let (true, Some(first)) = (sample.tolerates_nat && dice.percent(30), self.tables.first_mut()) {
            *first = std::mem::take(first).flag("behind_nat", true);
            self.has_nat = true;
        }
    }

    /// Which messages, at random.
    fn between(&self, dice: &mut Dice) -> Draft {
        if dice.percent(50) {
            return Draft::new().text("of", dice.pick(&self.names));
        }
        let table = Draft::new().text("from", dice.pick(&self.names)).text("to", dice.pick(&self.names));
        if dice.percent(40) { table.flag("both_ways", true) } else { table }
    }

    /// `[[network.link]]`, now and then.
    pub(super) fn links(&self, dice: &mut Dice) -> Vec<Draft> {
        if self.names.is_empty() || !dice.percent(20) {
            return Vec::new();
        }
        let table = self.between(dice);
        vec![match dice.percent(50) {
            true => table.duration("delay", whole_milliseconds(dice.magnitude(0.001, 0.05))),
            false => table.number("loss", dice.magnitude(0.001, 0.1)),
        }]
    }

    /// What happens to links and when it begins \[s\]; mostly for so short that tables still name the others after it.
    pub(super) fn events(&self, dice: &mut Dice, frame: &Frame) -> Vec<(f64, Draft)> {
        let mut events = Vec::new();
        if self.names.is_empty() {
            return events;
        }
        for _ in 0..dice.count(0, 3) {
            let begin = frame.quiet_s * dice.number(0.0, 0.9);
            let table = self.between(dice);
            let rounds = if dice.percent(75) { dice.magnitude(0.05, 1.0) } else { dice.magnitude(1.0, 20.0) };
            let table = match dice.percent(80) {
                true => table.duration("lasts", whole_milliseconds(rounds * frame.round_s)),
                false => table,
            };
            let (name, table) = match dice.count(0, 2) {
                0 => ("cut", table),
                1 => ("lose", table.number("share", dice.number(0.0, 1.0))),
                _ => ("slow", table.number("factor", dice.magnitude(1.1, 10.0))),
            };
            events.push((begin, Draft::new().table(name, table)));
            if dice.percent(20) {
                events.push((begin + rounds * frame.round_s, Draft::new().flag("mend", true)));
            }
        }
        events.retain(|(at, _)| *at < frame.quiet_s * 0.95);
        events
    }

    /// Nodes of a kind crash or leave at one time \[s\].
    pub(super) fn strike(&self, dice: &mut Dice, frame: &Frame) -> Option<(f64, Draft)> {
        if self.names.is_empty() || !dice.percent(20) {
            return None;
        }
        let victims = Draft::new().number("fraction", dice.number(0.05, 1.0)).text("of", dice.pick(&self.names));
        let name = dice.pick(&["crash", "leave"]);
        Some((frame.quiet_s * dice.number(0.0, 0.9), Draft::new().table(name, victims)))
    }
}
