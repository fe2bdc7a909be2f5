//! One run: what happens from outside, and how the parts below play it.

pub mod agenda;
