//! Published results: the experiments of papers, played as scenarios that ship, and measured beside published.
//!
//! An [`Experiment`] is a scenario, a parameter `x` that some of its keys follow, and the figures that are looked at.
//! Everything it needs is in the program itself, scenarios and published numbers too, so an installed program can be
//! asked as well as one in its repository. Runs go in parallel; the rows have the order of the experiments.

mod experiment;
mod experiments;
mod geometries;
mod geometry;
mod koorde;
mod lengths;
mod page;
mod pointers;
mod published;
mod row;
mod runner;
mod shape;

#[cfg(test)]
mod tests;

pub use experiment::{Experiment, Range};
pub use experiments::{ALL, find};
pub use page::page;
pub use published::Published;
pub use row::{Aspect, Row, Verdict, write_csv};
pub use runner::{Request, Stopped, Watcher, play};
