//! Each kind of bad sweep file and its message.
//!
//! `tests/bad_sweep/NAME.toml` is a sweep that must be rejected, `NAME.stderr` the whole message. First lines
//! `# --set KEY=VALUE` give arguments. With `UPDATE=1` in the environment the messages are rewritten: read them before
//! you commit them.

use std::path::{Path, PathBuf};
use torus_sim::scenario::{Grid, Source};
use torus_sim::simulation::protocols;
use torus_sim::sweep::{Plan, tables};

fn cases() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bad_sweep");
    let entries = std::fs::read_dir(folder).expect("the folder of cases");
    let mut cases: Vec<PathBuf> = entries.map(|entry| entry.expect("a case").path()).collect();
    cases.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    cases.sort();
    cases
}

/// The message for a case, with paths as from the folder of cases.
fn message(path: &Path) -> String {
    let text = std::fs::read_to_string(path).expect("a sweep");
    let arguments: Vec<String> =
        text.lines().map_while(|line| line.strip_prefix("# --set ")).map(str::to_owned).collect();
    let name = path.file_name().expect("a file").to_string_lossy().into_owned();
    let folder = path.parent().expect("a folder").to_path_buf();
    let prefix = format!("{}/", folder.display());
    let plan = Grid::read(&Source { name, text, folder }, &arguments, tables::FIGURES)
        .and_then(|grid| Plan::new(grid, protocols::NAMES, protocols::read));
    let error = plan.expect_err(&path.display().to_string());
    format!("{error}\n").replace(&prefix, "")
}

#[test]
fn every_bad_sweep_has_its_message() {
    #[expect(clippy::disallowed_methods, reason = "asks whether to write the expected messages anew")]
    let update = std::env::var_os("UPDATE").is_some();
    let cases = cases();
    assert!(cases.len() >= 25, "only {} cases", cases.len());
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
