//! Pooled storage: slabs of records, and lists of small values in reusable blocks.
//!
//! Both grow to the largest number of records or values that were in use at once and allocate nothing after that. Both
//! reuse what was freed last first, so where things lie depends on the order of calls only.

mod list;
mod slab;

pub use list::{List, ListPool};
pub use slab::Slab;
