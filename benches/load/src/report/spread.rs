//! A figure that was measured several times: its median, and how far the others lie.

use std::time::Duration;

use serde::Serialize;

/// Median, least and greatest.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) min: f64,
    pub(crate) max: f64,
}

impl Spread {
    /// Of nothing there is none.
    pub(crate) fn of(figures: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut figures: Vec<f64> = figures.into_iter().collect();
        figures.sort_by(f64::total_cmp);
        let last = figures.len().checked_sub(1)?;
        let (low, high) = (figures.get(last / 2)?, figures.get(last.div_ceil(2))?);
        Some(Self {
            median: f64::midpoint(*low, *high),
            min: *figures.first()?,
            max: *figures.last()?,
        })
    }
}

/// The time below which so many of a hundred lie, in ms; the times are in order.
pub(crate) fn percentile(ordered: &[Duration], percent: usize) -> f64 {
    let rank = (ordered.len() * percent).div_ceil(100).max(1);
    let time = ordered.get(rank - 1).copied().unwrap_or_default();
    milliseconds(time)
}

/// A number of things, to divide by.
#[expect(
    clippy::cast_precision_loss,
    reason = "no count of ours reaches 2^52, where it would begin to lose"
)]
pub(crate) fn real(count: u64) -> f64 {
    count as f64
}

/// A time in ms.
pub(crate) fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_lies_in_the_middle() {
        let spread = |figures: &[f64]| Spread::of(figures.iter().copied());
        let (median, min, max) = (2.0, 1.0, 9.0);
        assert_eq!(spread(&[9.0, 1.0, 2.0]), Some(Spread { median, min, max }));
        assert_eq!(spread(&[1.0, 2.0]).map(|it| it.median), Some(1.5));
        assert_eq!(spread(&[]), None);
    }

    #[test]
    fn percentiles_are_times_that_came() {
        let times: Vec<Duration> = (1..=100).map(Duration::from_millis).collect();
        for (percent, came) in [(50, 50.0), (95, 95.0), (99, 99.0)] {
            assert!((percentile(&times, percent) - came).abs() < 1e-9_f64);
        }
        assert!(percentile(&[], 50).abs() < 1e-9);
    }
}
