//! The page: its frame, sections, figures and tables. What they hold is decided elsewhere.
//!
//! The markup is well-formed XML as well as HTML, so that any checker can read it.

use super::chart::{Chart, Series, Shape};
use super::draw;
use super::scale::Kind;
use super::text::escape;
use super::trace;
use std::fmt::Write;

/// Tells the reports of this program from other files.
pub const MARK: &str = "<meta name=\"generator\" content=\"torus-sim report\"/>";

/// How pictures look, and the names of colours.
pub const PICTURE_STYLE: &str = include_str!("picture.css");

const STYLE: &str = include_str!("style.css");

/// More rows than this of a chart's table are thinned.
const MOST_ROWS: usize = 240;

/// The whole document. `body` is markup.
pub fn document(title: &str, body: &str) -> String {
    let title = escape(title);
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n{MARK}\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n\
         <meta name=\"color-scheme\" content=\"light dark\"/>\n<link rel=\"icon\" href=\"data:,\"/>\n\
         <title>{title}</title>\n<style>\n{PICTURE_STYLE}{STYLE}</style>\n\
         </head>\n<body>\n<main>\n{body}</main>\n</body>\n</html>\n"
    )
}

/// The head of the page: what it is, its name, what it is about, and facts in a row.
pub fn header(kind: &str, name: &str, description: &str, facts: &[String]) -> String {
    let mut out = format!("<header>\n<p class=\"kind\">{}</p>\n<h1>{}</h1>\n", escape(kind), escape(name));
    if !description.is_empty() {
        let _ = writeln!(out, "<p class=\"about\">{}</p>", escape(description));
    }
    out.push_str("<p class=\"facts\">");
    for fact in facts {
        let _ = write!(out, "<span>{}</span> ", escape(fact));
    }
    out.push_str("</p>\n</header>\n");
    out
}

/// Things to know before trusting what follows; nothing if there are none.
pub fn warnings(warnings: &[String]) -> String {
    if warnings.is_empty() {
        return String::new();
    }
    let items: String = warnings.iter().map(|warning| format!("<li>{}</li>\n", escape(warning))).collect();
    format!("<aside class=\"warnings\">\n<h2>Check before trusting</h2>\n<ul>\n{items}</ul>\n</aside>\n")
}

/// A headline figure.
#[derive(Clone, Debug)]
pub struct Tile {
    /// What it is.
    pub label: &'static str,
    /// The figure.
    pub value: String,
    /// What there is to know besides.
    pub detail: String,
}

/// Headline figures side by side.
pub fn tiles(tiles: &[Tile]) -> String {
    let mut out = String::from("<div class=\"tiles\">\n");
    for tile in tiles {
        let _ = writeln!(
            out,
            "<div class=\"tile\"><p class=\"label\">{}</p><p class=\"value\">{}</p><p class=\"detail\">{}</p></div>",
            escape(tile.label),
            escape(&tile.value),
            escape(&tile.detail),
        );
    }
    out.push_str("</div>\n");
    out
}

/// A section with its heading. `body` is markup.
pub fn section(heading: &str, body: &str) -> String {
    format!("<section>\n<h2>{}</h2>\n{body}</section>\n", escape(heading))
}

/// A paragraph of plain text.
pub fn paragraph(text: &str) -> String {
    format!("<p class=\"note\">{}</p>\n", escape(text))
}

/// Figures side by side, those without values left out.
pub fn figures(charts: &[Chart]) -> String {
    let drawn: String = charts.iter().filter(|chart| !chart.is_empty()).map(figure).collect();
    if drawn.is_empty() { String::new() } else { format!("<div class=\"figures\">\n{drawn}</div>\n") }
}

/// Small figures in a row, without legends.
pub fn small_figures(charts: &[Chart]) -> String {
    format!("<div class=\"figures small\">\n{}</div>\n", charts.iter().map(figure).collect::<String>())
}

/// A chart with its title, its legend, and its values in a table.
fn figure(chart: &Chart) -> String {
    let mut out = format!("<figure id=\"{}\">\n<figcaption><h3>{}</h3>", escape(&chart.id), escape(&chart.title));
    if !chart.note.is_empty() {
        let _ = write!(out, "<p>{}</p>", escape(&chart.note));
    }
    out.push_str("</figcaption>\n");
    out.push_str(&legend(chart));
    let _ = write!(out, "<div class=\"frame\">\n{}</div>\n", draw::svg(chart));
    out.push_str(&folded("Values", &values(chart)));
    out.push_str("</figure>\n");
    out
}

fn legend(chart: &Chart) -> String {
    if chart.series.len() < 2 && chart.legend.is_empty() {
        return String::new();
    }
    let mut out = String::from("<div class=\"legend\">");
    if !chart.legend.is_empty() {
        let _ = write!(out, "<span class=\"of\">{}</span>", escape(&chart.legend));
    }
    for series in &chart.series {
        let _ = write!(out, "<span class=\"key\">{}{}</span>", swatch(chart, series), escape(&series.name));
    }
    out.push_str("</div>\n");
    out
}

/// A piece of a series, beside its name.
pub fn swatch(chart: &Chart, series: &Series) -> String {
    let line = "<path class=\"line\" d=\"M1 7H21\"/>";
    let sign = || format!("<path class=\"sign\" d=\"{}\"/>", trace::sign(series.colour, 11.0, 7.0));
    let shape = match series.shape {
        Shape::Line => line.to_owned(),
        Shape::Signs if !matches!(chart.x.kind, Kind::Words(_)) => format!("{line}{}", sign()),
        Shape::Signs | Shape::Scatter => sign(),
        Shape::Area => "<path class=\"area\" d=\"M1 2H21V12H1Z\"/>".to_owned(),
        Shape::Bars => "<path class=\"bar\" d=\"M1 2H21V12H1Z\"/>".to_owned(),
    };
    format!(
        "<svg class=\"swatch s{}\" width=\"22\" height=\"14\" viewBox=\"0 0 22 14\" aria-hidden=\"true\">{shape}</svg>",
        series.colour
    )
}

/// What is behind a heading until it is asked for. `body` is markup.
pub fn folded(heading: &str, body: &str) -> String {
    format!("<details>\n<summary>{}</summary>\n{body}</details>\n", escape(heading))
}

/// Text as it is, such as that of a file.
pub fn verbatim(text: &str) -> String {
    format!("<pre>{}</pre>\n", escape(text))
}

/// A table of text. The first `words` columns stand flush left, the others, figures, flush right.
pub fn table(header: &[String], rows: &[Vec<String>], words: usize) -> String {
    let mut out = String::from("<div class=\"frame\">\n<table>\n<thead><tr>");
    let class = |place: usize| if place < words { "" } else { " class=\"figure\"" };
    for (place, cell) in header.iter().enumerate() {
        let _ = write!(out, "<th scope=\"col\"{}>{}</th>", class(place), escape(cell));
    }
    out.push_str("</tr></thead>\n<tbody>\n");
    for row in rows {
        out.push_str("<tr>");
        for (place, cell) in row.iter().enumerate() {
            let (open, close) = if place == 0 && words > 0 { ("th scope=\"row\"", "th") } else { ("td", "td") };
            let _ = write!(out, "<{open}{}>{}</{close}>", class(place), escape(cell));
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody>\n</table>\n</div>\n");
    out
}

/// The values of a chart as a table.
fn values(chart: &Chart) -> String {
    let mut rows = if chart.is_scatter() { each_point(chart) } else { by_place(chart) };
    let mut note = String::new();
    if rows.len() > MOST_ROWS {
        let every = rows.len().div_ceil(MOST_ROWS);
        note = paragraph(&format!("One row in {every} of {}; all are in the CSV files.", rows.len()));
        rows = rows.into_iter().step_by(every).collect();
    }
    let header: Vec<String> = if chart.is_scatter() {
        vec![String::new(), chart.x.label.clone(), chart.y.label.clone()]
    } else {
        std::iter::once(chart.x.label.clone()).chain(chart.series.iter().map(|series| series.name.clone())).collect()
    };
    note + &table(&header, &rows, 1)
}

fn each_point(chart: &Chart) -> Vec<Vec<String>> {
    let points = chart.series.iter().flat_map(|series| &series.points).filter(|point| point.y.is_some());
    let row = |point: &super::chart::Point| {
        vec![
            point.label.clone(),
            with_range(chart.x.quantity, Some(point.x), point.x_range),
            with_range(chart.y.quantity, point.y, point.y_range),
        ]
    };
    points.map(row).collect()
}

/// A row for each place along the axis, a column for each series.
fn by_place(chart: &Chart) -> Vec<Vec<String>> {
    let mut places: Vec<f64> = chart.series.iter().flat_map(|series| series.points.iter().map(|it| it.x)).collect();
    places.sort_by(f64::total_cmp);
    places.dedup();
    let mut next = vec![0; chart.series.len()];
    let row = |place: &f64| {
        let at = match &chart.x.kind {
            Kind::Words(words) => words.get(*place as usize).cloned().unwrap_or_default(),
            _ => chart.x.quantity.show(*place),
        };
        let cells = chart.series.iter().zip(&mut next).map(|(series, next)| {
            let Some(point) = series.points.get(*next).filter(|point| point.x == *place) else { return String::new() };
            *next += 1;
            let base = if series.shape == Shape::Area { point.base } else { 0.0 };
            with_range(chart.y.quantity, point.y.map(|y| y - base), point.y_range)
        });
        std::iter::once(at).chain(cells).collect()
    };
    places.iter().map(row).collect()
}

/// A value, with its interval if it has one.
pub fn with_range(quantity: super::text::Quantity, value: Option<f64>, range: Option<(f64, f64)>) -> String {
    let shown = quantity.show_or_dash(value);
    match range {
        Some((low, high)) => format!("{shown} ({} to {})", quantity.show(low), quantity.show(high)),
        None => shown,
    }
}
