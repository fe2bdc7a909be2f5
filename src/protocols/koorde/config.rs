//! Koorde's parameters.

use crate::overlay::ring::options::check_room;
use crate::overlay::ring::rules::{Maintenance, Rules};
use crate::scenario::{Facts, Problem, TableReader};

crate::options! {
    /// `[protocol.koorde]`.
    pub struct Config {
        /// a power of 2, K in the paper: each step along the de Bruijn graph takes one digit of this base from the key,
        /// so that there are about log_K N of them
        pub base: count(2, 2..=256),
        /// de Bruijn pointers: consecutive nodes from the predecessor of K times the own identifier on. The first is
        /// the pointer of the paper; the others save steps along the ring. The paper has K of them for K > 2; p2psim 16
        pub pointers: count(16, 1..=128),
        /// nodes kept before those, about: they stand in for the first when it is dead. The paper suggests O(log N);
        /// p2psim keeps 16 nodes from log2 N / N of the ring before K times the own identifier on
        pub backups: count(8, 0..=64),
        /// length of the successor list, less than the number of nodes
        pub successors: count(16, 1..=128),
        /// length of identifiers in bits
        pub identifier_bits: count(64, 8..=64),
        /// which rules keep the ring, as for Chord: `corrected` are those of Zave, TSE 2017, `original` those of ToN
        /// 2003
        pub maintenance: word(Maintenance, "`corrected` or `original`", [
            "corrected" => Maintenance::Corrected,
            "original" => Maintenance::Original,
        ]),
        /// between two rounds of stabilisation
        pub stabilize_every: period(30),
        /// between two rounds of the de Bruijn pointers: the first that is kept is asked for its successors, and looked
        /// up anew if half of the backups are gone (p2psim has 10 s)
        pub fix_pointers_every: period(30),
        /// between two pings of the predecessor
        pub check_predecessor_every: period(30),
        /// unanswered requests after which a lookup gives up
        pub retries: count(8, 0..=200),
        /// after which a lookup has failed; those with which a node joins and looks for its pointers too
        pub lookup_deadline: duration(20),
        /// pause before a join that failed is tried again
        pub join_retry_after: duration(1),
        /// whether a node that leaves gracefully tells its neighbours, which take over its place in the ring
        pub farewells: flag(true),
    }
}

impl Config {
    /// Bits of a digit: log2 of the base.
    pub const fn digit_bits(&self) -> u32 {
        self.base.trailing_zeros()
    }

    /// By which rules the ring is kept: Chord's defaults where Koorde has no option of its own.
    pub const fn ring(&self) -> Rules {
        Rules {
            successors: self.successors,
            maintenance: self.maintenance,
            stabilize_every: self.stabilize_every,
            check_predecessor_every: self.check_predecessor_every,
            join_retry_after: self.join_retry_after,
            farewells: self.farewells,
            ..Rules::DEFAULT
        }
    }

    /// Reads `[protocol.koorde]`. What is wrong with it is reported through the reader.
    pub fn read(table: &mut TableReader<'_>, facts: &Facts) -> Self {
        let config = Config::read_keys(table);
        if !config.base.is_power_of_two() && table.is_sound("base") {
            let problem = Problem::error("digits have whole bits", table.place_of("base"), "not a power of 2");
            table.report("base", problem.note("allowed: 2, 4, 8, 16, 32, 64, 128 or 256"));
        }
        if let Some(nodes) = facts.nodes {
            check_room(table, facts, u64::from(nodes), &config.ring(), config.identifier_bits);
        }
        config
    }
}
