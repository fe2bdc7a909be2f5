//! Scenarios: from the text of a file to a checked description of one experiment.
//!
//! Two steps: what the file says (a tree of values that remember where they stand in the text), then the checked
//! [`Scenario`], in which every value is in range, every unit resolved and every default filled in. The rest of the
//! program sees only the second. Nothing here simulates, and nothing is read but the files that the scenario names.

pub mod model;

pub use model::*;
