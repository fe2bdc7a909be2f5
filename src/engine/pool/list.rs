//! Short lists of small values in blocks of pooled memory.

use crate::engine::memory::allocated_bytes;

/// Most values of a list.
const MAX_LEN: usize = 255;

/// Values that a block of each class has room for. Class 0 has no block. Multiples of `GRANULE`.
const ROOMS: [u16; 13] = [0, 4, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256];

/// Blocks start at multiples of this many values, so that 32 bits reach over 2^34 values.
const GRANULE: usize = 4;

/// Handle of a list in a [`ListPool`]. It owns its block: copying it does not copy the list.
///
/// Of several copies of a handle, only the one through which the list was changed last is valid, and none is after the
/// list was released or has outgrown its block. In debug builds a pool panics when such a handle is used, also if the
/// block belongs to another list by then: each release begins a new generation of the block, and a handle knows its
/// own. A release build cannot tell, and gives the values of the list that has the block now. No build can tell two
/// handles of which one has changed the list within its block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct List {
    /// Start of the block, in granules.
    start: u32,
    /// Size class of the block.
    class: u8,
    /// Number of values.
    len: u8,
    /// How often the block had been released when the list got it, modulo 2^16; 0 in release builds.
    generation: u16,
}

impl List {
    /// The list without values; it has no block, and need not be released.
    pub const EMPTY: List = List { start: 0, class: 0, len: 0, generation: 0 };

    /// Number of values.
    pub const fn len(self) -> usize {
        self.len as usize
    }

    /// Whether there are no values.
    pub const fn is_empty(self) -> bool {
        self.len == 0
    }

    /// Index of the first value in the pool.
    const fn first(self) -> usize {
        self.start as usize * GRANULE
    }
}

impl Default for List {
    fn default() -> Self {
        Self::EMPTY
    }
}

/// Short lists (up to 255 values) in blocks of pooled memory, in a few size classes, without allocation once the
/// pool has grown to its working size.
///
/// A list moves to a larger block when it outgrows its own, and keeps its block when it shrinks.
#[derive(Debug)]
pub struct ListPool<T> {
    /// All blocks of all classes.
    values: Vec<T>,
    /// For each class, where its free blocks start, in granules.
    free: [Vec<u32>; ROOMS.len()],
    /// How often the block that starts at each granule has been released, modulo 2^16. Kept in debug builds.
    generations: Vec<u16>,
    /// Number of blocks in use.
    live_blocks: usize,
    /// Values that the blocks in use have room for.
    live_values: usize,
}

impl<T: Copy> ListPool<T> {
    /// A pool without lists.
    pub const fn new() -> Self {
        ListPool {
            values: Vec::new(),
            free: [const { Vec::new() }; ROOMS.len()],
            generations: Vec::new(),
            live_blocks: 0,
            live_values: 0,
        }
    }

    /// Makes a list of `values`, in the smallest block that holds them.
    ///
    /// # Panics
    /// If there are more than 255.
    pub fn from_slice(&mut self, values: &[T]) -> List {
        let Some(&filler) = values.first() else { return List::EMPTY };
        let mut list = self.allocate(values.len(), filler);
        list.len = values.len() as u8;
        self.get_mut(list).copy_from_slice(values);
        list
    }

    /// Panics in debug builds if `list` has been released.
    #[inline(always)]
    #[cfg_attr(debug_assertions, track_caller)]
    fn check(&self, list: List) {
        if cfg!(debug_assertions) && list.class != 0 {
            let generation = self.generations[list.start as usize];
            assert!(generation == list.generation, "a pooled list is used after its release");
        }
    }

    /// Makes another list with the values of `list`, in the smallest block that holds them.
    pub fn copy(&mut self, list: List) -> List {
        let Some(&filler) = self.get(list).first() else { return List::EMPTY };
        let mut other = self.allocate(list.len(), filler);
        other.len = list.len;
        self.values.copy_within(list.first()..list.first() + list.len(), other.first());
        other
    }

    /// The values of `list`.
    ///
    /// # Panics
    /// In debug builds, as all that is done to a list, if it has been released.
    #[inline]
    #[cfg_attr(debug_assertions, track_caller)]
    pub fn get(&self, list: List) -> &[T] {
        self.check(list);
        &self.values[list.first()..list.first() + list.len()]
    }

    /// The values of `list`, for changing them in place.
    #[inline]
    #[cfg_attr(debug_assertions, track_caller)]
    pub fn get_mut(&mut self, list: List) -> &mut [T] {
        self.check(list);
        &mut self.values[list.first()..list.first() + list.len()]
    }

    /// Appends `value` to `list`.
    ///
    /// # Panics
    /// If the list has 255 values already.
    pub fn push(&mut self, list: &mut List, value: T) {
        self.check(*list);
        if list.len() == usize::from(ROOMS[list.class as usize]).min(MAX_LEN) {
            self.grow(list, value);
        }
        self.values[list.first() + list.len()] = value;
        list.len += 1;
    }

    /// Inserts `value` before the value at `index`, or at the end if `index` is the number of values.
    ///
    /// # Panics
    /// If `index` is greater than the number of values, or the list has 255 values already.
    pub fn insert(&mut self, list: &mut List, index: usize, value: T) {
        assert!(index <= list.len(), "index {index} lies beyond the end of {} values", list.len());
        self.push(list, value);
        let values = self.get_mut(*list);
        values.copy_within(index..values.len() - 1, index + 1);
        values[index] = value;
    }

    /// Removes the value at `index` and returns it; those after it move up.
    ///
    /// # Panics
    /// If there is no value at `index`.
    pub fn remove(&mut self, list: &mut List, index: usize) -> T {
        let values = self.get_mut(*list);
        let value = values[index];
        values.copy_within(index + 1.., index);
        list.len -= 1;
        value
    }

    /// Removes all values but the first `len`; does nothing if there are no more than that.
    pub fn truncate(&mut self, list: &mut List, len: usize) {
        self.check(*list);
        list.len = list.len().min(len) as u8;
    }

    /// Removes all values. The list keeps its block.
    pub fn clear(&mut self, list: &mut List) {
        self.check(*list);
        list.len = 0;
    }

    /// Gives the block of `list` back to the pool. The handle, and every copy of it, is invalid from now on.
    #[cfg_attr(debug_assertions, track_caller)]
    pub fn release(&mut self, list: List) {
        self.check(list);
        if list.class != 0 {
            if cfg!(debug_assertions) {
                let generation = &mut self.generations[list.start as usize];
                *generation = generation.wrapping_add(1);
            }
            self.free[list.class as usize].push(list.start);
            self.live_blocks -= 1;
            self.live_values -= usize::from(ROOMS[list.class as usize]);
        }
    }

    /// Number of blocks in use: lists that were made or grown, and not released. For finding leaks.
    pub fn live_blocks(&self) -> usize {
        self.live_blocks
    }

    /// Size of the blocks in use \[bytes\].
    pub fn live_bytes(&self) -> usize {
        self.live_values * size_of::<T>()
    }

    /// Size of all blocks, in use or free \[bytes\].
    pub fn pool_bytes(&self) -> usize {
        self.values.len() * size_of::<T>()
    }

    /// Memory that the pool holds, with room that no block has taken yet \[bytes\].
    pub fn memory_bytes(&self) -> u64 {
        allocated_bytes(&self.values) + self.free.iter().map(allocated_bytes).sum::<u64>()
    }

    /// Moves `list` to a block with room for one more value.
    #[cold]
    fn grow(&mut self, list: &mut List, filler: T) {
        let mut larger = self.allocate(list.len() + 1, filler);
        larger.len = list.len;
        self.values.copy_within(list.first()..list.first() + list.len(), larger.first());
        self.release(*list);
        *list = larger;
    }

    /// An empty list with room for `len` values, 1 or more. A fresh block needs contents: copies of `filler`.
    fn allocate(&mut self, len: usize, filler: T) -> List {
        assert!(len <= MAX_LEN, "a pooled list has at most {MAX_LEN} values");
        let class = ROOMS.iter().position(|&room| usize::from(room) >= len).expect("the last class has room for all");
        let room = usize::from(ROOMS[class]);
        self.live_blocks += 1;
        self.live_values += room;
        let start = self.free[class].pop().unwrap_or_else(|| {
            let start = self.values.len();
            self.values.resize(start + room, filler);
            u32::try_from(start / GRANULE).expect("memory ends before 2^34 values")
        });
        let mut generation = 0;
        if cfg!(debug_assertions) {
            let blocks = self.generations.len().max(start as usize + 1);
            self.generations.resize(blocks, 0);
            generation = self.generations[start as usize];
        }
        List { start, class: class as u8, len: 0, generation }
    }
}

impl<T: Copy> Default for ListPool<T> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(Clone, Debug)]
    enum Step {
        FromSlice(Vec<u16>),
        Copy,
        Push(u16),
        Insert(usize, u16),
        Remove(usize),
        Truncate(usize),
        Clear,
        Release,
        Reverse,
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            prop::collection::vec(any::<u16>(), 0..=MAX_LEN).prop_map(Step::FromSlice),
            Just(Step::Copy),
            any::<u16>().prop_map(Step::Push),
            (any::<usize>(), any::<u16>()).prop_map(|(index, value)| Step::Insert(index, value)),
            any::<usize>().prop_map(Step::Remove),
            (0..300usize).prop_map(Step::Truncate),
            Just(Step::Clear),
            Just(Step::Release),
            Just(Step::Reverse),
        ]
    }

    /// Does `step` to one list and its model.
    fn play(pool: &mut ListPool<u16>, list: &mut List, model: &mut Vec<u16>, step: Step) {
        match step {
            Step::FromSlice(values) => {
                pool.release(*list);
                *list = pool.from_slice(&values);
                *model = values;
            }
            Step::Copy => {
                let other = pool.copy(*list);
                pool.get_mut(*list).fill(0);
                pool.release(*list);
                *list = other;
            }
            Step::Push(value) if model.len() < MAX_LEN => {
                pool.push(list, value);
                model.push(value);
            }
            Step::Insert(index, value) if model.len() < MAX_LEN => {
                let index = index % (model.len() + 1);
                pool.insert(list, index, value);
                model.insert(index, value);
            }
            Step::Remove(index) if !model.is_empty() => {
                let index = index % model.len();
                assert_eq!(pool.remove(list, index), model.remove(index));
            }
            Step::Truncate(len) => {
                pool.truncate(list, len);
                model.truncate(len);
            }
            Step::Clear => {
                pool.clear(list);
                model.clear();
            }
            Step::Release => {
                pool.release(*list);
                *list = List::EMPTY;
                model.clear();
            }
            Step::Reverse => {
                pool.get_mut(*list).reverse();
                model.reverse();
            }
            Step::Push(_) | Step::Insert(..) | Step::Remove(_) => {}
        }
    }

    proptest! {
        #[test]
        fn lists_behave_like_vectors_and_leave_each_other_alone(
            steps in prop::collection::vec((0..6usize, step()), 0..200),
        ) {
            let mut pool = ListPool::new();
            let mut lists = vec![(List::EMPTY, Vec::new()); 6];
            for (which, step) in steps {
                let (list, model) = &mut lists[which];
                play(&mut pool, list, model, step);
                for (list, model) in &lists {
                    prop_assert_eq!(pool.get(*list), model.as_slice());
                    prop_assert_eq!(list.len(), model.len());
                    prop_assert_eq!(list.is_empty(), model.is_empty());
                }
            }
            prop_assert!(pool.live_blocks() <= lists.len());
            lists.into_iter().for_each(|(list, _)| pool.release(list));
            prop_assert_eq!((pool.live_blocks(), pool.live_bytes()), (0, 0));
        }
    }

    #[test]
    fn a_list_grows_to_255_values_and_no_further() {
        let mut pool = ListPool::new();
        let mut list = List::EMPTY;
        (0..255u8).for_each(|value| pool.push(&mut list, value));
        assert!(pool.get(list).iter().copied().eq(0..255));
        assert_eq!((pool.live_blocks(), pool.live_bytes()), (1, 256));
        let refused = std::panic::catch_unwind(move || pool.push(&mut list, 255));
        assert!(refused.is_err());
    }

    #[test]
    fn released_blocks_are_used_again_so_that_the_pool_stops_growing() {
        let mut pool = ListPool::new();
        let turn = |pool: &mut ListPool<u32>| {
            let mut lists: Vec<List> = (1..=200).map(|len| pool.from_slice(&vec![7; len])).collect();
            lists.iter_mut().for_each(|list| pool.push(list, 1));
            lists.into_iter().for_each(|list| pool.release(list));
        };
        turn(&mut pool);
        let grown = pool.pool_bytes();
        (0..10).for_each(|_| turn(&mut pool));
        assert_eq!(pool.pool_bytes(), grown);
        assert_eq!(pool.live_blocks(), 0);
    }

    /// A pool in which another list has the block of the one that was released, or nobody has.
    fn after_release(is_used_again: bool) -> (ListPool<u32>, List) {
        let mut pool = ListPool::new();
        let list = pool.from_slice(&[1, 2, 3]);
        pool.release(list);
        if is_used_again {
            let other = pool.from_slice(&[7, 8, 9, 10]);
            assert_eq!((other.start, pool.get(other)), (list.start, &[7, 8, 9, 10][..]));
        }
        (pool, list)
    }

    #[cfg(debug_assertions)]
    #[test]
    fn a_list_is_not_used_after_its_release_even_if_its_block_belongs_to_another() {
        type Use = fn(&mut ListPool<u32>, List);
        let uses: [(&str, Use); 8] = [
            ("get", |pool, list| assert!(pool.get(list).len() < 9)),
            ("get_mut", |pool, list| pool.get_mut(list)[0] = 5),
            ("copy", |pool, list| assert!(pool.copy(list).len() < 9)),
            ("push", |pool, mut list| pool.push(&mut list, 4)),
            ("remove", |pool, mut list| assert!(pool.remove(&mut list, 0) < 99)),
            ("truncate", |pool, mut list| pool.truncate(&mut list, 1)),
            ("clear", |pool, mut list| pool.clear(&mut list)),
            ("release", |pool, list| pool.release(list)),
        ];
        for is_used_again in [false, true] {
            for (name, play) in uses {
                let (mut pool, list) = after_release(is_used_again);
                let played = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| play(&mut pool, list)));
                assert!(played.is_err(), "{name}, used again: {is_used_again}");
            }
        }
    }

    #[cfg(debug_assertions)]
    #[test]
    fn a_handle_from_before_the_list_outgrew_its_block_is_not_used() {
        let mut pool = ListPool::new();
        let mut list = pool.from_slice(&[1, 2, 3, 4]);
        let before = list;
        pool.push(&mut list, 5);
        assert_eq!(pool.get(list), [1, 2, 3, 4, 5]);
        assert!(std::panic::catch_unwind(|| pool.get(before).len()).is_err());
    }

    #[test]
    fn a_list_that_is_made_again_in_the_same_block_is_good() {
        let (mut pool, released) = after_release(false);
        let again = pool.from_slice(&[4, 5]);
        assert_eq!((again.start, pool.get(again)), (released.start, &[4, 5][..]));
        pool.release(again);
        assert_eq!(pool.live_blocks(), 0);
    }

    #[test]
    fn a_handle_has_8_bytes() {
        assert_eq!(size_of::<List>(), 8);
    }

    #[test]
    fn every_class_starts_at_a_granule_and_the_last_holds_the_longest_list() {
        assert!(ROOMS.iter().all(|&room| usize::from(room).is_multiple_of(GRANULE)));
        assert!(ROOMS.is_sorted());
        assert!(usize::from(ROOMS[ROOMS.len() - 1]) >= MAX_LEN);
    }
}
