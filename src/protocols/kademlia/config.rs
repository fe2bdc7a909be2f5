//! Kademlia's parameters.

use super::bucket::Entry;
use super::presets::{self, PRESETS};
use crate::engine::distribution::Distribution;
use crate::engine::time::Duration;
use crate::scenario::{Facts, Key, Problem, TableReader, Zero};

/// Most contacts that a bucket can have room for.
pub(super) const MOST_CONTACTS: usize = 64;

/// Most contacts that a replacement cache can have room for.
pub(super) const MOST_CACHED: usize = 64;

/// Failures in a row after which a contact may count as gone.
const MISSES: std::ops::RangeInclusive<u64> = 1..=Entry::MOST_FAILURES as u64;

/// How many requests of a lookup may be under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parallelism {
    /// As many as `alpha` says: another one is sent when one has been answered or has timed out.
    Strict,
    /// As many as `alpha` says; and beyond those whoever is among the `alpha` nearest known is asked at once, whoever
    /// else has not answered yet.
    Loose,
    /// In steps: `alpha` at first; the first answer to a request of a step begins the next, with as many requests as it
    /// was the first to name nodes, `alpha` at most, whoever has not answered yet. Whom the other answers of a step
    /// name is not taken up, but they may end the lookup. If nobody new was named, or nobody answers, `alpha` more are
    /// asked when no request is under way any more. In the protocol's own lookups every answer is taken up so.
    /// OverSim's rule (`IterativeLookup.cc`, Baumgart, Heep and Krause, 2007), as it is configured by default.
    FirstAnswer,
}

/// Its words.
const PARALLELISM: &[(&str, Parallelism)] =
    &[("strict", Parallelism::Strict), ("loose", Parallelism::Loose), ("first_answer", Parallelism::FirstAnswer)];

/// When a lookup has found what it was for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndsAt {
    /// When the nearest nodes known have all answered.
    Closest,
    /// When a node says that it knows nobody nearer than itself: then it should have the value.
    FirstOwner,
}

/// How a lookup of the workload travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Routing {
    /// The initiator asks.
    Iterative,
    /// The query is handed from node to node, and the owner answers straight to the initiator (R/Kademlia).
    SemiRecursive,
}

/// Whom a bucket has in a converged start, if there are more in its range than it has room for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartBuckets {
    /// Whom joins lead to.
    Joined,
    /// Anybody, as analyses of static tables have it.
    Random,
}

/// `[protocol.kademlia]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Contacts a bucket has room for, 1 to 64.
    pub k: u32,
    /// Length of identifiers \[bit\], 8 to 64.
    pub identifier_bits: u32,
    /// Bits by which a level of the table tells apart (b in the paper, 4.2), 1 to 5.
    pub bits_per_level: u32,
    /// Requests under way in a lookup, 1 to 64.
    pub alpha: u32,
    /// How many may be under way.
    pub parallelism: Parallelism,
    /// Whether a round that brings nobody nearer is followed by one that asks all that a lookup is to find (2.3).
    pub final_step: bool,
    /// Contacts in an answer, 1 to 64.
    pub answers: u32,
    /// Nearest nodes that must have answered for a lookup of the workload to end, 1 to 64.
    pub results: u32,
    /// The same for the protocol's own lookups, which join and refresh, 1 to 64.
    pub upkeep_results: u32,
    /// When a lookup has found what it was for.
    pub ends_at: EndsAt,
    /// Leading bits in which a node must agree with a key to do as a result, 0 to 64; 0: only the nearest do.
    pub tolerance_bits: u32,
    /// How lookups of the workload travel.
    pub routing: Routing,
    /// Contacts tried after the first by a node that hands a query on.
    pub retries: u32,
    /// Contacts a bucket keeps in reserve, 0 to 64.
    pub replacement_cache: u32,
    /// Whether a newcomer that finds its bucket full has the contact seen longest ago pinged.
    pub ping_oldest: bool,
    /// Time after it was last heard from which on a contact is questionable: others are not pinged for a newcomer
    /// (BEP 5). Zero: all are.
    pub questionable_after: Duration,
    /// Unanswered requests in a row after which a contact counts as gone, 1 to 15; `None`: never.
    pub stale_after: Option<u32>,
    /// Whether such a contact keeps its place until somebody else needs it.
    pub keep_stale: bool,
    /// Whether whoever asks a node in vain tells those who named it.
    pub death_notice: bool,
    /// Time without a lookup in its range after which a bucket is refreshed.
    pub refresh_after: Duration,
    /// Time between two looks at which buckets are due.
    pub refresh_check_every: Distribution,
    /// Whether a node refreshes its buckets as soon as it has joined.
    pub refresh_on_join: bool,
    /// Time between two pings of the contact seen longest ago in a bucket at random.
    pub ping_every: Distribution,
    /// Whether nodes that say that they cannot be reached are put into tables all the same.
    pub learn_unreachable: bool,
    /// Whom buckets have in a converged start.
    pub start_buckets: StartBuckets,
    /// Time after which a lookup has failed.
    pub lookup_deadline: Duration,
    /// Pause before a join that failed is tried again.
    pub join_retry_after: Duration,
    /// Nodes that the scenario begins with, to estimate memory.
    pub expected_nodes: u32,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            k: 20,
            identifier_bits: 64,
            bits_per_level: 1,
            alpha: 3,
            parallelism: Parallelism::Strict,
            final_step: true,
            answers: 20,
            results: 20,
            upkeep_results: 20,
            ends_at: EndsAt::Closest,
            tolerance_bits: 0,
            routing: Routing::Iterative,
            retries: 8,
            replacement_cache: 20,
            ping_oldest: false,
            questionable_after: Duration::ZERO,
            stale_after: Some(5),
            keep_stale: true,
            death_notice: false,
            refresh_after: Duration::from_secs(3600),
            refresh_check_every: Distribution::Fixed(Duration::from_secs(300)),
            refresh_on_join: true,
            ping_every: Distribution::Fixed(Duration::MAX),
            learn_unreachable: false,
            start_buckets: StartBuckets::Joined,
            lookup_deadline: Duration::from_secs(30),
            join_retry_after: Duration::from_secs(1),
            expected_nodes: 0,
        }
    }
}

/// The keys of `[protocol.kademlia]`, in the order in which they are read.
pub(super) const KEYS: &[Key] = &[
    Key::or(
        "preset",
        "`paper`, `mainline`, `ipfs`, `kad` or `discv5`",
        "\"paper\"",
        "whose parameters are the defaults of all keys below: `paper`, Maymounkov and Mazieres, IPTPS 2002 (the column \
         of defaults); `mainline`, BitTorrent's DHT (BEP 5); `ipfs`, go-libp2p-kad-dht; `kad`, eMule's; `discv5`, \
         Ethereum's. `--show-config` prints them",
    ),
    Key::or("k", "a whole number from 1 to 64", "20", "contacts that a bucket has room for"),
    Key::or("identifier_bits", "a whole number from 8 to 64", "64", "length of identifiers [bit]"),
    Key::or(
        "bits_per_level",
        "a whole number from 1 to 5",
        "1",
        "bits by which a level of the routing table tells nodes apart (b in the paper, 4.2): more make fewer hops and \
         larger tables",
    ),
    Key::or("alpha", "a whole number from 1 to 64", "3", "requests of a lookup that may be under way"),
    Key::or(
        "parallelism",
        "`strict`, `loose` or `first_answer`",
        "\"strict\"",
        "`strict`: another request is sent when one has been answered or has timed out; `loose`: besides, whoever is \
         among the `alpha` nearest known is asked at once, whoever else has not answered yet, so that more than \
         `alpha` may be under way and never fewer than with `strict`; `first_answer`: in steps, the first of `alpha` \
         requests, and the first answer to one of those of a step begins the next, with as many requests as nodes that \
         it was the first to name, `alpha` at most. Whom the later answers of a step name is not taken up (but in the \
         protocol's own lookups), though `ends_at` heeds them. If an answer names nobody new, or all are silent, \
         `alpha` more are asked when no request is under way any more (OverSim)",
    ),
    Key::or(
        "final_step",
        "true or false",
        "true",
        "whether a round of requests that brings nobody nearer than the nearest known is followed by one that asks \
         at once all of the nearest that the lookup is to find and has not asked (2.3), and in which whoever comes \
         among those is asked at once too. Nearer is nearer than all who are known and have not been silent. A \
         round is over when as many requests have been answered or have timed out as were under way when it began. \
         Always false with `parallelism = \"first_answer\"`, which has no such rounds",
    ),
    Key::or(
        "answers",
        "a whole number from 1 to 64",
        "20",
        "contacts in an answer; as many as `k`, unless the preset has another number",
    ),
    Key::or(
        "results",
        "a whole number from 1 to 64",
        "20",
        "nodes that a lookup of the workload is to find: it ends when so many of the nearest known have all answered. \
         As many as `k`, unless the preset has another number",
    ),
    Key::or(
        "upkeep_results",
        "a whole number from 1 to 64",
        "20",
        "the same for the protocol's own lookups, which join and refresh; `results`, `ends_at` and `tolerance_bits` \
         do not touch them. As many as `k`, unless the preset has another number",
    ),
    Key::or(
        "ends_at",
        "`closest` or `first_owner`",
        "\"closest\"",
        "`closest`: a lookup ends when the nearest have answered; `first_owner`: as soon as a node says that it knows \
         nobody nearer than itself, which should have the value",
    ),
    Key::or(
        "tolerance_bits",
        "a whole number from 0 to 64",
        "0",
        "leading bits in which a node must agree with the key to do as one of the `results`, be it one of the nearest \
         or not (Kad's tolerance zone); 0: only the nearest do",
    ),
    Key::or(
        "routing",
        "`iterative` or `semi_recursive`",
        "\"iterative\"",
        "how lookups of the workload travel: the initiator asks node after node; or the query is handed on, and the \
         owner answers straight to the initiator (R/Kademlia). The protocol's own lookups are always iterative",
    ),
    Key::or(
        "retries",
        "a whole number from 0 to 200",
        "8",
        "other contacts that a node tries to hand a query to (`routing = \"semi_recursive\"` only)",
    ),
    Key::or(
        "replacement_cache",
        "a whole number from 0 to 64",
        "20",
        "contacts a bucket keeps in reserve: those seen last that found it full (4.1). As many as `k`, unless \
         the preset has another number",
    ),
    Key::or(
        "ping_oldest",
        "true or false",
        "false",
        "whether a newcomer that finds its bucket full has the contact seen longest ago pinged, and takes its place if \
         it does not answer (2.2); if not, nobody is pinged for it (4.1)",
    ),
    Key::or(
        "questionable_after",
        "a duration",
        "\"0s\"",
        "time after which a contact that has not been heard is questionable (`ping_oldest = true` only). One that \
         has been heard since, and has ever answered a request, is good, and is not pinged for a newcomer; of the \
         others the one seen longest ago is, and if it answers the next, until one makes room (BEP 5). `0s`: the one \
         seen longest ago is pinged, whenever it was heard (2.2)",
    ),
    Key::or(
        "stale_after",
        "a whole number from 1 to 15, or `never`",
        "5",
        "unanswered requests in a row after which a contact counts as gone: it is not named to others any more, and \
         one in reserve takes its place",
    ),
    Key::or(
        "keep_stale",
        "true or false",
        "true",
        "whether a contact that counts as gone keeps its place until somebody else needs it (4.1)",
    ),
    Key::or(
        "death_notice",
        "true or false",
        "false",
        "whether a node whose request in an iterative lookup was not answered tells those who named the silent one \
         in that lookup, be it before or after; for them it counts as a request of their own that went unanswered \
         (p2psim)",
    ),
    Key::or(
        "refresh_after",
        "a duration above zero, or `never`",
        "\"1h\"",
        "time without a lookup in its range after which a bucket is refreshed: a random key in it is looked up. In the \
         bucket of the node itself that is its own identifier, and a random key in each half that lies beyond all of \
         its contacts",
    ),
    Key::or("refresh_check_every", "a period", "\"5min\"", "between two looks at which buckets are due"),
    Key::or(
        "refresh_on_join",
        "true or false",
        "true",
        "whether a node that has found its own place refreshes all buckets beyond its nearest neighbour (2.3)",
    ),
    Key::or(
        "ping_every",
        "a period",
        "\"never\"",
        "between two pings of the contact seen longest ago in a bucket at random",
    ),
    Key::or(
        "learn_unreachable",
        "true or false",
        "false",
        "whether nodes behind NAT (`network.behind_nat`) do not say so, and are put into tables like others",
    ),
    Key::or(
        "start_buckets",
        "`joined` or `random`",
        "\"joined\"",
        "whom buckets have in a converged start that have not room for all of their range: `joined`, those that joins \
         and refreshes lead to (in networks of more than 50,000 nodes anybody); `random`, anybody, as analyses of \
         static tables have it",
    ),
    Key::or(
        "lookup_deadline",
        "a duration above zero",
        "\"30s\"",
        "after which a lookup has failed; those with which a node joins and refreshes buckets too, so a join that \
         takes longer is begun again",
    ),
    Key::or("join_retry_after", "a duration above zero", "\"1s\"", "pause before a join that failed is tried again"),
];

impl Config {
    /// Reads `[protocol.kademlia]`. What is wrong with it is reported through the reader.
    pub fn read(table: &mut TableReader<'_>, facts: &Facts) -> Self {
        let names = PRESETS.map(|preset| (preset.name, preset.name));
        let preset = table.word("preset", &names);
        let default = presets::find(preset).unwrap_or_default();
        let k = count(table, "k", default.k, 1..=MOST_CONTACTS as u64);
        // What is the same as k in a preset stays so.
        let of_k = |count: u32| if count == default.k { k } else { count };
        let parallelism = table.word_or("parallelism", default.parallelism, PARALLELISM);
        let config = Config {
            k,
            identifier_bits: count(table, "identifier_bits", default.identifier_bits, 8..=64),
            bits_per_level: count(table, "bits_per_level", default.bits_per_level, 1..=5),
            alpha: count(table, "alpha", default.alpha, 1..=64),
            parallelism,
            final_step: table.flag("final_step", default.final_step && parallelism != Parallelism::FirstAnswer),
            answers: count(table, "answers", of_k(default.answers), 1..=64),
            results: count(table, "results", of_k(default.results), 1..=64),
            upkeep_results: count(table, "upkeep_results", of_k(default.upkeep_results), 1..=64),
            ends_at: table.word_or(
                "ends_at",
                default.ends_at,
                &[("closest", EndsAt::Closest), ("first_owner", EndsAt::FirstOwner)],
            ),
            tolerance_bits: count(table, "tolerance_bits", default.tolerance_bits, 0..=64),
            routing: table.word_or(
                "routing",
                default.routing,
                &[("iterative", Routing::Iterative), ("semi_recursive", Routing::SemiRecursive)],
            ),
            retries: count(table, "retries", default.retries, 0..=200),
            replacement_cache: count(
                table,
                "replacement_cache",
                of_k(default.replacement_cache),
                0..=MOST_CACHED as u64,
            ),
            ping_oldest: table.flag("ping_oldest", default.ping_oldest),
            questionable_after: table.duration_or("questionable_after", default.questionable_after, Zero::Allowed),
            // Every preset gives contacts up at some time.
            stale_after: table
                .count_or_word("stale_after", default.stale_after.map_or(1, u64::from), MISSES, "never")
                .map(|misses| misses as u32),
            keep_stale: table.flag("keep_stale", default.keep_stale),
            death_notice: table.flag("death_notice", default.death_notice),
            refresh_after: table.duration_or_never("refresh_after", default.refresh_after),
            refresh_check_every: table.period("refresh_check_every", every(default.refresh_check_every)),
            refresh_on_join: table.flag("refresh_on_join", default.refresh_on_join),
            ping_every: table.period("ping_every", every(default.ping_every)),
            learn_unreachable: table.flag("learn_unreachable", default.learn_unreachable),
            start_buckets: table.word_or(
                "start_buckets",
                default.start_buckets,
                &[("joined", StartBuckets::Joined), ("random", StartBuckets::Random)],
            ),
            lookup_deadline: table.duration_or("lookup_deadline", default.lookup_deadline, Zero::Forbidden),
            join_retry_after: table.duration_or("join_retry_after", default.join_retry_after, Zero::Forbidden),
            expected_nodes: facts.nodes.unwrap_or(0),
        };
        config.check_agreement(table, facts);
        config.name_idle(table, &default);
        config
    }

    /// Names the keys that do not matter beside others. `default`: that of the preset.
    fn name_idle(&self, table: &mut TableReader<'_>, default: &Config) {
        if self.routing == Routing::Iterative && self.retries != default.retries {
            table.warn_idle("retries", "routing", "lookups are not handed on: that is `\"semi_recursive\"`");
        }
        if !self.ping_oldest && self.questionable_after != default.questionable_after {
            table.warn_idle("questionable_after", "ping_oldest", "nobody is pinged for a newcomer");
        }
        // Not to look either is what belongs to it.
        let looks =
            ![default.refresh_check_every, Distribution::Fixed(Duration::MAX)].contains(&self.refresh_check_every);
        if self.refresh_after == Duration::MAX && looks {
            table.warn_idle("refresh_check_every", "refresh_after", "no bucket is ever due");
        }
    }

    /// Whether it matters when contacts were last heard.
    pub(super) const fn keeps_heard(&self) -> bool {
        self.ping_oldest && self.questionable_after.as_nanos() > 0
    }

    /// Whether no key says something that another makes void, and the identifiers are enough for the network.
    fn check_agreement(&self, table: &mut TableReader<'_>, facts: &Facts) {
        if let (true, Some(nat)) = (self.routing == Routing::SemiRecursive, facts.nat_place.clone()) {
            let message = "NAT stops answers that come straight from nodes that the initiator has not asked";
            let problem = Problem::warning(message, table.place_of("routing"), "answers go straight to the initiator");
            let problem = problem.and(nat, "some initiators are behind NAT");
            table.warn(problem.help("`\"iterative\"`: who is asked answers"));
        }
        if self.parallelism == Parallelism::FirstAnswer && self.final_step {
            let place = table.place_of("final_step");
            let problem =
                Problem::error("a lookup in steps has no rounds, and so no final step", place, "a final step");
            let problem = problem.and(table.place_of("parallelism"), "the first answer begins the next step");
            table.report("final_step", problem.note("allowed: with `parallelism = \"strict\"` or `\"loose\"`"));
        }
        if self.routing == Routing::SemiRecursive && (self.tolerance_bits > 0 || self.ends_at == EndsAt::FirstOwner) {
            let key = if self.tolerance_bits > 0 { "tolerance_bits" } else { "ends_at" };
            let place = table.place_of(key);
            let problem = Problem::error("a query that is handed on ends at the owner", place, "where it ends");
            let problem = problem.and(table.place_of("routing"), "queries are handed on");
            table.report(key, problem.note("allowed: with `routing = \"iterative\"`"));
        }
        let Some(nodes) = facts.nodes.map(u64::from) else { return };
        let room = 1u64 << self.identifier_bits.min(40);
        if nodes > room && table.is_sound("identifier_bits") {
            let place = table.place_of("identifier_bits");
            let label = format!("room for {room} identifiers");
            let bits = 64 - (nodes - 1).leading_zeros();
            let problem = Problem::error("the identifiers are too short for the network", place, label);
            let problem = problem.and(facts.nodes_place.clone(), format!("{nodes} nodes"));
            table.report("identifier_bits", problem.note(format!("allowed: at least {bits} bits")));
        }
    }
}

fn count(table: &mut TableReader<'_>, key: &str, default: u32, range: std::ops::RangeInclusive<u64>) -> u32 {
    table.count_or(key, u64::from(default), range) as u32
}

/// The length of a period that is always the same, as those of presets are.
fn every(period: Distribution) -> Duration {
    match period {
        Distribution::Fixed(length) => length,
        law => Duration::from_secs_f64(law.mean_s()),
    }
}
