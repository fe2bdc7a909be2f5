//! The fingerprint of a run: a hash over (time, node, kind) of every event, in the order processed.

use super::time::Time;

/// Hashes events as they are processed.
#[derive(Debug)]
pub struct Fingerprint {}

impl Fingerprint {
    /// Starts a fingerprint.
    pub fn new() -> Self {
        todo!()
    }

    /// Takes in one event: when it happened, at which node, and what kind it was.
    pub fn record(&mut self, _time: Time, _node: u32, _kind: u8) {
        todo!()
    }

    /// The fingerprint of all events so far: 32 lower-case hexadecimal digits.
    pub fn digest(&self) -> String {
        todo!()
    }
}

impl Default for Fingerprint {
    fn default() -> Self {
        Self::new()
    }
}
