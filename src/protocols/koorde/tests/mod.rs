//! Koorde in a small network: its tables, its lookups, and how pointers are mended.

mod lookups;
mod upkeep;
