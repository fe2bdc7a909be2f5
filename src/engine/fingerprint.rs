//! The fingerprint of a run: a hash over (time, node, kind) of every event, in the order processed.
//!
//! Two runs with the same fingerprint processed the same events in the same order.

use super::time::Time;
use std::fmt;
use xxhash_rust::xxh3::Xxh3;

/// Bytes hashed for an event.
const RECORD_BYTES: usize = 16;

/// Bytes gathered before they are hashed together: hashing record by record would cost several times as much.
const BUFFER_BYTES: usize = 64 * RECORD_BYTES;

/// Hashes events as they are processed.
///
/// The hash is XXH3-128 with seed 0 over 16 bytes an event, one event after the other:
///
/// | bytes | content |
/// |---|---|
/// | 0-7 | time \[ns\], little-endian |
/// | 8-11 | node, little-endian |
/// | 12 | kind |
/// | 13-15 | 0 |
#[derive(Clone)]
pub struct Fingerprint {
    /// Has taken in all records but those in the buffer.
    hasher: Xxh3,
    buffer: [u8; BUFFER_BYTES],
    /// Bytes of the buffer in use: a multiple of `RECORD_BYTES` below `BUFFER_BYTES`.
    filled: usize,
}

impl Fingerprint {
    /// Starts a fingerprint.
    pub fn new() -> Self {
        Fingerprint { hasher: Xxh3::new(), buffer: [0; BUFFER_BYTES], filled: 0 }
    }

    /// Takes in one event: when it happened, at which node, and what kind it was.
    #[inline]
    pub fn record(&mut self, time: Time, node: u32, kind: u8) {
        let record = u128::from(time.as_nanos()) | u128::from(node) << 64 | u128::from(kind) << 96;
        self.buffer[self.filled..][..RECORD_BYTES].copy_from_slice(&record.to_le_bytes());
        self.filled += RECORD_BYTES;
        if self.filled == BUFFER_BYTES {
            self.flush();
        }
    }

    /// The event taken in last: time, node and kind. `None` if there was none.
    pub fn last(&self) -> Option<(Time, u32, u8)> {
        let before = (self.filled + BUFFER_BYTES - RECORD_BYTES) % BUFFER_BYTES;
        let record = u128::from_le_bytes(self.buffer[before..][..RECORD_BYTES].try_into().ok()?);
        let kind = (record >> 96) as u8;
        (kind != 0).then(|| (Time::from_nanos(record as u64), (record >> 64) as u32, kind))
    }

    /// The fingerprint of all events so far: 32 lower-case hexadecimal digits, most significant first. Recording may
    /// go on afterwards as if nobody had asked.
    pub fn digest(&self) -> String {
        let mut hasher = self.hasher.clone();
        hasher.update(&self.buffer[..self.filled]);
        format!("{:032x}", hasher.digest128())
    }

    /// Hashes the full buffer.
    #[cold]
    #[inline(never)]
    fn flush(&mut self) {
        self.hasher.update(&self.buffer);
        self.filled = 0;
    }
}

impl Default for Fingerprint {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Fingerprint").field(&self.digest()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::random::mix;
    use xxhash_rust::xxh3::xxh3_128;

    /// Event `index` of a made-up run.
    fn event(index: u64) -> (Time, u32, u8) {
        (Time::from_nanos(mix(index)), mix(index + 1) as u32, mix(index + 2) as u8)
    }

    fn of(events: impl IntoIterator<Item = (Time, u32, u8)>) -> String {
        let mut fingerprint = Fingerprint::new();
        events.into_iter().for_each(|(time, node, kind)| fingerprint.record(time, node, kind));
        fingerprint.digest()
    }

    #[test]
    fn it_is_the_hash_of_the_documented_bytes_whenever_it_is_asked_for() {
        let mut fingerprint = Fingerprint::new();
        let mut bytes = Vec::new();
        for index in 0..1000 {
            assert_eq!(fingerprint.digest(), format!("{:032x}", xxh3_128(&bytes)), "after {index} events");
            let (time, node, kind) = event(index);
            fingerprint.record(time, node, kind);
            bytes.extend_from_slice(&time.as_nanos().to_le_bytes());
            bytes.extend_from_slice(&node.to_le_bytes());
            bytes.extend_from_slice(&[kind, 0, 0, 0]);
        }
    }

    #[test]
    fn it_depends_on_the_order_and_on_each_part_of_each_event() {
        let reference = of((0..100).map(event));
        assert_eq!(reference, of((0..100).map(event)));
        assert_ne!(reference, of((0..100).rev().map(event)));
        assert_ne!(reference, of((0..99).map(event)));
        let (time, node, kind) = event(100);
        let with = |last| of((0..100).map(event).chain([last]));
        let reference = with((time, node, kind));
        assert_ne!(reference, with((time + crate::engine::time::Duration::from_nanos(1), node, kind)));
        assert_ne!(reference, with((time, node ^ 1, kind)));
        assert_ne!(reference, with((time, node, kind ^ 1)));
    }

    #[test]
    fn it_is_pinned_on_every_platform() {
        assert_eq!(of([]), "99aa06d3014798d86001c324468d497f");
        assert_eq!(of((0..1000).map(event)), "18eea223353eca9369392fc6efb5272f");
    }
}
