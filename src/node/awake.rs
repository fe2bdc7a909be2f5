//! Whose handler runs now: nodes cannot see each other's state, and this is how that is held.
//!
//! The simulation says whose handler it calls; containers of state by node ([`super::per_node`]) panic if that handler
//! reads or writes another's. Nobody is awake while an onlooker looks, tables are built beforehand, or nothing is
//! guarded: then everything can be seen. Runs are guarded in debug builds, and when they are checked.

use super::Slot;
use std::cell::Cell;

/// Stands for nobody.
const NOBODY: Slot = Slot::MAX;

thread_local! {
    /// A run is played on one thread. A `const` without a destructor costs a load.
    static AWAKE: Cell<Slot> = const { Cell::new(NOBODY) };
}

/// For as long as it lives the handler of one node runs, or nobody's. Who was awake before is awake again afterwards.
#[derive(Debug)]
#[must_use = "it ends when it is dropped"]
pub struct Awake {
    before: Slot,
}

impl Awake {
    /// The handler of this node runs.
    #[inline]
    pub fn only(node: Slot) -> Self {
        Awake { before: AWAKE.replace(node) }
    }

    /// Nobody's handler runs: an onlooker may see everything, as may whoever stands for knowledge that is not the
    /// node's own (a list of bootstrap nodes).
    #[inline]
    pub fn nobody() -> Self {
        Self::only(NOBODY)
    }
}

impl Drop for Awake {
    #[inline]
    fn drop(&mut self) {
        AWAKE.set(self.before);
    }
}

/// Refuses to touch what belongs to `node` in the handler of another.
///
/// # Panics
/// If another node's handler runs.
#[inline(always)]
#[track_caller]
pub fn guard(node: Slot) {
    let awake = AWAKE.get();
    if awake != node && awake != NOBODY {
        seen(awake, node);
    }
}

#[cold]
#[inline(never)]
#[track_caller]
fn seen(awake: Slot, node: Slot) -> ! {
    panic!("the handler of slot {awake} touches the state of slot {node}: nodes know only what they were told");
}
