//! Locks that tell a file of a running process from one that a killed process left behind.
//!
//! The system drops a lock when its process ends, however it ends.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::Path;

/// How an attempt to lock a file ended.
pub enum Attempt {
    /// The file is locked until it is closed.
    Held(File),
    /// Another process has it.
    Busy,
    /// The file system knows no locks; the file is open.
    Unsupported(File),
}

/// Opens or creates the file at `path` and locks it, without waiting.
///
/// # Errors
/// When the file cannot be opened; `NotFound` when its folder is not there (any more).
pub fn try_lock(path: &Path) -> io::Result<Attempt> {
    loop {
        // The content stays until the lock is held: it may belong to somebody else.
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        match file.try_lock() {
            Ok(()) if is_at(&file, path)? => return Ok(Attempt::Held(file)),
            // Its former holder removed or renamed it after it was opened here.
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(Attempt::Busy),
            Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {
                return Ok(Attempt::Unsupported(file));
            }
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
}

/// Whether the open `file` is the one that `path` names.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    let open = file.metadata()?;
    match path.symlink_metadata() {
        Ok(named) => Ok(open.dev() == named.dev() && open.ino() == named.ino()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Elsewhere a file that is open cannot be replaced by another of the same name.
#[cfg(not(unix))]
fn is_at(_file: &File, path: &Path) -> io::Result<bool> {
    path.try_exists()
}
