//! `torus-sim check`: says of each scenario whether it is sound.

use super::arguments::CheckArguments;
use super::console::{Console, Failure};
use super::experiment::{Experiment, Request};

/// Carries out the command. `load` reads and checks a scenario; its error is ready to be shown.
pub(super) fn check(
    arguments: &CheckArguments,
    console: &mut Console,
    load: impl Fn(&Request<'_>) -> Result<Experiment, String>,
) -> Result<(), Failure> {
    let mut bad = 0;
    for file in &arguments.files {
        let request = Request { file, seed: None, set: &[], replay: None, colours: console.colours };
        match load(&request) {
            Ok(experiment) => {
                console.rendered(&experiment.warnings);
                console.print(&format!("{}: sound\n", file.display()))?;
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
        (bad, all) => Err(Failure::Usage { text: format!("{bad} of {all} scenarios are not sound"), help: None }),
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
        assert_eq!(err.text(), "error: a.toml is bad\nerror: b.toml is bad\nerror: 2 of 2 scenarios are not sound\n");
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
