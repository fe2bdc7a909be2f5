//! How long a quiet ring takes at most to become exact, by what the papers say of its maintenance.
//!
//! The unit is the round of stabilisation. A round reaches the first live successor, after one timeout for each dead
//! entry before it, and takes over its list (Zave, TSE 2017, section on progress): so an entry that is right at the
//! i-th successor is right here one round later, and a list of r is right r rounds after the first successors are.
//! Where m nodes have joined between two neighbours, or a successor lies beyond m live nodes, each round brings one of
//! them into its place (ToN 2003, section on concurrent joins; Liben-Nowell, Balakrishnan and Karger, PODC 2002, whose
//! strongly stable ring it is): m rounds.

use super::RingHost;
use super::rules::{ListRefresh, Maintenance, Periods};
use crate::engine::distribution::Distribution;
use crate::engine::time::{Duration, Time};
use crate::node::identifier::clockwise;
use crate::node::{Contact, Slot, Truth};
use crate::overlay::rounds::JOIN_ATTEMPTS;

/// How unlikely random periods are to take longer than is granted: minus its natural logarithm (1 in 10^9 for a node).
const SURELY: f64 = 20.7;

/// Failed requests that a lookup must stand for one pass over the fingers to put them right.
const ENOUGH_RETRIES: u32 = 8;

/// What the promise that joins end takes from lookups.
#[derive(Clone, Copy, Debug)]
pub struct JoinLookups {
    /// Time after which a lookup has failed.
    pub deadline: Duration,
    /// Unanswered requests after which a lookup gives up.
    pub retries: u32,
    /// Whether the node named as the owner must agree that the key is its own.
    pub owner_agrees: bool,
}

/// How long so many rounds of a period take, at whichever of so many nodes it takes longest; `None` if they never
/// come. The first may be due a whole period from now.
pub fn rounds<P: RingHost>(host: &P, law: Distribution, count: u64, nodes: usize) -> Option<Duration> {
    match law {
        Distribution::Fixed(Duration::MAX) => None,
        Distribution::Fixed(period) => Some(period.saturating_mul(count)),
        Distribution::Uniform { to, .. } => Some(to.saturating_mul(count)),
        law => {
            let (count, surely) = (count as f64, libm::log(nodes.max(1) as f64) + SURELY);
            // One draw for all rounds; or a sum of exponential draws (Bernstein's bound for the gamma law).
            let periods = match host.ring().rules().periods {
                Periods::PerNode => count * surely,
                Periods::PerRound => count + libm::sqrt(2.0 * count * surely) + surely,
            };
            Some(Duration::from_secs_f64(law.mean_s() * periods))
        }
    }
}

/// So many rounds of stabilisation in a network of so many members. Each may wait for a candidate that is dead, and
/// the first for all entries of a list but one.
pub fn stabilisation<P: RingHost>(host: &P, count: u64, members: usize, wait: Duration) -> Option<Duration> {
    let waits = 2 * count + u64::from(host.ring().rules().successors);
    Some(rounds(host, host.ring().rules().stabilize_every, count, members)? + wait.saturating_mul(waits))
}

/// So many rounds in which the first successor's list is taken over.
fn list_rounds<P: RingHost>(host: &P, count: u64, members: usize, wait: Duration) -> Option<Duration> {
    let time = stabilisation(host, count, members, wait)?;
    match host.ring().rules().successor_list_refresh {
        ListRefresh::Copied | ListRefresh::InTurn => Some(time),
        ListRefresh::WithNotification => Some(time + wait.saturating_mul(count)),
        ListRefresh::OwnRounds => {
            let own = rounds(host, host.ring().rules().successor_list_every, count, members)?;
            Some(time + own + wait.saturating_mul(count))
        }
    }
}

/// For nodes to join that have arrived; nothing is promised where a node is behind NAT: what is said of the ring in
/// quiet is said of all members. An attempt that must not meet many dead nodes may have to wait until
/// nobody's tables name them.
pub fn time_to_join<P: RingHost>(host: &P, truth: &Truth<'_>) -> Option<Duration> {
    if (0..truth.directory.slots()).any(|slot| truth.directory.is_occupied(slot) && (truth.is_client)(slot)) {
        return None;
    }
    let attempt = host.join_lookups().deadline + truth.longest_wait + host.ring().rules().join_retry_after;
    let mut attempts = attempt.saturating_mul(JOIN_ATTEMPTS);
    if host.join_lookups().owner_agrees {
        // An owner agrees once it knows its predecessor. Of those that join at one place each may have to wait for
        // the one before, which a round of stabilisation puts into its place.
        let rounds = widest_gap(host, truth) + joining(host, truth) + 3;
        attempts = attempts
            + stabilisation(host, rounds, truth.members.len(), truth.longest_wait)?
            + attempt.saturating_mul(rounds);
    }
    match host.join_lookups().retries >= ENOUGH_RETRIES {
        true => Some(attempts),
        false => Some(attempts + time_to_fill_lists(host, truth)? + host.time_to_mend_tables(truth)?),
    }
}

/// For first successors and predecessors. The predecessor is told in the round after; one that is dead is found out
/// by the next notification, under the original rules by a check.
pub fn time_to_order<P: RingHost>(host: &P, truth: &Truth<'_>) -> Option<Duration> {
    let members = truth.members.len();
    let time = stabilisation(host, widest_gap(host, truth) + 3, members, truth.longest_wait)?;
    match host.ring().rules().maintenance {
        Maintenance::Corrected => Some(time),
        Maintenance::Original => Some(time + rounds(host, host.ring().rules().check_predecessor_every, 2, members)?),
    }
}

/// For successor lists in a ring that is in order.
pub fn time_to_fill_lists<P: RingHost>(host: &P, truth: &Truth<'_>) -> Option<Duration> {
    match host.ring().rules().successor_list_refresh {
        // A pass finds one that is lacking after each entry, and that one's next in the pass after.
        ListRefresh::InTurn => Some(host.time_for_a_turn(truth)?.saturating_mul(1 + most_lacking(host, truth))),
        _ => {
            let entries = u64::from(host.ring().rules().successors).min(truth.members.len() as u64);
            list_rounds(host, entries + 1, truth.members.len(), truth.longest_wait)
        }
    }
}

/// Live nodes that are no members yet.
fn joining<P: RingHost>(host: &P, truth: &Truth<'_>) -> u64 {
    let slots = 0..truth.directory.slots();
    slots.filter(|slot| truth.directory.is_occupied(*slot) && !host.ring().node(*slot).member).count() as u64
}

/// The longest run of members each of whom is skipped: lies between some member and its first live successor.
/// Nobody looks past a member that is skipped by nobody, so runs heal beside each other.
fn widest_gap<P: RingHost>(host: &P, truth: &Truth<'_>) -> u64 {
    let ring: Vec<u64> = truth.members.iter().map(|member| member.id()).collect();
    let heads = truth.members.iter().map(|member| {
        let head = host.ring().live_successor(truth, member.slot());
        (member.id(), head.map_or(member.id(), |head| host.ring().node(head).id))
    });
    let skipped = skipped(&ring, heads);
    if skipped.iter().all(|skipped| *skipped) {
        return ring.len() as u64;
    }
    // Twice around, for a run across the first identifier.
    let (mut run, mut longest) = (0, 0);
    for is_skipped in skipped.iter().chain(&skipped) {
        run = if *is_skipped { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest
}

/// The most entries that a successor list lacks.
fn most_lacking<P: RingHost>(host: &P, truth: &Truth<'_>) -> u64 {
    let lacking = |member: Contact| {
        let list = host.ring().successors(member.slot());
        let right = truth.members.from_key(member.id().wrapping_add(1)).take(host.ring().rules().successors as usize);
        right.filter(|right| *right != member && !list.contains(right)).count() as u64
    };
    truth.members.iter().map(lacking).max().unwrap_or(0)
}

/// Who is and was around everybody lately: all members, and those who departed within the horizon. `None` if
/// nothing can be told from it, because somebody may have been taken for dead.
fn neighbourhood<P: RingHost>(host: &P, truth: &Truth<'_>) -> Option<Neighbourhood> {
    let history = truth.history?;
    let horizon = horizon(host, truth)?;
    let from = before(truth.now, horizon);
    if history.suspected_since(from) {
        return None;
    }
    let live = reachable(truth);
    let live = live.map(|live| (live.id(), Presence::Member(history.age(live, truth.now))));
    let dead = history.departed_since(from).iter().map(|(time, id)| (*id, Presence::Gone(truth.now.since(*time))));
    let mut all: Vec<(u64, Presence)> = live.chain(dead).collect();
    all.sort_by_key(|(id, _)| *id);
    let is_young = |presence: &Presence| match presence {
        Presence::Member(age) => *age < horizon,
        Presence::Gone(_) => true,
    };
    let mut beside = Vec::with_capacity(all.len());
    for run in all.chunk_by(|(_, one), (_, next)| is_young(one) == is_young(next)) {
        let length = if is_young(&run[0].1) { run.len() } else { 0 };
        beside.extend(std::iter::repeat_n(length, run.len()));
    }
    Some(Neighbourhood { horizon, all, beside })
}

/// The first of these members of which `is_beyond_repair` does not hold.
pub fn first_not_beyond_repair<P: RingHost>(host: &P, truth: &Truth<'_>, members: &[Contact]) -> Option<Contact> {
    let neighbourhood = neighbourhood(host, truth)?;
    members.iter().copied().find(|member| !is_beyond_repair(host, truth, member.slot(), &neighbourhood))
}

/// Whether more has happened around `node` than maintenance can keep up with, so that its whole list may be dead
/// without anybody's fault: that is what Zave's proof assumes away ("no failure leaves a member without a live
/// successor").
///
/// The p-th node from here is struck from the list at most p rounds after its death; until then it may take a
/// place. A member is known here a round after each that joined beside it, and one for each place before its own.
/// So the list may be dead if as many dead as it has places come before the first member that must be known.
fn is_beyond_repair<P: RingHost>(host: &P, truth: &Truth<'_>, node: Slot, neighbourhood: &Neighbourhood) -> bool {
    // One that had lost its place before is on its way back.
    if host.ring().node(node).joining {
        return true;
    }
    let Neighbourhood { horizon, all, beside } = neighbourhood;
    let in_turn = host.ring().rules().successor_list_refresh == ListRefresh::InTurn;
    let rounds = |count: usize| match in_turn {
        true => *horizon,
        false => list_rounds(host, count as u64, truth.members.len(), truth.longest_wait).unwrap_or(Duration::MAX),
    };
    let own = host.ring().node(node).id;
    let first = all.partition_point(|(id, _)| *id <= own);
    let (mut places, mut deaths) = (0, 0);
    for index in (first..all.len()).chain(0..first) {
        match all[index] {
            (id, _) if id == own => return true,
            (_, Presence::Gone(ago)) => {
                deaths += 1;
                places += usize::from(ago <= rounds(deaths));
            }
            (_, Presence::Member(_)) if places >= host.ring().rules().successors as usize => return true,
            (_, Presence::Member(age)) if age >= rounds(3 + beside[index] + places) => return false,
            (_, Presence::Member(_)) => {}
        }
    }
    true
}

/// For how long what has happened may still show in lists: a round for each that joined beside others, and for the
/// way through a list and back.
fn horizon<P: RingHost>(host: &P, truth: &Truth<'_>) -> Option<Duration> {
    let history = truth.history?;
    let ages: Vec<Duration> = reachable(truth).map(|member| history.age(member, truth.now)).collect();
    let more = match host.ring().rules().successor_list_refresh {
        ListRefresh::InTurn => host.time_to_mend_tables(truth)?,
        _ => Duration::ZERO,
    };
    let mut beside = 0;
    loop {
        let rounds = 2 * u64::from(host.ring().rules().successors) + 4 + beside;
        let horizon = list_rounds(host, rounds, ages.len(), truth.longest_wait)? + more;
        match longest_run(&ages, horizon) as u64 {
            longer if longer > beside => beside = longer,
            _ => return Some(horizon),
        }
    }
}

/// Which members, but for those behind NAT, have been there for long enough to be in all lists that should have
/// them. None, if that cannot be told: somebody may have been taken for dead, or more have joined at one place than
/// a list has places.
pub fn is_known_to_all<P: RingHost>(host: &P, truth: &Truth<'_>) -> Vec<bool> {
    let Some(history) = truth.history else { return reachable(truth).map(|_| true).collect() };
    let settling = settling_time(host, truth);
    let settling = settling.filter(|settling| !history.suspected_since(before(truth.now, *settling)));
    let is_known = |member: Contact| settling.is_some_and(|settling| history.age(member, truth.now) >= settling);
    reachable(truth).map(is_known).collect()
}

/// How long a new member takes at most to be known to all that should have it in their lists: a round for each that
/// joins beside it, and one for each place of a list. `None` if more join beside each other than a list has places.
fn settling_time<P: RingHost>(host: &P, truth: &Truth<'_>) -> Option<Duration> {
    let history = truth.history?;
    let places = u64::from(host.ring().rules().successors);
    let more = match host.ring().rules().successor_list_refresh {
        ListRefresh::InTurn => host.time_to_mend_tables(truth)?,
        _ => Duration::ZERO,
    };
    let ages: Vec<Duration> = reachable(truth).map(|member| history.age(member, truth.now)).collect();
    for beside in 0..=places {
        let settling = list_rounds(host, places + 4 + beside, truth.members.len(), truth.longest_wait)? + more;
        if longest_run(&ages, settling) as u64 <= beside {
            return Some(settling);
        }
    }
    None
}

/// Who is and was where lately.
struct Neighbourhood {
    /// For how long what has happened may still show in lists.
    horizon: Duration,
    /// By identifier, in order.
    all: Vec<(u64, Presence)>,
    /// For each of them the number of neighbours in a row, itself among them, that are gone or have joined within the
    /// horizon; 0 for a member that has been there for longer.
    beside: Vec<usize>,
}

/// Whether somebody is there.
#[derive(Clone, Copy)]
enum Presence {
    /// A member, for so long.
    Member(Duration),
    /// Gone, so long ago.
    Gone(Duration),
}

/// The members that have a place in the ring: all but those behind NAT.
pub fn reachable<'a>(truth: &'a Truth<'_>) -> impl Iterator<Item = Contact> + 'a {
    truth.members.iter().filter(|member| !(truth.is_client)(member.slot()))
}

/// Length of the longest run of neighbours that are younger than `age`.
fn longest_run(ages: &[Duration], age: Duration) -> usize {
    ages.split(|other| *other >= age).map(<[Duration]>::len).max().unwrap_or(0)
}

/// Which identifiers of a ring (in rising order) lie strictly between a pair of the given ones.
pub fn skipped(ring: &[u64], pairs: impl Iterator<Item = (u64, u64)>) -> Vec<bool> {
    // How many pairs begin to skip at a place, less those that cease to: skips are runs of neighbouring places.
    let mut change = vec![0i64; ring.len() + 1];
    let mut skip = |from: usize, to: usize| {
        if from < to {
            change[from] += 1;
            change[to] -= 1;
        }
    };
    for (from, to) in pairs {
        if clockwise(from, to) <= 1 {
            continue;
        }
        let first = ring.partition_point(|id| *id <= from);
        let end = ring.partition_point(|id| *id < to);
        if from < to {
            skip(first, end);
        } else {
            skip(first, ring.len());
            skip(0, end);
        }
    }
    let mut skipping = 0;
    let is_skipped = |change: &i64| {
        skipping += *change;
        skipping > 0
    };
    change[..ring.len()].iter().map(is_skipped).collect()
}

/// So long ago, or the beginning.
fn before(now: Time, ago: Duration) -> Time {
    Time::from_nanos(now.as_nanos().saturating_sub(ago.as_nanos()))
}
