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

/// Whether any run of this process has been guarded so far.
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

/// From now on containers are guarded in this process: to be called before they make room for any node.
pub fn begin_guarding() {
    GUARDS.store(true, Ordering::Relaxed);
}

/// Whether containers that make room now are guarded. They keep that, since to ask each time would cost a load each.
pub fn is_guarding() -> bool {
    cfg!(debug_assertions) || GUARDS.load(Ordering::Relaxed)
}

/// Refuses to touch what belongs to `node` in the handler of another, in a container that `is_guarded`.
///
/// # Panics
/// If another node's handler runs.
#[inline(always)]
#[track_caller]
pub fn guard(is_guarded: bool, node: Slot) {
    if cfg!(debug_assertions) || is_guarded {
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
