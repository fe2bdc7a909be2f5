//! What the parts of a run hold in memory. What is kept for checks and for the story of a lookup is left out: runs that
//! are measured do neither.

use super::Simulation;
use super::measured::Measured;
use crate::engine::memory::allocated_bytes;
use crate::node::Simulated;

impl<P: Simulated> Simulation<P> {
    /// Memory that each part of the run holds now \[B\]: what it has room for, used or not.
    pub fn memory_bytes(&self) -> Vec<(&'static str, u64)> {
        let world = &self.world;
        let [messages, lookups] = world.memory_bytes_under_way();
        let books = size_of::<Self>() as u64
            + allocated_bytes(&world.released)
            + world.finished.as_ref().map_or(0, allocated_bytes);
        let measured = world.measured.as_ref().map_or(0, Measured::memory_bytes);
        let mut parts = self.protocol.memory_bytes();
        parts.extend([
            ("event queue", world.queue.memory_bytes()),
            ("messages under way", messages),
            ("lookups under way", lookups),
            ("slots and their nodes", world.directory.memory_bytes() + self.numbers_bytes()),
            ("oracle", world.members.memory_bytes() + world.judge.memory_bytes()),
            ("network", world.network.memory_bytes() + measured),
            ("churn and workload", self.agenda.memory_bytes()),
            ("metrics and books", world.metrics.memory_bytes() + books),
        ]);
        parts
    }
}
