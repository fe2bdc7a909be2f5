//! From a sweep file to jobs: every cell checked, every job with its identity.

use super::played::Played;
use crate::output::manifest::FORMAT;
use crate::scenario::{Diagnostics, Effective, Facts, Grid, Loaded, Problem, Replicates, Scenario, TableReader};
use crate::simulation::protocols::Playable;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// How a protocol's table is read: [`crate::simulation::protocols::read`], or a test's own.
pub type ReadProtocol = fn(&mut TableReader<'_>, &str, &Facts) -> Option<Playable>;

/// What a sweep consists of: enough to know its jobs and to make its tables from their results. Part of its manifest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outline {
    /// Name of the sweep.
    pub sweep: String,
    /// What it is about.
    pub description: String,
    /// How often each cell is played.
    pub replicates: Replicates,
    /// The swept keys.
    pub keys: Vec<String>,
    /// All cells; the last key moves fastest.
    pub cells: Vec<Cell>,
    /// What is played, but for what is swept.
    #[serde(flatten, default)]
    pub played: Played,
}

/// A cell of the grid: one scenario.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cell {
    /// The values of the swept keys, in the order of [`Outline::keys`].
    pub values: Vec<String>,
    /// Name of the protocol.
    pub protocol: String,
    /// Hash of all that the scenario's results depend on, but for the replicate: neither its name nor its description.
    pub scenario: String,
}

/// One run of one cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Number of the cell.
    pub cell: usize,
    /// Number of the replicate.
    pub replicate: u64,
    /// Hash of all that the result depends on.
    pub id: String,
}

impl Outline {
    /// A run of a cell.
    pub fn job(&self, cell: usize, replicate: u64) -> Job {
        let text = format!("torus-sim job, format {FORMAT}\0{}\0{replicate}", self.cells[cell].scenario);
        let id = blake3::hash(text.as_bytes()).to_hex()[..32].to_owned();
        Job { cell, replicate, id }
    }

    /// The parameters of a job in words: `key = value` for each swept key, and the replicate.
    pub fn describe(&self, job: &Job) -> String {
        let values = &self.cells[job.cell].values;
        let settings = self.keys.iter().zip(values).map(|(key, value)| format!("{key}={value}, "));
        format!("{}replicate {}", settings.collect::<String>(), job.replicate)
    }
}

/// What a run will take.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cost {
    /// Memory at most, roughly \[B\].
    pub memory_bytes: u64,
    /// Node-seconds of virtual time: the time that the run takes is about in proportion to it.
    pub work: f64,
}

/// A sweep in which every cell is sound, ready to be played.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What it consists of.
    pub outline: Outline,
    /// What a run of each cell will take.
    pub costs: Vec<Cost>,
    /// What may not be as it was meant, each once however many cells have it.
    pub warnings: Diagnostics,
    grid: Grid,
    protocols: &'static [&'static str],
    read: ReadProtocol,
}

impl Plan {
    /// Checks all cells of a grid.
    ///
    /// # Errors
    /// The problems of all cells, each once however many cells have it.
    pub fn new(grid: Grid, protocols: &'static [&'static str], read: ReadProtocol) -> Result<Plan, Diagnostics> {
        let outline = Outline {
            sweep: grid.name.clone(),
            description: grid.description.clone(),
            replicates: grid.replicates.clone(),
            keys: grid.keys.clone(),
            cells: Vec::new(),
            played: Played::of(&grid),
        };
        let warnings = Diagnostics::default();
        let mut plan = Plan { outline, costs: Vec::new(), warnings, grid, protocols, read };
        let (mut errors, mut warnings) = (Diagnostics::default(), Diagnostics::default());
        let mut seen = BTreeSet::new();
        let mut add = |into: &mut Diagnostics, found: &Diagnostics| {
            let new = |problem: &&Problem| seen.insert(Diagnostics::from((*problem).clone()).to_string());
            found.problems().iter().filter(new).for_each(|problem| into.push(problem.clone()));
        };
        for cell in 0..plan.grid.cells.len() {
            match plan.load(cell) {
                Ok(loaded) => {
                    add(&mut warnings, &loaded.warnings);
                    plan.add(cell, &loaded);
                }
                Err(found) => add(&mut errors, &found),
            }
        }
        if errors.errors() == 0 {
            plan.refuse_twins(&mut errors);
        }
        plan.warnings = warnings;
        if errors.errors() > 0 { Err(errors) } else { Ok(plan) }
    }

    /// Cells that come to the same scenario are a slip, such as `["60s", "1min"]`.
    fn refuse_twins(&self, problems: &mut Diagnostics) {
        let mut first: BTreeMap<&str, usize> = BTreeMap::new();
        for (index, cell) in self.outline.cells.iter().enumerate() {
            let Some(twin) = first.insert(&cell.scenario, index) else { continue };
            let message = "two cells of the grid are the same scenario";
            problems.push(self.grid.problem(message, &[twin, index]));
            return;
        }
    }

    fn add(&mut self, cell: usize, loaded: &Loaded<Playable>) {
        let scenario = &loaded.scenario;
        let played = &mut self.outline.played;
        if played.scenario.is_null() {
            played.scenario = loaded.effective.to_json();
        }
        loaded.files.iter().for_each(|file| played.add_input(&file.path, &file.blake3));
        self.outline.cells.push(Cell {
            values: self.grid.cells[cell].clone(),
            protocol: loaded.protocol_name.clone(),
            scenario: identity(loaded),
        });
        self.costs.push(Cost {
            memory_bytes: loaded.protocol.memory_bytes(scenario),
            work: f64::from(scenario.population.nodes) * scenario.measurement.end().as_secs_f64(),
        });
    }

    /// The scenario of a job, ready to be played.
    ///
    /// # Errors
    /// If a file that the scenario names has changed since the plan was made.
    pub fn prepare(&self, job: &Job) -> Result<(Scenario, Playable), Diagnostics> {
        let loaded = self.load(job.cell)?;
        if identity(&loaded) != self.outline.cells[job.cell].scenario {
            return Err(self
                .grid
                .problem("a file that the scenario names has changed since the sweep began", &[])
                .into());
        }
        let mut scenario = loaded.scenario;
        scenario.seed.replicate = job.replicate;
        Ok((scenario, loaded.protocol))
    }

    fn load(&self, cell: usize) -> Result<Loaded<Playable>, Diagnostics> {
        let loaded = self.grid.load(cell, self.protocols, self.read)?;
        match loaded.protocol.lacks_identifiers(&loaded.scenario) {
            Some(text) => Err(self.grid.problem(&text, &[cell]).into()),
            None => Ok(loaded),
        }
    }
}

/// The hash of the effective scenario, but for what is only said about it, and of the files that it names.
fn identity(loaded: &Loaded<Playable>) -> String {
    let effective = match &loaded.effective {
        Effective::Table(entries) => {
            let kept = entries.iter().filter(|(key, _)| !["name", "description"].contains(&key.as_str()));
            Effective::Table(kept.cloned().collect())
        }
        other => other.clone(),
    };
    let mut hasher = blake3::Hasher::new();
    hasher.update(effective.to_toml().as_bytes());
    for file in &loaded.files {
        hasher.update(b"\0");
        hasher.update(file.blake3.as_bytes());
    }
    hasher.finalize().to_hex().to_string()
}
