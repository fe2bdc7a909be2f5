//! The published numbers: a table that is part of the program.

use std::io;

/// The table: `scenarios/validation/published.csv`.
const TABLE: &str = include_str!("../../scenarios/validation/published.csv");

/// One published number.
#[derive(Clone, Debug, PartialEq)]
pub struct Number {
    /// Name of the experiment.
    pub experiment: String,
    /// The parameter.
    pub x: f64,
    /// Which figure.
    pub metric: String,
    /// What the paper has.
    pub published: f64,
    /// How far from it a measured value may be; `None` if it is shown without being judged.
    pub tolerance: Option<f64>,
    /// How the number was read: `P` in the paper's text, `D` off its graphics, `S` in somebody's digest of it.
    pub grade: String,
}

/// All published numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Published {
    numbers: Vec<Number>,
}

impl Published {
    /// Those that ship.
    pub fn shipped() -> Self {
        Self::read(TABLE).expect("a test reads the table that ships")
    }

    /// Reads a table with the columns `experiment,x,metric,published,tolerance,grade`; lines that begin with `#` are
    /// remarks. A number without a tolerance is shown, and not judged.
    ///
    /// # Errors
    /// If it is no such table.
    pub fn read(text: &str) -> io::Result<Self> {
        let mut reader = csv::ReaderBuilder::new().comment(Some(b'#')).from_reader(text.as_bytes());
        let columns = ["experiment", "x", "metric", "published", "tolerance", "grade"];
        if reader.headers()? != columns[..] {
            return Err(io::Error::other(format!("the columns are not {}", columns.join(","))));
        }
        let number = |cell: &str| cell.parse().map_err(|_| io::Error::other(format!("`{cell}` is not a number")));
        let row = |row: csv::Result<csv::StringRecord>| {
            let row = row?;
            Ok(Number {
                experiment: row[0].to_owned(),
                x: number(&row[1])?,
                metric: row[2].to_owned(),
                published: number(&row[3])?,
                tolerance: if row[4].is_empty() { None } else { Some(number(&row[4])?) },
                grade: row[5].to_owned(),
            })
        };
        Ok(Published { numbers: reader.records().map(row).collect::<io::Result<_>>()? })
    }

    /// All of them.
    pub fn numbers(&self) -> &[Number] {
        &self.numbers
    }

    /// The number for a figure at `x`, if there is one.
    pub fn find(&self, experiment: &str, x: f64, metric: &str) -> Option<&Number> {
        self.numbers.iter().find(|number| number.experiment == experiment && number.x == x && number.metric == metric)
    }
}
