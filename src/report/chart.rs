//! A chart: what is to be drawn. [`super::draw`] draws it, [`super::page`] puts a legend above and a table below it.

use super::scale::Axis;

/// So many colours and signs tell series apart; more would not be told apart.
pub const COLOURS: usize = 8;

/// How a series is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A line through its points, with gaps where there is no value.
    Line,
    /// A line, a sign at each point, and the interval of each.
    Signs,
    /// Signs and intervals only.
    Scatter,
    /// The area between `base` and the value.
    Area,
    /// A bar from `base` to the value.
    Bars,
}

/// A value that is drawn.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Point {
    /// Place along the axis to the right.
    pub x: f64,
    /// Height; `None` if it is not available.
    pub y: Option<f64>,
    /// Where an area or a bar begins.
    pub base: f64,
    /// Ends of the interval of `y`.
    pub y_range: Option<(f64, f64)>,
    /// Ends of the interval of `x`.
    pub x_range: Option<(f64, f64)>,
    /// What it is, if its place does not tell.
    pub label: String,
}

/// Values that belong together.
#[derive(Clone, Debug)]
pub struct Series {
    /// What they are.
    pub name: String,
    /// Number of the colour and of the sign, below [`COLOURS`].
    pub colour: usize,
    /// How they are drawn.
    pub shape: Shape,
    /// The values, from left to right.
    pub points: Vec<Point>,
}

impl Series {
    /// A series of plain points.
    pub fn new(name: impl Into<String>, colour: usize, shape: Shape, xs: &[f64], ys: &[Option<f64>]) -> Series {
        let points = xs.iter().zip(ys).map(|(x, y)| Point { x: *x, y: *y, ..Point::default() });
        Series { name: name.into(), colour, shape, points: points.collect() }
    }

    /// Whether there is nothing to draw.
    pub fn is_empty(&self) -> bool {
        self.points.iter().all(|point| point.y.is_none())
    }
}

/// A moment worth a line of its own.
#[derive(Clone, Debug, PartialEq)]
pub struct Moment {
    /// Place along the axis to the right.
    pub x: f64,
    /// What happened.
    pub label: String,
}

/// A chart.
#[derive(Clone, Debug)]
pub struct Chart {
    /// Its name in the page, of letters, digits and dashes.
    pub id: String,
    /// What it shows, in a few words.
    pub title: String,
    /// What exactly is shown.
    pub note: String,
    /// The axis to the right.
    pub x: Axis,
    /// The axis upwards.
    pub y: Axis,
    /// What the names of the series are, such as `population.nodes`; empty if they speak for themselves.
    pub legend: String,
    /// The series, the first at the back.
    pub series: Vec<Series>,
    /// Moments to be marked.
    pub moments: Vec<Moment>,
    /// Whether it is one of many alike, so that its axes need no names.
    pub is_bare: bool,
    /// Width and height.
    pub size: (f64, f64),
}

impl Chart {
    /// An empty chart of the usual size.
    pub fn new(id: &str, title: &str, note: &str, x: Axis, y: Axis) -> Chart {
        Chart {
            id: id.to_owned(),
            title: title.to_owned(),
            note: note.to_owned(),
            x,
            y,
            legend: String::new(),
            series: Vec::new(),
            moments: Vec::new(),
            is_bare: false,
            size: (560.0, 270.0),
        }
    }

    /// Whether there is nothing to draw.
    pub fn is_empty(&self) -> bool {
        self.series.iter().all(Series::is_empty)
    }

    /// Whether each point stands for itself, rather than for a value at a common place.
    pub fn is_scatter(&self) -> bool {
        self.series.iter().any(|series| series.shape == Shape::Scatter)
    }

    /// One sentence for those who cannot see it.
    pub fn description(&self) -> String {
        let mut text = format!("{} against {}.", self.y.label, self.x.label);
        for series in &self.series {
            let values = || series.points.iter().filter_map(|point| point.y);
            let (low, high) = (values().fold(f64::INFINITY, f64::min), values().fold(f64::NEG_INFINITY, f64::max));
            let range = if low > high {
                "no values".to_owned()
            } else {
                format!("{} to {}", self.y.quantity.show(low), self.y.quantity.show(high))
            };
            text.push_str(&format!(" {}: {range}.", series.name));
        }
        text
    }
}
