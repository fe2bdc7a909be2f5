//! Scales of a chart: which values lie on an axis, where, and which of them have a tick.

use super::text::Quantity;

/// How far the rest of a logarithmic axis begins above its zero, as a share of the axis.
const ABOVE_ZERO: f64 = 0.1;

/// How values lie along an axis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// At equal distances.
    Linear,
    /// At equal distances, with ticks at whole numbers only.
    Whole,
    /// By their logarithm. Zeros have a place of their own below all others.
    Log,
    /// The values 0, 1, 2, ... stand for these words.
    Words(Vec<String>),
}

/// An axis as a chart wants it.
#[derive(Clone, Debug)]
pub struct Axis {
    /// What it shows, with the unit.
    pub label: String,
    /// What its values are.
    pub quantity: Quantity,
    /// How they lie.
    pub kind: Kind,
    /// Values that the axis reaches besides those drawn: 0 for an axis that begins there.
    pub covers: Vec<f64>,
    /// Where ticks are wanted; empty for round values.
    pub ticks: Vec<f64>,
    /// Whether the axis ends at a tick rather than at the last value.
    pub ends_at_ticks: bool,
    /// Empty room at both ends, as a share of the axis.
    pub margin: f64,
}

impl Axis {
    /// An axis upwards, from 0 to a round value.
    pub fn upward(label: impl Into<String>, quantity: Quantity) -> Axis {
        Axis {
            label: label.into(),
            quantity,
            kind: Kind::Linear,
            covers: vec![0.0],
            ticks: Vec::new(),
            ends_at_ticks: true,
            margin: 0.0,
        }
    }

    /// An axis of virtual time, as long as what is drawn.
    pub fn time(label: impl Into<String>) -> Axis {
        Axis { covers: Vec::new(), ends_at_ticks: false, ..Axis::upward(label, Quantity::Time) }
    }
}

/// A value with a tick.
#[derive(Clone, Debug, PartialEq)]
pub struct Tick {
    /// The value.
    pub value: f64,
    /// What stands beside it.
    pub label: String,
}

/// An axis that has its values: knows the place of each.
#[derive(Clone, Debug)]
pub struct Scale {
    logarithmic: bool,
    has_zero: bool,
    from: f64,
    to: f64,
    margin: f64,
    /// The ticks, ascending.
    pub ticks: Vec<Tick>,
}

impl Scale {
    /// Fits an axis to values, with about `count` ticks.
    pub fn new(axis: &Axis, values: impl IntoIterator<Item = f64>, count: usize) -> Scale {
        let values: Vec<f64> =
            values.into_iter().chain(axis.covers.iter().copied()).filter(|value| value.is_finite()).collect();
        match &axis.kind {
            Kind::Words(words) => Scale::words(words),
            Kind::Log if values.iter().any(|value| *value > 0.0) => Scale::log(axis, &values, count),
            _ => Scale::linear(axis, &values, count),
        }
    }

    /// Where a value lies: 0 at the beginning, 1 at the end. What is off the axis lies at its end.
    pub fn place(&self, value: f64) -> f64 {
        let place = if self.logarithmic {
            let bottom = if self.has_zero { ABOVE_ZERO } else { 0.0 };
            if value > 0.0 {
                let share = libm::log(value / self.from) / libm::log(self.to / self.from);
                bottom + share.max(0.0) * (1.0 - bottom)
            } else {
                0.0
            }
        } else {
            (value - self.from) / (self.to - self.from)
        };
        self.margin + place.clamp(0.0, 1.0) * (1.0 - 2.0 * self.margin)
    }

    fn words(words: &[String]) -> Scale {
        let ticks = (0_u32..).map(f64::from).zip(words).map(|(value, word)| Tick { value, label: word.clone() });
        Scale {
            logarithmic: false,
            has_zero: false,
            from: -0.5,
            to: words.len().max(1) as f64 - 0.5,
            margin: 0.0,
            ticks: ticks.collect(),
        }
    }

    fn linear(axis: &Axis, values: &[f64], count: usize) -> Scale {
        let (mut from, mut to) = ends(values, axis.quantity);
        let whole = axis.kind == Kind::Whole;
        let step = if axis.quantity == Quantity::Time { time_step(to - from, count) } else { None };
        let step = step.unwrap_or_else(|| round_step((to - from) / count.max(1) as f64, whole));
        if axis.ends_at_ticks {
            from = (from / step + 1e-9).floor() * step;
            to = (to / step - 1e-9).ceil() * step;
        }
        let first = (from / step - 1e-9).ceil();
        let round = (0..=4 * count as u32).map(|n| tick_value(first + f64::from(n), step));
        let round: Vec<f64> = round.take_while(|value| *value <= to + step * 1e-6).collect();
        let ticks = if axis.ticks.is_empty() {
            round.iter().map(|value| Tick { value: *value, label: axis.quantity.tick(*value, step) }).collect()
        } else {
            wanted(axis)
        };
        Scale { logarithmic: false, has_zero: false, from, to, margin: axis.margin, ticks }
    }

    fn log(axis: &Axis, values: &[f64], count: usize) -> Scale {
        let positive = || values.iter().copied().filter(|value| *value > 0.0);
        let (mut from, mut to) = (positive().fold(f64::INFINITY, f64::min), positive().fold(0.0, f64::max));
        let has_zero = values.iter().any(|value| *value <= 0.0);
        if axis.ends_at_ticks || from >= to {
            (from, to) = (round_down(from), round_up(to));
        }
        let mut ticks = if axis.ticks.is_empty() { decades(from, to, count, axis.quantity) } else { wanted(axis) };
        if has_zero && axis.ticks.is_empty() {
            ticks.insert(0, Tick { value: 0.0, label: "0".to_owned() });
        }
        Scale { logarithmic: true, has_zero, from, to, margin: axis.margin, ticks }
    }
}

/// Ticks where the axis wants them.
fn wanted(axis: &Axis) -> Vec<Tick> {
    let mut values = axis.ticks.clone();
    values.sort_by(f64::total_cmp);
    values.dedup();
    values.into_iter().map(|value| Tick { value, label: axis.quantity.show(value) }).collect()
}

/// The smallest and the largest value, apart even if there is but one.
fn ends(values: &[f64], quantity: Quantity) -> (f64, f64) {
    let from = values.iter().copied().fold(f64::INFINITY, f64::min);
    let to = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let unit = if quantity == Quantity::Share { 0.01 } else { 1.0 };
    match () {
        () if from > to => (0.0, unit),
        () if to - from > to.abs().max(from.abs()) * 1e-9 => (from, to),
        () if to == 0.0 => (0.0, unit),
        () => (from - from.abs() / 2.0, to + to.abs() / 2.0),
    }
}

/// The next of 1, 2, 5 times a power of ten at or above `least`; at least 1 for whole numbers.
fn round_step(least: f64, whole: bool) -> f64 {
    let step = round_up(least.max(f64::MIN_POSITIVE));
    if whole { step.max(1.0) } else { step }
}

fn round_up(value: f64) -> f64 {
    let exponent = libm::floor(libm::log10(value));
    let candidates = [1.0, 2.0, 5.0, 10.0].map(|digit| power(digit, exponent));
    candidates.into_iter().find(|candidate| *candidate >= value * (1.0 - 1e-9)).unwrap_or(candidates[3])
}

fn round_down(value: f64) -> f64 {
    let exponent = libm::floor(libm::log10(value));
    let candidates = [5.0, 2.0, 1.0, 0.5].map(|digit| power(digit, exponent));
    candidates.into_iter().find(|candidate| *candidate <= value * (1.0 + 1e-9)).unwrap_or(candidates[3])
}

/// `digit * 10^exponent`, as near as a float comes.
fn power(digit: f64, exponent: f64) -> f64 {
    if exponent < 0.0 { digit / libm::exp10(-exponent) } else { digit * libm::exp10(exponent) }
}

/// `number * step` without the error that 0.1 and its like collect.
fn tick_value(number: f64, step: f64) -> f64 {
    let inverse = (1.0 / step).round();
    let value = if step < 1.0 && inverse < 1e15 && (inverse * step - 1.0).abs() < 1e-9 {
        number / inverse
    } else {
        number * step
    };
    value + 0.0
}

/// Distances between ticks that read well as times \[s\].
const TIME_STEPS: [f64; 25] = [
    1e-9, 1e-6, 1e-5, 1e-4, 1e-3, 5e-3, 1e-2, 5e-2, 0.1, 0.5, 1.0, 5.0, 10.0, 30.0, 60.0, 300.0, 600.0, 1200.0, 1800.0,
    3600.0, 7200.0, 21_600.0, 43_200.0, 86_400.0, 172_800.0,
];

/// `None` for what is so long that it is told in round numbers of days.
fn time_step(range: f64, count: usize) -> Option<f64> {
    let least = range / count.max(1) as f64;
    let step = TIME_STEPS.into_iter().find(|step| *step >= least * (1.0 - 1e-9));
    step.or_else(|| Some(86_400.0 * round_up(least / 86_400.0)))
}

/// Ticks of a logarithmic axis: powers of ten, and 2 and 5 times them where there is room.
fn decades(from: f64, to: f64, count: usize, quantity: Quantity) -> Vec<Tick> {
    let (first, last) = (libm::floor(libm::log10(from)), libm::ceil(libm::log10(to)));
    let span = last - first;
    let ticks = |digits: &[f64], stride: f64| -> Vec<Tick> {
        let exponents = (0..=(span / stride) as u32).map(|n| first + f64::from(n) * stride);
        let values = exponents.flat_map(|exponent| digits.iter().map(move |digit| power(*digit, exponent)));
        let within = values.filter(|value| (from * (1.0 - 1e-9)..=to * (1.0 + 1e-9)).contains(value));
        within.map(|value| Tick { value, label: quantity.tick(value, value) }).collect()
    };
    let close = ticks(&[1.0, 2.0, 5.0], 1.0);
    if close.len() <= count + 3 { close } else { ticks(&[1.0], (span / count.max(1) as f64).ceil().max(1.0)) }
}

/// Whether values read better on a logarithmic axis: they lie more evenly on it than on a linear one.
pub fn spreads_evenly_by_logarithm(values: &[f64]) -> bool {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    values.dedup();
    let (Some(first), Some(last)) = (values.first(), values.last()) else { return false };
    if *first <= 0.0 || values.len() < 2 {
        return false;
    }
    let smallest = |gap: &dyn Fn(f64, f64) -> f64| {
        let gaps = values.windows(2).map(|pair| gap(pair[0], pair[1]) / gap(*first, *last));
        gaps.fold(f64::INFINITY, f64::min)
    };
    let (linear, log) = (smallest(&|a, b| b - a), smallest(&|a, b| libm::log(b / a)));
    log > linear * 1.001 || (values.len() == 2 && last / first >= 10.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn labels(scale: &Scale) -> Vec<&str> {
        scale.ticks.iter().map(|tick| tick.label.as_str()).collect()
    }

    fn upward(values: &[f64], kind: Kind, quantity: Quantity) -> Scale {
        let covers = if kind == Kind::Log { Vec::new() } else { vec![0.0] };
        let axis = Axis { kind, covers, ..Axis::upward("", quantity) };
        Scale::new(&axis, values.iter().copied(), 5)
    }

    #[test]
    fn a_linear_axis_ends_at_round_numbers() {
        let number = Quantity::Number("");
        assert_eq!(labels(&upward(&[0.3, 4.7], Kind::Linear, number)), ["0", "1", "2", "3", "4", "5"]);
        assert_eq!(
            labels(&upward(&[0.0, 0.0], Kind::Linear, Quantity::Share)),
            ["0.0%", "0.2%", "0.4%", "0.6%", "0.8%", "1.0%"]
        );
        assert_eq!(labels(&upward(&[1.0], Kind::Whole, number)), ["0", "1"]);
        assert_eq!(labels(&upward(&[3e20], Kind::Linear, number))[3], "3e20");
        assert_eq!(labels(&upward(&[], Kind::Linear, number)).len(), 6);
    }

    #[test]
    fn times_have_ticks_at_round_times() {
        let scale = Scale::new(&Axis::time(""), [1_200.0, 4_800.0], 7);
        assert_eq!(labels(&scale), ["20min", "30min", "40min", "50min", "1h", "1h 10min", "1h 20min"]);
        assert_eq!((scale.place(1_200.0), scale.place(3_000.0), scale.place(4_800.0)), (0.0, 0.5, 1.0));
        let year = Scale::new(&Axis::time(""), [0.0, 365.0 * 86_400.0], 6);
        assert_eq!(labels(&year), ["0s", "100d", "200d", "300d"]);
    }

    #[test]
    fn zeros_have_a_place_on_a_logarithmic_axis() {
        let scale = upward(&[0.0, 0.001, 0.4], Kind::Log, Quantity::Share);
        assert_eq!(labels(&scale), ["0", "0.1%", "1%", "10%"]);
        assert_eq!(scale.place(0.0), 0.0);
        assert!((scale.place(0.001) - ABOVE_ZERO).abs() < 1e-12);
        assert!(scale.place(0.4) > 0.95);
        let without = upward(&[0.001, 0.4], Kind::Log, Quantity::Share);
        assert_eq!(without.place(0.001), 0.0);
        assert_eq!(labels(&upward(&[0.0, 0.0], Kind::Log, Quantity::Share)).len(), 6, "nothing but zeros is linear");
    }

    #[test]
    fn swept_values_are_the_ticks() {
        let axis = Axis { kind: Kind::Log, ticks: vec![86_400.0, 300.0, 3_600.0], margin: 0.1, ..Axis::time("") };
        let scale = Scale::new(&axis, axis.ticks.clone(), 5);
        assert_eq!(labels(&scale), ["5min", "1h", "1d"]);
        assert!((scale.place(300.0) - 0.1).abs() < 1e-9 && (scale.place(86_400.0) - 0.9).abs() < 1e-9);
    }

    #[test]
    fn doubling_values_are_spread_by_logarithm_and_even_ones_are_not() {
        assert!(spreads_evenly_by_logarithm(&[300.0, 600.0, 1200.0, 3600.0]));
        assert!(spreads_evenly_by_logarithm(&[1000.0, 10_000.0]));
        assert!(!spreads_evenly_by_logarithm(&[4.0, 8.0, 12.0, 16.0]));
        assert!(!spreads_evenly_by_logarithm(&[0.0, 1.0, 10.0, 100.0]));
        assert!(!spreads_evenly_by_logarithm(&[5.0]));
    }

    proptest! {
        #[test]
        fn every_value_has_a_place_on_every_axis(
            values in proptest::collection::vec(prop_oneof![Just(0.0), -1e300..1e300, 1e-300..1.0, 0.0..1e6], 0..20),
            kind in prop_oneof![Just(Kind::Linear), Just(Kind::Whole), Just(Kind::Log)],
            quantity in prop_oneof![Just(Quantity::Number("")), Just(Quantity::Share), Just(Quantity::Time)],
            ends_at_ticks: bool,
        ) {
            let axis = Axis { kind, quantity, ends_at_ticks, ..Axis::upward("", quantity) };
            let scale = Scale::new(&axis, values.iter().copied(), 6);
            for value in values {
                let place = scale.place(value);
                prop_assert!((0.0..=1.0).contains(&place), "{} at {}", value, place);
            }
            prop_assert!(scale.ticks.len() <= 40);
            for tick in &scale.ticks {
                prop_assert!((0.0..=1.0).contains(&scale.place(tick.value)));
                prop_assert!(tick.label.chars().count() <= 40);
            }
        }
    }
}
