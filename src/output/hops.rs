//! `hops.csv`: how many answered lookups took how many hops.

use super::cell::{Cell, Column, Table};
use std::io::{self, Write};

/// A hop count and how many lookups took it.
pub type Row = (u64, u64);

/// The columns.
pub const COLUMNS: &[Column<Row>] = &[
    Column {
        name: "hops",
        unit: "",
        meaning: "a hop count, from 0 to the largest seen, without gaps",
        value: |row| Cell::Count(row.0),
    },
    Column {
        name: "lookups",
        unit: "",
        meaning: "answered lookups (correct or wrong owner) that took so many hops",
        value: |row| Cell::Count(row.1),
    },
];

/// Writes the file from `counts[hops]`.
///
/// # Errors
/// When `out` cannot be written.
pub fn write(out: impl Write, counts: &[u64]) -> io::Result<()> {
    let seen = counts.iter().rposition(|count| *count > 0).map_or(0, |largest| largest + 1);
    let mut table = Table::new(out, COLUMNS.iter().map(|column| column.name))?;
    for row in (0_u64..).zip(counts[..seen].iter().copied()) {
        table.row(COLUMNS.iter().map(|column| (column.value)(&row)))?;
    }
    table.finish().map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(counts: &[u64]) -> String {
        let mut file = Vec::new();
        write(&mut file, counts).unwrap();
        String::from_utf8(file).unwrap()
    }

    #[test]
    fn there_is_a_row_for_every_hop_count_up_to_the_largest_seen() {
        assert_eq!(text(&[3, 0, 5, 0, 0]), "hops,lookups\n0,3\n1,0\n2,5\n");
        assert_eq!(text(&[]), "hops,lookups\n");
        assert_eq!(text(&[0, 0]), "hops,lookups\n");
    }
}
