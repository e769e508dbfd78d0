//! Typed attributes: what a stream or a listener can say of itself, looked up through all its wrappers.
//!
//! An attribute is a type, [`Attribute`], with the type of its value. Whoever has attributes implements
//! [`Attributes`]: it answers a [`Demand`], then hands the demand on to what it wraps. The first answer
//! counts, so that a wrapper overrides what it answers itself and passes through all else. After AnyIO's
//! typed attributes; the demand follows the provider of Rust's RFC 3192.

#[cfg(test)]
mod tests;

use crate::loom::Arc;
use core::any::{Any, TypeId};
use core::error::Error;
use core::fmt;
use thiserror::Error;

/// A key: a type that stands for one thing a stream can say of itself.
///
/// # Examples
///
/// ```
/// use arbour_primitives::attribute::Attribute;
///
/// /// The name under which the peer logged in.
/// struct Login;
///
/// impl Attribute for Login {
///     type Value = String;
///     const NAME: &'static str = "login";
/// }
/// ```
pub trait Attribute: 'static {
    /// What it says.
    type Value: fmt::Debug + 'static;

    /// What lists and errors call it.
    const NAME: &'static str;
}

/// Who has attributes, or wraps somebody who has.
///
/// Users ask through [`AttributesExt`].
///
/// # Examples
///
/// ```
/// use arbour_primitives::attribute::{Attribute, Attributes, AttributesExt, Demand};
///
/// struct Login;
/// impl Attribute for Login {
///     type Value = String;
///     const NAME: &'static str = "login";
/// }
///
/// struct LoggedIn<S> {
///     stream: S,
///     login: String,
/// }
///
/// impl<S: Attributes> Attributes for LoggedIn<S> {
///     fn provide(&self, demand: &mut Demand<'_>) {
///         demand.give::<Login>(|| self.login.clone());
///         self.stream.provide(demand);
///     }
/// }
///
/// let stream = LoggedIn { stream: (), login: "ada".to_owned() };
/// assert_eq!(stream.attribute::<Login>().as_deref(), Some("ada"));
/// ```
pub trait Attributes {
    /// Answers the demand as far as this can, then hands it on to what this wraps.
    fn provide(&self, demand: &mut Demand<'_>);
}

/// Nobody has attributes.
impl Attributes for () {
    fn provide(&self, _: &mut Demand<'_>) {}
}

/// How users ask for attributes.
pub trait AttributesExt: Attributes {
    /// The value of an attribute; `None` if there is none, or if it cannot be told just now.
    ///
    /// Who must know which of both asks [`require`](Self::require).
    fn attribute<A: Attribute>(&self) -> Option<A::Value> {
        self.require::<A>().ok()
    }

    /// The value of an attribute, or why there is none.
    ///
    /// # Errors
    ///
    /// [`AttributeError::Missing`] if nobody here has it, [`AttributeError::Failed`] if it could not be
    /// told.
    fn require<A: Attribute>(&self) -> Result<A::Value, AttributeError> {
        let mut answer: Answer<A> = None;
        self.provide(&mut Demand { wanted: Wanted::One { key: TypeId::of::<A>(), answer: &mut answer } });
        match answer {
            Some(Ok(value)) => Ok(value),
            Some(Err(source)) => Err(AttributeError::Failed { name: A::NAME, source }),
            None => Err(AttributeError::Missing { name: A::NAME }),
        }
    }

    /// All attributes there are, the outermost first, as texts to read.
    fn list_attributes(&self) -> Vec<Listed> {
        let mut found = Vec::new();
        self.provide(&mut Demand { wanted: Wanted::All { seen: &mut Vec::new(), found: &mut found } });
        found
    }
}

impl<T: Attributes + ?Sized> AttributesExt for T {}

/// One line of [`list_attributes`](AttributesExt::list_attributes).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Listed {
    /// The attribute's [`NAME`](Attribute::NAME).
    pub name: &'static str,
    /// The value as its `Debug` writes it, or why it cannot be told.
    pub value: Result<String, String>,
}

/// Why the value of an attribute is not told.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum AttributeError {
    /// Neither the stream nor anything that it wraps has this attribute.
    #[error("neither this nor anything that it wraps has the attribute `{name}`")]
    Missing {
        /// The attribute's [`NAME`](Attribute::NAME).
        name: &'static str,
    },
    /// The attribute is there, and looking at its value failed.
    #[error("the attribute `{name}` is there, but its value cannot be told: {source}")]
    Failed {
        /// The attribute's [`NAME`](Attribute::NAME).
        name: &'static str,
        /// Why.
        source: BoxError,
    },
}

type BoxError = Box<dyn Error + Send + Sync>;
type Answer<A> = Option<Result<<A as Attribute>::Value, BoxError>>;

/// What somebody wants to know: one attribute, or all there are.
///
/// Values are made only if they are wanted.
pub struct Demand<'a> {
    wanted: Wanted<'a>,
}

enum Wanted<'a> {
    /// The answer is an `Answer<A>` of the attribute with this key.
    One {
        key: TypeId,
        answer: &'a mut dyn Any,
    },
    All {
        seen: &'a mut Vec<TypeId>,
        found: &'a mut Vec<Listed>,
    },
}

impl Demand<'_> {
    /// Answers with the value of an attribute, unless somebody further outside has.
    pub fn give<A: Attribute>(&mut self, value: impl FnOnce() -> A::Value) -> &mut Self {
        self.answer::<A>(|| Some(Ok(value())))
    }

    /// Answers with the value of an attribute, if there is one: without, what is wrapped may answer.
    pub fn give_some<A: Attribute>(&mut self, value: impl FnOnce() -> Option<A::Value>) -> &mut Self {
        self.answer::<A>(|| value().map(Ok))
    }

    /// Answers with the value of an attribute, or why it cannot be told.
    pub fn try_give<A, E>(&mut self, value: impl FnOnce() -> Result<A::Value, E>) -> &mut Self
    where
        A: Attribute,
        E: Into<Box<dyn Error + Send + Sync>>,
    {
        self.answer::<A>(|| Some(value().map_err(Into::into)))
    }

    fn answer<A: Attribute>(&mut self, value: impl FnOnce() -> Answer<A>) -> &mut Self {
        match &mut self.wanted {
            Wanted::One { key, answer } if *key == TypeId::of::<A>() => {
                if let Some(answer @ None) = answer.downcast_mut::<Answer<A>>() {
                    *answer = value();
                }
            }
            Wanted::One { .. } => {}
            Wanted::All { seen, found } => {
                let key = TypeId::of::<A>();
                if !seen.contains(&key)
                    && let Some(value) = value()
                {
                    seen.push(key);
                    found.push(Listed {
                        name: A::NAME,
                        value: value.map(|value| format!("{value:?}")).map_err(|error| error.to_string()),
                    });
                }
            }
        }
        self
    }
}

impl fmt::Debug for Demand<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.wanted {
            Wanted::One { .. } => "Demand(one)",
            Wanted::All { .. } => "Demand(all)",
        })
    }
}

impl<T: Attributes + ?Sized> Attributes for &T {
    fn provide(&self, demand: &mut Demand<'_>) {
        (**self).provide(demand);
    }
}

impl<T: Attributes + ?Sized> Attributes for &mut T {
    fn provide(&self, demand: &mut Demand<'_>) {
        (**self).provide(demand);
    }
}

impl<T: Attributes + ?Sized> Attributes for Box<T> {
    fn provide(&self, demand: &mut Demand<'_>) {
        (**self).provide(demand);
    }
}

impl<T: Attributes + ?Sized> Attributes for Arc<T> {
    fn provide(&self, demand: &mut Demand<'_>) {
        (**self).provide(demand);
    }
}
