//! Which partition a key belongs to.
use std::num::NonZeroUsize;

/// The partition of `key`, from 0: the same in every run, on every machine.
///
/// All records of a key meet in one partition, which therefore sees them in the order of the input.
pub(crate) fn partition_of(key: &str, partitions: NonZeroUsize) -> usize {
    (fnv_1a(key.as_bytes()) % partitions.get() as u64) as usize
}

/// The FNV-1a hash of Fowler, Noll and Vo, 64 bits: short, and good for short keys.
fn fnv_1a(bytes: &[u8]) -> u64 {
    const OFFSET_BASIS: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0000_0100_0000_01b3;
    bytes.iter().fold(OFFSET_BASIS, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(PRIME))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FOUR: NonZeroUsize = NonZeroUsize::new(4).unwrap();

    #[test]
    fn the_hash_is_the_published_one() {
        assert_eq!(fnv_1a(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv_1a(b"a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(fnv_1a(b"foobar"), 0x8594_4171_f739_67e8);
    }

    #[test]
    fn every_partition_is_in_range_and_gets_its_share() {
        let mut shares = [0; 4];
        for key in 0..1000 {
            shares[partition_of(&format!("key {key}"), FOUR)] += 1;
        }
        assert!(shares.iter().all(|share| (150..350).contains(share)), "{shares:?}");
    }

    #[test]
    fn one_partition_takes_every_key() {
        assert_eq!(partition_of("UA", NonZeroUsize::MIN), 0);
        assert_eq!(partition_of("", NonZeroUsize::MIN), 0);
    }
}
