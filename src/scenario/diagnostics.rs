//! Problems found in a scenario: collected, ordered, and rendered with the line that each is about.

use super::source::Place;
use annotate_snippets::{AnnotationKind, Element, Group, Level, Origin, Renderer, Snippet};
use std::fmt;

/// So many problems are shown; the others are only counted.
const SHOWN: usize = 50;

/// How bad a problem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The scenario cannot be run.
    Error,
    /// The scenario can be run, but may not be what was meant.
    Warning,
}

/// A place, and what is to be said about it.
#[derive(Clone, Debug)]
pub struct Label {
    /// Where.
    pub place: Place,
    /// What stands beside the carets; may be empty.
    pub text: String,
}

/// One problem: what is wrong, where, what is allowed, and what may have been meant.
#[derive(Clone, Debug)]
pub struct Problem {
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong, in one line.
    pub message: String,
    /// Where it is.
    pub primary: Label,
    /// Other places that have to do with it.
    pub secondary: Vec<Label>,
    /// What is allowed, and why.
    pub notes: Vec<String>,
    /// What to do about it.
    pub helps: Vec<String>,
    /// Something is not there. In a file with syntax errors it may only have been misread, so this is then not said.
    pub(super) missing: bool,
}

impl Problem {
    /// An error at `place`, with `label` beside the carets.
    pub fn error(message: impl Into<String>, place: Place, label: impl Into<String>) -> Self {
        Problem {
            severity: Severity::Error,
            message: message.into(),
            primary: Label { place, text: label.into() },
            secondary: Vec::new(),
            notes: Vec::new(),
            helps: Vec::new(),
            missing: false,
        }
    }

    /// A warning at `place`, with `label` beside the carets.
    pub fn warning(message: impl Into<String>, place: Place, label: impl Into<String>) -> Self {
        Problem { severity: Severity::Warning, ..Problem::error(message, place, label) }
    }

    /// Points at a further place.
    #[must_use]
    pub fn and(mut self, place: Place, label: impl Into<String>) -> Self {
        self.secondary.push(Label { place, text: label.into() });
        self
    }

    /// Adds what is allowed, or why.
    #[must_use]
    pub fn note(mut self, text: impl Into<String>) -> Self {
        self.notes.push(text.into());
        self
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.helps.push(text.into());
        self
    }

    pub(super) fn missing(mut self) -> Self {
        self.missing = true;
        self
    }

    fn render(&self, renderer: &Renderer) -> String {
        let level = match self.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let mut group = Group::with_title(level.primary_title(self.message.as_str()));
        for element in self.snippets() {
            group = group.element(element);
        }
        for note in &self.notes {
            group = group.element(Level::NOTE.message(note.as_str()));
        }
        for help in &self.helps {
            group = group.element(Level::HELP.message(help.as_str()));
        }
        renderer.render(&[group])
    }

    /// One snippet for each text that has labels, the text of the primary label first.
    fn snippets(&self) -> Vec<Element<'_>> {
        let mut groups: Vec<Vec<(&Label, AnnotationKind)>> = vec![vec![(&self.primary, AnnotationKind::Primary)]];
        for label in &self.secondary {
            let same = |group: &&mut Vec<(&Label, AnnotationKind)>| {
                std::ptr::eq(group[0].0.place.source().as_ref(), label.place.source().as_ref())
                    && !group[0].0.place.is_whole()
                    && !label.place.is_whole()
            };
            match groups.iter_mut().find(same) {
                Some(group) => group.push((label, AnnotationKind::Context)),
                None => groups.push(vec![(label, AnnotationKind::Context)]),
            }
        }
        let named = groups.iter().filter(|group| !group[0].0.place.source().name.is_empty());
        named.map(|group| snippet(group)).collect()
    }
}

/// The lines of one text that have labels. Only these are handed to the renderer, so that a problem in a schedule of a
/// million lines costs no more than one in a short file.
fn snippet<'a>(labels: &[(&'a Label, AnnotationKind)]) -> Element<'a> {
    let source = labels[0].0.place.source();
    if labels[0].0.place.is_whole() {
        return Origin::path(source.name.as_str()).into();
    }
    let lines = || labels.iter().map(|(label, _)| label.place.line_range());
    let start = lines().map(|line| line.start).min().unwrap_or(0);
    let end = lines().map(|line| line.end).max().unwrap_or(0);
    let first_line = labels.iter().map(|(label, _)| label.place.line()).min().unwrap_or(1);
    let mut snippet =
        Snippet::source(&source.text[start..end]).path(source.name.as_str()).line_start(first_line).fold(true);
    for (label, kind) in labels {
        // A place that runs over several lines is shown by its first line.
        let line = label.place.line_range();
        let range = label.place.range();
        let span = range.start - start..range.end.min(line.end).max(range.start) - start;
        let annotation = kind.span(span);
        let text = (!label.text.is_empty()).then_some(label.text.as_str());
        snippet = snippet.annotation(annotation.label(text));
    }
    snippet.into()
}

/// All problems of a scenario.
#[derive(Clone, Debug, Default)]
pub struct Diagnostics {
    problems: Vec<Problem>,
}

impl Diagnostics {
    /// Adds a problem.
    pub fn push(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    /// All problems.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// Whether nothing was found.
    pub fn is_empty(&self) -> bool {
        self.problems.is_empty()
    }

    /// Number of errors.
    pub fn errors(&self) -> usize {
        self.problems.iter().filter(|problem| problem.severity == Severity::Error).count()
    }

    /// Puts the problems in the order of the text.
    pub(super) fn sort(&mut self) {
        self.problems.sort_by_key(|problem| {
            let place = &problem.primary.place;
            (place.source().rank, place.range().start)
        });
    }

    /// Keeps the problems for which `keep` holds.
    pub(super) fn retain(&mut self, keep: impl FnMut(&Problem) -> bool) {
        self.problems.retain(keep);
    }

    pub(super) fn extend(&mut self, problems: impl IntoIterator<Item = Problem>) {
        self.problems.extend(problems);
    }

    /// The problems as text, each with its line and carets; with terminal colours if `coloured`.
    pub fn render(&self, coloured: bool) -> String {
        let renderer = if coloured { Renderer::styled() } else { Renderer::plain() };
        let mut text: Vec<String> = self.problems.iter().take(SHOWN).map(|problem| problem.render(&renderer)).collect();
        if let Some(hidden) = self.problems.len().checked_sub(SHOWN).filter(|&hidden| hidden > 0) {
            text.push(format!("... and {hidden} more"));
        }
        text.join("\n\n")
    }
}

impl From<Problem> for Diagnostics {
    fn from(problem: Problem) -> Self {
        Diagnostics { problems: vec![problem] }
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for Diagnostics {}

/// Collects the problems of one data file and stops storing them after the first twenty.
pub(super) struct FileProblems {
    place: Place,
    found: Vec<Problem>,
    hidden: usize,
}

impl FileProblems {
    /// So many problems of one data file are reported.
    const LIMIT: usize = 20;

    pub(super) fn new(place: Place) -> Self {
        FileProblems { place, found: Vec::new(), hidden: 0 }
    }

    pub(super) fn push(&mut self, problem: Problem) {
        if self.found.len() < Self::LIMIT { self.found.push(problem) } else { self.hidden += 1 }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// All that is to be reported.
    pub(super) fn finish(mut self) -> Vec<Problem> {
        if self.hidden > 0 {
            let message = format!("... and {} more problems in `{}`", self.hidden, self.place.source().name);
            self.found.push(Problem::error(message, Place::new(self.place.source(), usize::MAX..usize::MAX), ""));
        }
        self.found
    }
}
