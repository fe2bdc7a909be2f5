//! Draws a chart as SVG: plain shapes with classes that the page's style colours, so that it is light, dark and
//! printed from the same bytes.

use super::chart::{Chart, Moment, Point, Series, Shape};
use super::scale::{Kind, Scale};
use super::text::escape;
use super::trace::{self, Place};
use std::collections::BTreeMap;
use std::fmt::Write;

/// More columns than this have no tips of their own.
const MOST_TIPS: usize = 600;

/// The chart's picture, with title and description for those who cannot see it.
pub fn svg(chart: &Chart) -> String {
    let frame = Frame::new(chart);
    let (width, height) = chart.size;
    let mut out = format!(
        "<svg class=\"plot\" id=\"plot-{id}\" viewBox=\"0 0 {width} {height}\" role=\"img\" \
         aria-labelledby=\"title-{id} text-{id}\" xmlns=\"http://www.w3.org/2000/svg\">\n\
         <title id=\"title-{id}\">{}</title>\n<desc id=\"text-{id}\">{}</desc>\n",
        escape(&chart.title),
        escape(&chart.description()),
        id = escape(&chart.id),
    );
    frame.grid(&mut out, chart);
    frame.moments(&mut out, &chart.moments);
    for (number, series) in chart.series.iter().enumerate() {
        frame.series(&mut out, chart, number, series);
    }
    frame.axes(&mut out, chart);
    frame.tips(&mut out, chart);
    out.push_str("</svg>\n");
    out
}

/// Where things go.
struct Frame {
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
    x: Scale,
    y: Scale,
}

impl Frame {
    fn new(chart: &Chart) -> Frame {
        let (width, height) = chart.size;
        let top = if chart.is_bare {
            8.0
        } else if chart.moments.is_empty() {
            26.0
        } else {
            42.0
        };
        let bottom = height - if chart.is_bare { 24.0 } else { 42.0 };
        let y = Scale::new(&chart.y, heights(chart), ((bottom - top) / 42.0) as usize);
        let widest = y.ticks.iter().map(|tick| width_of(&tick.label)).fold(0.0, f64::max);
        let left = (widest + 10.0).max(30.0);
        let right = width - 16.0;
        let x = Scale::new(&chart.x, widths(chart), ((right - left) / 72.0) as usize);
        Frame { left, right, top, bottom, x, y }
    }

    fn x(&self, value: f64) -> f64 {
        self.left + self.x.place(value) * (self.right - self.left)
    }

    fn y(&self, value: f64) -> f64 {
        self.bottom - self.y.place(value) * (self.bottom - self.top)
    }

    fn grid(&self, out: &mut String, chart: &Chart) {
        let (left, right) = (self.left, self.right);
        for tick in &self.y.ticks {
            let y = self.y(tick.value);
            line(out, "grid", (left, y), (right, y));
            text(out, "tick end", (left - 7.0, y + 4.0), &tick.label);
        }
        if !chart.is_bare {
            text(out, "name", (0.0, 12.0), &chart.y.label);
        }
    }

    fn axes(&self, out: &mut String, chart: &Chart) {
        line(out, "axis", (self.left, self.bottom), (self.right, self.bottom));
        let mut free = 0.0;
        for tick in &self.x.ticks {
            let x = self.x(tick.value);
            line(out, "axis", (x, self.bottom), (x, self.bottom + 4.0));
            let half = width_of(&tick.label) / 2.0;
            let middle = x.clamp(half.min(self.right / 2.0), (chart.size.0 - half).max(self.right / 2.0));
            // A label that would touch the one before is left out.
            if middle - half >= free {
                text(out, "tick mid", (middle, self.bottom + 18.0), &tick.label);
                free = middle + half + 8.0;
            }
        }
        if !chart.is_bare {
            text(out, "name mid", ((self.left + self.right) / 2.0, chart.size.1 - 6.0), &chart.x.label);
        }
    }

    fn moments(&self, out: &mut String, moments: &[Moment]) {
        let mut free = self.left;
        for moment in moments {
            let x = self.x(moment.x);
            line(out, "moment", (x, self.top), (x, self.bottom));
            let half = width_of(&moment.label) / 2.0;
            let middle = x.clamp((self.left + half).min(self.right), (self.right - half).max(self.left));
            if middle - half >= free - 0.1 {
                text(out, "happening mid", (middle, self.top - 6.0), &moment.label);
                free = middle + half + 8.0;
            }
        }
    }

    fn series(&self, out: &mut String, chart: &Chart, number: usize, series: &Series) {
        let _ = writeln!(
            out,
            "<g class=\"series s{}\" data-series=\"{}\" data-points=\"{}\">",
            series.colour,
            escape(&series.name),
            series.points.iter().filter(|point| point.y.is_some()).count(),
        );
        match series.shape {
            Shape::Line => self.line(out, series, series.points.len() <= 12),
            Shape::Area => self.area(out, series),
            Shape::Bars => self.bars(out, chart, series),
            Shape::Signs | Shape::Scatter => {
                if series.shape == Shape::Signs && !matches!(chart.x.kind, Kind::Words(_)) {
                    self.line(out, series, false);
                }
                self.signs(out, chart, number, series);
            }
        }
        out.push_str("</g>\n");
    }

    fn places(&self, series: &Series) -> Vec<Option<Place>> {
        let place =
            |point: &Point| point.y.map(|y| Place { x: self.x(point.x), y: self.y(y), base: self.y(point.base) });
        series.points.iter().map(place).collect()
    }

    fn line(&self, out: &mut String, series: &Series, with_dots: bool) {
        let (path, dots) = trace::line(&self.places(series));
        let dots = if with_dots { String::new() } else { dots };
        for (class, path) in [("line", path), ("line dots", dots)].into_iter().filter(|(_, path)| !path.is_empty()) {
            let _ = writeln!(out, "<path class=\"mark {class}\" d=\"{path}\"/>");
        }
        if with_dots {
            for place in self.places(series).into_iter().flatten() {
                let _ = writeln!(out, "<path class=\"mark sign\" d=\"{}\"/>", trace::sign(0, place.x, place.y));
            }
        }
    }

    fn area(&self, out: &mut String, series: &Series) {
        let path = trace::area(&self.places(series));
        if !path.is_empty() {
            let _ = writeln!(out, "<path class=\"mark area\" d=\"{path}\"/>");
        }
    }

    fn bars(&self, out: &mut String, chart: &Chart, series: &Series) {
        let step = series.points.windows(2).map(|pair| pair[1].x - pair[0].x).fold(f64::INFINITY, f64::min);
        let step = if step.is_finite() { step } else { 1.0 };
        for point in &series.points {
            let Some(value) = point.y else { continue };
            let (from, to) = (self.x(point.x - step * 0.42), self.x(point.x + step * 0.42));
            let (top, bottom) = (self.y(value), self.y(point.base));
            let _ = writeln!(
                out,
                "<rect class=\"mark bar\" x=\"{from:.1}\" y=\"{top:.1}\" width=\"{:.1}\" height=\"{:.1}\">\
                 <title>{}</title></rect>",
                (to - from).max(0.5),
                (bottom - top).max(0.0),
                escape(&tip(chart, series, point)),
            );
        }
    }

    /// Points with their intervals. At words they stand side by side.
    fn signs(&self, out: &mut String, chart: &Chart, number: usize, series: &Series) {
        let words = matches!(chart.x.kind, Kind::Words(_));
        let apart = (0.7 / chart.series.len().max(1) as f64).min(0.12);
        let aside = if words { (number as f64 - (chart.series.len() as f64 - 1.0) / 2.0) * apart } else { 0.0 };
        for point in &series.points {
            let Some(value) = point.y else { continue };
            let (x, y) = (self.x(point.x + aside), self.y(value));
            let _ = writeln!(out, "<g class=\"point\"><title>{}</title>", escape(&tip(chart, series, point)));
            if let Some((low, high)) = point.y_range {
                whisker(out, (x, self.y(low).min(self.bottom)), (x, self.y(high)));
            }
            if let Some((low, high)) = point.x_range {
                whisker(out, (self.x(low), y), (self.x(high), y));
            }
            let _ = writeln!(out, "<path class=\"mark sign\" d=\"{}\"/></g>", trace::sign(series.colour, x, y));
        }
    }

    /// For lines and areas: all values at a place, shown when the pointer is there.
    fn tips(&self, out: &mut String, chart: &Chart) {
        let mut columns: BTreeMap<u64, (f64, String)> = BTreeMap::new();
        for series in chart.series.iter().filter(|series| matches!(series.shape, Shape::Line | Shape::Area)) {
            for point in series.points.iter().filter(|point| point.y.is_some()) {
                // Times are not negative, so their bits are in order.
                let at = || chart.x.quantity.show(point.x);
                let (_, text) = columns.entry(point.x.max(0.0).to_bits()).or_insert_with(|| (point.x, at()));
                let value = point.y.map(|value| value - if series.shape == Shape::Area { point.base } else { 0.0 });
                let _ = write!(text, "\n{}: {}", series.name, chart.y.quantity.show_or_dash(value));
            }
        }
        if columns.len() > MOST_TIPS {
            return;
        }
        let columns: Vec<_> = columns.into_values().map(|(value, text)| (self.x(value), text)).collect();
        for (number, (x, words)) in columns.iter().enumerate() {
            let from = number.checked_sub(1).map_or(self.left, |before| (columns[before].0 + x) / 2.0);
            let to = columns.get(number + 1).map_or(self.right, |(after, _)| (after + x) / 2.0);
            let _ = writeln!(
                out,
                "<g class=\"tip\"><title>{}</title><rect x=\"{from:.1}\" y=\"{:.1}\" width=\"{:.1}\" \
                 height=\"{:.1}\"/><path d=\"M{x:.1} {:.1}V{:.1}\"/></g>",
                escape(words),
                self.top,
                (to - from).max(0.1),
                self.bottom - self.top,
                self.top,
                self.bottom,
            );
        }
    }
}

/// All heights that must find room.
fn heights(chart: &Chart) -> Vec<f64> {
    let is_log = chart.y.kind == Kind::Log;
    let mut heights = Vec::new();
    for series in &chart.series {
        for point in &series.points {
            let Some(y) = point.y else { continue };
            let (low, high) = point.y_range.unwrap_or((y, y));
            heights.extend([y, high]);
            // An interval of a positive figure that reaches below 0 is cut there; on a logarithmic axis, where 0 is
            // far away, already at a third of the figure.
            let lowest = if is_log { y / 3.0 } else { 0.0 };
            heights.push(if y >= 0.0 { low.max(lowest) } else { low });
            heights.extend((series.shape == Shape::Area).then_some(point.base));
        }
    }
    heights
}

/// All places to the right that must find room. Bars need half a step on both sides.
fn widths(chart: &Chart) -> Vec<f64> {
    let mut widths = Vec::new();
    for series in &chart.series {
        let room = if series.shape == Shape::Bars { 0.6 } else { 0.0 };
        widths.extend(series.points.iter().flat_map(|point| [point.x - room, point.x + room]));
    }
    widths
}

/// Width of a label of an axis in a wide font, roughly.
pub fn width_of(label: &str) -> f64 {
    let of = |character| match character {
        '.' | ',' | ' ' | 'i' | 'j' | 'l' => 4.2,
        '%' | 'm' | 'w' | 'M' | 'W' => 11.7,
        _ => 7.7,
    };
    label.chars().map(of).sum()
}

fn tip(chart: &Chart, series: &Series, point: &Point) -> String {
    let mut text = String::new();
    if !point.label.is_empty() {
        let _ = writeln!(text, "{}", point.label);
    }
    let x = match &chart.x.kind {
        Kind::Words(words) => words.get(point.x as usize).cloned().unwrap_or_default(),
        _ => chart.x.quantity.show(point.x),
    };
    let _ = writeln!(text, "{}: {x}", chart.x.label);
    let _ = write!(text, "{}: {}", series.name, super::page::with_range(chart.y.quantity, point.y, point.y_range));
    text
}

fn line(out: &mut String, class: &str, from: (f64, f64), to: (f64, f64)) {
    let ((x1, y1), (x2, y2)) = (from, to);
    let _ = writeln!(out, "<path class=\"{class}\" d=\"M{x1:.1} {y1:.1}L{x2:.1} {y2:.1}\"/>");
}

/// An interval: a line with a small bar at both ends.
fn whisker(out: &mut String, (x1, y1): (f64, f64), (x2, y2): (f64, f64)) {
    let (dx, dy) = if x1 == x2 { (3.0, 0.0) } else { (0.0, 3.0) };
    let _ = writeln!(
        out,
        "<path class=\"whisker\" d=\"M{x1:.1} {y1:.1}L{x2:.1} {y2:.1}M{:.1} {:.1}L{:.1} {:.1}\
         M{:.1} {:.1}L{:.1} {:.1}\"/>",
        x1 - dx,
        y1 - dy,
        x1 + dx,
        y1 + dy,
        x2 - dx,
        y2 - dy,
        x2 + dx,
        y2 + dy,
    );
}

fn text(out: &mut String, class: &str, (x, y): (f64, f64), words: &str) {
    let _ = writeln!(out, "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\">{}</text>", escape(words));
}
