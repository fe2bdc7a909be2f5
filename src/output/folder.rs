//! A results folder that appears whole or not at all.
//!
//! Everything is written into a hidden folder beside the place of the results, `.NAME.partial`, which holds a lock
//! while its process lives:
//!
//! ```text
//! .NAME.partial/lock       locked by the process that writes
//! .NAME.partial/files/     the results, each file synced; renamed to NAME at the end
//! .NAME.partial/replaced/  earlier results on their way out, when they are replaced
//! ```
//!
//! A process that is killed leaves its hidden folder behind. The next one that writes to the same place finds the lock
//! free, puts back earlier results if they were just being replaced, and removes the rest.

use super::error::Error;
use super::file::{FileRecord, OutputFile};
use super::lock::{self, Attempt};
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

/// The file by which results of this program are recognised.
pub const MANIFEST: &str = "manifest.json";

/// The journal in the folder of a sweep, by which a sweep is recognised that has no manifest yet.
pub const JOURNAL: &str = "journal.jsonl";

/// A results folder being written. Dropped before [`Folder::publish`] has succeeded, it leaves nothing behind.
pub struct Folder {
    target: PathBuf,
    partial: PathBuf,
    replace: bool,
    /// Folders above the target that were not there before, the outermost first.
    made: Vec<PathBuf>,
    records: Vec<FileRecord>,
    /// Held, not read: the lock ends with it.
    _lock: File,
}

impl Folder {
    /// Takes the place `target` for new results. What is there stays until [`Folder::publish`].
    ///
    /// With `replace`, earlier results or an empty folder may be there.
    ///
    /// # Errors
    /// When something is there that is not to be replaced, when another process is writing there, or when the folder
    /// cannot be created.
    pub fn claim(target: &Path, replace: bool) -> Result<Folder, Error> {
        let partial = hidden_sibling(target)?;
        check_free(target, replace)?;
        let made = create_missing_parents(target)?;
        let lock = match lock_folder(&partial, target) {
            Ok(lock) => lock,
            Err(error) => {
                remove_empty(&made);
                return Err(error);
            }
        };
        let folder = Folder { target: target.to_owned(), partial, replace, made, records: Vec::new(), _lock: lock };
        folder.clear_leftovers()?;
        check_free(target, replace)?; // earlier results may have been put back
        fs::create_dir(folder.files()).map_err(Error::io("create the folder", target))?;
        Ok(folder)
    }

    /// Where the results will be.
    pub fn target(&self) -> &Path {
        &self.target
    }

    /// The files written so far, in order of their names.
    pub fn records(&self) -> Vec<FileRecord> {
        let mut records = self.records.clone();
        records.sort_by(|one, other| one.file.cmp(&other.file));
        records
    }

    /// Begins a file, to be given back to [`Folder::keep`].
    ///
    /// # Errors
    /// When there is a file of this name already, or it cannot be created.
    pub fn create(&self, name: &str) -> Result<OutputFile, Error> {
        let destination = self.target.join(name);
        let file = File::create_new(self.files().join(name)).map_err(Error::io("create", &destination))?;
        Ok(OutputFile::new(file, destination))
    }

    /// Ends a file and notes it among the records.
    ///
    /// # Errors
    /// When the rest of it cannot be written.
    pub fn keep(&mut self, file: OutputFile) -> Result<(), Error> {
        self.records.push(file.finish()?);
        Ok(())
    }

    /// Writes a whole file.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&mut self, name: &str, content: impl FnOnce(&mut OutputFile) -> io::Result<()>) -> Result<(), Error> {
        let mut file = self.create(name)?;
        content(&mut file).and_then(|()| file.flush()).map_err(Error::io("write", &self.target.join(name)))?;
        self.keep(file)
    }

    /// Puts the results in their place, all at once, and waits until that is on the disk.
    ///
    /// # Errors
    /// When they cannot be put there, or something appeared there meanwhile; then everything is as before.
    pub fn publish(self) -> Result<(), Error> {
        sync_folder(&self.files()).map_err(Error::io("write", &self.target))?;
        check_free(&self.target, self.replace)?;
        let replaced = self.replaced();
        if exists(&self.target)? {
            fs::rename(&self.target, &replaced).map_err(Error::io("replace", &self.target))?;
        }
        if let Err(error) = fs::rename(self.files(), &self.target) {
            let _ = fs::rename(&replaced, &self.target); // nothing there if nothing was replaced
            return Err(Error::io("create the folder", &self.target)(error));
        }
        sync_folder(parent(&self.target)).map_err(Error::io("write", &self.target))?;
        remove_tree(&replaced).map_err(Error::io("remove the earlier results in", &replaced))
    }

    fn files(&self) -> PathBuf {
        self.partial.join("files")
    }

    fn replaced(&self) -> PathBuf {
        self.partial.join("replaced")
    }

    /// Clears what a killed process left; earlier results that it had moved away go back to their place.
    fn clear_leftovers(&self) -> Result<(), Error> {
        let replaced = self.replaced();
        if exists(&replaced)? && !exists(&self.target)? {
            fs::rename(&replaced, &self.target).map_err(Error::io("put back", &self.target))?;
        }
        for leftover in [replaced, self.files()] {
            remove_tree(&leftover).map_err(Error::io("remove", &leftover))?;
        }
        Ok(())
    }
}

impl Drop for Folder {
    /// Errors have nowhere to go here; what stays behind is cleared by the next run.
    fn drop(&mut self) {
        let _ = remove_tree(&self.files());
        let _ = fs::remove_file(self.partial.join("lock"));
        let _ = fs::remove_dir(&self.partial);
        remove_empty(&self.made);
    }
}

/// `.NAME.partial` beside `path`.
///
/// # Errors
/// When the path does not end in a name.
pub fn hidden_sibling(path: &Path) -> Result<PathBuf, Error> {
    let Some(name) = path.file_name() else {
        return Err(Error::BadName { path: path.to_owned(), why: "it does not end in a name" });
    };
    let mut hidden = std::ffi::OsString::from(".");
    hidden.push(name);
    hidden.push(".partial");
    Ok(path.with_file_name(hidden))
}

/// Creates the hidden folder, if it is not there, and locks it.
fn lock_folder(partial: &Path, target: &Path) -> Result<File, Error> {
    let busy = || Err(Error::Busy { path: target.to_owned(), holds: partial.to_owned() });
    loop {
        match fs::create_dir(partial) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => {
                return Err(Error::io("create the folder", target)(error));
            }
            _ => {}
        }
        match lock::try_lock(&partial.join("lock")) {
            Ok(Attempt::Held(lock)) => return Ok(lock),
            Ok(Attempt::Busy) => return busy(),
            // Without locks nobody can tell whether the files are of a living process.
            Ok(Attempt::Unsupported(_)) if partial.join("files").exists() => return busy(),
            Ok(Attempt::Unsupported(file)) => return Ok(file),
            // Its former holder has just removed it.
            Err(error) if error.kind() == ErrorKind::NotFound && !partial.exists() => {}
            Err(error) => return Err(Error::io("lock", partial)(error)),
        }
    }
}

/// Checks that results may be put at `target`.
fn check_free(target: &Path, replace: bool) -> Result<(), Error> {
    if !exists(target)? {
        return Ok(());
    }
    if !replace {
        return Err(Error::Exists { path: target.to_owned() });
    }
    let not_results = |why| Err(Error::NotResults { path: target.to_owned(), why });
    let metadata = target.symlink_metadata().map_err(Error::io("read", target))?;
    if !metadata.is_dir() {
        return not_results("it is not a folder");
    }
    if holds_sweep(target) {
        return not_results("it holds a sweep, and this is a run");
    }
    let empty = target.read_dir().map_err(Error::io("read", target))?.next().is_none();
    if !empty && !target.join(MANIFEST).is_file() {
        return not_results("it is a folder with other things in it, without a manifest.json");
    }
    Ok(())
}

/// Whether a folder holds a sweep or what has become of one: many runs, that one run must not replace.
fn holds_sweep(folder: &Path) -> bool {
    let manifest = fs::read(folder.join(MANIFEST)).ok();
    let manifest = manifest.and_then(|text| serde_json::from_slice::<serde_json::Value>(&text).ok());
    manifest.is_some_and(|manifest| manifest.get("sweep").is_some()) || folder.join(JOURNAL).exists()
}

/// Whether anything is at `path`, be it a dangling link.
pub(super) fn exists(path: &Path) -> Result<bool, Error> {
    match path.symlink_metadata() {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(Error::io("create", path)(error)),
    }
}

/// The folder that `path` is in.
pub(super) fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Creates the folders above `target` that are missing, and says which they are.
pub(super) fn create_missing_parents(target: &Path) -> Result<Vec<PathBuf>, Error> {
    let missing = parent(target).ancestors().take_while(|folder| !folder.as_os_str().is_empty() && !folder.exists());
    let mut missing: Vec<_> = missing.map(Path::to_owned).collect();
    missing.reverse();
    for (number, folder) in missing.iter().enumerate() {
        match fs::create_dir(folder) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => {
                remove_empty(&missing[..number]);
                return Err(Error::io("create the folder", folder)(error));
            }
            _ => {}
        }
    }
    Ok(missing)
}

/// Removes folders from the innermost out, as far as they are empty.
pub(super) fn remove_empty(folders: &[PathBuf]) {
    for folder in folders.iter().rev() {
        let _ = fs::remove_dir(folder);
    }
}

/// Removes a folder and all in it; no matter if it is not there.
fn remove_tree(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Waits until the names in a folder are on the disk.
#[cfg(unix)]
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    match File::open(folder)?.sync_all() {
        // Some network file systems cannot sync folders.
        Err(error) if matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::Unsupported) => Ok(()),
        synced => synced,
    }
}

/// Elsewhere folders cannot be opened; the file system keeps their order itself.
#[cfg(not(unix))]
pub(super) fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}
