//! Each kind of bad sweep file (`tests/bad_sweep/`) and its message.

use torus_sim::scenario::{Grid, Source};
use torus_sim::simulation::protocols;
use torus_sim::sweep::{Plan, tables};

mod bad_cases;

#[test]
fn every_bad_sweep_has_its_message() {
    bad_cases::check("bad_sweep", 25, |source: Source, arguments| {
        Grid::read(&source, arguments, tables::FIGURES)
            .and_then(|grid| Plan::new(grid, protocols::NAMES, protocols::read))
    });
}
