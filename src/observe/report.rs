//! What a run reports: plain data, handed from the simulation to whoever writes or prints it.

use crate::engine::time::{Duration, Time};

/// Everything measured in one run.
#[derive(Clone, Debug, PartialEq)]
pub struct RunReport {
    /// Name of the protocol.
    pub protocol: &'static str,
    /// Hash over (time, node, kind) of every event processed, from time 0 on.
    pub fingerprint: String,
    /// Events processed, from time 0 on.
    pub events: u64,
    /// The measurement window as a whole.
    pub total: Statistics,
    /// The rows of the time series: consecutive windows from the end of the warm-up on.
    pub windows: Vec<Statistics>,
    /// `hops[h]` answered lookups of the measurement window took `h` hops.
    pub hops: Vec<u64>,
    /// Figures by kind of node, in the order of the scenario; empty where nodes do not differ.
    pub kinds: Vec<KindStatistics>,
    /// How the keys of `measurement.load_keys` spread over nodes at the end, if there are any.
    pub load: Option<Load>,
    /// Lookups that were still running at the end.
    pub in_flight: u64,
    /// Conservation of messages, from time 0 on.
    pub messages: MessageBalance,
    /// Reasons to look twice before trusting the result.
    pub warnings: Vec<Warning>,
    /// How the network healed after quiet returned, in checked runs in which it did.
    pub healing: Option<Healing>,
}

/// How a network healed after quiet had returned.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Healing {
    /// When quiet returned.
    pub since: Time,
    /// When all was as it should be, if it ever was.
    pub ideal_at: Option<Time>,
    /// Whether the protocol promised, at some time, to heal.
    pub is_claimed: bool,
    /// Of all promises that were kept: the largest share that was taken of the time granted, and by which.
    pub slowest: Option<(&'static str, f64)>,
    /// Lookups of the whole run that ended, those of the warm-up among them.
    pub lookups: u64,
}

/// What was measured of the nodes of one kind. Lookups are those that its nodes began.
#[derive(Clone, Debug, PartialEq)]
pub struct KindStatistics {
    /// Name of the kind.
    pub name: String,
    /// Its region, if it has one.
    pub region: Option<String>,
    /// Live nodes, averaged over the measurement.
    pub live_nodes_mean: f64,
    /// Nodes that arrived.
    pub joins: u64,
    /// Nodes that departed.
    pub departures: u64,
    /// How lookups ended.
    pub outcomes: Outcomes,
    /// Hops of answered lookups.
    pub hops: Summary,
    /// Latency of answered lookups \[ms\].
    pub latency_ms: Summary,
    /// Requests a lookup.
    pub rpcs_mean: Option<f64>,
    /// Timeouts a lookup.
    pub timeouts_mean: Option<f64>,
    /// Messages that a live node sends \[1/s\].
    pub sent_messages_per_node_s: Option<f64>,
    /// Bytes that a live node sends \[B/s\].
    pub sent_bytes_per_node_s: Option<f64>,
}

/// How keys spread over nodes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Load {
    /// Keys dealt out.
    pub keys: u64,
    /// Keys a node, over nodes that are members and not behind NAT.
    pub per_node: Summary,
    /// The 1st percentile of the same.
    pub p1: Option<f64>,
}

/// Where all messages went: sent = delivered + lost + dropped + in flight.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MessageBalance {
    /// Messages sent.
    pub sent: u64,
    /// Delivered to a live node.
    pub delivered: u64,
    /// Lost on the way, or stopped by a partition.
    pub lost: u64,
    /// Addressed to a node that was dead by then, or sent unasked to one behind NAT.
    pub dropped: u64,
    /// Still on the way.
    pub in_flight: u64,
}

/// What happened in one stretch of time: the measurement as a whole, or one window of it.
///
/// A lookup belongs to the stretch in which it ends. Rates and means over no lookups are `None`.
#[derive(Clone, Debug, PartialEq)]
pub struct Statistics {
    /// Start of the stretch.
    pub start: Time,
    /// Its length.
    pub duration: Duration,
    /// Live nodes, averaged over the time of the stretch.
    pub live_nodes_mean: f64,
    /// Members (live nodes that have completed their join), averaged over time.
    pub members_mean: f64,
    /// Arrivals.
    pub joins: u64,
    /// Departures: crashes and leaves.
    pub departures: u64,
    /// Those of the departures that were graceful leaves.
    pub leaves: u64,
    /// Joins completed in the stretch, and how long they took from arrival to membership.
    pub join_time_ms: Summary,
    /// Lookups by outcome.
    pub outcomes: Outcomes,
    /// Lookups due at a live node that was not a member yet; they did not start.
    pub not_started: u64,
    /// Hops of the answered lookups (correct or wrong owner).
    pub hops: Summary,
    /// Latency of the answered lookups.
    pub latency_ms: Summary,
    /// Requests sent a lookup, over all that were not aborted.
    pub rpcs_mean: Option<f64>,
    /// Requests a lookup that went unanswered, over all that were not aborted.
    pub timeouts_mean: Option<f64>,
    /// What became of the requests of the stretch, whoever sent them.
    pub requests: RequestCounts,
    /// Correct lookups of which a request had a false timeout.
    pub correct_after_false_timeout: u64,
    /// Failures (wrong owner or failed) of which a request had a false timeout.
    pub failures_after_false_timeout: u64,
    /// Messages sent, by kind, in the protocol's order of kinds.
    pub traffic: Vec<Traffic>,
    /// What the protocol says about its own health, in its own order: for a window the state at its end, for the
    /// measurement the mean over the windows. The names are column names.
    pub health: Vec<(&'static str, Option<f64>)>,
}

impl Statistics {
    /// `not_started` / (`lookups` + `not_started`): the share of lookups that no failure rate speaks of, since their
    /// initiator had not completed its join.
    pub fn not_started_share(&self) -> Option<f64> {
        let due = self.outcomes.lookups() + self.not_started;
        (due > 0).then(|| self.not_started as f64 / due as f64)
    }
}

/// What became of requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RequestCounts {
    /// Requests sent.
    pub sent: u64,
    /// Timeouts that expired at a live node.
    pub timed_out: u64,
    /// Those of the timeouts that were false: the node asked lived on, and the request or its reply was still under
    /// way.
    pub falsely: u64,
}

impl RequestCounts {
    pub(crate) fn plus(self, other: RequestCounts) -> RequestCounts {
        RequestCounts {
            sent: self.sent + other.sent,
            timed_out: self.timed_out + other.timed_out,
            falsely: self.falsely + other.falsely,
        }
    }

    pub(crate) fn minus(self, earlier: RequestCounts) -> RequestCounts {
        RequestCounts {
            sent: self.sent - earlier.sent,
            timed_out: self.timed_out - earlier.timed_out,
            falsely: self.falsely - earlier.falsely,
        }
    }

    /// False timeouts as a share of all requests.
    pub fn false_timeout_share(&self) -> Option<f64> {
        (self.sent > 0).then(|| self.falsely as f64 / self.sent as f64)
    }
}

/// Lookups by outcome.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcomes {
    /// The answer was the owner when it was given.
    pub correct: u64,
    /// The answer was another node, or a dead one.
    pub wrong_owner: u64,
    /// No answer: given up, or over the deadline.
    pub failed: u64,
    /// The initiator departed first.
    pub aborted: u64,
}

impl Outcomes {
    /// One more lookup ended.
    pub fn count(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Correct => self.correct += 1,
            Outcome::WrongOwner => self.wrong_owner += 1,
            Outcome::Failed => self.failed += 1,
            Outcome::Aborted => self.aborted += 1,
        }
    }

    /// All lookups that ended.
    pub fn lookups(&self) -> u64 {
        self.correct + self.wrong_owner + self.failed + self.aborted
    }

    /// (`wrong_owner` + `failed`) / all but `aborted`.
    pub fn failure_rate(&self) -> Option<f64> {
        let judged = self.correct + self.wrong_owner + self.failed;
        (judged > 0).then(|| (self.wrong_owner + self.failed) as f64 / judged as f64)
    }
}

/// A distribution in five figures; `None` where there was nothing to measure.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Summary {
    /// How many values.
    pub count: u64,
    /// Arithmetic mean.
    pub mean: Option<f64>,
    /// Median.
    pub p50: Option<f64>,
    /// 95th percentile.
    pub p95: Option<f64>,
    /// 99th percentile.
    pub p99: Option<f64>,
    /// Largest value.
    pub max: Option<f64>,
}

/// Messages of one kind, split by cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Traffic {
    /// Kind of message, a word that fits in a column name, such as `find_successor`.
    pub kind: &'static str,
    /// Messages that a lookup of the workload caused.
    pub lookup: Volume,
    /// All others.
    pub maintenance: Volume,
}

/// So many messages of so many bytes in all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Volume {
    /// Messages sent.
    pub messages: u64,
    /// Their size \[B\].
    pub bytes: u64,
}

/// How a lookup ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The answer was the owner when it was given.
    Correct,
    /// The answer was another node, or a dead one.
    WrongOwner,
    /// No answer.
    Failed,
    /// The initiator departed first.
    Aborted,
}

impl Outcome {
    /// The word used in files: `correct`, `wrong_owner`, `failed`, `aborted`.
    pub fn as_str(self) -> &'static str {
        match self {
            Outcome::Correct => "correct",
            Outcome::WrongOwner => "wrong_owner",
            Outcome::Failed => "failed",
            Outcome::Aborted => "aborted",
        }
    }
}

/// One finished lookup of the measurement window: a row of `lookups.csv`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LookupRecord {
    /// Number of the lookup in the run, from 0, in order of start.
    pub number: u64,
    /// When it started.
    pub started: Time,
    /// When it ended.
    pub ended: Time,
    /// Number of the node that started it.
    pub node: u32,
    /// When that node arrived: a number may come again, after a departure.
    pub node_arrived: Time,
    /// The key.
    pub key: u64,
    /// How it ended.
    pub outcome: Outcome,
    /// Identifier of the node that was named as the owner, if one was.
    pub answer: Option<u64>,
    /// Identifier of the true owner when the answer was given, if there was an answer and a reachable member.
    pub owner: Option<u64>,
    /// Hops, if it was answered.
    pub hops: Option<u32>,
    /// Requests sent.
    pub rpcs: u32,
    /// Requests that went unanswered.
    pub timeouts: u32,
    /// Those of them that were false: the node asked lived, and its answer was on its way, or would have been.
    pub false_timeouts: u32,
}

/// A reason to look twice before trusting a result; kept with the result.
#[derive(Clone, Debug, PartialEq)]
pub enum Warning {
    /// No lookup ended in the measurement window.
    NoLookups,
    /// So few lookups were judged that the failure rate is coarse.
    FewLookups {
        /// Lookups judged.
        judged: u64,
    },
    /// The live population moved far between the first and the last window.
    PopulationDrifts {
        /// Mean of the first window.
        first: f64,
        /// Mean of the last window.
        last: f64,
    },
    /// Some or all nodes never became members.
    JoinsIncomplete {
        /// Live nodes that were not members at the end.
        joining: u64,
        /// Live nodes at the end.
        live: u64,
    },
    /// The network died out: at some time no node was alive.
    DiedOut {
        /// When, first.
        at: Time,
    },
    /// Many requests time out at nodes that live, and whose reply was under way or would have been.
    LateReplies {
        /// Share of all requests.
        share: f64,
    },
    /// False timeouts stand behind a tenth of the failures or more, or are a tenth of all timeouts.
    FalseTimeouts {
        /// Share of all requests.
        of_requests: f64,
        /// Share of all timeouts.
        of_timeouts: f64,
        /// Share of the failures that they explain.
        of_failures: f64,
        /// Lookups that failed.
        failures: u64,
        /// Those of them that had one among their own requests.
        misled: u64,
        /// A timeout that hardly a round trip exceeds, by the law of delays, if it tells one.
        enough: Option<String>,
    },
    /// NAT stopped answers that came straight from nodes which the initiator had not asked.
    AnswersStopped {
        /// Answers.
        answers: u64,
        /// Share of the lookups judged.
        share: f64,
    },
    /// Figures differ between the first and the last third of the measurement.
    NotSteady {
        /// Which, and how; at least one.
        drifts: Vec<Drift>,
    },
    /// The warm-up is shorter than a session.
    ShortWarmup {
        /// The warm-up.
        warmup: Duration,
        /// A session: the mean, or the length that nine of ten do not exceed, if that is less.
        session: Duration,
    },
}

/// A figure that is not steady.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Drift {
    /// Name of its column.
    pub figure: &'static str,
    /// Mean over the windows of the first third.
    pub first: f64,
    /// Mean over those of the last third.
    pub last: f64,
}

/// What is written while a run goes on, so that long runs need no memory for it.
pub trait Recorder {
    /// A lookup of the measurement window ended.
    fn lookup(&mut self, record: &LookupRecord);
    /// A node arrived, departed, or was told to look a key up: a row of the schedule as it was played.
    fn scheduled(&mut self, entry: &crate::scenario::ScheduleEntry);
    /// The story of the lookup that was to be followed, as soon as it is over, or at the end of the run.
    fn told(&mut self, told: super::story::Told) {
        let _ = told;
    }
}

/// Writes nothing down.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unrecorded;

impl Recorder for Unrecorded {
    fn lookup(&mut self, _record: &LookupRecord) {}
    fn scheduled(&mut self, _entry: &crate::scenario::ScheduleEntry) {}
}
