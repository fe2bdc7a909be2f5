//! Aligned columns for people to read.

/// Rows of equally many cells, in columns two spaces apart. The first row is the header. Columns whose number is less
/// than `words` are flush left, as the last column is if `last_is_text`; the others are flush right.
pub(super) fn columns(rows: &[Vec<String>], words: usize, last_is_text: bool) -> String {
    let count = rows.first().map_or(0, Vec::len);
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..count).map(width).collect();
    let mut text = String::new();
    for row in rows {
        let cells = row.iter().zip(&widths).enumerate().map(|(column, (cell, width))| {
            let is_text = column < words || (last_is_text && column + 1 == count);
            if is_text { format!("{cell:width$}") } else { format!("{cell:>width$}") }
        });
        text.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_flush_left_and_figures_flush_right() {
        let rows = [["key", "figure", "why"], ["a", "10", "so"], ["long", "9", ""]];
        let rows: Vec<Vec<String>> = rows.iter().map(|row| row.map(str::to_owned).to_vec()).collect();
        assert_eq!(columns(&rows, 1, true), "key   figure  why\na         10  so\nlong       9\n");
        assert_eq!(columns(&[], 1, false), "");
    }
}
