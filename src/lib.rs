//! torus-sim: a deterministic discrete-event simulator for distributed hash tables under churn.
//!
//! A scenario (TOML) names a protocol, a population, a network, the law by which nodes come and go, and a workload of
//! lookups. [`scenario`] turns the text into a checked description, [`simulation`] plays it on one thread, [`output`]
//! writes what was measured. The same scenario and seed give the same results, to the byte, on any machine.
//!
//! ```
//! use torus_sim::experiment::Experiment;
//!
//! let quiet = Experiment::from_text(r#"
//!     name = "quiet"
//!     protocol.chord.successors = 4
//!     population.nodes = 256
//!     workload.lookups_every = "10s"
//!     measurement.duration = "10min"
//! "#);
//! let report = quiet.run()?;
//!
//! assert_eq!(report.total.outcomes.failure_rate(), Some(0.0)); // nobody comes or goes
//! assert!(report.total.hops.mean.is_some_and(|hops| hops < 4.0)); // half of log2 256, and less with the short cut
//! # Ok::<(), torus_sim::experiment::Problem>(())
//! ```
//!
//! - From a text or a file to a report: [`experiment::Experiment`].
//! - What a scenario can say: `docs/scenario.md`, or [`scenario::model::Scenario`] once it is checked.
//! - What a run reports: [`observe::report::RunReport`]; as files: `docs/outputs.md`.
//! - A protocol of your own: [`node::Protocol`], and `examples/toy_protocol.rs` for the smallest one.
//! - A run that can be watched, stopped and written down: [`Simulation::run`](simulation::Simulation::run).
//! - A run in the hands of a program: it can be [stepped](simulation::Simulation::step), [looked
//!   at](simulation::Probe) after each event, and [disturbed](simulation::Simulation::inject).
//!
//! The folders of the source are the layers of the program; see `ARCHITECTURE.md` for which may use which, and for what
//! holds the promise of determinism.

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
pub mod experiment;
pub mod kinds;
pub mod network;
pub mod node;
pub mod observe;
pub mod output;
pub mod overlay;
pub mod protocols;
pub mod report;
pub mod scenario;
pub mod simulation;
pub mod swarm;
pub mod sweep;
pub mod validation;
pub mod workload;
