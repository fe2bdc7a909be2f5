//! Scenarios: from the text of a file to a checked description of one experiment.
//!
//! Two steps: what the file says (a [`tree`] of values that remember where they stand in the text), then the checked
//! [`Scenario`], in which every value is in range, every unit resolved and every default filled in. The rest of the
//! program sees only the second. [`load`] does both and finds all problems at once. Nothing here simulates, and nothing
//! is read but the files that the scenario names.

pub mod diagnostics;
pub mod draft;
pub mod effective;
pub mod grid;
pub mod matrix;
pub mod model;
mod options;
pub mod presets;
pub mod reader;
pub mod reference;
pub mod schedule;
pub mod source;
pub mod tree;
pub mod units;

mod choices;
mod configurable;
mod deadline;
mod files;
mod laws;
mod load;
mod matrix_checks;
mod matrix_kinds;
mod matrix_text;
mod overrides;
mod read_churn;
mod read_events;
mod read_kinds;
mod read_links;
mod read_measurement;
mod read_network;
mod read_population;
mod read_workload;
mod reader_axes;
mod reader_values;
mod reference_keys;
mod round_trips;

pub use configurable::{Circumstances, Configurable, Sample};
pub use diagnostics::{Diagnostics, Problem, Severity};
pub use draft::Draft;
pub use effective::Effective;
pub use files::NamedFile;
pub use grid::{Grid, Replicates, Target};
pub use load::{Facts, Loaded, load};
pub use model::*;
pub use reader::TableReader;
pub use reader_values::{POSITIVE, Zero};
pub use reference::Key;
pub use round_trips::{enough_timeout, false_timeout_share};
pub use source::Source;
