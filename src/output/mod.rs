//! Results as files: CSV tables, the manifest, and the folder in which they appear whole or not at all.
//!
//! The tables of columns in [`summary`], [`timeseries`], [`hops`], [`lookups`] and [`schedule`] are the one description
//! of the formats: headers, values and the page `docs/outputs.md` ([`reference::page`]) come from them. Nothing here
//! draws a random number, and everything but `timing.json` is byte-identical for the same inputs.

pub mod cell;
pub mod error;
#[cfg(test)]
pub(crate) mod example;
pub mod file;
pub mod folder;
pub mod hops;
pub mod human;
pub mod kinds;
pub mod lock;
pub mod lookups;
pub mod manifest;
pub mod recording;
pub mod reference;
pub mod results;
pub mod schedule;
pub mod single;
pub mod statistics;
pub mod summary;
#[cfg(test)]
mod tests;
pub mod timeseries;
pub mod timing;
mod warning;

pub use error::Error;
pub use results::{Provenance, Results, Run, Wanted};
pub use timing::Timing;
