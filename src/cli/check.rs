//! `torus-sim check`: says of each scenario and of each sweep whether it is sound.

use super::arguments::CheckArguments;
use super::console::{Console, Failure};
use super::experiment::Request;

/// What there is to say of a file without errors.
pub(super) struct Sound {
    /// What may not be as it was meant, ready to be shown; empty if there is nothing.
    pub(super) warnings: String,
    /// What it is, if it is not a scenario.
    pub(super) what: Option<String>,
}

/// Carries out the command. `load` reads and checks a file; its error is ready to be shown.
pub(super) fn check(
    arguments: &CheckArguments,
    console: &mut Console,
    load: impl Fn(&Request<'_>) -> Result<Sound, String>,
) -> Result<(), Failure> {
    let mut bad = 0;
    for file in &arguments.files {
        let request = Request::new(file, None, &[], None, console.colours);
        match load(&request) {
            Ok(Sound { warnings, what }) => {
                console.rendered(&warnings);
                let what = what.map(|what| format!(", {what}")).unwrap_or_default();
                console.print(&format!("{}: sound{what}\n", file.display()))?;
            }
            Err(problems) => {
                bad += 1;
                console.rendered(&problems);
            }
        }
    }
    match (bad, arguments.files.len()) {
        (0, _) => Ok(()),
        (_, 1) => Err(Failure::Input { rendered: String::new() }),
        (bad, all) => Err(Failure::Usage { text: format!("{bad} of {all} files are not sound"), help: None }),
    }
}

#[cfg(test)]
mod tests {
    use super::super::console::tests::console;
    use super::*;
    use std::path::PathBuf;

    #[test]
    fn all_files_are_checked_and_all_problems_shown() {
        let (mut console, _, err) = console();
        let load = |request: &Request<'_>| Err(format!("error: {} is bad\n", request.file.display()));
        let files = ["a.toml", "b.toml"].map(PathBuf::from).to_vec();
        let failure = check(&CheckArguments { files }, &mut console, load).unwrap_err();
        assert_eq!(console.fail(&failure), 2);
        assert_eq!(err.text(), "error: a.toml is bad\nerror: b.toml is bad\nerror: 2 of 2 files are not sound\n");
    }

    #[test]
    fn the_problems_of_a_single_file_speak_for_themselves() {
        let (mut console, _, err) = console();
        let arguments = CheckArguments { files: vec![PathBuf::from("a.toml")] };
        let failure = check(&arguments, &mut console, |_| Err("error: bad".to_owned())).unwrap_err();
        assert_eq!(console.fail(&failure), 2);
        assert_eq!(err.text(), "error: bad\n");
    }
}
