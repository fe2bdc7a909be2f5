//! Aligned columns for people to read.

/// How one column stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Column {
    /// Figures are flush right, words flush left.
    pub(super) is_figure: bool,
    /// The column is so wide, or wider if a cell is.
    pub(super) at_least: usize,
}

impl Column {
    /// As wide as its widest cell.
    pub(super) const WORDS: Column = Column { is_figure: false, at_least: 0 };
    /// As wide as its widest cell.
    pub(super) const FIGURES: Column = Column { is_figure: true, at_least: 0 };
}

/// Rows with a cell for each column, a line each, with `indent` blanks in front and `gap` blanks between columns.
pub(super) fn aligned(rows: &[Vec<String>], columns: &[Column], indent: usize, gap: usize) -> String {
    let width = |(place, column): (usize, &Column)| {
        rows.iter().map(|row| row[place].chars().count()).max().unwrap_or(0).max(column.at_least)
    };
    let widths: Vec<usize> = columns.iter().enumerate().map(width).collect();
    let mut text = String::new();
    for row in rows {
        let cells = row.iter().zip(columns).zip(&widths).map(|((cell, column), width)| match column.is_figure {
            true => format!("{cell:>width$}"),
            false => format!("{cell:width$}"),
        });
        let line = " ".repeat(indent) + &cells.collect::<Vec<_>>().join(&" ".repeat(gap));
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// Rows of equally many cells, in columns two spaces apart. The first row is the header. Columns whose number is less
/// than `words` are flush left, as the last column is if `last_is_text`; the others are flush right.
pub(super) fn columns(rows: &[Vec<String>], words: usize, last_is_text: bool) -> String {
    let count = rows.first().map_or(0, Vec::len);
    let is_words = |column| column < words || (last_is_text && column + 1 == count);
    let column = |column| if is_words(column) { Column::WORDS } else { Column::FIGURES };
    aligned(rows, &(0..count).map(column).collect::<Vec<_>>(), 0, 2)
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

    #[test]
    fn columns_have_an_indent_a_gap_and_a_least_width() {
        let rows = [["one", "2", ""], ["seventeen", "12345678", "x"]].map(|row| row.map(str::to_owned).to_vec());
        let label = Column { at_least: 6, ..Column::WORDS };
        let figure = Column { at_least: 4, ..Column::FIGURES };
        assert_eq!(aligned(&rows[..1], &[label, figure, Column::WORDS], 2, 0), "  one      2\n");
        assert_eq!(
            aligned(&rows, &[label, figure, Column::WORDS], 2, 1),
            "  one              2\n  seventeen 12345678 x\n"
        );
    }
}
