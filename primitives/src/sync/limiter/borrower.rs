//! Who borrows.

use core::fmt;

/// Somebody who borrows from a limiter: known by a text or a number, or a call of its own.
///
/// Two borrowers are the same when their texts or their numbers are. It is made from what it is known
/// by; a call without a borrower's name is given a number that no other call of that limiter has.
///
/// # Examples
///
/// ```
/// use arbour_primitives::sync::{Borrower, CapacityLimiter};
///
/// assert_eq!(Borrower::from("import"), Borrower::from(String::from("import")));
/// assert_ne!(Borrower::from("7"), Borrower::from(7));
///
/// let token = CapacityLimiter::new(1).try_acquire().unwrap();
/// assert_eq!(token.borrower().to_string(), "call 1");
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Borrower(Known);

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Known {
    Call(u64),
    Number(u64),
    Text(Box<str>),
}

impl Borrower {
    pub(super) const fn call(number: u64) -> Self {
        Self(Known::Call(number))
    }
}

impl From<&str> for Borrower {
    fn from(name: &str) -> Self {
        Self(Known::Text(name.into()))
    }
}

impl From<String> for Borrower {
    fn from(name: String) -> Self {
        Self(Known::Text(name.into()))
    }
}

impl From<u64> for Borrower {
    fn from(number: u64) -> Self {
        Self(Known::Number(number))
    }
}

impl From<&Self> for Borrower {
    fn from(same: &Self) -> Self {
        same.clone()
    }
}

impl fmt::Display for Borrower {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Known::Call(number) => write!(f, "call {number}"),
            Known::Number(number) => number.fmt(f),
            Known::Text(name) => f.write_str(name),
        }
    }
}

impl fmt::Debug for Borrower {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Known::Text(name) => name.fmt(f),
            _ => write!(f, "{self}"),
        }
    }
}
