//! Bytes for lives that nobody thought of.

use super::draw::RECORD;

/// The head of a case, and up to so many events.
const RECORDS: u64 = 5 + 60;

/// The bytes of one seed: the same on every machine.
#[must_use]
pub fn random(seed: u64) -> Vec<u8> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    };
    let records = 5 + next() % (RECORDS - 5);
    (0..records).flat_map(|_| next().to_le_bytes().into_iter().take(RECORD)).collect()
}
