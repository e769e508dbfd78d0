//! The median of some ratios, and an interval that needs no assumption about their noise.

/// A median with its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Estimate {
    pub(super) median: f64,
    pub(super) low: f64,
    pub(super) high: f64,
}

/// Estimates the median by order statistics: each ratio is as likely above the true median as below,
/// whatever the noise of the machine looks like.
pub(super) fn estimate(mut ratios: Vec<f64>) -> Estimate {
    ratios.sort_by(f64::total_cmp);
    let outside = excluded(ratios.len());
    let last = ratios.len() - 1;
    Estimate { median: median(&ratios), low: ratios[outside], high: ratios[last - outside] }
}

/// The geometric mean of the middle two, or the middle one.
fn median(sorted: &[f64]) -> f64 {
    let (lower, upper) = (sorted[(sorted.len() - 1) / 2], sorted[sorted.len() / 2]);
    (lower * upper).sqrt()
}

/// How many values may be left out at each end: the true median lies among them with a chance of at
/// most 2.5 % a side.
fn excluded(count: usize) -> usize {
    let mut chance = 0.5_f64.powf(count as f64);
    let mut total = chance;
    let mut outside = 0;
    while total <= 0.025 {
        outside += 1;
        chance *= (count - outside + 1) as f64 / outside as f64;
        total += chance;
    }
    outside.saturating_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eleven_pairs_leave_out_one_at_each_end() {
        assert_eq!(excluded(11), 1);
    }

    #[test]
    fn the_ranks_are_those_of_the_sign_test() {
        // Tables of the sign test give the critical values 0 for 6, 1 for 9, 5 for 20, 18 for 50: so
        // many values, and no more, may lie on the wrong side.
        assert_eq!([6, 9, 20, 50].map(excluded), [0, 1, 5, 17]);
    }

    #[test]
    fn one_wild_pair_moves_neither_the_median_nor_the_interval() {
        let calm = estimate((0..11).map(|k| 1.0 + f64::from(k) / 100.0).collect());
        let wild =
            estimate((0..11).map(|k| if k == 10 { 9.0 } else { 1.0 + f64::from(k) / 100.0 }).collect());
        assert_eq!(calm, wild);
    }

    #[test]
    fn the_median_of_an_even_number_of_ratios_is_the_geometric_mean_of_the_middle_two() {
        assert_eq!(median(&[0.1, 0.5, 2.0, 8.0]), 1.0);
    }
}
