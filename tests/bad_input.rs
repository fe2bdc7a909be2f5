//! Each kind of bad input and its message.
//!
//! `tests/bad_input/NAME.toml` is a scenario that must be rejected, `NAME.stderr` the whole message. A first line
//! `# --set KEY=VALUE` gives arguments, one a line. With `UPDATE=1` in the environment the messages are rewritten: read
//! them before you commit them.

use std::path::{Path, PathBuf};
use torus_sim::scenario::Source;

mod toy;

fn cases() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bad_input");
    let entries = std::fs::read_dir(folder).expect("the folder of cases");
    let mut cases: Vec<PathBuf> = entries.map(|entry| entry.expect("a case").path()).collect();
    cases.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    cases.sort();
    cases
}

/// The message for a case, with paths as from the folder of cases.
fn message(path: &Path) -> String {
    let text = std::fs::read_to_string(path).expect("a scenario");
    let arguments = text.lines().map_while(|line| line.strip_prefix("# --set ")).map(str::to_owned);
    let arguments: Vec<String> = arguments.collect();
    let name = path.file_name().expect("a file").to_string_lossy().into_owned();
    let folder = path.parent().expect("a folder").to_path_buf();
    let prefix = format!("{}/", folder.display());
    let error = toy::load_toy(Source { name, text, folder }, &arguments).expect_err(&path.display().to_string());
    format!("{error}\n").replace(&prefix, "")
}

#[test]
fn every_bad_input_has_its_message() {
    #[expect(clippy::disallowed_methods, reason = "asks whether to write the expected messages anew")]
    let update = std::env::var_os("UPDATE").is_some();
    let cases = cases();
    assert!(cases.len() >= 40, "only {} cases", cases.len());
    let mut wrong = Vec::new();
    for path in cases {
        let (found, file) = (message(&path), path.with_extension("stderr"));
        let expected = std::fs::read_to_string(&file).unwrap_or_default();
        if update {
            std::fs::write(&file, &found).expect("the message is written");
        } else if found != expected {
            wrong.push(format!("{}\nexpected:\n{expected}\nfound:\n{found}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn colours_are_only_added_when_asked_for() {
    let source = Source::from_text("x.toml", "name = 3");
    let error = toy::load_toy(source, &[]).expect_err("a number is no name");
    assert!(error.render(true).contains("\u{1b}["));
    assert!(!error.render(false).contains("\u{1b}["));
}
