//! State by node that no other node's handler can touch ([`super::awake`]).

use super::Slot;
use super::awake::{guard, is_guarding};
use crate::engine::memory::allocated_bytes;
use crate::engine::prefetch::prefetch;

/// A value for each slot.
#[derive(Clone, Debug, Default)]
pub struct PerNode<T> {
    values: Vec<T>,
    is_guarded: bool,
}

impl<T> PerNode<T> {
    /// Without slots.
    pub const fn new() -> Self {
        PerNode { values: Vec::new(), is_guarded: false }
    }

    /// Slots that there is a value for: all below this number.
    pub fn slots(&self) -> Slot {
        self.values.len() as Slot
    }

    /// The value of `node`, if there is one.
    ///
    /// # Panics
    /// If another node's handler runs.
    #[inline]
    #[track_caller]
    pub fn get(&self, node: Slot) -> Option<&T> {
        guard(self.is_guarded, node);
        self.values.get(node as usize)
    }

    /// Makes room up to `node`; each new slot gets what `fill` gives.
    pub fn make_room(&mut self, node: Slot, fill: impl FnMut() -> T) {
        self.is_guarded = is_guarding();
        if node as usize >= self.values.len() {
            self.values.resize_with(node as usize + 1, fill);
        }
    }

    /// Asks for the memory of the value of `node`, which says nothing of it.
    #[inline(always)]
    pub fn prefetch(&self, node: Slot) {
        if let Some(value) = self.values.get(node as usize) {
            prefetch(std::slice::from_ref(value));
        }
    }

    /// The value of `node` for whoever asks for the memory that it leads to: not for looking at what it says.
    #[inline(always)]
    pub fn unseen(&self, node: Slot) -> Option<&T> {
        self.values.get(node as usize)
    }

    /// Memory that is held, used or free \[B\].
    pub fn memory_bytes(&self) -> u64 {
        allocated_bytes(&self.values)
    }
}

/// The value of a node.
///
/// # Panics
/// If there is none, or another node's handler runs.
impl<T> std::ops::Index<Slot> for PerNode<T> {
    type Output = T;

    #[inline]
    #[track_caller]
    fn index(&self, node: Slot) -> &T {
        guard(self.is_guarded, node);
        &self.values[node as usize]
    }
}

impl<T> std::ops::IndexMut<Slot> for PerNode<T> {
    #[inline]
    #[track_caller]
    fn index_mut(&mut self, node: Slot) -> &mut T {
        guard(self.is_guarded, node);
        &mut self.values[node as usize]
    }
}

/// As many values for each slot, one slot after the other.
#[derive(Clone, Debug)]
pub struct RowPerNode<T> {
    values: Vec<T>,
    width: usize,
    is_guarded: bool,
}

impl<T: Copy> RowPerNode<T> {
    /// Without slots; each will have `width` values.
    pub const fn new(width: usize) -> Self {
        RowPerNode { values: Vec::new(), width, is_guarded: false }
    }

    /// Makes room up to `node`; each new value is `filler`.
    pub fn make_room(&mut self, node: Slot, filler: T) {
        self.is_guarded = is_guarding();
        let wanted = (node as usize + 1) * self.width;
        if wanted > self.values.len() {
            self.values.resize(wanted, filler);
        }
    }

    /// Asks for the memory of the first `count` values of `node`, which says nothing of them.
    #[inline(always)]
    pub fn prefetch(&self, node: Slot, count: usize) {
        let start = node as usize * self.width;
        if let Some(values) = self.values.get(start..start + count) {
            prefetch(values);
        }
    }

    /// Memory that is held, used or free \[B\].
    pub fn memory_bytes(&self) -> u64 {
        allocated_bytes(&self.values)
    }
}

/// The values of a node.
///
/// # Panics
/// If there are none, or another node's handler runs.
impl<T> std::ops::Index<Slot> for RowPerNode<T> {
    type Output = [T];

    #[inline]
    #[track_caller]
    fn index(&self, node: Slot) -> &[T] {
        guard(self.is_guarded, node);
        &self.values[node as usize * self.width..][..self.width]
    }
}

impl<T> std::ops::IndexMut<Slot> for RowPerNode<T> {
    #[inline]
    #[track_caller]
    fn index_mut(&mut self, node: Slot) -> &mut [T] {
        guard(self.is_guarded, node);
        &mut self.values[node as usize * self.width..][..self.width]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::awake::Awake;
    use std::panic::{AssertUnwindSafe, catch_unwind};

    #[test]
    fn the_handler_of_a_node_touches_its_own_state_only() {
        let (mut one, mut row) = (PerNode::new(), RowPerNode::new(2));
        one.make_room(2, || 7);
        row.make_room(2, 5);
        let awake = Awake::only(1);
        assert_eq!((one[1], &row[1]), (7, &[5, 5][..]));
        assert!(catch_unwind(AssertUnwindSafe(|| one[0])).is_err());
        assert!(catch_unwind(AssertUnwindSafe(|| row[2][0])).is_err());
        assert!(catch_unwind(AssertUnwindSafe(|| one[2] = 1)).is_err());
        assert!(catch_unwind(AssertUnwindSafe(|| row[0][1] = 1)).is_err());
        {
            let _look = Awake::nobody();
            assert_eq!((one[0], row[2][1]), (7, 5));
        }
        assert!(catch_unwind(AssertUnwindSafe(|| one.get(0).copied())).is_err());
        drop(awake);
        assert_eq!((one[0], row[2][0]), (7, 5));
    }
}
