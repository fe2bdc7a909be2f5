//! The story of a lookup, for people to read.

use super::columns::{Column, aligned};
use crate::engine::time::{Duration, Time};
use crate::node::identifier::clockwise;
use crate::observe::report::Outcome;
use crate::observe::story::{Belief, Cause, Ending, Exchange, Round, Saying, State, Story, Who};
use crate::output::human::figure;

const WORDS: Column = Column::WORDS;
const FIGURES: Column = Column::FIGURES;

/// The whole story: what was asked and what came of it, message by message, and why.
pub(super) fn render(run: &str, story: &Story) -> String {
    let outcome = story.ending.and_then(|ending| ending.record).map(|record| match record.outcome {
        Outcome::Correct => ": correct",
        Outcome::WrongOwner => ": wrong owner",
        Outcome::Failed => ": failed",
        Outcome::Aborted => ": aborted",
    });
    let mut text = format!("lookup {} of {run}{}\n\n", story.number, outcome.unwrap_or_default());
    text.push_str(&table(&facts(story), &[WORDS, WORDS]));
    text.push('\n');
    text.push_str(&table(&messages(story), &[FIGURES, FIGURES, WORDS, WORDS, WORDS]));
    text.push_str(&reasons(story));
    text.push_str(&format!("\n{}\n", verdict(story)));
    text
}

fn facts(story: &Story) -> Vec<Vec<String>> {
    let mut facts = vec![
        ["asked by".to_owned(), format!("{}, at {} s", identified(story.initiator), seconds(story.started))],
        ["for key".to_owned(), story.key.to_string()],
    ];
    if let Some(ending) = story.ending {
        let hops = ending.record.and_then(|record| record.hops);
        let hops = hops.map_or(String::new(), |hops| format!(" and {}", count(u64::from(hops), "hop")));
        let after = span(ending.at.since(story.started));
        let silence = if ending.record.is_some() { "without an answer" } else { "outside of the measurement" };
        match ending.answer {
            Some((who, _)) => facts.push(["answer".to_owned(), format!("{}, after {after}{hops}", identified(who))]),
            None => facts.push(["ended".to_owned(), format!("after {after}, {silence}")]),
        }
        if let Some(owner) = ending.owner {
            facts.push(["owner".to_owned(), identified(owner)]);
        }
        if let Some(record) = ending.record {
            facts.push(["requests".to_owned(), format!("{}, {} timed out", record.rpcs, record.timeouts)]);
        }
    }
    facts.into_iter().map(Vec::from).collect()
}

/// A row for what the initiator itself knew, and one for each message.
fn messages(story: &Story) -> Vec<Vec<String>> {
    let mut rows = vec![["at [s]", "took [ms]", "", "said", "in truth"].map(str::to_owned).to_vec()];
    if let Some(own) = &story.own {
        let what = format!("{} looks in its own tables", name(own.by));
        rows.push(vec![seconds(own.at), String::new(), what, saying(own.says), truth(own)]);
    }
    for exchange in &story.exchanges {
        let what = format!("{} {} {}", name(exchange.from), exchange.verb, name(exchange.to));
        let ended = exchange.answered.or(exchange.timed_out.map(|(at, _)| at));
        let ended = ended.or(exchange.says.and(exchange.arrived));
        let took = ended.map_or("-".to_owned(), |ended| milliseconds(ended.since(exchange.sent)));
        let (said, truth) = outcome_of(exchange);
        rows.push(vec![seconds(exchange.sent), took, what, said, truth]);
    }
    rows
}

/// What came of a message: what was said, and what was true.
fn outcome_of(exchange: &Exchange) -> (String, String) {
    if let Some((at, then)) = exchange.timed_out {
        return ("(timeout)".to_owned(), silence(exchange, at, then));
    }
    match (exchange.says, exchange.belief, exchange.arrived) {
        (Some(says), _, Some(_)) => (saying(says), "it arrived".to_owned()),
        (Some(says), _, None) => (saying(says), "it had not arrived".to_owned()),
        (None, Some(belief), _) => (saying(belief.says), truth(&belief)),
        (None, None, Some(_)) => ("-".to_owned(), "it arrived".to_owned()),
        (None, None, None) => ("-".to_owned(), "it had not arrived".to_owned()),
    }
}

/// Why nothing was heard.
fn silence(exchange: &Exchange, at: Time, then: State) -> String {
    match (exchange.receiver, exchange.arrived) {
        (State::Departed { .. } | State::Unreachable { .. } | State::BehindNat, _) => {
            format!("{} {}", name(exchange.to), state(exchange.receiver, exchange.sent))
        }
        (_, None) => match then {
            State::Departed { graceful, .. } => {
                format!("{} {} while the message was on its way", name(exchange.to), departed(graceful))
            }
            State::Unreachable { .. } => format!("{} {}", name(exchange.to), state(then, at)),
            State::Member | State::Joining { .. } | State::BehindNat => "the message was lost or late".to_owned(),
        },
        (_, Some(_)) => match exchange.belief.map(|belief| belief.says) {
            Some(Saying::Nothing) => format!("{} was alive, but could not tell", name(exchange.to)),
            _ => format!("{} answered, but the reply was lost or late", name(exchange.to)),
        },
    }
}

fn saying(says: Saying) -> String {
    match says {
        Saying::Owner(who) => format!("owner: {}", name(who)),
        Saying::Next(who) => format!("next: {}", name(who)),
        Saying::Nothing => "nothing".to_owned(),
    }
}

/// What was true of what was said.
fn truth(belief: &Belief) -> String {
    match (belief.says, belief.named) {
        (Saying::Owner(named), _) if belief.owner == Some(named) => "right".to_owned(),
        (Saying::Owner(_), _) => {
            format!(
                "wrong: {}",
                belief.owner.map_or("nobody owned it".to_owned(), |who| format!("{} owned it", name(who)))
            )
        }
        (Saying::Next(_), Some(State::Member)) => "alive".to_owned(),
        (Saying::Next(named), Some(truth)) => format!("{} {}", name(named), state(truth, belief.at)),
        (Saying::Next(_), None) => String::new(),
        (Saying::Nothing, _) => "it had lost its place".to_owned(),
    }
}

/// What was believed without being true, each with the event that had made it untrue; but for what the verdict tells.
fn reasons(story: &Story) -> String {
    let told = story.ending.and_then(|ending| mistaken(story, &ending));
    let beliefs = story.own.into_iter().chain(story.exchanges.iter().filter_map(|exchange| exchange.belief));
    let mut rows = Vec::new();
    for belief in beliefs.filter(|belief| Some(*belief) != told) {
        let Some(cause) = belief.cause else { continue };
        rows.push(vec![
            seconds(belief.at),
            format!("{}: {}{}", name(belief.by), saying(belief.says), source(&belief)),
            because(cause, belief.by, story.key, belief.at),
            belief.round.map_or(String::new(), round),
        ]);
    }
    if rows.is_empty() {
        return String::new();
    }
    let header = ["at [s]", "untrue belief", "because", "its next round"].map(str::to_owned).to_vec();
    rows.insert(0, header);
    format!("\n{}", table(&rows, &[FIGURES, WORDS, WORDS, WORDS]))
}

fn source(belief: &Belief) -> String {
    belief.source.map_or(String::new(), |source| format!(", from its {source}"))
}

/// The last belief that is behind the answer of a lookup that gave a wrong one.
fn mistaken(story: &Story, ending: &Ending) -> Option<Belief> {
    let (answer, _) = ending.answer.filter(|_| ending.cause.is_some())?;
    let beliefs = story.exchanges.iter().filter_map(|exchange| exchange.belief).chain(story.own);
    beliefs.filter(|belief| belief.says == Saying::Owner(answer)).max_by_key(|belief| belief.at)
}

/// The event that had made something untrue, so long before `now`.
fn because(cause: Cause, by: Who, key: u64, now: Time) -> String {
    let before = |at: Time| span(now.since(at));
    match cause {
        Cause::Departed { who, at, graceful } => {
            format!("{} {} {} before", name(who), departed(graceful), before(at))
        }
        Cause::Split { who, at } => format!("{} was cut off when the network split {} before", name(who), before(at)),
        Cause::BehindNat { who } => format!("{} was behind NAT and owned nothing", name(who)),
        Cause::Joining { who, at } => {
            format!("{} had arrived {} before and not completed its join", name(who), before(at))
        }
        Cause::Joined { who, at: Time::ZERO, .. } => {
            format!("{} was there from the start; {} did not know of it", name(who), name(by))
        }
        Cause::Joined { who, before: named, at } => {
            // Where identifiers form a ring, the owner stands between the two.
            let from = by.identifier;
            let is_between = clockwise(from, key) <= clockwise(from, who.identifier)
                && clockwise(from, who.identifier) < clockwise(from, named.identifier);
            let place = match is_between {
                true => format!("joined between {} and {}", name(by), name(named)),
                false => format!("joined nearer to the key than {}", name(named)),
            };
            format!("{} {place} {} before and had not been learnt by {}", name(who), before(at), name(by))
        }
        Cause::Suspected { who, at } => {
            format!("{} was alive, but had not answered {} in time {} before", name(who), name(by), before(at))
        }
        Cause::Healed { who, at } => {
            format!("{} was on the other side of the partition that ended {} before", name(who), before(at))
        }
    }
}

fn round(round: Round) -> String {
    match round.due_in {
        Some(due) => format!("{} was due in {}", round.name, span(due)),
        None => format!("no {} was to come", round.name),
    }
}

/// The last sentence.
fn verdict(story: &Story) -> String {
    let Some(ending) = story.ending else { return "It was still under way when the run ended.".to_owned() };
    let initiator = name(story.initiator);
    match ending.record.map(|record| record.outcome) {
        None => "It did not end in the measurement, so it was not judged.".to_owned(),
        Some(Outcome::Correct) => "The answer was right.".to_owned(),
        Some(Outcome::Aborted) => format!("It ended because {initiator} departed before it had an answer."),
        Some(Outcome::Failed) => failure(story, &ending),
        Some(Outcome::WrongOwner) => mistake(story, &ending),
    }
}

fn mistake(story: &Story, ending: &Ending) -> String {
    let Some(belief) = mistaken(story, ending) else {
        // Nobody said that it was the owner: the initiator itself chose it from those that it had heard of.
        return match ending.cause {
            Some(cause) => {
                format!("The answer was wrong:\n  {}", because(cause, story.initiator, story.key, ending.at))
            }
            None => "The answer was wrong.".to_owned(),
        };
    };
    let by = name(belief.by);
    let why = |cause, now| because(cause, belief.by, story.key, now);
    match (belief.cause, ending.cause) {
        (Some(cause), _) => {
            let round = belief.round.map_or(String::new(), |kept| format!("\n  {by}'s {}", round(kept)));
            let why = why(cause, belief.at);
            format!("The answer was wrong when {by} gave it{}:\n  {why}{round}", source(&belief))
        }
        (None, Some(cause)) => format!(
            "The answer was right when {by} gave it, and wrong when it arrived {} later:\n  {}",
            span(ending.at.since(belief.at)),
            why(cause, ending.at)
        ),
        (None, None) => "The answer was wrong.".to_owned(),
    }
}

fn failure(story: &Story, ending: &Ending) -> String {
    let timeouts = story.exchanges.iter().filter(|exchange| exchange.timed_out.is_some()).count() as u64;
    let initiator = name(story.initiator);
    if !ending.is_deadline {
        let after_timeout = story.exchanges.iter().any(|one| one.timed_out.is_some_and(|(at, _)| at == ending.at));
        return match after_timeout {
            true => format!("{initiator} gave up after {}.", count(timeouts, "timeout")),
            false => format!("{initiator} gave up: it knew nobody to ask."),
        };
    }
    let beliefs = story.exchanges.iter().filter_map(|exchange| exchange.belief);
    let last = beliefs.max_by_key(|belief| belief.at);
    let detail = match last.map(|belief| (belief.by, belief.says)) {
        Some((by, Saying::Owner(_))) => format!("{} knew an owner, but its answer never arrived", name(by)),
        Some((by, Saying::Nothing)) => format!("{}, the last to be asked, could not tell", name(by)),
        Some((by, Saying::Next(_))) => format!("{} was the last that carried it on", name(by)),
        None => "nobody answered".to_owned(),
    };
    format!("The deadline passed {} after the start: {detail}.", span(ending.at.since(story.started)))
}

/// What was true of a node at `now`, after its name.
fn state(state: State, now: Time) -> String {
    match state {
        State::Member => "was alive".to_owned(),
        State::Joining { since } => format!("had arrived {} before and was still joining", span(now.since(since))),
        State::Departed { at, graceful } => format!("{} {} before", departed(graceful), span(now.since(at))),
        State::BehindNat => "was behind NAT".to_owned(),
        State::Unreachable { since } => format!("was cut off when the network split {} before", span(now.since(since))),
    }
}

const fn departed(graceful: bool) -> &'static str {
    if graceful { "left" } else { "crashed" }
}

fn name(who: Who) -> String {
    match who.part {
        Some(part) => format!("node {}.{part}", who.node),
        None => format!("node {}", who.node),
    }
}

fn identified(who: Who) -> String {
    format!("{} (identifier {})", name(who), who.identifier)
}

fn count(number: u64, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

fn seconds(time: Time) -> String {
    format!("{:.3}", time.as_secs_f64())
}

fn milliseconds(duration: Duration) -> String {
    format!("{:.1}", duration.as_secs_f64() * 1e3)
}

/// A length of time with three figures: `8.10 s`, `97.2 ms`.
fn span(duration: Duration) -> String {
    match duration.as_secs_f64() {
        seconds if seconds < 1.0 => format!("{} ms", figure(seconds * 1e3)),
        seconds => format!("{} s", figure(seconds)),
    }
}

/// A part of the story, two blanks in front of each column.
fn table(rows: &[Vec<String>], columns: &[Column]) -> String {
    aligned(rows, columns, 2, 2)
}
