//! What the reference page says of each key. `tests/reference.rs` holds it against what the reader asks for: names,
//! ranges, defaults, and whether a key must be given.

use super::reference::{Key, Section};

const COUNT: &str = "a whole number from 1 to 100_000_000";
const SHARE: &str = "a number at least 0 and at most 1";
const DURATION: &str = "a duration";
const POSITIVE_DURATION: &str = "a duration above zero";

/// All tables but those of protocols.
pub(super) const SECTIONS: &[Section] = &[
    Section { path: "", text: "What the experiment is called, and the root of its randomness.", keys: ROOT },
    Section { path: "population", text: "Who is there, and how the network comes about.", keys: POPULATION },
    Section {
        path: "population.kind",
        text: "A share of the nodes that differ: an entry for each kind, at most 64. Those who are of none are of the\n\
            kind `others`. Of which kind a node is follows from the seed and its number, and a node that takes the\n\
            place of another by `churn.steady` has its number, and so its kind. A kind can have a `session` of its\n\
            own, a law as in `churn.session`, where [churn] replaces departures at once (`steady`, presets).",
        keys: KIND,
    },
    Section { path: "network", text: "Latency, loss, NAT, and how long a request waits.", keys: NETWORK },
    Section {
        path: "network.bandwidth",
        text: "What the line of each node carries; without this table, and for kinds without one of their own,\n\
            anything. As in OverSim's SimpleUnderlay a message waits until all that its sender has sent before is on\n\
            the line, and takes its own time there and again on the line of its receiver, where nothing waits.",
        keys: BANDWIDTH,
    },
    Section {
        path: "network.link",
        text: "What messages between nodes of some kinds meet in addition, for the whole run: an entry for each link.\n\
            Names are those of kinds or of regions, or `all`.",
        keys: LINK,
    },
    Section {
        path: "network.latency",
        text: "One-way delay of a message: exactly one of these tables. `constant`, `uniform`, `exponential` and\n\
            `log_normal` are drawn anew for each message.\n\n\
            A `matrix` is a text file in UTF-8. Entries stand between commas, semicolons, bars, tabs or blanks, with\n\
            or without quotes; commas that do not separate may stand before decimals. What follows a `#`, or a `%`\n\
            after a blank, is left out. Names of hosts, in a first line or column, are an error. Every pair of hosts\n\
            needs a delay: an empty entry, `nan` or a negative number is an error. `auto` takes a file for one of\n\
            p2psim's by its first line, for a list if each line has two numbers of hosts (from 0 or from 1 on without\n\
            gaps; `3` or `3.0`) and a delay, and else for a square; three lines that could be a square of three hosts\n\
            or a list need a `format`. A pair that a list or p2psim names once has that delay both\n\
            ways. A sweep reads a matrix once.",
        keys: LATENCY,
    },
    Section {
        path: "churn",
        text: "The law by which nodes come and go; without this table nobody does. One of: `session` and `downtime`\n\
            (a node alternates between the two); `session` and `steady`; `preset`; `poisson`.",
        keys: CHURN,
    },
    Section {
        path: "churn.session",
        text: "A law of durations: exactly one of these tables. `[churn.downtime]` has the same.",
        keys: LAW,
    },
    Section {
        path: "workload",
        text: "Who looks up what; without this table nobody does. One of `lookups_every` and `network_lookups_every`.",
        keys: WORKLOAD,
    },
    Section {
        path: "event",
        text: "Something that happens at a given time: an entry with `at` and exactly one of the actions. Equal times\n\
            keep the order of the file.",
        keys: EVENT,
    },
    Section {
        path: "schedule",
        text: "A file that says who comes and goes and looks up what, in place of churn, workload, and crash, leave\n\
            and join events. `docs/outputs.md` describes its columns.",
        keys: SCHEDULE,
    },
    Section { path: "measurement", text: "What is measured, and when.", keys: MEASUREMENT },
    Section {
        path: "measurement.message_sizes",
        text: "What messages are made of, for the figures of traffic; nothing else depends on it. The default is\n\
            p2psim's choice: 20 bytes a message and 4 for each key, identifier or address in it, less than real\n\
            messages have. In OverSim they are 33, 0 (a header names the sender), 20 and 26; in BitTorrent's DHT\n\
            (BEP 5, with UDP and IPv4) about 90, 0, 20 and 26: a contact is 20 bytes of identifier, 4 of address and\n\
            2 of port.\n\n\
            A message is the header, and what the table says. `list` is as many contacts as are named, at most\n\
            `successors` (all that the list has) in Chord and `answers` in Kademlia; `path` is the nodes that a\n\
            query has come through.\n\n\
            | kind | request | reply or acknowledgement |\n|---|---|---|\n\
            | Chord: `find_successor` (iterative) | key, and a key for each dead node named | contact |\n\
            | `find_successor` (handed on) | key, contact; recursive: and path | empty |\n\
            | `find_successor` (`finger_refresh = \"asked\"`) | empty | contact |\n\
            | `answer` | key, contact; recursive: and path | recursive: empty |\n\
            | `answer` (`confirm_owner`, iterative) | key | empty |\n\
            | `stabilize` | empty | contact; unless only the predecessor is asked for: and list |\n\
            | `notify` | sender | with `with_notification`: list |\n\
            | `notify` (a nearer successor is named) | contact | |\n\
            | `ping` | empty | empty |\n\
            | `leave` (to the successor) | contact | |\n\
            | `leave` (to the predecessor) | list; `last_successor`: contact | |\n\
            | Kademlia: `find_node` | key, sender | list |\n\
            | `ping` | sender | empty |\n\
            | `ping` (`death_notice`) | contact | |\n\
            | `forward` | key, contact, sender | empty |\n\
            | `answer` | key, contact | |",
        keys: MESSAGE_SIZES,
    },
];

const ROOT: &[Key] = &[
    Key::required(
        "name",
        "a string",
        "name of the experiment and of its folder of results: letters, digits, `.`, `_`, `-`",
    ),
    Key::or("description", "a string", "\"\"", "what it is about, one line"),
    Key::or(
        "seed",
        "a whole number from 0 to 18_446_744_073_709_551_615",
        "1",
        "root of all randomness; in TOML up to 2^63 - 1, with `--seed` up to 2^64 - 1",
    ),
];

const POPULATION: &[Key] = &[
    Key::required("nodes", COUNT, "live nodes at the start, or nodes that join"),
    Key::or(
        "start",
        "`converged` or `joining`",
        "\"converged\"",
        "`converged`: all nodes are there at time 0 with exact tables; `joining`: they join one after another",
    ),
    Key::optional("join_every", POSITIVE_DURATION, "time between two joins; must be given with `start = \"joining\"`"),
    Key::or(
        "permanent",
        "a whole number from 0 to 100_000_000",
        "0",
        "so many of the first nodes never depart by the churn law or a random event; at most `nodes`",
    ),
];

const POSITIVE_COUNT: &str = "a whole number from 1 to 1_000_000_000_000";

const KIND: &[Key] = &[
    Key::required("name", "a string", "how links, events and results call it: letters, digits, `_` and `-`"),
    Key::required("share", "a number above 0 and at most 1", "share of the nodes; shares add up to 1 at most"),
    Key::optional("region", "a string", "where they are: another name for links and events, which kinds can share"),
    Key::or(
        "behind_nat",
        "true or false",
        "false",
        "whether nothing that is sent to them unasked arrives; they own no keys, as clients",
    ),
    Key::or(
        "client",
        "true or false",
        "false",
        "whether they use the network without being part of it: they own no keys, say so, and are in nobody's tables",
    ),
    Key::or("delay", DURATION, "\"0s\"", "what each message that they send or get takes longer"),
    Key::required("bandwidth.up_bytes_per_s", POSITIVE_COUNT, "their line, in place of `network.bandwidth`"),
    Key::required("bandwidth.down_bytes_per_s", POSITIVE_COUNT, "the same, towards them"),
    Key::or("bandwidth.queue_bytes", POSITIVE_COUNT, "1_000_000", "the same, what may wait"),
];

const BANDWIDTH: &[Key] = &[
    Key::required("up_bytes_per_s", POSITIVE_COUNT, "from the node"),
    Key::required("down_bytes_per_s", POSITIVE_COUNT, "to the node"),
    Key::or(
        "queue_bytes",
        POSITIVE_COUNT,
        "1_000_000",
        "what may wait at a node to be sent, the message on the line among it; what is more is dropped",
    ),
];

const LINK: &[Key] = &[
    Key::optional("from", "a string", "messages of these senders; `from`, `to` or both, or `of`"),
    Key::optional("to", "a string", "messages to these receivers"),
    Key::or("both_ways", "true or false", "false", "with those: and messages the other way round"),
    Key::optional("of", "a string", "instead: all messages that these send or get"),
    Key::or("delay", DURATION, "\"0s\"", "what they take longer; this, `loss` or both"),
    Key::or("loss", "a number at least 0 and below 1", "0.0", "probability that one is lost, beside `network.loss`"),
];

const NETWORK: &[Key] = &[
    Key::or("rpc_timeout", POSITIVE_DURATION, "\"1s\"", "how long each request waits for its reply"),
    Key::optional(
        "rpc_timeout.round_trips",
        "a number above 0 and at most 1000",
        "instead of a duration: so many times the expected round trip between the two nodes, which no node knows \
         but an oracle",
    ),
    Key::optional(
        "rpc_timeout.first",
        POSITIVE_DURATION,
        "instead of a duration: as TCP computes it (RFC 6298), from the round trips that a node has measured with the \
         node that it asks: their smoothed mean and four mean deviations, twice as long after each request in a row \
         that was not answered; and this long as long as nothing was measured. A late reply is measured too. Each node \
         keeps that for each that it has ever asked, which takes memory",
    ),
    Key::or(
        "rpc_timeout.least",
        POSITIVE_DURATION,
        "\"200ms\"",
        "with `first`: never less; or `first`, if that is less",
    ),
    Key::or("rpc_timeout.most", POSITIVE_DURATION, "\"1min\"", "with `first`: never more; or `first`, if that is more"),
    Key::or("loss", "a number at least 0 and below 1", "0.0", "probability that a message is lost"),
    Key::or(
        "behind_nat",
        "a number at least 0 and below 1",
        "0.0",
        "share of nodes behind NAT, which own no keys: what they ask is answered, nothing sent unasked reaches them; \
         they say so and are in nobody's tables, but for Kademlia's `learn_unreachable`",
    ),
];

const LATENCY: &[Key] = &[
    Key::or("constant.delay", DURATION, "\"50ms\"", "the same for each message; this is the default"),
    Key::required("uniform.from", DURATION, "shortest delay"),
    Key::required("uniform.to", POSITIVE_DURATION, "longest delay"),
    Key::required("exponential.mean", POSITIVE_DURATION, "mean delay"),
    Key::optional("log_normal.median", POSITIVE_DURATION, "median delay, or"),
    Key::optional("log_normal.mean", POSITIVE_DURATION, "mean delay"),
    Key::required(
        "log_normal.sigma",
        "a number at least 0 and at most 10",
        "standard deviation of the delay's logarithm",
    ),
    Key::required(
        "euclidean.side",
        POSITIVE_DURATION,
        "nodes sit at random points of a square: delay along one side; between two nodes it grows with their distance",
    ),
    Key::or("euclidean.base", DURATION, "\"0s\"", "added to each delay"),
    Key::required(
        "matrix.file",
        "a string",
        "path of a file of delays between hosts; nodes are assigned to hosts at random",
    ),
    Key::or(
        "matrix.format",
        "`auto`, `square`, `list` or `p2psim`",
        "\"auto\"",
        "`square`: a row of entries for each host, or half of a symmetric matrix with its diagonal; `list`: lines \
         `I J DELAY`; `p2psim`: that simulator's text format",
    ),
    Key::or(
        "matrix.values",
        "`round_trip` or `one_way`",
        "\"round_trip\"",
        "what the entries are; half a round trip is one way. Files of p2psim have one-way delays: `one_way` there by \
         default",
    ),
    Key::or(
        "matrix.unit",
        "`ms`, `s`, `us` or `ns`",
        "\"ms\"",
        "unit of the entries; it must be given if half of them are below 1 ms or above 3 s",
    ),
    Key::or(
        "matrix.within_host",
        "`diagonal` or `zero`",
        "\"diagonal\"",
        "delay between nodes on one host: the entry of the host with itself, or none. A diagonal that is not zero \
         is warned of unless this is given",
    ),
    Key::or(
        "matrix.one_node_per_host",
        "true or false",
        "false",
        "whether the nodes at the start do not share hosts. With `churn.return_identifier = \"same\"` a node keeps its \
         host while it is away, so that all nodes that ever were share the hosts in turn",
    ),
];

const CHURN: &[Key] = &[
    Key::or("graceful", SHARE, "0.0", "share of departures that are graceful leaves; the others are crashes"),
    Key::or(
        "return_identifier",
        "`fresh` or `same`",
        "\"fresh\"",
        "`fresh`: a node that returns is a new node; `same`: it is the node that it was, with its identifier, address \
         and place in the network, so that whoever knew it finds it, and gets what was sent to it and arrives when it \
         is back; it has forgotten all else. With `session` and `downtime`, or a schedule",
    ),
    Key::or(
        "at_start",
        "`equilibrium` or `fresh`",
        "\"equilibrium\"",
        "`equilibrium`: time 0 finds sessions running and nodes away as if the churn had gone on for ever (residual \
         lengths; the laws need means); `fresh`: all sessions begin at time 0 and nobody is away",
    ),
    Key::or(
        "steady",
        "true or false",
        "false",
        "with `session`: each departure is replaced at once by a new node. Set by `--set`, `[set]` or an axis it takes \
         the place of `downtime`",
    ),
    Key::optional("preset", "a string", "name of a churn seen in the field or used by a well-known study, see below"),
    Key::optional("poisson.joins_every", POSITIVE_DURATION, "mean time between two joins, over the whole network"),
    Key::optional(
        "poisson.departures_every",
        POSITIVE_DURATION,
        "mean time between two departures, each of a random live node; one of the two must be given",
    ),
];

const LAW: &[Key] = &[
    Key::required("fixed.length", POSITIVE_DURATION, "always the same"),
    Key::required("uniform.from", DURATION, "shortest"),
    Key::required("uniform.to", POSITIVE_DURATION, "longest"),
    Key::required("exponential.mean", POSITIVE_DURATION, "mean"),
    Key::required("weibull.shape", "a number at least 0.05 and at most 100", "below 1: heavy-tailed"),
    Key::optional("weibull.scale", POSITIVE_DURATION, "P(X > x) = exp(-(x / scale)^shape), or"),
    Key::optional("weibull.mean", POSITIVE_DURATION, "mean"),
    Key::required("pareto.shape", "a number at least 0.05 and at most 100", "the mean is finite only above 1"),
    Key::optional("pareto.minimum", POSITIVE_DURATION, "P(X > x) = (minimum / x)^shape, or"),
    Key::optional("pareto.mean", POSITIVE_DURATION, "mean"),
    Key::required("log_normal.sigma", "a number at least 0 and at most 10", "standard deviation of ln X"),
    Key::optional("log_normal.median", POSITIVE_DURATION, "median, or"),
    Key::optional("log_normal.mean", POSITIVE_DURATION, "mean"),
];

const WORKLOAD: &[Key] = &[
    Key::optional("lookups_every", POSITIVE_DURATION, "mean time between two lookups of one live node (Poisson)"),
    Key::optional(
        "network_lookups_every",
        POSITIVE_DURATION,
        "mean time between two lookups of the whole network (Poisson, or evenly spaced)",
    ),
    Key::or(
        "spacing",
        "`random` or `even`",
        "\"random\"",
        "whether lookups start at random (Poisson) or, with `network_lookups_every` only, at even distances",
    ),
    Key::optional(
        "keys.uniform",
        "an empty table",
        "each key of the identifier space is equally likely; this is the default",
    ),
    Key::optional(
        "keys.live_nodes",
        "an empty table",
        "each key is the identifier of a live node, drawn at random; of its first, if it has several",
    ),
    Key::required("keys.zipf.keys", "a whole number from 1 to 1_000_000_000", "number of keys, at hashed places"),
    Key::required(
        "keys.zipf.exponent",
        "a number at least 0 and at most 10",
        "the i-th key is asked for with probability proportional to 1 / i^exponent",
    ),
];

const EVENT: &[Key] = &[
    Key::required("at", DURATION, "virtual time, before the end of the run"),
    Key::required("repeat.every", POSITIVE_DURATION, "the same happens again each time so much later"),
    Key::required(
        "repeat.times",
        "a whole number from 1 to 1_000_000",
        "how often it happens in all; the last time is before the end of the run too",
    ),
    Key::optional("crash.fraction", SHARE, "random live nodes crash: a share of those that may depart, or"),
    Key::optional("crash.count", COUNT, "a number"),
    Key::optional("crash.of", "a string", "of this kind or region only"),
    Key::optional("leave.fraction", SHARE, "random live nodes leave gracefully: a share, or"),
    Key::optional("leave.count", COUNT, "a number"),
    Key::optional("leave.of", "a string", "of this kind or region only"),
    Key::required("join.count", COUNT, "new nodes join: a number"),
    Key::or("join.over", DURATION, "\"0s\"", "at random instants of this time; zero: all at once"),
    Key::optional(
        "partition.groups",
        "a whole number from 2 to 64",
        "the network falls apart, each node into a random group: equally likely groups, or",
    ),
    Key::optional(
        "partition.shares",
        "an array of numbers, each a number above 0",
        "the probabilities of the groups, summing to 1",
    ),
    Key::optional("heal", "true", "all groups can reach each other again"),
    Key::optional(
        "cut.from",
        "a string",
        "messages of these senders do not arrive, one way only: names as for links; who is cut off one way cannot be \
         reached",
    ),
    Key::optional("cut.to", "a string", "messages to these receivers"),
    Key::or("cut.both_ways", "true or false", "false", "with those: and messages the other way round"),
    Key::optional("cut.of", "a string", "instead: all messages between these and others"),
    Key::or("cut.lasts", "a duration above zero, or `never`", "\"never\"", "for how long; `never`: until mended"),
    Key::optional("lose.from", "a string", "messages of these senders are lost: names as for links"),
    Key::optional("lose.to", "a string", "messages to these receivers"),
    Key::or("lose.both_ways", "true or false", "false", "with those: and messages the other way round"),
    Key::optional("lose.of", "a string", "instead: all messages that these send or get"),
    Key::required("lose.share", SHARE, "probability that one is lost, beside all others"),
    Key::or("lose.lasts", "a duration above zero, or `never`", "\"never\"", "for how long"),
    Key::optional("slow.from", "a string", "messages of these senders take longer: names as for links"),
    Key::optional("slow.to", "a string", "messages to these receivers"),
    Key::or("slow.both_ways", "true or false", "false", "with those: and messages the other way round"),
    Key::optional("slow.of", "a string", "instead: all messages that these send or get"),
    Key::or(
        "slow.factor",
        "a number at least 1 and at most 1000000",
        "1.0",
        "so many times as long, but for waiting for a line",
    ),
    Key::or("slow.delay", DURATION, "\"0s\"", "and so much longer"),
    Key::or("slow.lasts", "a duration above zero, or `never`", "\"never\"", "for how long"),
    Key::optional("mend", "true", "nothing is cut, lost or slowed any more by events"),
    Key::optional(
        "quiet",
        "true",
        "from then on the churn law rests, joins of events that are still to come are called off, nothing is lost, and \
         all groups can reach each other; lookups, maintenance, and the joins of a joining start go on. The last event",
    ),
];

const SCHEDULE: &[Key] = &[Key::required("file", "a string", "path of the file (CSV: `time_s,action,node,key`)")];

const MEASUREMENT: &[Key] = &[
    Key::or("warmup", DURATION, "\"0s\"", "simulated and not counted"),
    Key::required("duration", POSITIVE_DURATION, "length of the measurement after the warm-up"),
    Key::or(
        "window",
        POSITIVE_DURATION,
        "\"1min\"",
        "length of a row of the time series, or the duration if that is shorter; the last may be shorter",
    ),
    Key::or(
        "owner",
        "`present` or `original`",
        "\"present\"",
        "whose name is the right answer: `present`: the member that is responsible when the answer is given; \
         `original`: the one that was responsible at time 0 of a converged start, be it alive or not: keys stay where \
         they were put, without copies",
    ),
    Key::or(
        "load_keys",
        "a whole number from 0 to 1_000_000_000",
        "0",
        "so many random keys are dealt out to their owners at the end of the run, to see how many each node gets",
    ),
];

const BYTES: &str = "a whole number from 0 to 10_000";

const MESSAGE_SIZES: &[Key] = &[
    Key::or("header_bytes", BYTES, "20", "every message, requests and replies alike, before what it carries"),
    Key::or("sender_bytes", BYTES, "4", "the sender, in messages that name it for the receiver to learn from"),
    Key::or("key_bytes", BYTES, "4", "a key, or the identifier of a node without its address"),
    Key::or("contact_bytes", BYTES, "4", "a contact: identifier and address of a node"),
];
