//! Calculates medians, percentiles and ratios of measurements.

/// One measurement: one contestant, one operation, one number of connections, in one round.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Sample {
    /// Processor time of the server, user and system, for one answered request.
    pub(crate) cpu_us: f64,
    /// Answered requests a second.
    pub(crate) per_second: f64,
    pub(crate) p50_us: f64,
    pub(crate) p99_us: f64,
}

/// The median, the least and the greatest of some values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Spread {
    /// The middle value, or the mean of the two middle values.
    pub(crate) median: f64,
    pub(crate) least: f64,
    pub(crate) greatest: f64,
}

impl Spread {
    /// Returns `None` if there are no values.
    pub(crate) fn of(values: impl IntoIterator<Item = f64>) -> Option<Spread> {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        let (least, greatest) = (*values.first()?, *values.last()?);
        let upper = *values.get(values.len() / 2)?;
        let lower = *values.get((values.len() - 1) / 2)?;
        Some(Spread { median: f64::midpoint(lower, upper), least, greatest })
    }

    /// Returns the spread of the ratios of processor time. Each ratio compares two samples of the same round, because other
    /// load on the machine affects both of them.
    pub(crate) fn of_ratios(upper: &[Sample], lower: &[Sample]) -> Option<Spread> {
        let pairs = upper.iter().zip(lower).filter(|(_, lower)| lower.cpu_us > 0.0);
        Spread::of(pairs.map(|(upper, lower)| upper.cpu_us / lower.cpu_us))
    }

    /// Returns the spread of the differences of processor time, in microseconds. Each compares two samples of the same round.
    pub(crate) fn of_differences(more: &[Sample], less: &[Sample]) -> Option<Spread> {
        Spread::of(more.iter().zip(less).map(|(more, less)| more.cpu_us - less.cpu_us))
    }
}

/// Returns the median of each value over some rounds.
pub(crate) fn medians(rounds: &[Sample]) -> Option<Sample> {
    let median = |value: fn(&Sample) -> f64| Spread::of(rounds.iter().map(value)).map(|spread| spread.median);
    Some(Sample {
        cpu_us: median(|sample| sample.cpu_us)?,
        per_second: median(|sample| sample.per_second)?,
        p50_us: median(|sample| sample.p50_us)?,
        p99_us: median(|sample| sample.p99_us)?,
    })
}

/// Returns the least value that is not below `hundredths` hundredths of all values, or 0 if there are no values. `sorted`
/// ascends.
pub(crate) fn percentile(sorted: &[u32], hundredths: usize) -> u32 {
    let rank = (sorted.len() * hundredths).div_ceil(100);
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(cpu_us: f64) -> Sample {
        Sample { cpu_us, per_second: 10.0 * cpu_us, ..Sample::default() }
    }

    #[test]
    fn the_median_is_the_middle_value_or_the_mean_of_both() {
        let odd = Spread::of([5.0, 1.0, 3.0]).unwrap();
        assert_eq!(odd, Spread { median: 3.0, least: 1.0, greatest: 5.0 });
        let even = Spread::of([4.0, 1.0, 2.0, 9.0]).unwrap();
        assert_eq!(even, Spread { median: 3.0, least: 1.0, greatest: 9.0 });
        assert_eq!(Spread::of([]), None);
    }

    #[test]
    fn a_ratio_is_taken_within_each_round_and_not_between_medians() {
        let (upper, lower) = ([8.0, 20.0, 60.0].map(sample), [10.0, 20.0, 100.0].map(sample));
        let ratio = Spread::of_ratios(&upper, &lower).unwrap();
        assert_eq!(ratio, Spread { median: 0.8, least: 0.6, greatest: 1.0 });
    }

    #[test]
    fn a_round_without_measured_processor_time_has_no_ratio() {
        assert_eq!(Spread::of_ratios(&[sample(1.0)], &[sample(0.0)]), None);
    }

    #[test]
    fn medians_are_taken_value_by_value() {
        let medians = medians(&[1.0, 9.0, 2.0].map(sample)).unwrap();
        assert_eq!((medians.cpu_us, medians.per_second), (2.0, 20.0));
    }

    #[test]
    fn a_percentile_is_a_value_that_was_measured() {
        let values: Vec<u32> = (1..=200).collect();
        assert_eq!(percentile(&values, 50), 100);
        assert_eq!(percentile(&values, 99), 198);
        assert_eq!(percentile(&[7], 99), 7);
        assert_eq!(percentile(&[], 50), 0);
    }
}
