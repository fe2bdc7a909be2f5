//! `[[network.link]]`, and what events do to messages between kinds of nodes.

use super::diagnostics::Problem;
use super::model::{Action, Kind, Link, LinkEffect};
use super::read_kinds::read_between;
use super::reader::TableReader;
use super::reader_values::Zero;
use crate::engine::time::Duration;

/// Longest factor by which something is slowed.
const MOST_TIMES_AS_LONG: f64 = 1e6;

/// Reads the links of the network: what they are like all the time.
pub(super) fn read(table: &mut TableReader<'_>, kinds: &[Kind]) -> Vec<Link> {
    let links = table.tables("link", |table| {
        let between = read_between(table, kinds, false);
        let delay = table.duration_or("delay", Duration::ZERO, Zero::Allowed);
        let loss = table.number_or("loss", 0.0, 0.0..1.0);
        let slow = (!delay.is_zero()).then_some(LinkEffect::Slow { factor: 1.0, delay });
        let lose = (loss > 0.0).then_some(LinkEffect::Lose(loss));
        if slow.is_none() && lose.is_none() && table.is_sound("delay") && table.is_sound("loss") {
            table.reject("delay", "this link is like all others: give it a `delay` or a `loss`");
        }
        [slow, lose].into_iter().flatten().map(|effect| Link { between: between.clone(), effect }).collect::<Vec<_>>()
    });
    links.into_iter().flatten().collect()
}

/// Reads what an event does to links.
pub(super) fn read_action(table: &mut TableReader<'_>, name: &str, kinds: &[Kind]) -> Action {
    let between = read_between(table, kinds, name == "cut");
    let effect = match name {
        "cut" => LinkEffect::Cut,
        "lose" => LinkEffect::Lose(table.number("share", 0.0..=1.0)),
        _ => LinkEffect::Slow {
            factor: table.number_or("factor", 1.0, 1.0..=MOST_TIMES_AS_LONG),
            delay: table.duration_or("delay", Duration::ZERO, Zero::Allowed),
        },
    };
    if effect == (LinkEffect::Slow { factor: 1.0, delay: Duration::ZERO }) && table.is_sound("factor") {
        let problem = Problem::error("nothing is slowed", table.place().clone(), "");
        table.report("factor", problem.help("give a `factor` above 1, a `delay`, or both"));
    }
    Action::Link { link: Link { between, effect }, lasts: table.duration_or_never("lasts", Duration::MAX) }
}
