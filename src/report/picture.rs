//! A picture of a report as a file of its own: SVG with its title and its legend, in literal colours on white, so that
//! every program draws it as a browser does.

use super::chart::{Chart, Series};
use super::draw::{self, width_of};
use super::error::Error;
use super::literal::literal;
use super::page;
use super::text::escape;
use std::fmt::Write;
use std::path::Path;

/// Tells pictures of this program from other files.
const MARK: &str = "<!-- made by torus-sim report -->";

/// Fonts, as on the page.
const FONTS: &str = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif";

const MARGIN: f64 = 14.0;
const LINE: f64 = 20.0;
/// Width of a piece of a series beside its name, with the blanks around it.
const SWATCH: f64 = 28.0;

/// A picture in memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Its name on the page, such as `failure-rate`.
    pub id: String,
    /// The whole SVG document.
    pub svg: String,
}

impl Picture {
    /// Writes it to a file, whole or not at all. An earlier picture is replaced, anything else only with `replace`.
    ///
    /// # Errors
    /// If something else is there, or it cannot be written.
    pub fn write(&self, path: &Path, replace: bool) -> Result<(), Error> {
        super::write(&self.svg, path, replace || super::begins_with(path, MARK))
    }
}

/// Those of the charts that have values.
pub(super) fn all(charts: &[Chart]) -> Vec<Picture> {
    let drawn = charts.iter().filter(|chart| !chart.is_empty());
    drawn.map(|chart| Picture { id: chart.id.clone(), svg: svg(chart) }).collect()
}

fn svg(chart: &Chart) -> String {
    let (width, mut top) = (chart.size.0 + 2.0 * MARGIN, MARGIN);
    let mut head = String::new();
    top += LINE;
    line(&mut head, "title", (MARGIN, top - 6.0), &chart.title);
    if !chart.note.is_empty() {
        top += LINE;
        line(&mut head, "", (MARGIN, top - 6.0), &chart.note);
    }
    top += legend(&mut head, chart, top) + 6.0;
    let height = top + chart.size.1 + MARGIN;
    let drawn = format!(
        "<rect class=\"paper\" width=\"{width}\" height=\"{height}\"/>\n{head}\
         <g transform=\"translate({MARGIN} {top})\">\n{}</g>\n",
        draw::svg(chart)
    );
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" font-family=\"{FONTS}\">\n{MARK}\n{}</svg>\n",
        literal(&drawn)
    )
}

/// Writes the names of the series, in as many rows as they need, and says how high these are.
fn legend(out: &mut String, chart: &Chart, top: f64) -> f64 {
    if chart.series.len() < 2 && chart.legend.is_empty() {
        return 0.0;
    }
    let (mut x, mut y) = (MARGIN, top + LINE);
    if !chart.legend.is_empty() {
        line(out, "", (x, y - 6.0), &chart.legend);
        x += width_of(&chart.legend) + 8.0;
    }
    for series in &chart.series {
        let width = SWATCH + width_of(&series.name);
        if x > MARGIN && x + width > MARGIN + chart.size.0 {
            (x, y) = (MARGIN, y + LINE);
        }
        key(out, chart, series, (x, y));
        x += width + 14.0;
    }
    y - top
}

fn key(out: &mut String, chart: &Chart, series: &Series, (x, y): (f64, f64)) {
    let _ = writeln!(out, "<g transform=\"translate({x:.1} {:.1})\">{}</g>", y - 17.0, page::swatch(chart, series));
    line(out, "name-of-series", (x + SWATCH, y - 6.0), &series.name);
}

fn line(out: &mut String, class: &str, (x, y): (f64, f64), words: &str) {
    let _ = writeln!(out, "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\">{}</text>", escape(words));
}
