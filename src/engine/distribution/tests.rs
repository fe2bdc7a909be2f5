//! The laws against their distribution functions, with fixed seeds.

use super::*;
use crate::engine::random::{Purpose, Seed};

/// Samples drawn for a test.
const SAMPLES: usize = 40_000;

fn seconds(secs: f64) -> Duration {
    Duration::from_secs_f64(secs)
}

/// Laws of every kind whose residual has a variance, so that its mean can be tested too.
fn laws() -> Vec<Distribution> {
    use Distribution::*;
    vec![
        Fixed(seconds(3.0)),
        Uniform { from: seconds(2.0), to: seconds(5.0) },
        Uniform { from: Duration::ZERO, to: seconds(0.2) },
        Exponential { mean: seconds(1200.0) },
        Exponential { mean: seconds(0.05) },
        Weibull { shape: 2.0, scale: seconds(60.0) },
        Weibull { shape: 0.59, scale: seconds(1800.0) },
        Weibull { shape: 1.0, scale: seconds(7.0) },
        Pareto { shape: 5.0, minimum: seconds(1.0) },
        LogNormal { median: seconds(100.0), sigma: 0.7 },
        LogNormal { median: seconds(1.0), sigma: 0.0 },
    ]
}

/// More laws, whose means are finite and whose variances are not, or converge too slowly to test.
fn heavy_laws() -> Vec<Distribution> {
    use Distribution::*;
    vec![
        Pareto { shape: 1.5, minimum: seconds(300.0) },
        Pareto { shape: 2.2, minimum: seconds(0.01) },
        LogNormal { median: seconds(4000.0), sigma: 1.7 },
    ]
}

/// P(X > x), x in seconds, from the textbook and the standard library's functions.
fn survival(law: &Distribution, x: f64) -> f64 {
    use Distribution::*;
    match *law {
        Fixed(length) => f64::from(x < length.as_secs_f64()),
        Uniform { from, to } => {
            let (from, to) = (from.as_secs_f64(), to.as_secs_f64());
            ((to - x) / (to - from)).clamp(0.0, 1.0)
        }
        Exponential { mean } => (-x / mean.as_secs_f64()).exp(),
        Weibull { shape, scale } => (-(x / scale.as_secs_f64()).powf(shape)).exp(),
        Pareto { shape, minimum } => (minimum.as_secs_f64() / x).powf(shape).min(1.0),
        LogNormal { median, sigma: 0.0 } => f64::from(x < median.as_secs_f64()),
        LogNormal { median, sigma } => {
            0.5 * libm::erfc((x / median.as_secs_f64()).ln() / (sigma * std::f64::consts::SQRT_2))
        }
    }
}

/// E\[X\] and E\[X^2\] in seconds, from the textbook.
fn moments(law: &Distribution) -> (f64, f64) {
    use Distribution::*;
    match *law {
        Fixed(length) => (length.as_secs_f64(), length.as_secs_f64().powi(2)),
        Uniform { from, to } => {
            let (a, b) = (from.as_secs_f64(), to.as_secs_f64());
            ((a + b) / 2.0, (a * a + a * b + b * b) / 3.0)
        }
        Exponential { mean } => (mean.as_secs_f64(), 2.0 * mean.as_secs_f64().powi(2)),
        Weibull { shape, scale } => {
            let moment = |order: f64| scale.as_secs_f64().powf(order) * libm::lgamma(1.0 + order / shape).exp();
            (moment(1.0), moment(2.0))
        }
        Pareto { shape, minimum } => {
            let moment = |order: f64| shape * minimum.as_secs_f64().powf(order) / (shape - order);
            (moment(1.0), moment(2.0))
        }
        LogNormal { median, sigma } => {
            let moment = |order: f64| (order * median.as_secs_f64().ln() + (order * sigma).powi(2) / 2.0).exp();
            (moment(1.0), moment(2.0))
        }
    }
}

/// Sorted samples in seconds.
fn drawn(mut sample: impl FnMut(&mut rand_chacha::ChaCha8Rng) -> Duration) -> Vec<f64> {
    let mut rng = Seed { seed: 11, replicate: 0 }.stream(Purpose::Churn);
    let mut samples: Vec<f64> = (0..SAMPLES).map(|_| sample(&mut rng).as_secs_f64()).collect();
    samples.sort_by(f64::total_cmp);
    samples
}

/// The largest distance between the samples' distribution function and the one whose value at each sample is given,
/// in units in which 1.95 is exceeded once in a thousand seeds (Kolmogorov and Smirnov).
fn distance(expected: impl IntoIterator<Item = f64>) -> f64 {
    let count = SAMPLES as f64;
    let off = |(rank, expected): (usize, f64)| {
        (expected - rank as f64 / count).abs().max((expected - (rank + 1) as f64 / count).abs())
    };
    expected.into_iter().enumerate().map(off).fold(0.0, f64::max) * count.sqrt()
}

/// Distribution function of the residual at each of the sorted samples: P(X > x) integrated from 0 (Simpson), over the
/// mean.
fn residual_cdf(law: &Distribution, samples: &[f64]) -> Vec<f64> {
    const STEPS: u32 = 8;
    let (mut from, mut area) = (0.0, 0.0);
    let mut cdf = Vec::new();
    for &to in samples {
        let step = (to - from) / f64::from(STEPS);
        for index in 0..STEPS {
            let at = from + step * f64::from(index);
            area += step / 6.0 * (survival(law, at) + 4.0 * survival(law, at + step / 2.0) + survival(law, at + step));
        }
        cdf.push(area / law.mean_s());
        from = to;
    }
    cdf
}

fn mean(samples: &[f64]) -> f64 {
    samples.iter().sum::<f64>() / samples.len() as f64
}

/// Standard error of the mean of the samples.
fn standard_error(samples: &[f64]) -> f64 {
    let mean = mean(samples);
    let variance = samples.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / samples.len() as f64;
    (variance / samples.len() as f64).sqrt()
}

/// Whether the law has one value only, so that there is no continuous distribution function to test.
fn is_constant(law: &Distribution) -> bool {
    match *law {
        Distribution::Fixed(_) => true,
        Distribution::LogNormal { sigma, .. } => sigma == 0.0,
        _ => false,
    }
}

#[test]
fn means_agree_with_the_textbook_and_the_samples() {
    for law in laws() {
        let expected = moments(&law).0;
        assert!((law.mean_s() / expected - 1.0).abs() < 1e-9, "{law:?}: {} for {expected}", law.mean_s());
        let samples = drawn(|rng| law.sample(rng));
        let tolerance = 3.5 * standard_error(&samples) + 1e-9;
        assert!((mean(&samples) - expected).abs() < tolerance, "{law:?}: {} for {expected}", mean(&samples));
    }
    for law in heavy_laws() {
        assert!((law.mean_s() / moments(&law).0 - 1.0).abs() < 1e-9, "{law:?}");
    }
    for shape in [0.3, 1.0] {
        assert_eq!(Distribution::Pareto { shape, minimum: seconds(1.0) }.mean_s(), f64::INFINITY);
    }
}

#[test]
fn samples_follow_their_law() {
    let infinite = Distribution::Pareto { shape: 0.8, minimum: seconds(2.0) };
    for law in laws().into_iter().chain(heavy_laws()).chain([infinite]) {
        let samples = drawn(|rng| law.sample(rng));
        if is_constant(&law) {
            assert!(samples.iter().all(|&x| x == samples[0] && x == law.mean_s()), "{law:?}");
            continue;
        }
        let distance = distance(samples.iter().map(|&x| 1.0 - survival(&law, x)));
        assert!(distance < 1.95, "{law:?}: {distance}");
        for quantile in [0.01, 0.1, 0.5, 0.9, 0.99] {
            // Five standard errors of the share of samples below a quantile.
            let x = samples[(quantile * SAMPLES as f64) as usize];
            let error = 5.0 * (quantile * (1.0 - quantile) / SAMPLES as f64).sqrt();
            assert!((1.0 - survival(&law, x) - quantile).abs() < error, "{law:?}: quantile {quantile} at {x}");
        }
    }
}

#[test]
fn residuals_follow_the_integrated_tail() {
    for law in laws().into_iter().chain(heavy_laws()) {
        let samples = drawn(|rng| law.sample_residual(rng));
        let distance = distance(residual_cdf(&law, &samples));
        assert!(distance < 1.95, "{law:?}: {distance}");
    }
}

#[test]
fn residual_means_are_half_the_second_moment_over_the_mean() {
    for law in laws() {
        let (first, second) = moments(&law);
        let samples = drawn(|rng| law.sample_residual(rng));
        let expected = second / (2.0 * first);
        let tolerance = 3.5 * standard_error(&samples);
        assert!((mean(&samples) - expected).abs() < tolerance, "{law:?}: {} for {expected}", mean(&samples));
    }
}

#[test]
fn normal_draws_have_the_normal_law() {
    let mut rng = Seed { seed: 11, replicate: 0 }.stream(Purpose::Network);
    let mut samples: Vec<f64> = (0..SAMPLES).map(|_| normal(&mut rng)).collect();
    samples.sort_by(f64::total_cmp);
    let distance = distance(samples.iter().map(|x| 0.5 * libm::erfc(-x / std::f64::consts::SQRT_2)));
    assert!(distance < 1.95, "{distance}");
}

#[test]
fn uniform_samples_stay_in_their_range_to_the_nanosecond() {
    let law = Distribution::Uniform { from: Duration::from_nanos(7), to: Duration::from_nanos(10) };
    let mut rng = Seed { seed: 1, replicate: 0 }.stream(Purpose::Network);
    let mut counts = [0; 3];
    (0..300).for_each(|_| counts[law.sample(&mut rng).as_nanos() as usize - 7] += 1);
    assert!(counts.iter().all(|&count| count > 60), "{counts:?}");
    let point = Distribution::Uniform { from: seconds(1.0), to: seconds(1.0) };
    assert_eq!(point.sample(&mut rng), seconds(1.0));
    let nothing = Distribution::Fixed(Duration::ZERO);
    assert_eq!((nothing.sample(&mut rng), nothing.sample_residual(&mut rng)), (Duration::ZERO, Duration::ZERO));
}

#[test]
fn samples_too_long_become_the_longest_duration() {
    let mut rng = Seed { seed: 1, replicate: 0 }.stream(Purpose::Churn);
    let mut longest = |law: Distribution| (0..100).map(|_| law.sample(&mut rng)).max();
    assert_eq!(longest(Distribution::Pareto { shape: 0.001, minimum: seconds(1.0) }), Some(Duration::MAX));
    assert_eq!(longest(Distribution::Weibull { shape: 0.01, scale: seconds(1.0) }), Some(Duration::MAX));
    assert_eq!(longest(Distribution::LogNormal { median: seconds(1.0), sigma: 1e6 }), Some(Duration::MAX));
    assert_eq!(longest(Distribution::Exponential { mean: Duration::MAX }), Some(Duration::MAX));
    let near_the_edge = Distribution::Pareto { shape: 1.0 + 1e-9, minimum: seconds(1.0) };
    let longest = (0..100).map(|_| near_the_edge.sample_residual(&mut rng)).max();
    assert_eq!(longest, Some(Duration::MAX));
}

#[test]
fn samples_are_pinned_on_every_platform() {
    let mut rng = Seed { seed: 20, replicate: 0 }.stream(Purpose::Churn);
    let mut pins = Vec::new();
    for law in laws().into_iter().chain(heavy_laws()) {
        pins.push((law.sample(&mut rng).as_nanos(), law.sample_residual(&mut rng).as_nanos()));
    }
    assert_eq!(pins, PINNED);
}

/// A sample and a residual of each law, in nanoseconds.
const PINNED: [(u64, u64); 14] = [
    (3_000_000_000, 1_633_781_479),
    (4_095_896_470, 2_348_923_430),
    (181_925_128, 7_919_413),
    (1_388_922_361_303, 954_945_816_996),
    (79_293_353, 127_960_152),
    (77_050_304_159, 32_355_323_028),
    (31_320_193_971_212, 23_029_528_752_391),
    (6_326_006_273, 4_957_315_957),
    (1_167_807_099, 881_259_744),
    (116_662_283_240, 17_963_908_321),
    (1_000_000_000, 723_220_367),
    (487_505_428_562, 32_565_962_461_849),
    (16_484_891, 2_920_047),
    (34_086_585_031_883, 10_705_979_518_914),
];

#[test]
fn means_within_a_limit_are_the_integral_of_the_tail_up_to_there() {
    use Distribution::*;
    let infinite = [0.4, 1.0].map(|shape| Pareto { shape, minimum: seconds(30.0) });
    let scattered = [0.5, 3.0].map(|sigma| LogNormal { median: seconds(60.0), sigma });
    for law in heavy_laws().into_iter().chain(infinite).chain(scattered) {
        for limit_s in [20.0, 1000.0, 14_400.0] {
            // Steps that grow with the length: nobody stays for less than the first millisecond.
            let bounds = || (0..=100_000).map(|step| 1e-3 * libm::pow(limit_s / 1e-3, f64::from(step) / 1e5));
            let steps =
                bounds().zip(bounds().skip(1)).map(|(from, to)| (to - from) * survival(&law, (from + to) / 2.0));
            let expected = 1e-3 + steps.sum::<f64>();
            let found = law.mean_within_s(seconds(limit_s));
            assert!((found / expected - 1.0).abs() < 1e-3, "{law:?} within {limit_s} s: {found}, not {expected}");
        }
    }
    let short = Exponential { mean: seconds(5.0) };
    assert_eq!(short.mean_within_s(seconds(1.0)), 5.0);
}
