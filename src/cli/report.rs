//! `torus-sim report`: makes a page with pictures and tables of a run's or a sweep's results.

use super::arguments::ReportArguments;
use super::console::{Console, Failure, Label};
use crate::report::{self, Error, Report};

/// Carries out the command: says where the report is.
pub(super) fn report(arguments: &ReportArguments, console: &mut Console) -> Result<(), Failure> {
    let report = Report::of(&arguments.folder).map_err(failure)?;
    let path = match &arguments.picture {
        None => {
            let path = arguments.out.clone().unwrap_or_else(|| report::default_path(&arguments.folder));
            report.write(&path, arguments.force).map_err(failure)?;
            path
        }
        Some(id) => {
            let found = report.pictures.iter().find(|picture| picture.id == *id);
            let picture = found.ok_or_else(|| no_such_picture(id, &report))?;
            let path = arguments.out.clone().unwrap_or_else(|| arguments.folder.join(format!("{id}.svg")));
            picture.write(&path, arguments.force).map_err(failure)?;
            path
        }
    };
    for warning in &report.warnings {
        console.message(Label::Warning, warning);
    }
    console.print(&format!("{}\n", path.display()))
}

fn no_such_picture(id: &str, report: &Report) -> Failure {
    let known: Vec<&str> = report.pictures.iter().map(|picture| picture.id.as_str()).collect();
    Failure::Usage { text: format!("there is no picture `{id}`; there are: {}", known.join(", ")), help: None }
}

fn failure(error: Error) -> Failure {
    let text = error.to_string();
    match error {
        Error::Output(error @ crate::output::Error::Exists { .. }) => Failure::Usage {
            text: format!("{error}, and is no report"),
            help: Some("write elsewhere with --out, or replace what is there with --force"),
        },
        Error::Output(error) => error.into(),
        Error::NotResults { .. } => {
            Failure::Usage { text, help: Some("name a folder that `torus-sim run` or `torus-sim sweep` has written") }
        }
        Error::Broken { .. } => Failure::Usage { text, help: Some("make the results anew") },
    }
}
