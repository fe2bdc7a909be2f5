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
    for offset in offsets(size_of_val(values)) {
        prefetch_line(start.wrapping_add(offset));
    }
}

/// Where so many bytes are asked for: a line's length apart.
#[inline(always)]
fn offsets(bytes: usize) -> impl Iterator<Item = usize> {
    (0..bytes).step_by(LINE_BYTES)
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
    fn every_line_is_asked_for_once_and_nothing_for_what_has_no_size() {
        let asked = |bytes| offsets(bytes).collect::<Vec<usize>>();
        assert_eq!((asked(1), asked(LINE_BYTES)), (vec![0], vec![0]));
        assert_eq!(asked(LINE_BYTES + 1), [0, LINE_BYTES]);
        assert_eq!(asked(size_of_val(&[0u64; 100])).len(), 800usize.div_ceil(LINE_BYTES));
        assert!(asked(size_of_val(&[(); 5])).is_empty());
    }
}
