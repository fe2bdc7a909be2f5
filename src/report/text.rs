//! Text on the page: escaping, and values with their units.

use crate::engine::time::Duration;
use crate::output::human;

/// Text that stands for itself in HTML and XML, in content and in attributes.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            // Control characters and noncharacters may not stand in a document in any form.
            c if (c.is_control() && !matches!(c, '\n' | '\t')) || matches!(c, '\u{fffe}' | '\u{ffff}') => {
                escaped.push('\u{fffd}');
            }
            c => escaped.push(c),
        }
    }
    escaped
}

/// What a number counts or measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantity {
    /// A number with its unit, which may be empty.
    Number(&'static str),
    /// A share of 1, shown in percent.
    Share,
    /// A time in seconds, shown with its unit.
    Time,
}

impl Quantity {
    /// A value in words: `6.31`, `812 ms`, `1.32%`, `1h 20min`.
    pub fn show(self, value: f64) -> String {
        match self {
            Quantity::Number("") => human::whole_or_figure(Some(value)),
            Quantity::Number(unit) => format!("{} {unit}", human::whole_or_figure(Some(value))),
            Quantity::Share => human::percent(value),
            Quantity::Time if value < 0.0 => format!("-{}", Quantity::Time.show(-value)),
            Quantity::Time => human::span(Duration::from_nanos((value * 1e9).round() as u64)),
        }
    }

    /// The same, or a dash for what is not available.
    pub fn show_or_dash(self, value: Option<f64>) -> String {
        value.map_or_else(|| "–".to_owned(), |value| self.show(value))
    }

    /// A number at a tick, with no more decimals than the distance `step` between ticks needs.
    pub fn tick(self, value: f64, step: f64) -> String {
        match self {
            Quantity::Time => self.show(value),
            Quantity::Share => format!("{}%", fixed(value * 100.0, step * 100.0)),
            Quantity::Number(_) => fixed(value, step),
        }
    }
}

/// A number with as many decimals as a step of this size needs: `0.05`, `1,500`, `2.5M`, `3e20`.
fn fixed(value: f64, step: f64) -> String {
    let size = value.abs().max(step.abs());
    if value == 0.0 && !(1e-6..1e6).contains(&step) {
        return "0".to_owned();
    }
    if size >= 1e15 || (size < 1e-6 && value != 0.0) {
        return format!("{value:e}").chars().take(9).collect();
    }
    for (suffix, unit) in [("T", 1e12), ("G", 1e9), ("M", 1e6)] {
        if value.abs() >= unit && step < value.abs() * 2.0 {
            return format!("{}{suffix}", decimals(value / unit, step / unit));
        }
    }
    decimals(value, step)
}

fn decimals(value: f64, step: f64) -> String {
    // A step such as 0.25 has a second digit.
    let places = (0..=9).find(|places| {
        let scaled = step * libm::exp10(f64::from(*places));
        (scaled - scaled.round()).abs() < 1e-6 * scaled.max(1e-3) && scaled >= 0.5
    });
    let text = format!("{:.*}", places.unwrap_or(9) as usize, value.abs());
    let (whole, fraction) = text.split_once('.').map_or((text.as_str(), None), |(w, f)| (w, Some(f)));
    let whole = human::grouped(whole.parse().unwrap_or(u64::MAX));
    let sign = if value < 0.0 { "-" } else { "" };
    fraction.map_or_else(|| format!("{sign}{whole}"), |fraction| format!("{sign}{whole}.{fraction}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_gets_out_of_its_text() {
        assert_eq!(escape("<script>\"&'\u{1}\u{ffff}ü\n"), "&lt;script&gt;&quot;&amp;&#39;\u{fffd}\u{fffd}ü\n");
    }

    #[test]
    fn ticks_have_as_many_decimals_as_their_step_needs() {
        for (value, step, text) in [
            (0.0, 0.5, "0.0"),
            (1500.0, 500.0, "1,500"),
            (0.3, 0.1, "0.3"),
            (0.25, 0.25, "0.25"),
            (2_500_000.0, 500_000.0, "2.5M"),
            (3e20, 1e20, "3e20"),
            (0.000_02, 0.000_01, "0.00002"),
            (-4.0, 2.0, "-4"),
        ] {
            assert_eq!(Quantity::Number("").tick(value, step), text);
        }
        assert_eq!(Quantity::Share.tick(0.005, 0.005), "0.5%");
        assert_eq!(Quantity::Share.tick(0.2, 0.1), "20%");
        assert_eq!(Quantity::Time.tick(4_800.0, 600.0), "1h 20min");
    }

    #[test]
    fn values_have_their_units() {
        assert_eq!(Quantity::Number("ms").show(812.4), "812 ms");
        assert_eq!(Quantity::Share.show(0.0132), "1.32%");
        assert_eq!(Quantity::Time.show(0.5), "500ms");
        assert_eq!(Quantity::Time.show(1e300), Quantity::Time.show(1e200));
        assert_eq!(Quantity::Number("").show_or_dash(None), "–");
    }
}
