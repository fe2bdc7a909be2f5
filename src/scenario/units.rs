//! Durations as people write them: a decimal number and a unit, exact to the nanosecond.
//!
//! All arithmetic is on integers; no float is ever parsed on the way.

use crate::engine::time::{Duration, NANOS_PER_SEC};
use std::fmt;

/// Units and their length \[ns\].
const UNITS: [(&str, u64); 7] = [
    ("ns", 1),
    ("us", 1_000),
    ("ms", 1_000_000),
    ("s", NANOS_PER_SEC),
    ("min", 60 * NANOS_PER_SEC),
    ("h", 3_600 * NANOS_PER_SEC),
    ("d", 86_400 * NANOS_PER_SEC),
];

/// Other spellings that people try, and the unit that they mean.
const OTHER_SPELLINGS: [(&[&str], &str); 7] = [
    (&["nsec", "nanos", "nanosecond", "nanoseconds"], "ns"),
    (&["µs", "μs", "usec", "micros", "microsecond", "microseconds"], "us"),
    (&["msec", "millis", "millisecond", "milliseconds"], "ms"),
    (&["sec", "secs", "second", "seconds"], "s"),
    (&["m", "mn", "mins", "minute", "minutes"], "min"),
    (&["hr", "hrs", "hour", "hours"], "h"),
    (&["day", "days"], "d"),
];

/// The longest duration that a scenario may name: 100 years of 365.25 days.
pub const LONGEST: Duration = Duration::from_secs(36_525 * 86_400);

/// What a duration looks like, for messages.
pub const ALLOWED: &str = "a number and a unit (ns, us, ms, s, min, h, d) in quotes, such as \"500ms\" or \"1.5h\"";

/// Why a text is not a duration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitError {
    /// What is wrong, in a few words.
    pub problem: String,
    /// What may have been meant.
    pub help: Option<String>,
}

impl UnitError {
    fn new(problem: impl Into<String>) -> Self {
        UnitError { problem: problem.into(), help: None }
    }
}

/// Reads a duration such as `20min`, `1.5h`, `1_000ms` or `1h 20min`: at most 100 years, exact to the nanosecond.
/// Blanks may stand between a number and its unit, and between parts, of which each has a smaller unit than the one
/// before.
///
/// # Errors
/// If there is no number, no unit or an unknown one, if it is negative, too long, or finer than a nanosecond, or if
/// parts are not in the order of their units.
pub fn parse_duration(text: &str) -> Result<Duration, UnitError> {
    let parts = parts(text.trim());
    let mut whole = 0u64;
    let mut before = u64::MAX;
    for part in &parts {
        let (nanos, unit_ns) = parse_part(part)?;
        if parts.len() > 1 && unit_ns >= before {
            let problem = "the units of its parts do not become smaller".to_owned();
            return Err(UnitError { problem, help: Some("write for example \"1h 20min\"".to_owned()) });
        }
        before = unit_ns;
        whole = whole.saturating_add(nanos);
    }
    if whole > LONGEST.as_nanos() {
        return Err(UnitError { problem: "too long".to_owned(), help: Some("at most 100 years".to_owned()) });
    }
    Ok(Duration::from_nanos(whole))
}

/// The parts of a duration, each a number and what follows it up to the next number.
fn parts(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut start, mut in_unit) = (0, false);
    for (at, character) in text.char_indices() {
        if character.is_ascii_digit() && in_unit {
            parts.push(&text[start..at]);
            (start, in_unit) = (at, false);
        }
        in_unit |= character.is_alphabetic();
    }
    parts.push(&text[start..]);
    parts
}

/// The nanoseconds of one number with its unit, and those of the unit.
fn parse_part(text: &str) -> Result<(u64, u64), UnitError> {
    let text = text.trim();
    let end = text.find(|c: char| !(c.is_ascii_digit() || "._+-".contains(c))).unwrap_or(text.len());
    let (number, unit) = (&text[..end], text[end..].trim());
    if number.is_empty() {
        return Err(UnitError::new("not a number and a unit"));
    }
    if unit.is_empty() {
        return Err(UnitError {
            problem: "missing unit".to_owned(),
            help: Some(format!("write \"{number}s\" for seconds, \"{number}ms\" for milliseconds, ...")),
        });
    }
    let Some((_, unit_ns)) = UNITS.iter().find(|(name, _)| *name == unit) else {
        let help = nearest_unit(unit).map(|near| format!("did you mean \"{number}{near}\"?"));
        return Err(UnitError { problem: format!("unknown unit `{unit}`"), help });
    };
    let nanos = decimal(number, *unit_ns, Notation::DURATION).map_err(|error| {
        UnitError::new(match error {
            DecimalError::NotANumber => format!("`{number}` is not a number"),
            DecimalError::Negative => "negative".to_owned(),
            DecimalError::TooLarge => "too long".to_owned(),
            DecimalError::TooFine => "finer than a nanosecond".to_owned(),
        })
    })?;
    Ok((nanos, *unit_ns))
}

/// `number` / 10^`places`, written exactly: without zeros at the end, or with `#` with all places.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Decimal {
    pub(crate) number: u64,
    pub(crate) places: u32,
}

impl Decimal {
    /// Nanoseconds in seconds.
    pub(crate) const fn seconds(nanos: u64) -> Self {
        Decimal { number: nanos, places: 9 }
    }

    /// Nanoseconds in milliseconds.
    pub(crate) const fn milliseconds(nanos: u64) -> Self {
        Decimal { number: nanos, places: 6 }
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (one, places) = (10_u64.pow(self.places), self.places as usize);
        let (whole, fraction) = (self.number / one, self.number % one);
        match (f.alternate(), fraction) {
            (true, _) => write!(f, "{whole}.{fraction:0places$}"),
            (false, 0) => write!(f, "{whole}"),
            (false, _) => write!(f, "{whole}.{}", format!("{fraction:0places$}").trim_end_matches('0')),
        }
    }
}

fn nearest_unit(unit: &str) -> Option<&'static str> {
    let lower = unit.to_lowercase();
    let by_case = UNITS.iter().find(|(name, _)| *name == lower).map(|(name, _)| *name);
    let by_spelling = || OTHER_SPELLINGS.iter().find(|(others, _)| others.contains(&lower.as_str())).map(|(_, u)| *u);
    let by_distance = || {
        let distance = |name: &str| strsim::damerau_levenshtein(name, &lower);
        UNITS.iter().map(|(name, _)| *name).filter(|name| distance(name) <= 1).min_by_key(|name| distance(name))
    };
    by_case.or_else(by_spelling).or_else(by_distance)
}

/// Which forms of a decimal number are accepted.
#[derive(Clone, Copy)]
pub(super) struct Notation {
    /// Underscores between digits.
    underscores: bool,
    /// A power of ten at the end: `1.5e3`.
    exponent: bool,
    /// A value between two units is rounded (half up) instead of being an error.
    rounded: bool,
    /// A point may have digits on one side only: `12.`, `.5`.
    open_point: bool,
}

impl Notation {
    pub(super) const DURATION: Notation =
        Notation { underscores: true, exponent: false, rounded: false, open_point: false };
    /// A time in a schedule.
    pub(super) const EXACT: Notation =
        Notation { underscores: false, exponent: false, rounded: false, open_point: false };
    /// A measured value: numeric tools write exponents, and more digits than were measured.
    pub(super) const MEASURED: Notation =
        Notation { underscores: false, exponent: true, rounded: true, open_point: true };
}

/// Why a decimal number could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DecimalError {
    NotANumber,
    Negative,
    TooLarge,
    TooFine,
}

/// So many significant digits are kept: 10^24 days still fit 128 bits of nanoseconds.
const DIGITS: u32 = 24;

/// A decimal number times `unit`, as a whole number.
pub(super) fn decimal(text: &str, unit: u64, notation: Notation) -> Result<u64, DecimalError> {
    if let Some(rest) = text.strip_prefix('-').filter(|rest| !rest.starts_with('-')) {
        return Err(match decimal(rest, unit, notation) {
            Err(DecimalError::NotANumber) => DecimalError::NotANumber,
            _ => DecimalError::Negative,
        });
    }
    let (mantissa, exponent) = split_exponent(text, notation)?;
    let (whole, fraction) = match mantissa.split_once('.') {
        Some(("", "")) => return Err(DecimalError::NotANumber),
        Some((whole, "")) if notation.open_point => (whole, ""),
        Some(("", fraction)) if notation.open_point => ("0", fraction),
        Some((_, "")) | Some(("", _)) => return Err(DecimalError::NotANumber),
        Some(parts) => parts,
        None => (mantissa, ""),
    };
    check_digits(whole, notation)?;
    if !fraction.is_empty() {
        check_digits(fraction, notation)?;
    }
    let mut value: u128 = 0;
    let mut significant = 0;
    let mut dropped = false;
    // Digits of `value` after the point; negative: zeros that were left off before it.
    let mut scale = -exponent;
    let digits = whole.bytes().map(|byte| (byte, 0)).chain(fraction.bytes().map(|byte| (byte, 1)));
    for (byte, after_point) in digits.filter(|(byte, _)| *byte != b'_') {
        if significant == DIGITS {
            dropped |= byte != b'0';
            scale -= 1 - after_point;
            continue;
        }
        value = value * 10 + u128::from(byte - b'0');
        significant += u32::from(value > 0);
        scale += after_point;
    }
    let value = value.checked_mul(u128::from(unit)).ok_or(DecimalError::TooLarge)?;
    scaled(value, scale, dropped, notation)
}

/// `value` / 10^`scale`.
fn scaled(mut value: u128, scale: i64, dropped: bool, notation: Notation) -> Result<u64, DecimalError> {
    let mut inexact = dropped;
    if scale <= 0 {
        for _ in scale..0 {
            if value == 0 {
                break;
            }
            value = value.checked_mul(10).ok_or(DecimalError::TooLarge)?;
        }
    } else {
        let mut last = 0;
        for _ in 0..scale {
            if value == 0 && last == 0 {
                break;
            }
            inexact |= last != 0;
            last = value % 10;
            value /= 10;
        }
        inexact |= last != 0;
        if notation.rounded && last >= 5 {
            value += 1;
        }
    }
    if inexact && !notation.rounded {
        return Err(if value > u128::from(u64::MAX) { DecimalError::TooLarge } else { DecimalError::TooFine });
    }
    u64::try_from(value).map_err(|_| DecimalError::TooLarge)
}

fn split_exponent(text: &str, notation: Notation) -> Result<(&str, i64), DecimalError> {
    match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) if notation.exponent => {
            let unsigned = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
            check_digits(unsigned, Notation::EXACT)?;
            // More than 6 digits of exponent mean nothing that can be measured.
            let exponent: i32 = exponent.parse().map_err(|_| DecimalError::TooLarge)?;
            Ok((mantissa, i64::from(exponent.clamp(-100_000, 100_000))))
        }
        _ => Ok((text, 0)),
    }
}

/// Digits, with single underscores between them where they are allowed.
fn check_digits(text: &str, notation: Notation) -> Result<(), DecimalError> {
    let groups_are_digits = text.split('_').all(|g| !g.is_empty() && g.bytes().all(|byte| byte.is_ascii_digit()));
    if groups_are_digits && (notation.underscores || !text.contains('_')) {
        Ok(())
    } else {
        Err(DecimalError::NotANumber)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn nanos(text: &str) -> u64 {
        parse_duration(text).unwrap_or_else(|error| panic!("{text}: {error:?}")).as_nanos()
    }

    #[test]
    fn durations_are_exact() {
        assert_eq!(nanos("20min"), 1_200_000_000_000);
        assert_eq!(nanos("1.5h"), 5_400_000_000_000);
        assert_eq!(nanos("1_000ms"), 1_000_000_000);
        assert_eq!(nanos("0.000000001s"), 1);
        assert_eq!(nanos("0.1s"), 100_000_000);
        assert_eq!(nanos("9007199254740993ns"), 9_007_199_254_740_993);
        assert_eq!(nanos("2.50000000000000000000000000000000000000s"), 2_500_000_000);
        assert_eq!(nanos("0s"), 0);
        assert_eq!(nanos(" 5 min "), 300_000_000_000);
        assert_eq!(nanos("1h 10min"), 4_200_000_000_000);
        assert_eq!(nanos("1d2h 3 min 4.5s"), 93_784_500_000_000);
        assert_eq!(nanos("36525d"), LONGEST.as_nanos());
    }

    #[test]
    fn what_is_not_a_duration_says_why() {
        for (text, problem) in [
            ("", "not a number and a unit"),
            ("fast", "not a number and a unit"),
            ("30", "missing unit"),
            ("30sec", "unknown unit `sec`"),
            ("-5s", "negative"),
            ("--5s", "`--5` is not a number"),
            ("1.2.3s", "`1.2.3` is not a number"),
            ("1._5s", "`1._5` is not a number"),
            ("5.s", "`5.` is not a number"),
            ("1__0s", "`1__0` is not a number"),
            ("0.5ns", "finer than a nanosecond"),
            ("0.0000000000000000000000000000000000000001d", "finer than a nanosecond"),
            ("36525.5d", "too long"),
            ("99999999999999999999999999999999999999999999d", "too long"),
            ("1e3s", "unknown unit `e`"),
            ("20min 1h", "the units of its parts do not become smaller"),
            ("1h 1h", "the units of its parts do not become smaller"),
            ("1h 20", "missing unit"),
            ("1h -20min", "unknown unit `h -`"),
            ("1h, 20min", "unknown unit `h,`"),
            ("36525d 1h", "too long"),
        ] {
            assert_eq!(parse_duration(text).unwrap_err().problem, problem, "{text}");
        }
    }

    #[test]
    fn an_unknown_unit_names_the_nearest() {
        for (text, help) in [
            ("5m", "did you mean \"5min\"?"),
            ("5sec", "did you mean \"5s\"?"),
            ("5µs", "did you mean \"5us\"?"),
            ("5MIN", "did you mean \"5min\"?"),
            ("5hours", "did you mean \"5h\"?"),
            ("5mim", "did you mean \"5min\"?"),
        ] {
            assert_eq!(parse_duration(text).unwrap_err().help.as_deref(), Some(help), "{text}");
        }
        assert_eq!(parse_duration("5 parsecs").unwrap_err().help, None);
    }

    #[test]
    fn decimals_are_written_with_as_many_places_as_are_needed_or_with_all() {
        for (nanos, short, long) in [
            (0, "0", "0.000000000"),
            (1, "0.000000001", "0.000000001"),
            (1_500_000_000, "1.5", "1.500000000"),
            (60_000_000_000, "60", "60.000000000"),
            (u64::MAX, "18446744073.709551615", "18446744073.709551615"),
        ] {
            let seconds = Decimal::seconds(nanos);
            assert_eq!((seconds.to_string(), format!("{seconds:#}")), (short.to_owned(), long.to_owned()));
        }
        assert_eq!(Decimal::milliseconds(1_234_567_890).to_string(), "1234.56789");
    }

    #[test]
    fn measured_values_are_rounded_to_the_nearest_unit() {
        let measured = |text| decimal(text, 1_000_000, Notation::MEASURED);
        assert_eq!(measured("1.2345678"), Ok(1_234_568));
        assert_eq!(measured("1.2345674999"), Ok(1_234_567));
        assert_eq!(measured("1.200000000000000000e+02"), Ok(120_000_000));
        assert_eq!(measured("5e-7"), Ok(1));
        assert_eq!(measured("4e-7"), Ok(0));
        assert_eq!(measured("1e-99999"), Ok(0));
        assert_eq!(measured("0e99999"), Ok(0));
        assert_eq!(measured("1e99999"), Err(DecimalError::TooLarge));
        assert_eq!(measured("12."), Ok(12_000_000));
        assert_eq!(measured(".5e1"), Ok(5_000_000));
        assert_eq!(measured("."), Err(DecimalError::NotANumber));
        assert_eq!(measured("16.12.5"), Err(DecimalError::NotANumber));
        assert_eq!(measured("1e"), Err(DecimalError::NotANumber));
        assert_eq!(measured("nan"), Err(DecimalError::NotANumber));
        assert_eq!(measured("-1"), Err(DecimalError::Negative));
    }

    proptest! {
        #[test]
        fn what_a_duration_prints_is_read_back(nanos in 0..=LONGEST.as_nanos(), coarse in 0u32..14) {
            let duration = Duration::from_nanos(nanos / 10u64.pow(coarse) * 10u64.pow(coarse));
            prop_assert_eq!(parse_duration(&duration.to_string()), Ok(duration));
        }

        #[test]
        fn decimals_agree_with_integer_division(whole in 0u64..1_000_000, fraction in 0u64..1_000_000_000) {
            let text = format!("{whole}.{fraction:09}");
            let expected = whole * 1_000_000_000 + fraction;
            prop_assert_eq!(decimal(&text, 1_000_000_000, Notation::EXACT), Ok(expected));
        }

        #[test]
        fn no_text_makes_it_panic(text in "[-+0-9._eE a-zµ]{0,40}|\\PC{0,40}") {
            let _ = parse_duration(&text);
            let _ = decimal(&text, u64::MAX, Notation::MEASURED);
            let _ = decimal(&text, 86_400_000_000_000, Notation::EXACT);
        }
    }
}
