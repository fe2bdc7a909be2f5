//! How a violated invariant is told: what, when, where, and what to run to see it again.

use super::arguments::{RunArguments, parse_duration};
use crate::engine::time::Duration;
use crate::observe::Violation;
use crate::scenario::units::Decimal;

/// Reads the argument of `--check-every`.
pub(super) fn parse_period(text: &str) -> Result<Duration, String> {
    match parse_duration(text, "a duration is a number and a unit, such as 1s, 500ms or 5min")? {
        period if period.is_zero() => Err("the time between two checks is longer than nothing".to_owned()),
        period => Ok(period),
    }
}

/// The violation in words, with the command that leads to it again.
pub(super) fn tell(violation: &Violation, command: &str) -> String {
    let mut text = format!("{} does not hold: {}\n", violation.checker, violation.text);
    let mut line = |name: &str, value: &str| text.push_str(&format!("  {name:<13}{value}\n"));
    line("must hold", violation.meaning);
    line("virtual time", &format!("{:#} s", Decimal::seconds(violation.at.as_nanos())));
    let event = match violation.last_event {
        Some((kind, node)) => format!("{} ({kind} at node {node})", violation.events),
        None => "none: it does not hold at the start".to_owned(),
    };
    line("after event", &event);
    for (node, id) in violation.nodes.iter().take(8) {
        line("node", &format!("{node} (identifier {id})"));
    }
    line("again", command);
    text.truncate(text.trim_end().len());
    text
}

/// The command line that plays this again.
pub(super) fn command(arguments: &RunArguments, every: Duration) -> String {
    let mut words = vec!["torus-sim run".to_owned(), arguments.file.display().to_string()];
    words.extend(arguments.seed.map(|seed| format!("--seed {seed}")));
    words.extend(arguments.set.iter().map(|set| format!("--set '{set}'")));
    words.extend(arguments.replay.as_ref().map(|file| format!("--replay {}", file.display())));
    words.push(format!("--check-every {}", period(every)));
    words.join(" ")
}

/// As `--check-every` takes it.
pub(super) fn period(every: Duration) -> String {
    match every.as_nanos() {
        nanos if nanos.is_multiple_of(1_000_000_000) => format!("{}s", nanos / 1_000_000_000),
        nanos if nanos.is_multiple_of(1_000_000) => format!("{}ms", nanos / 1_000_000),
        nanos => format!("{nanos}ns"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::time::Time;

    #[test]
    fn periods_are_read() {
        assert_eq!(parse_period("500ms"), Ok(Duration::from_millis(500)));
        for bad in ["0s", "5", "-1s", "often"] {
            assert!(parse_period(bad).is_err(), "{bad}");
        }
        let problem = |text| parse_period(text).unwrap_err();
        assert_eq!(problem("5m"), "unknown unit `m`: did you mean \"5min\"?");
        assert_eq!(problem("-1s"), "negative: a duration is a number and a unit, such as 1s, 500ms or 5min");
        for text in ["90s", "500ms", "7ns"] {
            assert_eq!(period(parse_period(text).unwrap()), text);
        }
    }

    #[test]
    fn a_violation_names_the_event_the_time_the_nodes_and_the_command() {
        let violation = Violation {
            checker: "one_ring",
            meaning: "there is one ring",
            text: "there are 2 rings".to_owned(),
            nodes: vec![(3, 0xab)],
            at: Time::from_nanos(1_500_000_000),
            events: 77,
            last_event: Some(("reply", 3)),
        };
        assert_eq!(
            tell(&violation, "torus-sim run a.toml"),
            "\
one_ring does not hold: there are 2 rings
  must hold    there is one ring
  virtual time 1.500000000 s
  after event  77 (reply at node 3)
  node         3 (identifier 171)
  again        torus-sim run a.toml"
        );
    }
}
