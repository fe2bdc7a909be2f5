//! `torus-sim merge`: puts the shards of a sweep together.

use super::arguments::MergeArguments;
use super::console::{Console, Failure, Label};
use crate::sweep::merge::{self, Unmergeable};
use std::path::Path;

/// Carries out the command.
pub(super) fn merge(arguments: &MergeArguments, console: &mut Console) -> Result<(), Failure> {
    let out = match &arguments.out {
        Some(out) => out.clone(),
        None => Path::new("results").join(merge::outline(&arguments.folders[0])?.sweep),
    };
    let merged = merge::merge(&arguments.folders, &out)?;
    if arguments.quiet {
        return Ok(());
    }
    let folders = arguments.folders.len();
    let plural = if folders == 1 { "" } else { "s" };
    console.print(&format!(
        "{}: {} of {} jobs are done, from {folders} folder{plural}\n",
        out.display(),
        merged.done,
        merged.needed
    ))?;
    let missing = merged.needed - merged.done - merged.failed;
    if missing > 0 {
        console.message(Label::Warning, format!("{missing} jobs are missing: are all shards there, and finished?"));
    }
    if merged.failed > 0 {
        console.message(Label::Warning, format!("{} jobs failed: play their shards with --retry", merged.failed));
    }
    Ok(())
}

impl From<Unmergeable> for Failure {
    fn from(why: Unmergeable) -> Self {
        let text = why.to_string();
        match why {
            Unmergeable::Refused(refused) => refused.into(),
            Unmergeable::NoManifest { .. } | Unmergeable::Different { .. } => Failure::Usage { text, help: None },
            Unmergeable::Contradiction { .. } => Failure::Unfinished { text },
        }
    }
}
