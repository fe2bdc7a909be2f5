//! Pooled storage: slabs of records, and lists of small values in reusable blocks.

/// Records in reusable slots; the index stays valid until the record is removed. Freed slots are reused last in,
/// first out, so the order is deterministic.
#[derive(Debug)]
pub struct Slab<T> {
    _records: Vec<T>,
}

/// Handle of a list in a [`ListPool`]. It owns its block: copying it does not copy the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct List(u32);

/// Short lists (up to 255 values) in blocks of pooled memory, in a few size classes, without allocation once the
/// pool has grown to its working size.
#[derive(Debug)]
pub struct ListPool<T> {
    _values: Vec<T>,
}
