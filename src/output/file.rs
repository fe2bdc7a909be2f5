//! A file being written: buffered, hashed as it goes, and synced at its end.

use super::error::Error;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// A file of the results and what is in it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct FileRecord {
    /// Name within the folder.
    pub file: String,
    /// Size \[B\].
    pub bytes: u64,
    /// BLAKE3 of the content, in hexadecimal.
    pub blake3: String,
}

/// A file being written.
pub struct OutputFile {
    file: BufWriter<HashedFile>,
    /// Where it will be in the end; errors name this place.
    destination: PathBuf,
}

struct HashedFile {
    file: File,
    hasher: blake3::Hasher,
    bytes: u64,
}

impl OutputFile {
    /// Writes to `file`, from its present position on; it will be found at `destination`.
    pub fn new(file: File, destination: PathBuf) -> Self {
        let hashed = HashedFile { file, hasher: blake3::Hasher::new(), bytes: 0 };
        OutputFile { file: BufWriter::with_capacity(1 << 16, hashed), destination }
    }

    /// Where the file will be in the end.
    pub fn destination(&self) -> &Path {
        &self.destination
    }

    /// Writes what is buffered and waits until it is on the disk.
    ///
    /// # Errors
    /// When the disk is full, or any other I/O error.
    pub fn finish(self) -> Result<FileRecord, Error> {
        let OutputFile { file, destination } = self;
        let failed = Error::io("write", &destination);
        let synced = file.into_inner().map_err(io::IntoInnerError::into_error).and_then(|hashed| {
            hashed.file.sync_all()?;
            Ok(hashed)
        });
        let hashed = synced.map_err(failed)?;
        let file = destination.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Ok(FileRecord { file, bytes: hashed.bytes, blake3: hashed.hasher.finalize().to_hex().to_string() })
    }
}

impl Write for OutputFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Write for HashedFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.hasher.update(&bytes[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
