//! Each contradiction within the parameters of a protocol (`tests/bad_protocol/`) and its message. A case that is
//! played all the same has its warnings for a message.

use torus_sim::scenario::{self, Diagnostics, Source};
use torus_sim::simulation::protocols;

mod bad_cases;

#[test]
fn every_contradiction_has_its_message() {
    bad_cases::check("bad_protocol", 15, |source: Source, overrides| -> Result<(), Diagnostics> {
        let loaded = scenario::load(source, overrides, protocols::NAMES, protocols::read)?;
        if loaded.warnings.is_empty() { Ok(()) } else { Err(loaded.warnings) }
    });
}
