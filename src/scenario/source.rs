//! Texts that a scenario is made of, and places in them that error messages point at.

use super::diagnostics::{Diagnostics, Problem};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Largest scenario file that is read \[bytes\]; a larger one is surely not a scenario.
const LARGEST_SCENARIO_BYTES: u64 = 16 << 20;

/// A text with a name: the scenario file, one `--set` argument, a matrix or a schedule.
#[derive(Debug)]
pub struct SourceText {
    /// What messages call it: a path, or `--set`. Empty if messages show no place.
    pub name: String,
    /// The whole text.
    pub text: String,
    /// Problems are reported in the order of ranks: the file first, then arguments, then the files that it names.
    pub rank: u32,
}

/// A range of bytes in a text, always on character boundaries.
#[derive(Clone, Debug)]
pub struct Place {
    source: Arc<SourceText>,
    start: usize,
    end: usize,
}

impl Place {
    /// The bytes `range` of `source`, cut to what exists and moved to character boundaries.
    pub fn new(source: &Arc<SourceText>, range: Range<usize>) -> Self {
        let floor = |at: usize| (0..=at.min(source.text.len())).rev().find(|&i| source.text.is_char_boundary(i));
        let start = floor(range.start).unwrap_or(0);
        let end = floor(range.end).unwrap_or(0).max(start);
        Place { source: Arc::clone(source), start, end }
    }

    /// The text as a whole: messages name it without showing a line.
    pub fn whole(source: &Arc<SourceText>) -> Self {
        Place { source: Arc::clone(source), start: 0, end: source.text.len() }
    }

    /// Whether this is the text as a whole.
    pub fn is_whole(&self) -> bool {
        self.start == 0 && self.end == self.source.text.len()
    }

    /// The text that the place is in.
    pub fn source(&self) -> &Arc<SourceText> {
        &self.source
    }

    /// The bytes of the text.
    pub fn range(&self) -> Range<usize> {
        self.start..self.end
    }

    /// The characters at the place.
    pub fn text(&self) -> &str {
        &self.source.text[self.range()]
    }

    /// Range of the first line that the place touches, without its end.
    pub(super) fn line_range(&self) -> Range<usize> {
        let text = &self.source.text;
        let start = text[..self.start].rfind('\n').map_or(0, |at| at + 1);
        let end = text[self.start..].find('\n').map_or(text.len(), |at| self.start + at);
        start..end.max(start)
    }

    /// Number of the line that the place begins on, from 1.
    pub fn line(&self) -> usize {
        1 + self.source.text[..self.start].bytes().filter(|&byte| byte == b'\n').count()
    }
}

/// A scenario before it is parsed.
#[derive(Clone, Debug)]
pub struct Source {
    /// What messages call the file.
    pub name: String,
    /// The TOML text.
    pub text: String,
    /// Paths in the scenario are relative to this folder.
    pub folder: PathBuf,
}

impl Source {
    /// Reads the file at `path`.
    ///
    /// # Errors
    /// If the file cannot be read, is larger than 16 MiB, or is not UTF-8.
    pub fn read(path: &Path) -> Result<Self, Diagnostics> {
        let name = path.display().to_string();
        let text = match std::fs::metadata(path) {
            Ok(meta) if meta.len() > LARGEST_SCENARIO_BYTES => {
                Err(unreadable(&name, "the file is larger than 16 MiB", 0))
            }
            _ => read_text(path, &name, 0),
        };
        let folder = path.parent().map_or_else(PathBuf::new, Path::to_path_buf);
        match text {
            Ok(source) => Ok(Source { name, text: source.text.clone(), folder }),
            Err(problem) => Err(Diagnostics::from(*problem)),
        }
    }

    /// A scenario that is not in a file; its relative paths are relative to the working folder.
    pub fn from_text(name: &str, text: &str) -> Self {
        Source { name: name.to_owned(), text: text.to_owned(), folder: PathBuf::new() }
    }
}

/// Reads a text file, or says why it cannot be.
pub(super) fn read_text(path: &Path, name: &str, rank: u32) -> Result<Arc<SourceText>, Box<Problem>> {
    let bytes = std::fs::read(path).map_err(|error| {
        let reason = match error.kind() {
            std::io::ErrorKind::NotFound => "there is no such file".to_owned(),
            _ => error.to_string(),
        };
        unreadable(name, &reason, rank)
    })?;
    if let Some(reason) = not_plain_text(&bytes) {
        return Err(unreadable(name, reason, rank));
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Arc::new(SourceText { name: name.to_owned(), text, rank })),
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            let line = 1 + error.as_bytes()[..at].iter().filter(|&&byte| byte == b'\n').count();
            Err(unreadable(name, &format!("line {line} is not UTF-8 text"), rank))
        }
    }
}

/// What a file is that is known by its first bytes, and what to do about it.
fn not_plain_text(bytes: &[u8]) -> Option<&'static str> {
    const KNOWN: [(&[u8], &str); 9] = [
        (&[0x1f, 0x8b], "it is compressed; unpack it first, with `gunzip`"),
        (b"BZh", "it is compressed; unpack it first, with `bunzip2`"),
        (&[0xfd, b'7', b'z', b'X', b'Z'], "it is compressed; unpack it first, with `unxz`"),
        (&[0x28, 0xb5, 0x2f, 0xfd], "it is compressed; unpack it first, with `unzstd`"),
        (b"PK\x03\x04", "it is an archive or a spreadsheet; unpack it, or export it as CSV"),
        (b"\x93NUMPY", "it is a NumPy array; write it as text, with `numpy.savetxt`"),
        (b"\x89HDF", "it is an HDF5 file; write what is in it as text"),
        (&[0xff, 0xfe], "it is UTF-16 text; save it as UTF-8, for example with `iconv -f UTF-16 -t UTF-8`"),
        (&[0xfe, 0xff], "it is UTF-16 text; save it as UTF-8, for example with `iconv -f UTF-16 -t UTF-8`"),
    ];
    let known = KNOWN.iter().find(|(first, _)| bytes.starts_with(first)).map(|(_, reason)| *reason);
    let has_zero_bytes =
        || bytes.contains(&0).then_some("it has zero bytes: binary data, or UTF-16 and not UTF-8 text");
    known.or_else(has_zero_bytes)
}

fn unreadable(name: &str, reason: &str, rank: u32) -> Box<Problem> {
    // There is no text to show, and the message names the file already.
    let source = Arc::new(SourceText { name: String::new(), text: String::new(), rank });
    Box::new(Problem::error(format!("cannot read `{name}`: {reason}"), Place::whole(&source), ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_cut_to_what_exists_and_to_whole_characters() {
        let source = Arc::new(SourceText { name: "x".to_owned(), text: "aé\nb".to_owned(), rank: 0 });
        assert_eq!(Place::new(&source, 2..4).text(), "é\n");
        assert_eq!(Place::new(&source, 9..90).text(), "");
        assert_eq!(Place::new(&source, 4..5).line(), 2);
        assert_eq!(Place::new(&source, 4..5).line_range(), 4..5);
        assert!(Place::whole(&source).is_whole());
    }

    #[test]
    fn a_file_that_cannot_be_read_is_an_error_that_names_it() {
        let error = Source::read(Path::new("no/such/file.toml")).unwrap_err();
        assert_eq!(error.to_string(), "error: cannot read `no/such/file.toml`: there is no such file");
        assert!(Source::read(Path::new(".")).is_err());
    }
}
