//! Which live node has which slots.
//!
//! A node with v identifiers takes v consecutive slots, its block. Blocks are reused last in, first out, so memory
//! follows the live population and the same arrivals get the same slots. Where nodes may return as who they were, the
//! block is the address at which others know them: each keeps its own, and memory follows all that were ever there.

use crate::engine::memory::allocated_bytes;
use crate::node::Slot;

const NONE: u32 = u32::MAX;

#[derive(Clone, Debug)]
pub(crate) struct SlotBlocks {
    /// The block of every node by its number, or `NONE`.
    of_node: Vec<u32>,
    free: Vec<u32>,
    made: u32,
    width: u32,
    /// Whether who is gone may return to its block.
    are_kept: bool,
}

impl SlotBlocks {
    /// SlotBlocks of `width` slots each. If they `are_kept`, a node finds its own again.
    pub fn new(width: u32, are_kept: bool) -> Self {
        SlotBlocks { of_node: Vec::new(), free: Vec::new(), made: 0, width, are_kept }
    }

    /// Gives a block to a node that arrives.
    pub fn take(&mut self, node: u32) -> u32 {
        if let Some(own) = self.of_node.get(node as usize).filter(|own| self.are_kept && **own != NONE) {
            return *own;
        }
        let block = self.free.pop().unwrap_or_else(|| {
            self.made += 1;
            self.made - 1
        });
        if node as usize >= self.of_node.len() {
            self.of_node.resize(node as usize + 1, NONE);
        }
        debug_assert_eq!(self.of_node[node as usize], NONE, "node {node} is there already");
        self.of_node[node as usize] = block;
        block
    }

    /// Whether a node that is not there has a block that waits for its return.
    pub fn is_kept(&self, node: u32) -> bool {
        self.are_kept && self.of_node.get(node as usize).is_some_and(|own| *own != NONE)
    }

    /// Takes its block from a node, unless it is kept for it.
    pub fn free(&mut self, node: u32) {
        if self.are_kept {
            return;
        }
        let block = std::mem::replace(&mut self.of_node[node as usize], NONE);
        self.free.push(block);
    }

    /// Memory of the lists \[B\].
    pub fn memory_bytes(&self) -> u64 {
        allocated_bytes(&self.of_node) + allocated_bytes(&self.free)
    }

    /// Slots a block.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Whether a node of this number ever had a block, or one of a higher number had.
    pub fn was_here(&self, node: u32) -> bool {
        (node as usize) < self.of_node.len()
    }

    /// The slots of a node, if it has any: it is live, or they wait for its return.
    pub fn find(&self, node: u32) -> Option<std::ops::Range<Slot>> {
        self.of_node.get(node as usize).filter(|block| **block != NONE).map(|_| self.slots(node))
    }

    /// The slots of a live node.
    pub fn slots(&self, node: u32) -> std::ops::Range<Slot> {
        let block = self.of_node[node as usize];
        block * self.width..(block + 1) * self.width
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_freed_block_is_the_next_one_taken() {
        let mut slot_blocks = SlotBlocks::new(3, false);
        assert_eq!((slot_blocks.take(9), slot_blocks.take(4)), (0, 1));
        assert_eq!(slot_blocks.slots(4), 3..6);
        slot_blocks.free(9);
        assert_eq!((slot_blocks.take(5), slot_blocks.take(9)), (0, 2));
        assert_eq!(slot_blocks.slots(9), 6..9);
    }

    #[test]
    fn a_kept_block_waits_for_its_node() {
        let mut slot_blocks = SlotBlocks::new(2, true);
        assert_eq!((slot_blocks.take(9), slot_blocks.take(4)), (0, 1));
        slot_blocks.free(9);
        slot_blocks.free(4);
        assert_eq!((slot_blocks.take(5), slot_blocks.take(4), slot_blocks.take(9)), (2, 1, 0));
        assert_eq!(slot_blocks.slots(9), 0..2);
    }
}
