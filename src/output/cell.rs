//! Cells and columns of the CSV files: one table says what a column is called, what it means, and how it is filled.
//!
//! Header, values and the reference page come from the same table, so they cannot disagree.

use crate::scenario::units::Decimal;
use std::fmt;
use std::io::{self, Write};

/// One value as it stands in a file.
///
/// Floats are written as the shortest decimal that reads back as the same value, never with an exponent: `0.1`,
/// `1234567`. What is not available, or not finite, is an empty cell. Times are exact decimals.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cell<'a> {
    /// Not available.
    Empty,
    /// A word.
    Text(&'a str),
    /// A whole number.
    Count(u64),
    /// A number.
    Float(f64),
    /// Nanoseconds, written in seconds.
    Seconds(u64),
    /// Nanoseconds, written in milliseconds.
    Milliseconds(u64),
}

impl From<Option<f64>> for Cell<'_> {
    fn from(value: Option<f64>) -> Self {
        value.map_or(Cell::Empty, Cell::Float)
    }
}

impl From<Option<u64>> for Cell<'_> {
    fn from(value: Option<u64>) -> Self {
        value.map_or(Cell::Empty, Cell::Count)
    }
}

impl fmt::Display for Cell<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Cell::Empty => Ok(()),
            Cell::Text(text) => f.write_str(text),
            Cell::Count(count) => write!(f, "{count}"),
            // Adding 0 turns -0 into 0.
            Cell::Float(value) if value.is_finite() => write!(f, "{}", value + 0.0),
            Cell::Float(_) => Ok(()),
            Cell::Seconds(nanos) => Decimal::seconds(nanos).fmt(f),
            Cell::Milliseconds(nanos) => Decimal::milliseconds(nanos).fmt(f),
        }
    }
}

/// A column of a file whose rows are made from `Row`s.
pub struct Column<Row: 'static> {
    /// Name in the header, with the unit last.
    pub name: &'static str,
    /// Unit, for the reference page; empty for plain words and numbers.
    pub unit: &'static str,
    /// What the value is.
    pub meaning: &'static str,
    /// Takes the value out of a row.
    pub value: fn(&Row) -> Cell<'_>,
}

/// Writes a table as CSV: every row has as many cells as the header.
pub struct Table<W: Write> {
    csv: csv::Writer<W>,
    text: String,
}

impl<W: Write> Table<W> {
    /// Begins a table with its header.
    ///
    /// # Errors
    /// When `out` cannot be written.
    pub fn new<'a>(out: W, header: impl IntoIterator<Item = &'a str>) -> io::Result<Self> {
        let mut csv = csv::WriterBuilder::new().buffer_capacity(1 << 16).from_writer(out);
        csv.write_record(header).map_err(into_io)?;
        Ok(Table { csv, text: String::new() })
    }

    /// Writes a row.
    ///
    /// # Errors
    /// When the file cannot be written, or the row is not as long as the header.
    pub fn row<'a>(&mut self, cells: impl IntoIterator<Item = Cell<'a>>) -> io::Result<()> {
        use std::fmt::Write as _;
        for cell in cells {
            self.text.clear();
            let _ = write!(self.text, "{cell}"); // writing into a string cannot fail
            self.csv.write_field(&self.text).map_err(into_io)?;
        }
        self.csv.write_record(None::<&[u8]>).map_err(into_io)
    }

    /// Ends the table and gives back what it was written to.
    ///
    /// # Errors
    /// When the last rows cannot be written.
    pub fn finish(self) -> io::Result<W> {
        self.csv.into_inner().map_err(csv::IntoInnerError::into_error)
    }
}

/// The I/O error inside a CSV error, with its kind.
fn into_io(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            io::Error::other(format!("a row of {len} cells under a header of {expected_len}"))
        }
        other => io::Error::other(format!("{other:?}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_exact_and_never_nan_infinite_or_negative_zero() {
        for (cell, text) in [
            (Cell::Float(f64::NAN), ""),
            (Cell::Float(f64::INFINITY), ""),
            (Cell::Float(-0.0), "0"),
            (Cell::Float(0.1), "0.1"),
            (Cell::Float(5.0), "5"),
            (Cell::Float(1e21), "1000000000000000000000"),
            (Cell::Float(1e-7), "0.0000001"),
            (Cell::Float(1.0 / 3.0), "0.3333333333333333"),
            (Cell::Count(u64::MAX), "18446744073709551615"),
            (Cell::Seconds(0), "0"),
            (Cell::Seconds(60_000_000_000), "60"),
            (Cell::Seconds(1_500_000_000), "1.5"),
            (Cell::Seconds(1), "0.000000001"),
            (Cell::Seconds(u64::MAX), "18446744073.709551615"),
            (Cell::Milliseconds(1_234_567_890), "1234.56789"),
            (Cell::Empty, ""),
            (None::<f64>.into(), ""),
            (Some(7_u64).into(), "7"),
        ] {
            assert_eq!(cell.to_string(), text, "{cell:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn a_float_reads_back_as_the_same_value(value in proptest::num::f64::NORMAL | proptest::num::f64::SUBNORMAL) {
            let text = Cell::Float(value).to_string();
            proptest::prop_assert_eq!(text.parse::<f64>().unwrap(), value);
            proptest::prop_assert!(!text.contains(['e', 'E']));
        }
    }

    #[test]
    fn a_row_of_another_length_than_the_header_is_an_error() {
        let mut table = Table::new(Vec::new(), ["a", "b"]).unwrap();
        table.row([Cell::Count(1), Cell::Text("x,\"y")]).unwrap();
        let error = table.row([Cell::Count(1)]).unwrap_err();
        assert_eq!(error.to_string(), "a row of 1 cells under a header of 2");
    }

    #[test]
    fn words_with_commas_are_quoted() {
        let mut table = Table::new(Vec::new(), ["a", "b"]).unwrap();
        table.row([Cell::Empty, Cell::Text("x,\"y")]).unwrap();
        assert_eq!(String::from_utf8(table.finish().unwrap()).unwrap(), "a,b\n,\"x,\"\"y\"\n");
    }
}
