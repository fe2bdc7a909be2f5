//! Tells the program the commit that it is built from.

#![allow(clippy::disallowed_methods, reason = "a build script reads its environment; no run depends on it")]
#![allow(clippy::print_stdout, reason = "a build script talks to cargo on standard output")]

use std::path::{Path, PathBuf};
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=TORUS_SIM_COMMIT");
    let given = std::env::var("TORUS_SIM_COMMIT").ok().filter(|commit| !commit.is_empty());
    let commit = given.or_else(commit_of_checkout).unwrap_or_else(|| "unknown".to_owned());
    println!("cargo::rustc-env=TORUS_SIM_COMMIT={commit}");
}

/// The commit of the git checkout that this folder is the root of, if it is one.
fn commit_of_checkout() -> Option<String> {
    let here = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR")?);
    // A copy of the sources may lie within somebody else's checkout.
    let root = PathBuf::from(git(&here, &["rev-parse", "--show-toplevel"])?);
    if root.canonicalize().ok()? != here.canonicalize().ok()? {
        return None;
    }
    // A change of branch changes HEAD; a commit changes its log, its reference, or the packed references.
    let reference = git(&here, &["symbolic-ref", "-q", "HEAD"]).unwrap_or_default();
    for name in ["HEAD", "logs/HEAD", &reference, "packed-refs"] {
        let path = git(&here, &["rev-parse", "--git-path", name]).map(|path| here.join(path));
        if let Some(path) = path.filter(|path| !name.is_empty() && path.exists()) {
            println!("cargo::rerun-if-changed={}", path.display());
        }
    }
    git(&here, &["rev-parse", "--short", "HEAD"])
}

/// What git answers, or nothing if there is no git or it knows no answer.
fn git(folder: &Path, arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").current_dir(folder).args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    (output.status.success() && !text.is_empty()).then_some(text)
}
