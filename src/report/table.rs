//! A CSV file in memory, with its columns found by name.

use super::error::Error;
use crate::output;
use std::path::Path;

/// Larger numbers cannot be drawn, and nothing that is measured comes near.
const LARGEST: f64 = 1e300;

/// The cells of a CSV file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    header: csv::StringRecord,
    rows: Vec<csv::StringRecord>,
}

impl Table {
    /// Reads a file.
    ///
    /// # Errors
    /// If it cannot be read, is not CSV, or ends before its end.
    pub fn read(path: &Path) -> Result<Table, Error> {
        let bytes = std::fs::read(path).map_err(output::Error::io("read", path))?;
        Table::parse(&bytes).map_err(|why| Error::Broken { path: path.to_owned(), why })
    }

    /// Takes the content of a file apart.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn parse(bytes: &[u8]) -> Result<Table, String> {
        if bytes.is_empty() {
            return Err("it is empty".to_owned());
        }
        if !bytes.ends_with(b"\n") {
            return Err("it was cut short: its last line has no end".to_owned());
        }
        let mut reader = csv::Reader::from_reader(bytes);
        let header = reader.headers().map_err(|error| in_words(&error))?.clone();
        let rows = reader.into_records().collect::<Result<_, _>>().map_err(|error| in_words(&error))?;
        Ok(Table { header, rows })
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The names of all columns.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.header.iter()
    }

    /// The place of a column, if there is one of this name.
    pub fn column(&self, name: &str) -> Option<usize> {
        self.header.iter().position(|column| column == name)
    }

    /// The text of a cell; empty if there is no such cell.
    pub fn text_at(&self, row: usize, column: usize) -> &str {
        self.rows.get(row).and_then(|row| row.get(column)).unwrap_or("")
    }

    /// The text of a cell; empty if there is no such cell.
    pub fn text(&self, row: usize, name: &str) -> &str {
        self.column(name).map_or("", |column| self.text_at(row, column))
    }

    /// The number in a cell, if it holds one.
    pub fn number(&self, row: usize, name: &str) -> Option<f64> {
        number(self.text(row, name))
    }

    /// The numbers of a column: one for each row, `None` where there is none.
    pub fn numbers(&self, name: &str) -> Vec<Option<f64>> {
        let column = self.column(name);
        (0..self.len()).map(|row| column.and_then(|column| number(self.text_at(row, column)))).collect()
    }
}

/// A finite number that can be drawn.
fn number(text: &str) -> Option<f64> {
    text.parse().ok().filter(|number: &f64| number.abs() <= LARGEST)
}

fn in_words(error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::UnequalLengths { pos, expected_len, len } => {
            let line = pos.as_ref().map_or(0, csv::Position::line);
            format!("line {line} has {len} cells under a header of {expected_len}")
        }
        csv::ErrorKind::Utf8 { .. } => "it is not UTF-8 text".to_owned(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_found_by_name_and_what_is_no_number_is_none() {
        let table = Table::parse(b"a,b\n1,x\n,2.5\nNaN,inf\n1e301,-3\n").unwrap();
        assert_eq!(table.numbers("a"), [Some(1.0), None, None, None]);
        assert_eq!(table.numbers("b"), [None, Some(2.5), None, Some(-3.0)]);
        assert_eq!(table.numbers("c"), [None; 4]);
        assert_eq!((table.text(0, "b"), table.text(9, "b"), table.text(0, "c")), ("x", "", ""));
    }

    #[test]
    fn what_was_cut_says_so() {
        for (bytes, why) in [
            (&b""[..], "it is empty"),
            (b"a,b\n1,2\n3,", "it was cut short: its last line has no end"),
            (b"a,b\n1,2\n3\n", "line 3 has 1 cells under a header of 2"),
            (b"a,b\n1,\xff\n", "it is not UTF-8 text"),
        ] {
            assert_eq!(Table::parse(bytes).unwrap_err(), why);
        }
    }
}
