//! Scoped values: what a piece of code finds in force around it, and its children after it.

mod current;
mod scope;

pub use scope::Scoped;

pub(crate) use current::{Values, in_force, within};

use current::look_up;
use std::fmt;
use std::marker::PhantomData;

/// A value that is in force for a piece of code, and for every child that is spawned in there.
///
/// Declared with [`scoped_value!`](crate::scoped_value), put in force with [`scope`](Self::scope), read with
/// [`with`](Self::with) or [`cloned`](Self::cloned). An inner `scope` of the same value shadows the outer one and ends
/// by itself, so that nothing has to be reset. Two values of the same name are independent.
///
/// A child sees what was in force where it was spawned or started, an incarnation under a supervisor what was in
/// force where the supervisor runs, clean-up and finalizers what was in force where they were asked for. Each
/// task looks at its own: a bare `tokio::spawn` carries nothing along.
///
/// A variable that all tasks of one run share is a scoped value around the root's body, with a lock or an atomic
/// in it.
///
/// Reading costs a look at the thread's list, which has one entry for each value in force; putting a value
/// in force costs two allocations; a child copies one pointer.
///
/// # Examples
///
/// ```
/// use arbour::{scoped_value, task_group};
///
/// scoped_value! {
///     /// The request that is being served.
///     static REQUEST: String;
/// }
///
/// # arbour::testing::block_on(async {
/// assert!(REQUEST.cloned().is_err());
/// let served = REQUEST.scope("GET /".to_owned(), async {
///     task_group(async |group| group.spawn_value(async { REQUEST.cloned() }).await.unwrap()).await
/// });
/// assert_eq!(served.await.unwrap().unwrap(), "GET /");
/// # });
/// ```
pub struct ScopedValue<T> {
    key: &'static Key,
    of: PhantomData<fn() -> T>,
}

/// What makes a scoped value itself: the place of this, which no other has. Its name is for people.
#[doc(hidden)]
pub struct Key {
    name: &'static str,
}

impl Key {
    #[doc(hidden)]
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self { name }
    }
}

/// Declares scoped values; see [`ScopedValue`]. Attributes, documentation and visibility are those of a `static`.
///
/// # Examples
///
/// ```
/// arbour::scoped_value! {
///     static TENANT: u32;
///     /// Who asks.
///     pub static USER: String;
/// }
/// assert_eq!(TENANT.sync_scope(7, || TENANT.cloned()), Ok(7));
/// assert_eq!(TENANT.cloned().unwrap_err().to_string(), "the scoped value TENANT is not set here");
/// ```
#[macro_export]
macro_rules! scoped_value {
    ($($(#[$attribute:meta])* $visibility:vis static $name:ident: $type:ty;)+) => {
        $(
            $(#[$attribute])*
            $visibility static $name: $crate::ScopedValue<$type> = {
                static KEY: $crate::ValueKey = $crate::ValueKey::new(stringify!($name));
                $crate::ScopedValue::new(&KEY)
            };
        )+
    };
}

/// A scoped value was read where nobody had set it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the scoped value {name} is not set here")]
#[non_exhaustive]
pub struct Unset {
    /// The name that the value was declared with.
    pub name: &'static str,
}

impl<T: Send + Sync + 'static> ScopedValue<T> {
    /// For [`scoped_value!`](crate::scoped_value).
    #[doc(hidden)]
    #[must_use]
    pub const fn new(key: &'static Key) -> Self {
        Self { key, of: PhantomData }
    }

    /// Looks at the value that is in force here.
    ///
    /// # Errors
    ///
    /// [`Unset`] where nobody has set it.
    pub fn with<R>(&self, look: impl FnOnce(&T) -> R) -> Result<R, Unset> {
        let found = look_up(self.key);
        let value = found.as_deref().and_then(|value| value.downcast_ref());
        value.map(look).ok_or(Unset { name: self.key.name })
    }

    /// A copy of the value that is in force here.
    ///
    /// # Errors
    ///
    /// [`Unset`] where nobody has set it.
    pub fn cloned(&self) -> Result<T, Unset>
    where
        T: Clone,
    {
        self.with(T::clone)
    }

    /// Whether somebody has set it here.
    #[must_use]
    pub fn is_set(&self) -> bool {
        look_up(self.key).is_some()
    }

    /// Runs `body` with `value` in force; what was in force before is so again afterwards.
    ///
    /// The value is dropped with the future that this returns and with the last child that carries it.
    ///
    /// # Cancel safety
    ///
    /// That of `body`, which is dropped with the value in force.
    pub fn scope<F: Future>(&self, value: T, body: F) -> Scoped<F> {
        Scoped::new(self.key, value, body)
    }

    /// Like [`scope`](Self::scope), for code that does not await.
    pub fn sync_scope<R>(&self, value: T, body: impl FnOnce() -> R) -> R {
        scope::Layer::new(self.key, value).within(body)
    }
}

impl<T> fmt::Debug for ScopedValue<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScopedValue").field("name", &self.key.name).finish_non_exhaustive()
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ValueKey").field(&self.name).finish()
    }
}
