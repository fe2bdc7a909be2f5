//! torus-sim: a deterministic discrete-event simulator for distributed hash tables under churn.
//!
//! A scenario (TOML) names a protocol, a population, a network, the law by which nodes come and go, and a
//! workload of lookups. [`scenario`] turns the text into a checked description, [`simulation`] plays it on one
//! thread, [`output`] writes what was measured. The folders of the source are the layers of the program; see
//! `ARCHITECTURE.md` for which may use which.

#![cfg_attr(
    test,
    allow(
        clippy::disallowed_methods,
        reason = "tests check against std's functions; the build without tests is strict"
    )
)]

pub mod churn;
pub mod cli;
pub mod engine;
pub mod network;
pub mod observe;
pub mod output;
pub mod protocol;
pub mod report;
pub mod scenario;
pub mod simulation;
pub mod sweep;
pub mod workload;
