//! Means over replicates and their 95% intervals. What is counted, and may be rare, is in [`super::rates`].

use super::distributions::student_t;

/// An interval made so that 95 of 100 such intervals hold the true value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// Its lower end.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
}

/// A mean over replicates, with its 95% interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// How many values.
    pub count: usize,
    /// Arithmetic mean.
    pub mean: f64,
    /// The interval, which need not reach equally far to both sides; `None` for a single value.
    pub interval: Option<Interval>,
}

impl Estimate {
    /// Of these values, summed in their order, with the interval of Student t; `None` if there are none.
    pub fn of(values: &[f64]) -> Option<Estimate> {
        if values.is_empty() {
            return None;
        }
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
        let interval = (values.len() > 1).then(|| {
            let deviation = libm::sqrt(squares / (count - 1.0));
            let half_width = student_t(count - 1.0) * deviation / libm::sqrt(count);
            Interval { low: mean - half_width, high: mean + half_width }
        });
        Some(Estimate { count: values.len(), mean, interval })
    }

    /// Half the width of the interval.
    pub fn half_width(&self) -> Option<f64> {
        self.interval.map(|interval| (interval.high - interval.low) / 2.0)
    }

    /// The same for a figure that is never negative: what the interval holds below 0 cannot be.
    pub fn never_negative(self) -> Estimate {
        let cut = |interval: Interval| Interval { low: interval.low.max(0.0), high: interval.high.max(0.0) };
        Estimate { interval: self.interval.map(cut), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_is_the_textbook_one() {
        let estimate = Estimate::of(&[1.0, 2.0, 3.0, 4.0, 5.0]).unwrap();
        assert_eq!(estimate.mean, 3.0);
        // s = sqrt(2.5), t(4) = 2.776445.
        assert!((estimate.half_width().unwrap() - 2.776_445 * (2.5f64 / 5.0).sqrt()).abs() < 1e-5);
        assert_eq!(Estimate::of(&[7.0]).unwrap().interval, None);
        assert_eq!(Estimate::of(&[]), None);
        assert_eq!(Estimate::of(&[2.0, 2.0]).unwrap().interval, Some(Interval { low: 2.0, high: 2.0 }));
    }

    #[test]
    fn what_cannot_be_negative_has_no_interval_below_zero() {
        let estimate = Estimate::of(&[0.0, 0.0, 3.0]).unwrap();
        assert!(estimate.interval.unwrap().low < 0.0);
        let cut = estimate.never_negative();
        assert_eq!((cut.interval.unwrap().low, cut.mean), (0.0, estimate.mean));
        assert_eq!(cut.interval.unwrap().high, estimate.interval.unwrap().high);
    }
}
