//! Bringing memory near before it is used.
//!
//! The nodes of a large network do not fit into the processor's caches, and each event is at another node: without help
//! a run waits for memory for a good part of its time. The queue knows which events come next, so what they will need
//! can be asked for while those before them are played. With it churn20m takes 0.94 to 1.0 of the time at 10,000 nodes,
//! and 0.81 to 0.85 at a million.

/// Bytes that a processor of this family fetches at once.
const LINE_BYTES: usize = 64;

/// Asks for the memory of `values`, without waiting for it. A hint: it changes nothing but speed, and does nothing on
/// processors for which Rust has no such instruction.
#[inline(always)]
pub fn prefetch<T>(values: &[T]) {
    let start = values.as_ptr().cast::<u8>();
    for offset in (0..size_of_val(values)).step_by(LINE_BYTES) {
        prefetch_line(start.wrapping_add(offset));
    }
}

/// The only instruction of the program that Rust cannot check. It is worth that: see the top of this file.
#[inline(always)]
#[cfg(all(target_arch = "x86_64", not(miri)))]
#[allow(unsafe_code)]
fn prefetch_line(address: *const u8) {
    use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
    // SAFETY: the instruction reads nothing that the program could see, and never faults, whatever the address.
    unsafe { _mm_prefetch::<_MM_HINT_T0>(address.cast()) };
}

#[inline(always)]
#[cfg(not(all(target_arch = "x86_64", not(miri))))]
fn prefetch_line(_address: *const u8) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_leaves_everything_as_it_is() {
        let values: Vec<u64> = (0..1000).collect();
        let before = values.clone();
        prefetch(&values);
        prefetch(&values[3..4]);
        prefetch::<u64>(&[]);
        prefetch(&[(); 5]);
        assert_eq!(values, before);
    }
}
