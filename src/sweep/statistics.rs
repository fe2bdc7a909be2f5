//! Means over replicates and their 95% intervals (Student t).

/// Mean and half-width of the 95% confidence interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// How many values.
    pub count: usize,
    /// Arithmetic mean.
    pub mean: f64,
    /// Half-width of the interval; `None` for a single value.
    pub half_width: Option<f64>,
}

impl Estimate {
    /// Of these values, summed in their order; `None` if there are none.
    pub fn of(values: &[f64]) -> Option<Estimate> {
        if values.is_empty() {
            return None;
        }
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
        let half_width = (values.len() > 1).then(|| {
            let deviation = libm::sqrt(squares / (count - 1.0));
            student_t(values.len() as u64 - 1) * deviation / libm::sqrt(count)
        });
        Some(Estimate { count: values.len(), mean, half_width })
    }
}

/// The 97.5% quantile of Student's t distribution: 95% of it lie within plus and minus this.
///
/// # Panics
/// If there are no degrees of freedom.
pub fn student_t(degrees_of_freedom: u64) -> f64 {
    assert!(degrees_of_freedom > 0, "a single value has no interval");
    let nu = degrees_of_freedom as f64;
    // Bisection on the distribution function; it is monotone, and 0.975 lies between these for every nu >= 1.
    let (mut low, mut high) = (1.9, 13.0);
    for _ in 0..100 {
        let middle = (low + high) / 2.0;
        if upper_tail(middle, nu) > 0.025 {
            low = middle;
        } else {
            high = middle;
        }
    }
    (low + high) / 2.0
}

/// P(T > t) for t > 0: half of the regularised incomplete beta function of nu / (nu + t^2).
fn upper_tail(t: f64, nu: f64) -> f64 {
    incomplete_beta(nu / (nu + t * t), nu / 2.0, 0.5) / 2.0
}

/// The regularised incomplete beta function I_x(a, b), by its continued fraction (modified Lentz; DLMF 8.17.22).
fn incomplete_beta(x: f64, a: f64, b: f64) -> f64 {
    // The fraction converges fast only below the mean; above it the complement is used.
    if x > (a + 1.0) / (a + b + 2.0) {
        return 1.0 - incomplete_beta(1.0 - x, b, a);
    }
    let log_front = libm::lgamma(a + b) - libm::lgamma(a) - libm::lgamma(b) + a * libm::log(x) + b * libm::log(1.0 - x);
    let guarded = |value: f64| if value.abs() < 1e-300 { 1e-300 } else { value };
    let mut c = 1.0;
    let mut d = 1.0 / guarded(1.0 - (a + b) * x / (a + 1.0));
    let mut fraction = d;
    for step in 1..500 {
        let m = f64::from(step);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        for coefficient in [even, odd] {
            d = 1.0 / guarded(1.0 + coefficient * d);
            c = guarded(1.0 + coefficient / c);
            fraction *= c * d;
        }
        if (c * d - 1.0).abs() < 1e-15 {
            break;
        }
    }
    libm::exp(log_front) * fraction / a
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_agree_with_printed_tables() {
        // From standard tables of the t distribution, two-sided 95%.
        let printed = [(1, 12.7062), (2, 4.30265), (3, 3.18245), (4, 2.77645), (5, 2.57058), (9, 2.26216)];
        let more = [(10, 2.22814), (19, 2.09302), (30, 2.04227), (49, 2.00958), (100, 1.98397), (1000, 1.96234)];
        for (nu, quantile) in printed.into_iter().chain(more) {
            assert!((student_t(nu) - quantile).abs() < 5e-5 * quantile.max(1.0), "{nu}: {}", student_t(nu));
        }
        assert!((student_t(10_000_000) - 1.959_964).abs() < 1e-5);
    }

    #[test]
    fn an_interval_is_the_textbook_one() {
        let estimate = Estimate::of(&[1.0, 2.0, 3.0, 4.0, 5.0]).unwrap();
        assert_eq!(estimate.mean, 3.0);
        // s = sqrt(2.5), t(4) = 2.776445.
        assert!((estimate.half_width.unwrap() - 2.776_445 * (2.5f64 / 5.0).sqrt()).abs() < 1e-5);
        assert_eq!(Estimate::of(&[7.0]).unwrap().half_width, None);
        assert_eq!(Estimate::of(&[]), None);
        assert_eq!(Estimate::of(&[2.0, 2.0]).unwrap().half_width, Some(0.0));
    }
}
