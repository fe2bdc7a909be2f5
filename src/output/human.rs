//! Numbers for people to read: grouped digits, three significant figures, spans of time. Files never use these.

use crate::engine::time::Duration;

/// Digits in groups of three: `1,234,567`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Three significant figures or more: `0.0123`, `6.31`, `12.3`, `1,234`; `1.2e-5` when very small.
pub fn figure(value: f64) -> String {
    if !value.is_finite() {
        return value.to_string();
    }
    match value.abs() {
        0.0 => "0".to_owned(),
        ..1e-4 | 1e18.. => format!("{value:.1e}"),
        ..0.000_999_5 => format!("{value:.6}"),
        ..0.009_995 => format!("{value:.5}"),
        ..0.099_95 => format!("{value:.4}"),
        ..0.9995 => format!("{value:.3}"),
        ..9.995 => format!("{value:.2}"),
        ..99.95 => format!("{value:.1}"),
        size => format!("{}{}", if value < 0.0 { "-" } else { "" }, grouped(size.round() as u64)),
    }
}

/// A whole number as such, anything else as a [`figure`], and a dash for what is not available.
pub fn whole_or_figure(value: Option<f64>) -> String {
    match value {
        Some(value) if value.fract() == 0.0 && (0.0..1e18).contains(&value) => grouped(value as u64),
        value => figure_or_dash(value),
    }
}

/// [`figure`], or a dash for what is not available.
pub fn figure_or_dash(value: Option<f64>) -> String {
    value.map_or_else(|| "-".to_owned(), figure)
}

/// A share in percent: `1.32%`.
pub fn percent(share: f64) -> String {
    format!("{}%", figure(share * 100.0))
}

/// Units of a span from the largest to the smallest, with their length in nanoseconds.
const UNITS: [(&str, u64); 7] = [
    ("d", 86_400_000_000_000),
    ("h", 3_600_000_000_000),
    ("min", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("ns", 1),
];

/// A length of time in its two largest units, rounded down: `1h 20min`, `12s 300ms`, `0s`.
pub fn span(duration: Duration) -> String {
    let nanos = duration.as_nanos();
    let Some(largest) = UNITS.iter().position(|(_, length)| nanos >= *length) else {
        return "0s".to_owned();
    };
    let (unit, length) = UNITS[largest];
    let mut text = format!("{}{unit}", nanos / length);
    if let Some((unit, smaller)) = UNITS.get(largest + 1) {
        let rest = nanos % length / smaller;
        if rest > 0 {
            text.push_str(&format!(" {rest}{unit}"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::units::parse_duration;

    #[test]
    fn a_length_of_time_that_is_printed_can_be_given() {
        for nanos in [0, 1, 999, 1_500, 61_000_000_000, 4_200_000_000_000, 4_261_000_000_000, 93_600_000_000_000] {
            let text = span(Duration::from_nanos(nanos));
            let read = parse_duration(&text).expect(&text);
            assert_eq!(span(read), text);
            assert!(read.as_nanos() <= nanos && nanos - read.as_nanos() < 60_000_000_000, "{text}");
        }
    }

    #[test]
    fn digits_are_grouped_in_threes() {
        for (number, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(number), text);
        }
    }

    #[test]
    fn figures_keep_three_significant_digits() {
        for (value, text) in [
            (0.0, "0"),
            (1.0, "1.00"),
            (6.3149, "6.31"),
            (9.999, "10.0"),
            (99.96, "100"),
            (999.4, "999"),
            (999.6, "1,000"),
            (123_456.7, "123,457"),
            (-1234.0, "-1,234"),
            (0.5, "0.500"),
            (0.01234, "0.0123"),
            (0.000_123_4, "0.000123"),
            (0.000_012_34, "1.2e-5"),
            (3e20, "3.0e20"),
        ] {
            assert_eq!(figure(value), text, "{value}");
        }
        assert_eq!(figure_or_dash(None), "-");
        assert_eq!(whole_or_figure(Some(6.0)), "6");
        assert_eq!(whole_or_figure(Some(6.5)), "6.50");
        assert_eq!(percent(0.0132), "1.32%");
    }

    #[test]
    fn spans_show_their_two_largest_units() {
        for (nanos, text) in [
            (0, "0s"),
            (500_000_000, "500ms"),
            (1_500_000_000, "1s 500ms"),
            (4_800_000_000_000, "1h 20min"),
            (3_600_000_000_001, "1h"),
            (864_000_000_000_000, "10d"),
        ] {
            assert_eq!(span(Duration::from_nanos(nanos)), text);
        }
    }
}
