//! What is made of many measurements: medians, percentiles, ratios.

/// One measurement: one contestant, one operation, one count of connections, in one round.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Sample {
    /// Processor time of the server, user and system, for one answered request.
    pub(crate) cpu_us: f64,
    /// Answered requests.
    pub(crate) per_second: f64,
    /// Half of the answers came within this time.
    pub(crate) p50_us: f64,
    /// All but one in a hundred did.
    pub(crate) p99_us: f64,
    /// Requests that the server refused for want of an instance and that were sent again, for one answered one.
    pub(crate) refused: f64,
}

/// The middle of some values and how far they lie apart.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Spread {
    /// The middle one; the mean of both where there are two.
    pub(crate) median: f64,
    /// The least.
    pub(crate) least: f64,
    /// The greatest.
    pub(crate) greatest: f64,
}

impl Spread {
    /// None of no values.
    pub(crate) fn of(values: impl IntoIterator<Item = f64>) -> Option<Spread> {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        let (least, greatest) = (*values.first()?, *values.last()?);
        let upper = *values.get(values.len() / 2)?;
        let lower = *values.get((values.len() - 1) / 2)?;
        Some(Spread { median: f64::midpoint(lower, upper), least, greatest })
    }

    /// What each value of `upper` is to the one beside it in `lower`: both of the same round, so that whatever else
    /// the machine did then meets both.
    pub(crate) fn of_ratios(upper: &[Sample], lower: &[Sample]) -> Option<Spread> {
        let pairs = upper.iter().zip(lower).filter(|(_, lower)| lower.cpu_us > 0.0);
        Spread::of(pairs.map(|(upper, lower)| upper.cpu_us / lower.cpu_us))
    }
}

/// The medians of some rounds, value by value.
pub(crate) fn medians(rounds: &[Sample]) -> Option<Sample> {
    let median = |value: fn(&Sample) -> f64| Spread::of(rounds.iter().map(value)).map(|spread| spread.median);
    Some(Sample {
        cpu_us: median(|sample| sample.cpu_us)?,
        per_second: median(|sample| sample.per_second)?,
        p50_us: median(|sample| sample.p50_us)?,
        p99_us: median(|sample| sample.p99_us)?,
        refused: median(|sample| sample.refused)?,
    })
}

/// The least value that so many hundredths of all values do not exceed; 0 of none. `sorted` ascends.
pub(crate) fn percentile(sorted: &[u32], hundredths: usize) -> u32 {
    let rank = (sorted.len() * hundredths).div_ceil(100);
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(cpu_us: f64) -> Sample {
        Sample { cpu_us, per_second: 10.0 * cpu_us, p50_us: 1.0, p99_us: 2.0, refused: 0.0 }
    }

    #[test]
    fn the_median_is_the_middle_of_an_odd_count_and_between_both_of_an_even_one() {
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
    fn a_round_in_which_no_processor_time_was_seen_has_no_ratio() {
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
