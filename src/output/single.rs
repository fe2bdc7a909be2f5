//! A single file, outside a results folder, that appears whole or not at all.

use super::error::Error;
use super::file::OutputFile;
use super::folder::{create_missing_parents, exists, hidden_sibling, parent, remove_empty, sync_folder};
use super::lock::{self, Attempt};
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// The place of a file that is being written under a hidden name beside it. Dropped before [`SingleFile::publish`] has
/// succeeded, it leaves nothing behind.
pub struct SingleFile {
    target: PathBuf,
    partial: PathBuf,
    replace: bool,
    /// Folders above the target that were not there before, the outermost first.
    made: Vec<PathBuf>,
    published: bool,
    /// Held, not read: the lock ends with it.
    _lock: File,
}

impl SingleFile {
    /// Takes the place `target` for a new file, and gives the file to write to. With `replace` a file may be there.
    ///
    /// # Errors
    /// When something is there that is not to be replaced, when another process is writing it, or when the file cannot
    /// be created.
    pub fn claim(target: &Path, replace: bool) -> Result<(SingleFile, OutputFile), Error> {
        let partial = hidden_sibling(target)?;
        check_free(target, replace)?;
        let made = create_missing_parents(target)?;
        let claimed = lock_and_clear(&partial, target);
        let (lock, file) = claimed.inspect_err(|_| remove_empty(&made))?;
        let place = SingleFile { target: target.to_owned(), partial, replace, made, published: false, _lock: lock };
        Ok((place, OutputFile::new(file, target.to_owned())))
    }

    /// Puts the finished file in its place.
    ///
    /// # Errors
    /// When it cannot be put there, or something appeared there meanwhile; then everything is as before.
    pub fn publish(mut self) -> Result<(), Error> {
        check_free(&self.target, self.replace)?;
        fs::rename(&self.partial, &self.target).map_err(Error::io("create", &self.target))?;
        self.published = true;
        sync_folder(parent(&self.target)).map_err(Error::io("write", &self.target))
    }
}

impl Drop for SingleFile {
    fn drop(&mut self) {
        if !self.published {
            let _ = fs::remove_file(&self.partial);
        }
        remove_empty(&self.made);
    }
}

/// Opens the hidden file, locks it, and removes what a killed process left in it.
fn lock_and_clear(partial: &Path, target: &Path) -> Result<(File, File), Error> {
    let failed = || Error::io("create", target);
    let lock = match lock::try_lock(partial).map_err(failed())? {
        Attempt::Held(file) => file,
        Attempt::Unsupported(file) if file.metadata().is_ok_and(|metadata| metadata.len() == 0) => file,
        Attempt::Busy | Attempt::Unsupported(_) => {
            return Err(Error::Busy { path: target.to_owned(), holds: partial.to_owned() });
        }
    };
    lock.set_len(0).map_err(failed())?;
    let file = lock.try_clone().map_err(failed())?;
    Ok((lock, file))
}

/// Checks that a file may be put at `target`.
fn check_free(target: &Path, replace: bool) -> Result<(), Error> {
    if !exists(target)? {
        return Ok(());
    }
    match target.symlink_metadata() {
        _ if !replace => Err(Error::Exists { path: target.to_owned() }),
        Ok(metadata) if metadata.is_file() => Ok(()),
        _ => Err(Error::NotResults { path: target.to_owned(), why: "it is not a file" }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn a_file_appears_whole_or_not_at_all_and_replaces_only_when_told() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("new/schedule.csv");
        let (place, mut file) = SingleFile::claim(&target, false).unwrap();
        file.write_all(b"half").unwrap();
        assert!(matches!(SingleFile::claim(&target, false), Err(Error::Busy { .. })));
        drop((place, file));
        assert_eq!(folder.path().read_dir().unwrap().count(), 0, "nothing is left behind");

        fs::create_dir(folder.path().join("new")).unwrap();
        fs::write(folder.path().join("new/.schedule.csv.partial"), "left by a killed run, longer than the new")
            .unwrap();
        let (place, mut file) = SingleFile::claim(&target, false).unwrap();
        file.write_all(b"whole").unwrap();
        file.finish().unwrap();
        place.publish().unwrap();
        assert_eq!(fs::read_to_string(&target).unwrap(), "whole");
        assert!(matches!(SingleFile::claim(&target, false), Err(Error::Exists { .. })));

        let (place, mut file) = SingleFile::claim(&target, true).unwrap();
        file.write_all(b"replaced").unwrap();
        file.finish().unwrap();
        place.publish().unwrap();
        assert_eq!(fs::read_to_string(&target).unwrap(), "replaced");
        assert_eq!(target.parent().unwrap().read_dir().unwrap().count(), 1);
        assert!(matches!(SingleFile::claim(folder.path(), true), Err(Error::NotResults { .. })));
    }
}
