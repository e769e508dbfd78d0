//! The token: what a holder proves with that a lease is its own.

use std::fmt;
use std::hash::{BuildHasher, RandomState};

/// What one attempt to hold a lease is known by, in the store and nowhere else: 128 bits that no other attempt has.
///
/// It prints as 32 hexadecimal digits, which is also how stores keep it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Token(u128);

impl Token {
    /// A token that nobody else has.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "a default would be the same each time")]
    pub fn new() -> Self {
        Self(u128::from(random()) << 64 | u128::from(random()))
    }

    /// The token of this number, for tests that want to know their tokens.
    #[must_use]
    pub const fn from_number(number: u128) -> Self {
        Self(number)
    }
}

/// Std seeds its hash tables with 128 bits of the operating system's, and counts on from there: what such a hasher
/// makes of nothing at all is a number that no other has.
fn random() -> u64 {
    RandomState::new().hash_one(())
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Token({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn no_two_of_ten_thousand_tokens_are_the_same() {
        let tokens: HashSet<Token> = (0..10_000).map(|_| Token::new()).collect();
        assert_eq!(tokens.len(), 10_000);
    }

    #[test]
    fn a_token_prints_all_its_digits() {
        assert_eq!(Token::from_number(0xa5).to_string(), "000000000000000000000000000000a5");
    }
}
