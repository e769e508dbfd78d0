//! Count, sum, mean, least and greatest value of each key.
use std::collections::BTreeMap;

/// What is known of one key.
///
/// Values are added one by one in the order of the input, because the sum of floating-point numbers depends
/// on their order: only so is the result of any number of partitions the same to the last bit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Totals {
    count: u64,
    values: u64,
    sum: f64,
    min: f64,
    max: f64,
}

impl Default for Totals {
    fn default() -> Self {
        Self { count: 0, values: 0, sum: 0.0, min: f64::INFINITY, max: f64::NEG_INFINITY }
    }
}

impl Totals {
    pub(crate) fn add(&mut self, value: Option<f64>) {
        self.count += 1;
        let Some(value) = value else { return };
        self.values += 1;
        self.sum += value;
        if value < self.min {
            self.min = value;
        }
        if value > self.max {
            self.max = value;
        }
    }

    /// How many records have the key.
    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    /// How many of them have a value.
    pub(crate) fn values(&self) -> u64 {
        self.values
    }

    /// The sum of the values: 0 without any, infinite when they exceed what an `f64` can hold.
    pub(crate) fn sum(&self) -> f64 {
        self.sum
    }

    pub(crate) fn mean(&self) -> Option<f64> {
        self.known(self.sum / self.values as f64)
    }

    pub(crate) fn min(&self) -> Option<f64> {
        self.known(self.min)
    }

    pub(crate) fn max(&self) -> Option<f64> {
        self.known(self.max)
    }

    fn known(&self, figure: f64) -> Option<f64> {
        (self.values > 0).then_some(figure)
    }
}

/// The totals of every key in key order, as they are reported.
pub(crate) type TotalsByKey = BTreeMap<Box<str>, Totals>;

#[cfg(test)]
mod tests {
    use super::*;

    fn totals(values: &[Option<f64>]) -> Totals {
        let mut totals = Totals::default();
        values.iter().for_each(|value| totals.add(*value));
        totals
    }

    #[test]
    fn without_a_value_there_is_a_sum_of_zero_and_nothing_else() {
        let totals = totals(&[None, None]);
        assert_eq!((totals.count(), totals.values(), totals.sum()), (2, 0, 0.0));
        assert_eq!((totals.mean(), totals.min(), totals.max()), (None, None, None));
    }

    #[test]
    fn missing_values_count_as_records_only() {
        let totals = totals(&[Some(-2.0), None, Some(5.0)]);
        assert_eq!((totals.count(), totals.values(), totals.sum()), (3, 2, 3.0));
        assert_eq!((totals.mean(), totals.min(), totals.max()), (Some(1.5), Some(-2.0), Some(5.0)));
    }

    #[test]
    fn values_are_added_in_order() {
        let forwards = totals(&[Some(1e16), Some(1.0), Some(1.0)]);
        let backwards = totals(&[Some(1.0), Some(1.0), Some(1e16)]);
        assert_eq!(forwards.sum(), 1e16);
        assert_eq!(backwards.sum(), 1e16 + 2.0);
    }

    #[test]
    fn the_first_of_two_equal_extremes_stays() {
        let totals = totals(&[Some(-0.0), Some(0.0)]);
        assert_eq!(totals.min().map(f64::to_bits), Some((-0.0_f64).to_bits()));
        assert_eq!(totals.max().map(f64::to_bits), Some((-0.0_f64).to_bits()));
    }

    #[test]
    fn the_greatest_finite_numbers_are_extremes_like_others() {
        let totals = totals(&[Some(f64::MAX), Some(f64::MIN)]);
        assert_eq!((totals.min(), totals.max()), (Some(f64::MIN), Some(f64::MAX)));
    }
}
