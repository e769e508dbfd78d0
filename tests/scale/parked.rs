//! A hundred thousand that wait at one memory stream: who is woken, and what it takes to drop them.

mod crowd;
mod dropping;
mod waking;

use super::random::Random;

/// So many wait.
const WAITERS: usize = 100_000;

/// The numbers below `count`, in an order that is random and always the same.
fn shuffled(count: usize) -> Vec<usize> {
    let mut random = Random::new(4);
    let mut order: Vec<usize> = (0..count).collect();
    (1..count).for_each(|last| order.swap(last, random.below(last + 1)));
    order
}
