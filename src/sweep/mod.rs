//! Sweeps: a grid of scenarios times replicates, played on many cores, resumable, mergeable, and byte-identical
//! whatever the number of cores and however often it was interrupted.
//!
//! One mechanism carries all of that: a job has an identity, a hash of all that its result depends on, and the journal
//! keeps the result of every job under its identity. Resuming skips what is in the journal, a shard plays its part of
//! the jobs, merging puts journals together, and the tables are made from the journal in the order of the jobs.
//!
//! Nothing here knows a protocol by name, and no result depends on the time or on the number of threads.

pub mod compare;
pub mod distributions;
pub mod figures;
pub mod folder;
pub mod journal;
pub mod merge;
pub mod plan;
pub mod played;
pub mod rates;
pub mod reference;
pub mod runner;
pub mod scheduler;
pub mod statistics;
pub mod tables;

#[cfg(test)]
mod tests;

pub use plan::{Job, Outline, Plan};
