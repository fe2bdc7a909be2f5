//! Files that must be rejected, each beside the whole message that it must give.
//!
//! `tests/FOLDER/NAME.toml` is bad, `NAME.stderr` its message. First lines `# --set KEY=VALUE` give arguments, one a
//! line. With `UPDATE=1` in the environment the messages are rewritten: read them before you commit them.

use std::path::{Path, PathBuf};
use torus_sim::scenario::{Diagnostics, Source};

/// The cases of a folder within `tests/`, in order.
fn cases(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(folder);
    let entries = std::fs::read_dir(folder).expect("the folder of cases");
    let mut cases: Vec<PathBuf> = entries.map(|entry| entry.expect("a case").path()).collect();
    cases.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    cases.sort();
    cases
}

/// The message for a case, with paths as from the folder of cases.
fn message<T>(path: &Path, read: impl Fn(Source, &[String]) -> Result<T, Diagnostics>) -> String {
    let text = std::fs::read_to_string(path).expect("a case");
    let arguments: Vec<String> =
        text.lines().map_while(|line| line.strip_prefix("# --set ")).map(str::to_owned).collect();
    let name = path.file_name().expect("a file").to_string_lossy().into_owned();
    let folder = path.parent().expect("a folder").to_path_buf();
    let prefix = format!("{}/", folder.display());
    match read(Source { name, text, folder }, &arguments) {
        Ok(_) => panic!("{} is not rejected", path.display()),
        Err(error) => format!("{error}\n").replace(&prefix, ""),
    }
}

/// Asks `read` about every case of a folder within `tests/`, of which there are `at_least` so many.
///
/// # Panics
/// If a case is missing or not rejected, or has another message than expected.
pub fn check<T>(folder: &str, at_least: usize, read: impl Fn(Source, &[String]) -> Result<T, Diagnostics>) {
    #[expect(clippy::disallowed_methods, reason = "asks whether to write the expected messages anew")]
    let update = std::env::var_os("UPDATE").is_some();
    let cases = cases(folder);
    assert!(cases.len() >= at_least, "only {} cases", cases.len());
    let mut wrong = Vec::new();
    for path in cases {
        let (found, file) = (message(&path, &read), path.with_extension("stderr"));
        let expected = std::fs::read_to_string(&file).unwrap_or_default();
        if update {
            std::fs::write(&file, &found).expect("the message is written");
        } else if found != expected {
            wrong.push(format!("{}\nexpected:\n{expected}\nfound:\n{found}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
