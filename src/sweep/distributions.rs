//! Distribution functions that intervals rest on: Student t, binomial and Poisson tails, with their quantiles.

/// The 97.5% quantile of the standard normal distribution.
pub const NORMAL: f64 = 1.959_963_984_540_054;

/// Beyond so many degrees of freedom the quantile of t is taken from its expansion about the normal one.
const MANY_DEGREES: f64 = 1e4;

/// The 97.5% quantile of Student's t distribution: 95% of it lie within plus and minus this. Degrees of freedom need
/// not be whole.
///
/// # Panics
/// If there are no degrees of freedom.
pub fn student_t(degrees_of_freedom: f64) -> f64 {
    assert!(degrees_of_freedom > 0.0, "a single value has no interval");
    let nu = degrees_of_freedom;
    if nu > MANY_DEGREES {
        return NORMAL + (NORMAL * NORMAL * NORMAL + NORMAL) / (4.0 * nu);
    }
    // P(T > t) for t > 0 is half of the regularised incomplete beta function of nu / (nu + t^2).
    let upper_tail = |t: f64| incomplete_beta(nu / (nu + t * t), nu / 2.0, 0.5) / 2.0;
    let mut high = 13.0;
    while upper_tail(high) > 0.025 && high < 1e12 {
        high *= 4.0;
    }
    bisect(1.9, high, |t| upper_tail(t) <= 0.025)
}

/// Where a condition that holds from some place on begins to hold, between `low` and `high`, both at least 0.
pub fn bisect(mut low: f64, mut high: f64, holds: impl Fn(f64) -> bool) -> f64 {
    // Halved until the place is known to a few last digits.
    while high - low > 1e-14 * high {
        let middle = (low + high) / 2.0;
        if middle <= low || middle >= high {
            break;
        }
        if holds(middle) { high = middle } else { low = middle }
    }
    (low + high) / 2.0
}

/// The regularised incomplete beta function I_x(a, b), by its continued fraction (modified Lentz; DLMF 8.17.22).
pub fn incomplete_beta(x: f64, a: f64, b: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if x >= 1.0 {
        return 1.0;
    }
    // The fraction converges fast only below the mean; above it the complement is used.
    if x > (a + 1.0) / (a + b + 2.0) {
        return 1.0 - incomplete_beta(1.0 - x, b, a);
    }
    let log_front = libm::lgamma(a + b) - libm::lgamma(a) - libm::lgamma(b) + a * libm::log(x) + b * libm::log1p(-x);
    let mut c = 1.0;
    let mut d = 1.0 / guarded(1.0 - (a + b) * x / (a + 1.0));
    let mut fraction = d;
    for step in 1..MOST_STEPS {
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

/// The regularised lower incomplete gamma function P(a, x): its series below the mean (DLMF 8.7.1), the complement of
/// its continued fraction above (modified Lentz; DLMF 8.9.2).
pub fn incomplete_gamma(a: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    let front = libm::exp(a * libm::log(x) - x - libm::lgamma(a));
    if x < a + 1.0 {
        let (mut term, mut sum) = (1.0 / a, 1.0 / a);
        for step in 1..MOST_STEPS {
            term *= x / (a + f64::from(step));
            sum += term;
            if term < sum * 1e-16 {
                break;
            }
        }
        return front * sum;
    }
    let mut b = x + 1.0 - a;
    let mut c = 1e300;
    let mut d = 1.0 / guarded(b);
    let mut fraction = d;
    for step in 1..MOST_STEPS {
        let i = f64::from(step);
        let coefficient = i * (a - i);
        b += 2.0;
        d = 1.0 / guarded(coefficient * d + b);
        c = guarded(b + coefficient / c);
        fraction *= c * d;
        if (c * d - 1.0).abs() < 1e-15 {
            break;
        }
    }
    1.0 - front * fraction
}

/// Steps of a series or a fraction at most; so many are needed only for counts far beyond those that are asked for.
const MOST_STEPS: u32 = 20_000;

fn guarded(value: f64) -> f64 {
    if value.abs() < 1e-300 { 1e-300 } else { value }
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
            let t = student_t(f64::from(nu));
            assert!((t - quantile).abs() < 5e-5 * quantile.max(1.0), "{nu}: {t}");
        }
        assert!((student_t(1e7) - 1.959_964).abs() < 1e-5);
        let (below, above) = (student_t(MANY_DEGREES), student_t(MANY_DEGREES + 1.0));
        assert!((below - above).abs() < 1e-7, "{below} {above}");
    }

    #[test]
    fn tails_are_sums_of_probabilities() {
        // P(X >= k) added up term by term, for a binomial and a Poisson variable.
        let (n, p, mean) = (40_u32, 0.15_f64, 6.0_f64);
        for k in 1..20_u32 {
            let (mut binomial, mut poisson) = (1.0, 1.0);
            let (mut b, mut q) = (libm::pow(1.0 - p, f64::from(n)), libm::exp(-mean));
            for i in 0..k {
                binomial -= b;
                poisson -= q;
                b *= f64::from(n - i) / f64::from(i + 1) * p / (1.0 - p);
                q *= mean / f64::from(i + 1);
            }
            let (k, n) = (f64::from(k), f64::from(n));
            assert!((incomplete_beta(p, k, n - k + 1.0) - binomial).abs() < 1e-12, "{k}");
            assert!((incomplete_gamma(k, mean) - poisson).abs() < 1e-12, "{k}");
        }
    }

    #[test]
    fn tails_of_large_counts_are_nearly_normal() {
        // Half of the probability lies on either side of the mean, but for the skewness, which goes with 1 / sqrt(n).
        for n in [100.0, 1_000.0, 10_000.0_f64] {
            let near = 0.2 / libm::sqrt(n);
            assert!((incomplete_gamma(n, n) + incomplete_gamma(n + 1.0, n) - 1.0).abs() < near, "{n}");
            assert!((incomplete_beta(0.3, 0.3 * n, 0.7 * n) - 0.5).abs() < near, "{n}");
            // Two standard deviations above.
            let above = n + 2.0 * libm::sqrt(n);
            assert!((incomplete_gamma(above, n) - 0.022_75).abs() < near, "{n}");
        }
    }
}
