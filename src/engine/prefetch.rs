//! Bringing memory near before it is used.
//!
//! The nodes of a large network do not fit into the processor's caches, and each event is at another node: without
//! help a run waits for memory most of the time. The queue knows which nodes come next, so their state can be asked for
//! while the events before them are played.

/// Asks for the memory of `value`, without waiting for it: of its first 64 bytes, if it is larger. A hint that changes
/// nothing but speed, and does nothing on processors for which Rust has no such instruction.
#[inline(always)]
#[allow(unsafe_code)]
pub fn prefetch<T>(value: &T) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: the instruction reads nothing that the program could see, and never faults, whatever the address.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(value).cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = value;
}
