//! The name of a lease, which every back end can make a key of.

use std::fmt;
use std::ops::Deref;
use std::str::FromStr;
use std::sync::Arc;

/// The name of a lease: 1 to 200 bytes of text without white space, control characters and braces.
///
/// Braces are refused because Redis Cluster gives them a meaning. A clone costs nothing.
///
/// # Examples
///
/// ```
/// use arbour::leases::LeaseName;
///
/// assert_eq!(LeaseName::new("orders/3")?.as_str(), "orders/3");
/// let refused = LeaseName::new("orders 3").unwrap_err();
/// assert_eq!(
///     refused.to_string(),
///     "`orders 3` cannot name a lease: ' ' stands in it, and white space, control characters and braces must not",
/// );
/// # Ok::<(), arbour::leases::BadName>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LeaseName(Arc<str>);

/// What cannot name a lease, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadName {
    /// It is empty.
    #[error("an empty text cannot name a lease")]
    Empty,
    /// It is longer than 200 bytes.
    #[error("`{name}` cannot name a lease: it has {} bytes, and at most 200 may be", .name.len())]
    #[non_exhaustive]
    TooLong {
        /// What was to be the name.
        name: String,
    },
    /// A character stands in it that must not.
    #[error(
        "`{name}` cannot name a lease: {char:?} stands in it, and white space, control characters and braces must not"
    )]
    #[non_exhaustive]
    BadChar {
        /// What was to be the name.
        name: String,
        /// The first character that must not be.
        char: char,
    },
}

impl LeaseName {
    /// The lease of this name.
    ///
    /// # Errors
    ///
    /// [`BadName`], with the text.
    pub fn new(name: impl Into<String>) -> Result<Self, BadName> {
        let name = name.into();
        if name.is_empty() {
            return Err(BadName::Empty);
        }
        if name.len() > 200 {
            return Err(BadName::TooLong { name });
        }
        match name.chars().find(|char| is_bad(*char)) {
            Some(char) => Err(BadName::BadChar { name, char }),
            None => Ok(Self(name.into())),
        }
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_bad(char: char) -> bool {
    char.is_whitespace() || char.is_control() || ['{', '}'].contains(&char)
}

impl Deref for LeaseName {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for LeaseName {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl FromStr for LeaseName {
    type Err = BadName;

    fn from_str(name: &str) -> Result<Self, BadName> {
        Self::new(name)
    }
}

impl TryFrom<&str> for LeaseName {
    type Error = BadName;

    fn try_from(name: &str) -> Result<Self, BadName> {
        Self::new(name)
    }
}

impl TryFrom<String> for LeaseName {
    type Error = BadName;

    fn try_from(name: String) -> Result<Self, BadName> {
        Self::new(name)
    }
}

impl fmt::Display for LeaseName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for LeaseName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_200_bytes_is_the_longest() {
        assert_eq!(LeaseName::new("n".repeat(200)).unwrap().len(), 200);
        assert!(matches!(LeaseName::new("n".repeat(201)), Err(BadName::TooLong { .. })));
    }

    #[test]
    fn what_a_back_end_could_trip_over_is_refused() {
        for name in ["", "a b", "a\tb", "a\0b", "{a}", "a}"] {
            assert!(LeaseName::new(name).is_err(), "{name:?}");
        }
        for name in ["a", "orders/3", "Bäume:eins", "a.b-c_d#e"] {
            assert!(LeaseName::new(name).is_ok(), "{name:?}");
        }
    }
}
