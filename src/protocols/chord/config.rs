//! Chord's parameters.

use super::Timer;
use crate::engine::distribution::Distribution;
use crate::engine::time::Duration;
pub use crate::overlay::forward::Acknowledgements;
use crate::overlay::forward::{ForwardRules, Retries, WayBack};
use crate::overlay::ring::options::check_room;
use crate::overlay::ring::rules::Rules;
pub use crate::overlay::ring::rules::{HandsOver, ListRefresh, Maintenance, Notify, Periods};
use crate::overlay::rounds::{NEVER, Round, Rounds};
use crate::scenario::{Facts, Key, Problem, TableReader, Zero};

/// How a lookup travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Routing {
    /// The initiator asks one node after another.
    Iterative,
    /// The query is handed from node to node, and the answer comes back the same way.
    Recursive,
    /// The query is handed from node to node, and the answer goes straight back.
    SemiRecursive,
}

/// Which node a lookup of the workload names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndsAt {
    /// The owner of the key.
    Owner,
    /// The last node before the key, which knows the owner as its successor (`find_predecessor` in the papers).
    Predecessor,
}

/// How a round refreshes a finger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FingerRefresh {
    /// It is looked up.
    LookedUp,
    /// It is asked for its predecessor, and looked up only if it is silent or that is the better finger.
    Asked,
}

/// Which fingers are kept and refreshed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FingersBeyond {
    /// Those that can be others than the first successor.
    FirstSuccessor,
    /// Those that can be others than the entries of the successor list.
    SuccessorList,
}

/// Which fingers take turns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FingerTurns {
    /// Those that are kept.
    Kept,
    /// One for each bit of the identifier; the turn of a finger that is not kept passes with nothing to do.
    Bits,
}

/// Whom a lookup goes on to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NextHop {
    /// The nearest node before the key that is known; only its predecessor names the owner.
    BeforeKey,
    /// The same, but a node whose identifier is the key is named by itself and by those whose finger it is.
    AtKey,
}

/// How many fingers a round refreshes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FingersPerRound {
    /// So many, in turn.
    Count(u32),
    /// All that are not the immediate successor.
    All,
}

/// `[protocol.chord]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Length of the successor list, 1 to 128, less than the number of nodes.
    pub successors: u32,
    /// Length of identifiers \[bit\], 8 to 64.
    pub identifier_bits: u32,
    /// Virtual nodes (identifiers) a node has, 1 to 1024.
    pub virtual_nodes: u32,
    /// Which rules keep the ring.
    pub maintenance: Maintenance,
    /// Time between two rounds of stabilisation, drawn anew for each.
    pub stabilize_every: Distribution,
    /// Whether a round goes on from each nearer node it finds to that node's predecessor, until nobody is nearer.
    pub stabilize_to_end: bool,
    /// Time between two rounds of finger refreshes.
    pub fix_fingers_every: Distribution,
    /// How the successor list beyond the first entry is kept.
    pub successor_list_refresh: ListRefresh,
    /// Time between two rounds of the successor list, where it has rounds of its own.
    pub successor_list_every: Distribution,
    /// When a round of stabilisation ends with a notification.
    pub notify: Notify,
    /// Whether fingers are refreshed in the rounds of stabilisation, not in rounds of their own.
    pub fingers_with_stabilize: bool,
    /// Fingers a round refreshes.
    pub fingers_per_round: FingersPerRound,
    /// How a round refreshes a finger.
    pub finger_refresh: FingerRefresh,
    /// Which fingers are kept and refreshed.
    pub fingers_beyond: FingersBeyond,
    /// Which fingers take turns.
    pub finger_turns: FingerTurns,
    /// Whether a node looks all its fingers up as soon as it has joined.
    pub fingers_on_join: bool,
    /// Time between two pings of the predecessor.
    pub check_predecessor_every: Distribution,
    /// How often periods are drawn.
    pub periods: Periods,
    /// Whether a node that gets a new predecessor tells the old one (ToN 2003, section on stabilisation), and a
    /// joining node takes over its successor's predecessor. Joins that come one after another then have their places
    /// within a round; of many at once in the same place each round brings one into its place all the same.
    pub notify_old_predecessor: bool,
    /// Whether a node that joins is adopted as the predecessor as soon as it asks its successor for neighbours.
    pub adopt_joining: bool,
    /// How lookups travel.
    pub routing: Routing,
    /// How a node learns that whom it handed a query to has it.
    pub acknowledgements: Acknowledgements,
    /// Unanswered requests after which a lookup gives up.
    pub retries: u32,
    /// Whether a node strikes those from its tables that did not answer a lookup; if not, only maintenance does.
    pub lookups_mend_tables: bool,
    /// Whom a lookup goes on to.
    pub next_hop: NextHop,
    /// Which node a lookup of the workload names.
    pub lookups_end_at: EndsAt,
    /// Whether the owner has a say: an iterative lookup asks the node named as the owner whether it is alive, before
    /// it takes the answer; a query that is handed on goes on to the owner, which answers.
    pub confirm_owner: bool,
    /// Whether an owner that is asked so must agree that the key is its own; if it does not, the lookup has failed.
    pub owner_agrees: bool,
    /// Time after which a lookup has failed.
    pub lookup_deadline: Duration,
    /// Pause before a join that failed is tried again.
    pub join_retry_after: Duration,
    /// Whether a node that leaves gracefully tells its neighbours.
    pub farewells: bool,
    /// What it tells its predecessor then.
    pub farewell_hands_over: HandsOver,
}

impl Default for Config {
    fn default() -> Self {
        let every_30_s = Distribution::Fixed(Duration::from_secs(30));
        Config {
            successors: 16,
            identifier_bits: 64,
            virtual_nodes: 1,
            maintenance: Maintenance::Corrected,
            stabilize_every: every_30_s,
            stabilize_to_end: false,
            fix_fingers_every: every_30_s,
            successor_list_refresh: ListRefresh::Copied,
            successor_list_every: every_30_s,
            notify: Notify::EveryRound,
            fingers_with_stabilize: false,
            fingers_per_round: FingersPerRound::Count(1),
            finger_refresh: FingerRefresh::LookedUp,
            fingers_beyond: FingersBeyond::FirstSuccessor,
            finger_turns: FingerTurns::Kept,
            fingers_on_join: true,
            check_predecessor_every: every_30_s,
            periods: Periods::PerRound,
            notify_old_predecessor: false,
            adopt_joining: false,
            routing: Routing::Iterative,
            acknowledgements: Acknowledgements::Sent,
            retries: 8,
            lookups_mend_tables: true,
            next_hop: NextHop::BeforeKey,
            lookups_end_at: EndsAt::Owner,
            confirm_owner: false,
            owner_agrees: false,
            lookup_deadline: Duration::from_secs(10),
            join_retry_after: Duration::from_secs(1),
            farewells: true,
            farewell_hands_over: HandsOver::SuccessorList,
        }
    }
}

impl Config {
    /// By which rules the ring is kept.
    pub const fn ring(&self) -> Rules {
        Rules {
            successors: self.successors,
            maintenance: self.maintenance,
            stabilize_every: self.stabilize_every,
            stabilize_to_end: self.stabilize_to_end,
            successor_list_refresh: self.successor_list_refresh,
            successor_list_every: self.successor_list_every,
            notify: self.notify,
            check_predecessor_every: self.check_predecessor_every,
            periods: self.periods,
            notify_old_predecessor: self.notify_old_predecessor,
            adopt_joining: self.adopt_joining,
            join_retry_after: self.join_retry_after,
            farewells: self.farewells,
            farewell_hands_over: self.farewell_hands_over,
        }
    }

    /// When what is due.
    pub(super) fn rounds(&self) -> Rounds<Timer, 4> {
        let rounds = [
            Round::timed(Timer::Stabilize, self.stabilize_every),
            Round { is_timed: !self.fingers_with_stabilize, ..Round::timed(Timer::FixFingers, self.fix_fingers_every) },
            Round::timed(Timer::CheckPredecessor, self.check_predecessor_every),
            match self.successor_list_refresh {
                ListRefresh::OwnRounds => Round::timed(Timer::RefreshList, self.successor_list_every),
                _ => Round::timed(Timer::RefreshList, NEVER),
            },
        ];
        match self.periods {
            Periods::PerRound => Rounds::new(rounds),
            Periods::PerNode => Rounds::with_own_periods(rounds),
        }
    }

    /// By which rules queries are handed on.
    pub const fn forward(&self) -> ForwardRules {
        ForwardRules {
            retries: Retries::OfQuery(self.retries),
            confirm_owner: self.confirm_owner,
            acknowledgements: self.acknowledgements,
            way_back: match self.routing {
                Routing::Recursive => WayBack::AlongPath,
                Routing::Iterative | Routing::SemiRecursive => WayBack::Straight,
            },
        }
    }
}

/// The keys of `[protocol.chord]`, in the order in which they are read.
pub(super) const KEYS: &[Key] = &[
    Key::or(
        "successors",
        "a whole number from 1 to 128",
        "16",
        "length of the successor list (r in the papers), less than the number of nodes",
    ),
    Key::or(
        "identifier_bits",
        "a whole number from 8 to 64",
        "64",
        "length of identifiers [bit]; short ones are for comparisons with the papers' figures",
    ),
    Key::or(
        "virtual_nodes",
        "a whole number from 1 to 1024",
        "1",
        "identifiers that each node has (ToN 2003, figure 9)",
    ),
    Key::or(
        "maintenance",
        "`corrected` or `original`",
        "\"corrected\"",
        "which rules keep the ring: `corrected` are those of Zave, TSE 2017 (only a node \
         seen alive is adopted; rectify), `original` those of ToN 2003, figure 6",
    ),
    Key::or(
        "stabilize_every",
        "a period",
        "\"30s\"",
        "between two rounds of stabilisation; the papers have 30 s on average. The reply with which a join ends is \
         used like that of a first round",
    ),
    Key::or(
        "stabilize_to_end",
        "true or false",
        "false",
        "whether a round goes on from each nearer successor that it finds to that node's predecessor, until nobody is \
         nearer; in the papers it takes one step. Needs `maintenance = \"corrected\"`",
    ),
    Key::or("fix_fingers_every", "a period", "\"30s\"", "between two rounds of finger refreshes"),
    Key::or(
        "successor_list_refresh",
        "`copied`, `in_turn`, `own_rounds` or `with_notification`",
        "\"copied\"",
        "`copied`: each round of stabilisation takes over the first successor's list. With the others it asks the \
         first successor for its predecessor only. `in_turn`: the other entries take turns with the fingers, each \
         looked up (ToN 2003, table 3); `own_rounds`: the list is taken over in rounds of its own (p2psim); \
         `with_notification`: the notification is a request, and the list comes with its reply (OverSim)",
    ),
    Key::or(
        "successor_list_every",
        "a period",
        "\"30s\"",
        "between two rounds in which the first successor's list is taken over, if \
         `successor_list_refresh = \"own_rounds\"`",
    ),
    Key::or(
        "notify",
        "`every_round` or `when_needed`",
        "\"every_round\"",
        "whether each round of stabilisation ends with a notification, as in the papers, or only those in which the \
         successor has not named the node as its predecessor (p2psim)",
    ),
    Key::or(
        "fingers_with_stabilize",
        "true or false",
        "false",
        "whether fingers are refreshed in the rounds of stabilisation, not in rounds of their own (ToN 2003, table 3); \
         `fix_fingers_every` does not matter then",
    ),
    Key::or(
        "fingers_per_round",
        "a whole number from 1 to 64, or `all`",
        "1",
        "fingers that a round refreshes, in turn; `all`: all but those that are the first successor. Fingers after one \
         that turn out to be the same node are set with it and share its turn",
    ),
    Key::or(
        "finger_refresh",
        "`looked_up` or `asked`",
        "\"looked_up\"",
        "`looked_up`: a round looks each finger up; `asked`: it asks the finger for its predecessor, and looks it up \
         only if there is no answer, or one that lies between the start of the finger and the finger",
    ),
    Key::or(
        "fingers_beyond",
        "`first_successor` or `successor_list`",
        "\"first_successor\"",
        "which fingers are kept and refreshed: those that can be others than the first successor, or only those that \
         can be others than all entries of the successor list",
    ),
    Key::or(
        "finger_turns",
        "`kept` or `bits`",
        "\"kept\"",
        "`kept`: the fingers that are kept take turns; `bits`: so do all fingers of the papers, one for each bit of \
         the identifier, though there is nothing to do for those that are not kept",
    ),
    Key::or(
        "fingers_on_join",
        "true or false",
        "true",
        "whether a node looks all its fingers up as soon as it has joined",
    ),
    Key::or("check_predecessor_every", "a period", "\"30s\"", "between two pings of the predecessor"),
    Key::or(
        "periods",
        "`per_round` or `per_node`",
        "\"per_round\"",
        "whether a period that is a law is drawn anew for each round, or once for each node, which then keeps it",
    ),
    Key::or(
        "notify_old_predecessor",
        "true or false",
        "false",
        "whether a node that gets a new predecessor tells the old one (an option of ToN 2003), and a joining node \
         takes over its successor's predecessor: joins that come one after another then have their places within a \
         round. Of many that join between the same two nodes at once each round brings one into its place all the \
         same, unless `stabilize_to_end` is set: then two or three rounds do",
    ),
    Key::or(
        "adopt_joining",
        "true or false",
        "false",
        "whether the successor adopts a joining node as its predecessor as soon as that asks for its neighbours, not \
         when it notifies it; with `notify_old_predecessor` a join has then found its place when it is complete",
    ),
    Key::or(
        "routing",
        "`iterative`, `recursive` or `semi_recursive`",
        "\"iterative\"",
        "how lookups travel: the initiator asks node after node; or the query is handed on and the \
         answer comes back the same way; or the answer goes straight back. A node's own lookups, which join and \
         refresh fingers, travel like those of the workload",
    ),
    Key::or(
        "acknowledgements",
        "`sent` or `implied`",
        "\"sent\"",
        "how a node learns that whom it handed a query or an answer to has it: by a message; or through the transport \
         underneath, whose packets are not simulated: it learns after `rpc_timeout` if the other is gone when the \
         message is sent, or the message is lost. Not for `routing = \"iterative\"`",
    ),
    Key::or("retries", "a whole number from 0 to 200", "8", "unanswered requests after which a lookup gives up"),
    Key::or(
        "lookups_mend_tables",
        "true or false",
        "true",
        "whether a node strikes those from its tables that did not answer a lookup; if not, only maintenance does \
         (`routing = \"iterative\"` only)",
    ),
    Key::or(
        "next_hop",
        "`before_key` or `at_key`",
        "\"before_key\"",
        "whom a lookup goes on to: the nearest node known before the key, so that only the owner's predecessor names \
         the owner; `at_key`: so it does, but a node whose identifier is the key is also named by itself, and by \
         those whose finger it is (OverSim): lookups of live nodes are shorter",
    ),
    Key::or(
        "lookups_end_at",
        "`owner` or `predecessor`",
        "\"owner\"",
        "which node a lookup names: the owner of the key; or the last node before the key, which the papers' \
         `find_predecessor` looks for: whether the owner is alive is then not asked",
    ),
    Key::or(
        "confirm_owner",
        "true or false",
        "false",
        "whether an iterative lookup asks the node named as the owner whether it is alive, before it takes the \
         answer; if not, whoever named it is asked for the next. A query that is handed on goes on to the owner, which \
         answers. Either counts in requests, not in hops",
    ),
    Key::or(
        "owner_agrees",
        "true or false",
        "false",
        "whether the node that `confirm_owner` asks must agree: if the key does not lie between its predecessor and \
         itself, the lookup has failed (OverSim, where only the owner itself ends a lookup). For \
         `routing = \"iterative\"`",
    ),
    Key::or(
        "lookup_deadline",
        "a duration above zero",
        "\"10s\"",
        "after which a lookup has failed; those with which a node joins and refreshes its fingers too",
    ),
    Key::or("join_retry_after", "a duration above zero", "\"1s\"", "pause before a join that failed is tried again"),
    Key::or(
        "farewells",
        "true or false",
        "true",
        "whether a node that leaves gracefully tells its neighbours, which take over its pointers (ToN 2003); if not, \
         leaving is like crashing (OverSim)",
    ),
    Key::or(
        "farewell_hands_over",
        "`successor_list` or `last_successor`",
        "\"successor_list\"",
        "what a node that leaves gracefully tells its predecessor, if `farewells` are said: `successor_list`: its \
         list, which the predecessor takes over as in a round of stabilisation; `last_successor`: the last node of \
         its list, which the predecessor adds to its own (the letter of ToN 2003, IV-E.3)",
    ),
];

impl Config {
    /// Reads `[protocol.chord]`. What is wrong with it is reported through the reader.
    pub fn read(table: &mut TableReader<'_>, facts: &Facts) -> Self {
        let default = Config::default();
        let every = Duration::from_secs(30);
        let config = Config {
            successors: table.count_or("successors", u64::from(default.successors), 1..=128) as u32,
            identifier_bits: table.count_or("identifier_bits", u64::from(default.identifier_bits), 8..=64) as u32,
            virtual_nodes: table.count_or("virtual_nodes", u64::from(default.virtual_nodes), 1..=1024) as u32,
            maintenance: table
                .word("maintenance", &[("corrected", Maintenance::Corrected), ("original", Maintenance::Original)]),
            stabilize_every: table.period("stabilize_every", every),
            stabilize_to_end: table.flag("stabilize_to_end", default.stabilize_to_end),
            fix_fingers_every: table.period("fix_fingers_every", every),
            successor_list_refresh: table.word(
                "successor_list_refresh",
                &[
                    ("copied", ListRefresh::Copied),
                    ("in_turn", ListRefresh::InTurn),
                    ("own_rounds", ListRefresh::OwnRounds),
                    ("with_notification", ListRefresh::WithNotification),
                ],
            ),
            successor_list_every: table.period("successor_list_every", every),
            notify: table.word("notify", &[("every_round", Notify::EveryRound), ("when_needed", Notify::WhenNeeded)]),
            fingers_with_stabilize: table.flag("fingers_with_stabilize", default.fingers_with_stabilize),
            fingers_per_round: table
                .count_or_word("fingers_per_round", 1, 1..=64, "all")
                .map_or(FingersPerRound::All, |count| FingersPerRound::Count(count as u32)),
            finger_refresh: table
                .word("finger_refresh", &[("looked_up", FingerRefresh::LookedUp), ("asked", FingerRefresh::Asked)]),
            fingers_beyond: table.word(
                "fingers_beyond",
                &[("first_successor", FingersBeyond::FirstSuccessor), ("successor_list", FingersBeyond::SuccessorList)],
            ),
            finger_turns: table.word("finger_turns", &[("kept", FingerTurns::Kept), ("bits", FingerTurns::Bits)]),
            fingers_on_join: table.flag("fingers_on_join", default.fingers_on_join),
            check_predecessor_every: table.period("check_predecessor_every", every),
            periods: table.word("periods", &[("per_round", Periods::PerRound), ("per_node", Periods::PerNode)]),
            notify_old_predecessor: table.flag("notify_old_predecessor", default.notify_old_predecessor),
            adopt_joining: table.flag("adopt_joining", default.adopt_joining),
            routing: table.word(
                "routing",
                &[
                    ("iterative", Routing::Iterative),
                    ("recursive", Routing::Recursive),
                    ("semi_recursive", Routing::SemiRecursive),
                ],
            ),
            acknowledgements: table
                .word("acknowledgements", &[("sent", Acknowledgements::Sent), ("implied", Acknowledgements::Implied)]),
            retries: table.count_or("retries", u64::from(default.retries), 0..=200) as u32,
            lookups_mend_tables: table.flag("lookups_mend_tables", default.lookups_mend_tables),
            next_hop: table.word("next_hop", &[("before_key", NextHop::BeforeKey), ("at_key", NextHop::AtKey)]),
            lookups_end_at: table
                .word("lookups_end_at", &[("owner", EndsAt::Owner), ("predecessor", EndsAt::Predecessor)]),
            confirm_owner: table.flag("confirm_owner", default.confirm_owner),
            owner_agrees: table.flag("owner_agrees", default.owner_agrees),
            lookup_deadline: table.duration_or("lookup_deadline", default.lookup_deadline, Zero::Forbidden),
            join_retry_after: table.duration_or("join_retry_after", default.join_retry_after, Zero::Forbidden),
            farewells: table.flag("farewells", default.farewells),
            farewell_hands_over: table.word(
                "farewell_hands_over",
                &[("successor_list", HandsOver::SuccessorList), ("last_successor", HandsOver::LastSuccessor)],
            ),
        };
        config.check_against(table, facts);
        config.check_agreement(table);
        config.name_idle(table);
        config
    }

    /// Names the keys that do not matter beside others.
    fn name_idle(&self, table: &mut TableReader<'_>) {
        let default = Config::default();
        let is_listed = self.successor_list_refresh == ListRefresh::OwnRounds;
        if !is_listed && self.successor_list_every != default.successor_list_every {
            let why = "the list has no rounds of its own: those are `\"own_rounds\"`";
            table.warn_idle("successor_list_every", "successor_list_refresh", why);
        }
        if self.fingers_with_stabilize && self.fix_fingers_every != default.fix_fingers_every {
            let why = "fingers are refreshed in the rounds of `stabilize_every`";
            table.warn_idle("fix_fingers_every", "fingers_with_stabilize", why);
        }
        if !self.farewells && self.farewell_hands_over != default.farewell_hands_over {
            table.warn_idle("farewell_hands_over", "farewells", "no farewells are said");
        }
    }

    /// Whether no key says something that another makes void.
    fn check_agreement(&self, table: &mut TableReader<'_>) {
        if !self.lookups_mend_tables && self.routing != Routing::Iterative {
            // A query that is handed on and not acknowledged may live on: what is tried again multiplies.
            let place = table.place_of("lookups_mend_tables");
            let problem = Problem::error("only iterative lookups can leave tables as they are", place, "");
            let problem = problem.and(table.place_of("routing"), "another way of routing");
            table.report("lookups_mend_tables", problem.note("allowed: with `routing = \"iterative\"`"));
        }
        if self.stabilize_to_end && self.maintenance != Maintenance::Corrected {
            let place = table.place_of("stabilize_to_end");
            let problem = Problem::error("rounds that take all steps need nodes seen alive", place, "");
            let problem = problem.and(table.place_of("maintenance"), "other rules");
            table.report("stabilize_to_end", problem.note("allowed: with `maintenance = \"corrected\"`"));
        }
        if self.lookups_end_at == EndsAt::Predecessor && (self.confirm_owner || self.routing != Routing::Iterative) {
            let message = "only an iterative lookup that does not confirm the owner can end at the predecessor";
            let problem = Problem::error(message, table.place_of("lookups_end_at"), "");
            table.report(
                "lookups_end_at",
                problem.note("allowed: `\"owner\"`, or the defaults of `routing` and `confirm_owner`"),
            );
        }
        if self.owner_agrees && (!self.confirm_owner || self.routing != Routing::Iterative) {
            let place = table.place_of("owner_agrees");
            let problem = Problem::error("only an owner that an iterative lookup asks can agree", place, "");
            let allowed = "allowed: with `confirm_owner = true` and `routing = \"iterative\"`";
            table.report("owner_agrees", problem.note(allowed));
        }
        if self.notify == Notify::WhenNeeded && self.successor_list_refresh == ListRefresh::WithNotification {
            let place = table.place_of("notify");
            let problem = Problem::error("without a notification in each round no successor list comes", place, "");
            let problem = problem.and(table.place_of("successor_list_refresh"), "it comes with the notification");
            table.report("notify", problem.note("allowed: `\"every_round\"`, or another `successor_list_refresh`"));
        }
        if self.acknowledgements == Acknowledgements::Implied && self.routing == Routing::Iterative {
            let place = table.place_of("acknowledgements");
            let problem = Problem::error("an iterative lookup has replies to acknowledge it", place, "");
            let problem = problem.and(table.place_of("routing"), "queries are not handed on");
            let allowed = "allowed: with `routing = \"recursive\"` or `\"semi_recursive\"`";
            table.report("acknowledgements", problem.note(allowed));
        }
    }

    /// Whether the ring has room for the successor list, and the space of identifiers for the ring.
    fn check_against(&self, table: &mut TableReader<'_>, facts: &Facts) {
        if let (true, Some(nat)) = (self.routing == Routing::SemiRecursive, facts.nat_place.clone()) {
            let message = "NAT stops answers that come straight from nodes that the initiator has not asked";
            let problem = Problem::warning(message, table.place_of("routing"), "answers go straight to the initiator");
            let problem = problem.and(nat, "some initiators are behind NAT");
            table
                .warn(problem.help("`\"iterative\"` or `\"recursive\"`: answers come back on the way of the question"));
        }
        let Some(nodes) = facts.nodes else { return };
        let ring = u64::from(nodes) * u64::from(self.virtual_nodes);
        check_room(table, facts, ring, &self.ring(), self.identifier_bits);
    }
}
