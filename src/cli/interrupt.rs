//! Ctrl-C: the first asks the run to stop, which leaves nothing behind; the second ends the process at once.

use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A flag that is set when the user (or the system, with SIGTERM or SIGHUP) asks the program to end.
pub(super) fn watch() -> Arc<AtomicBool> {
    let stop = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stop);
    let asked = AtomicBool::new(false);
    // Without a handler Ctrl-C ends the process at once; what it leaves is cleared by the next run.
    let _ = ctrlc::set_handler(move || {
        if asked.swap(true, Ordering::Relaxed) {
            process::exit(super::INTERRUPTED.into());
        }
        flag.store(true, Ordering::Relaxed);
    });
    stop
}
