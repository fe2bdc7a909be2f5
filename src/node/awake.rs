//! Whose handler runs now: nodes cannot see each other's state, and this is how that is held.
//!
//! The simulation says whose handler it calls; containers of state by node ([`super::per_node`]) panic if that handler
//! reads or writes another's. Nobody is awake while an onlooker looks, tables are built beforehand, or nothing is
//! guarded: then everything can be seen. Runs are guarded in debug builds, and when they are checked.

use super::Slot;
use std::cell::Cell;
use std::sync::atomic::{AtomicBool, Ordering};

/// Stands for nobody.
const NOBODY: Slot = Slot::MAX;

/// Whether any run of this process has been guarded so far. Others pay for no more than a look at it.
static GUARDS: AtomicBool = AtomicBool::new(false);

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
        GUARDS.store(true, Ordering::Relaxed);
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

/// Whether anything is guarded in this process.
#[inline(always)]
pub fn is_guarding() -> bool {
    GUARDS.load(Ordering::Relaxed)
}

/// Refuses to touch what belongs to `node` in the handler of another.
///
/// # Panics
/// If another node's handler runs.
#[inline(always)]
#[track_caller]
pub fn guard(node: Slot) {
    if is_guarding() {
        check(node);
    }
}

#[cold]
#[inline(never)]
#[track_caller]
fn check(node: Slot) {
    let awake = AWAKE.get();
    assert!(
        awake == node || awake == NOBODY,
        "the handler of slot {awake} touches the state of slot {node}: nodes know only what they were told"
    );
}
