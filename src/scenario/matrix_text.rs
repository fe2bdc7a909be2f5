//! How the text of a matrix file is laid out: its lines, what separates entries, and what stands before decimals.

use std::ops::Range;

/// What separates the entries of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Separator {
    /// This character, with blanks around it.
    Character(char),
    /// Blanks and tabs, as many as there are.
    Blanks,
    /// Blanks and tabs, some with a comma beside them.
    CommasAndBlanks,
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
    text.split(['\n', '\r'])
        .map(move |line| {
            let begin = start;
            start += line.len() + 1;
            let content = without_comment(line);
            let left = content.len() - content.trim_start_matches(is_outer).len();
            begin + left..begin + left + content.trim_matches(is_outer).len()
        })
        .filter(|range| !range.is_empty())
}

/// What stands before a `#`, or before a `%` at the begin or after a blank, as in MATLAB.
fn without_comment(line: &str) -> &str {
    let content = line.split('#').next().unwrap_or("");
    let begins = |at: &usize| content[..*at].chars().next_back().is_none_or(|c| c.is_whitespace() || c == '\u{feff}');
    let comment = content.match_indices('%').map(|(at, _)| at).find(begins);
    &content[..comment.unwrap_or(content.len())]
}

/// The range without quotes around it.
fn unquoted(text: &str, range: Range<usize>) -> Range<usize> {
    let inner = text[range.clone()].strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    inner.map_or(range.clone(), |inner| {
        let begin = range.start + 1 + inner.len() - inner.trim_start().len();
        begin..begin + inner.trim().len()
    })
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
            None if any(',') && lines(text).all(|line| has_commas_beside_blanks(&text[line])) => {
                Separator::CommasAndBlanks
            }
            None if is_table_of_tabs(text) => Separator::Character('\t'),
            None => Separator::Blanks,
        };
        let at_ends = |has: fn(&str, char) -> bool| match separator {
            Separator::Character('\t') | Separator::Blanks | Separator::CommasAndBlanks => false,
            Separator::Character(separator) => lines(text).all(|line| has(&text[line], separator)),
        };
        let separates = matches!(separator, Separator::Character(',') | Separator::CommasAndBlanks);
        let has_decimal_commas = !separates && any(',') && !any('.');
        let leading = at_ends(|line, separator| line.starts_with(separator)) && separator == Separator::Character('|');
        let trailing = at_ends(|line, separator| line.ends_with(separator));
        Layout { separator, leading, trailing, has_decimal_commas }
    }

    /// An entry in quotes with a comma before decimals, where commas separate entries.
    pub(super) fn quoted_comma(&self, text: &str) -> Option<Range<usize>> {
        if self.separator != Separator::Character(',') {
            return None;
        }
        let is_number = |quoted: &str| {
            let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
            quoted.trim().split_once(',').is_some_and(|(whole, decimals)| digits(whole) && digits(decimals))
        };
        lines(text).find_map(|line| {
            let quotes: Vec<usize> = text[line.clone()].match_indices('"').map(|(at, _)| line.start + at).collect();
            let mut entries = quotes.chunks_exact(2).map(|pair| pair[0]..pair[1] + 1);
            entries.find(|entry| is_number(&text[entry.start + 1..entry.end - 1]))
        })
    }

    /// The entries of a row.
    pub(super) fn split(&self, text: &str, line: &Range<usize>) -> Vec<Range<usize>> {
        let separator = match self.separator {
            Separator::Character(separator) => separator,
            Separator::Blanks => return split_words(text, line).into_iter().map(|word| unquoted(text, word)).collect(),
            Separator::CommasAndBlanks => return split_at_both(text, line),
        };
        let (mut from, mut to) = (line.start, line.end);
        from += if self.leading { separator.len_utf8() } else { 0 };
        to -= if self.trailing && to > from { separator.len_utf8() } else { 0 };
        let mut start = from;
        text[from..to]
            .split(separator)
            .map(|entry| {
                let begin = start + entry.len() - entry.trim_start().len();
                start += entry.len() + separator.len_utf8();
                unquoted(text, begin..begin + entry.trim().len())
            })
            .collect()
    }
}

/// Whether blanks separate entries, and commas stand in them: `0 10,5`, and not `0, 10` or `0,10`.
fn has_commas_within_words(line: &str) -> bool {
    let is_outer = |character: char| character.is_whitespace() || character == '"';
    line.split(',').any(|part| part.trim_matches(is_outer).contains(char::is_whitespace))
}

/// Whether each comma has a blank or an end of the line on one side: `1, 2 100`.
fn has_commas_beside_blanks(line: &str) -> bool {
    let is_blank = |character: Option<char>| character.is_none_or(char::is_whitespace);
    line.match_indices(',')
        .all(|(at, _)| is_blank(line[..at].chars().next_back()) || is_blank(line[at + 1..].chars().next()))
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

/// The entries of a line between blanks, commas beside blanks, or both; an empty one if there is nothing else.
fn split_at_both(text: &str, line: &Range<usize>) -> Vec<Range<usize>> {
    let words = split_words(text, line).into_iter().map(|word| {
        let content = &text[word.clone()];
        let begin = word.start + content.len() - content.trim_start_matches(',').len();
        unquoted(text, begin..begin.max(word.end - (content.len() - content.trim_end_matches(',').len())))
    });
    let mut entries: Vec<Range<usize>> = words.filter(|word| !word.is_empty()).collect();
    if entries.is_empty() {
        entries.push(line.start..line.start);
    }
    entries
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
            "\"0\",\" 10\"\n20,0",
            "%5\n0 10 % 3\r20 0#%",
        ] {
            assert_eq!(entries(text), "0 10/20 0", "{text:?}");
            assert!(!Layout::of(text).has_decimal_commas, "{text:?}");
        }
        for text in ["0;1,5\n1,5;0", "0 1,5\n1,5 0", "\"0\" \"1,5\"\n1,5 0", "0\t1,5\n1,5\t0", "0|1,5\n1,5|0"] {
            assert_eq!(entries(text), "0 1,5/1,5 0", "{text:?}");
            assert!(Layout::of(text).has_decimal_commas, "{text:?}");
        }
        assert!(!Layout::of("0;1,5\n1.5;0").has_decimal_commas, "commas and points");
        for text in ["0, 10 5\n20, 0 6", "0 10, 5\n20 0, 6", "0 ,10 5\n20\t, 0 6,", "\"0\", \"10\" 5\n20, 0, 6"] {
            assert_eq!(entries(text), "0 10 5/20 0 6", "{text:?}");
        }
        assert_eq!(entries("0 ,1 2\n,"), "0 1 2/");
    }

    #[test]
    fn empty_entries_are_entries() {
        assert_eq!(entries("0,1,,2\n,,,3"), "0 1  2/   3");
        assert_eq!(entries("0\t1\t\t2\n1\t0\t2\t3"), "0 1  2/1 0 2 3");
    }
}
