//! How the text of a matrix file is laid out: its lines, what separates entries, and what stands before decimals.

use std::ops::Range;

/// What separates the entries of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Separator {
    /// This character, with blanks around it.
    Character(char),
    /// Blanks and tabs, as many as there are.
    Blanks,
}

/// The layout of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    separator: Separator,
    /// Rows begin with a separator, which separates nothing.
    leading: bool,
    /// Rows end with a separator, which separates nothing.
    trailing: bool,
    /// A comma stands before decimals.
    pub(super) has_decimal_commas: bool,
}

/// The lines that say something, as ranges of bytes, without comments, outer blanks and a byte order mark.
pub(super) fn lines(text: &str) -> impl Iterator<Item = Range<usize>> + '_ {
    let mut start = 0;
    let is_outer = |character: char| character.is_whitespace() || character == '\u{feff}';
    text.split('\n')
        .map(move |line| {
            let begin = start;
            start += line.len() + 1;
            let content = line.split('#').next().unwrap_or("");
            let left = content.len() - content.trim_start_matches(is_outer).len();
            begin + left..begin + left + content.trim_matches(is_outer).len()
        })
        .filter(|range| !range.is_empty())
}

impl Layout {
    /// Finds out how a file is laid out. Semicolons and bars separate entries wherever there are some, then commas,
    /// then blanks and tabs. Commas that do not separate stand before decimals, if no point does.
    pub(super) fn of(text: &str) -> Layout {
        let any = |character: char| lines(text).any(|line| text[line].contains(character));
        let first = lines(text).next().map_or("", |line| &text[line]);
        let separator = match [';', '|'].into_iter().find(|separator| any(*separator)) {
            Some(separator) => Separator::Character(separator),
            None if any(',') && !has_commas_within_words(first) => Separator::Character(','),
            None if is_table_of_tabs(text) => Separator::Character('\t'),
            None => Separator::Blanks,
        };
        let at_ends = |has: fn(&str, char) -> bool| match separator {
            Separator::Character('\t') | Separator::Blanks => false,
            Separator::Character(separator) => lines(text).all(|line| has(&text[line], separator)),
        };
        let has_decimal_commas = separator != Separator::Character(',') && any(',') && !any('.');
        let leading = at_ends(|line, separator| line.starts_with(separator)) && separator == Separator::Character('|');
        let trailing = at_ends(|line, separator| line.ends_with(separator));
        Layout { separator, leading, trailing, has_decimal_commas }
    }

    /// The entries of a row.
    pub(super) fn split(&self, text: &str, line: &Range<usize>) -> Vec<Range<usize>> {
        let Separator::Character(separator) = self.separator else { return split_words(text, line) };
        let (mut from, mut to) = (line.start, line.end);
        from += if self.leading { separator.len_utf8() } else { 0 };
        to -= if self.trailing && to > from { separator.len_utf8() } else { 0 };
        let mut start = from;
        text[from..to]
            .split(separator)
            .map(|entry| {
                let begin = start + entry.len() - entry.trim_start().len();
                start += entry.len() + separator.len_utf8();
                begin..begin + entry.trim().len()
            })
            .collect()
    }
}

/// Whether blanks separate entries, and commas stand in them: `0 10,5`, and not `0, 10` or `0,10`.
fn has_commas_within_words(line: &str) -> bool {
    line.split(',').any(|part| part.trim().contains(char::is_whitespace))
}

/// Whether tabs separate entries of which some are empty: all rows have equally many, which they have not between
/// blanks of any kind.
fn is_table_of_tabs(text: &str) -> bool {
    let alike = |count: &dyn Fn(&str) -> usize| {
        let mut counts = lines(text).map(|line| count(&text[line]));
        let first = counts.next().unwrap_or(0);
        first > 1 && counts.all(|other| other == first)
    };
    !alike(&|line| line.split_whitespace().count()) && alike(&|line| line.split('\t').count())
}

/// The words of a line, between blanks.
pub(super) fn split_words(text: &str, line: &Range<usize>) -> Vec<Range<usize>> {
    let content = &text[line.clone()];
    let offset = |word: &str| line.start + (word.as_ptr() as usize - content.as_ptr() as usize);
    content.split_whitespace().map(|word| offset(word)..offset(word) + word.len()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Entries of all rows, rows with slashes between them.
    fn entries(text: &str) -> String {
        let layout = Layout::of(text);
        let row = |line| layout.split(text, &line).into_iter().map(|entry| &text[entry]).collect::<Vec<_>>().join(" ");
        lines(text).map(row).collect::<Vec<_>>().join("/")
    }

    #[test]
    fn separators_are_told_apart() {
        for text in [
            "0,10\n20,0",
            "0;10\n20;0",
            "0|10\n20|0",
            "0\t10\n20\t0",
            "0 10\n20\t0",
            " 0 , 10 \n 20 , 0 ",
            "0,10,\n20,0,",
            "| 0 | 10 |\n| 20 | 0 |",
            "\u{feff}0,10\r\n20,0\r\n",
            "0  10\n20   0",
            "0\t\t10\n20\t\t0",
            "0,\t10\n20,\t0",
        ] {
            assert_eq!(entries(text), "0 10/20 0", "{text:?}");
            assert!(!Layout::of(text).has_decimal_commas, "{text:?}");
        }
        for text in ["0;1,5\n1,5;0", "0 1,5\n1,5 0", "0\t1,5\n1,5\t0", "0|1,5\n1,5|0"] {
            assert_eq!(entries(text), "0 1,5/1,5 0", "{text:?}");
            assert!(Layout::of(text).has_decimal_commas, "{text:?}");
        }
        assert!(!Layout::of("0;1,5\n1.5;0").has_decimal_commas, "commas and points");
    }

    #[test]
    fn empty_entries_are_entries() {
        assert_eq!(entries("0,1,,2\n,,,3"), "0 1  2/   3");
        assert_eq!(entries("0\t1\t\t2\n1\t0\t2\t3"), "0 1  2/1 0 2 3");
    }
}
