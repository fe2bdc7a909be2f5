//! Observation: ground truth, metrics, and what a run reports.
//!
//! Nothing here changes a run or draws a random number that a run could notice: an observed run and a blind one
//! have the same fingerprint.

pub mod by_kind;
pub mod histogram;
pub mod metrics;
pub mod progress;
pub mod report;
mod steadiness;
pub mod story;
pub mod violation;
pub mod warnings;

pub use progress::{Interrupted, Monitor, Progress, Stopped, Until, Unwatched};
pub use violation::Violation;
