//! Which live node has which slots.
//!
//! A node with v identifiers takes v consecutive slots, its berth. Berths are reused last in, first out, so memory
//! follows the live population and the same arrivals get the same slots.

use crate::engine::memory::room;
use crate::protocol::Slot;

const NONE: u32 = u32::MAX;

#[derive(Clone, Debug)]
pub(crate) struct Berths {
    /// The berth of every node by its number, or `NONE`.
    of_node: Vec<u32>,
    free: Vec<u32>,
    made: u32,
    width: u32,
}

impl Berths {
    /// Berths of `width` slots each.
    pub fn new(width: u32) -> Self {
        Berths { of_node: Vec::new(), free: Vec::new(), made: 0, width }
    }

    /// Gives a berth to a node that has none.
    pub fn take(&mut self, node: u32) -> u32 {
        let berth = self.free.pop().unwrap_or_else(|| {
            self.made += 1;
            self.made - 1
        });
        if node as usize >= self.of_node.len() {
            self.of_node.resize(node as usize + 1, NONE);
        }
        debug_assert_eq!(self.of_node[node as usize], NONE, "node {node} is there already");
        self.of_node[node as usize] = berth;
        berth
    }

    /// Takes its berth from a node.
    pub fn free(&mut self, node: u32) {
        let berth = std::mem::replace(&mut self.of_node[node as usize], NONE);
        self.free.push(berth);
    }

    /// Memory of the lists \[B\].
    pub fn memory_bytes(&self) -> u64 {
        room(&self.of_node) + room(&self.free)
    }

    /// Slots a berth.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// The slots of a live node.
    pub fn slots(&self, node: u32) -> std::ops::Range<Slot> {
        let berth = self.of_node[node as usize];
        berth * self.width..(berth + 1) * self.width
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_freed_berth_is_the_next_one_taken() {
        let mut berths = Berths::new(3);
        assert_eq!((berths.take(9), berths.take(4)), (0, 1));
        assert_eq!(berths.slots(4), 3..6);
        berths.free(9);
        assert_eq!((berths.take(5), berths.take(9)), (0, 2));
        assert_eq!(berths.slots(9), 6..9);
    }
}
