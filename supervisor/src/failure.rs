//! Why a task failed: its error or its panic, with the task's name and place.

use crate::panic;
use arbour_primitives::scope::{Payload, panic_message, put_away};
use std::backtrace::Backtrace;
use std::error::Error;
use std::fmt;
use std::panic::Location;
use std::sync::Arc;

type SharedError = Arc<dyn Error + Send + Sync>;

/// Why a task failed. Cheap to clone: the handle of a task and its group show the same failure.
///
/// Made from any error by `?` or `into()`; like other catch-all errors it is therefore no
/// [`Error`] itself, but [`source`](Failure::source) gives the one it was made from.
#[derive(Clone)]
pub struct Failure {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    what: What,
    task: Option<Arc<str>>,
    path: Option<Arc<str>>,
}

#[derive(Debug, Clone)]
enum What {
    Error { error: SharedError, type_name: &'static str },
    Panic { message: String, place: Option<Arc<panic::PanicPlace>> },
    Message(String),
}

impl Failure {
    /// A failure that is only a message.
    pub fn message(text: impl Into<String>) -> Self {
        Self::new(What::Message(text.into()))
    }

    /// A failure from an error whose type is already erased.
    #[must_use]
    pub fn boxed(error: Box<dyn Error + Send + Sync>) -> Self {
        Self::new(What::Error { error: error.into(), type_name: "dyn Error" })
    }

    /// A failure from what a panic carried; takes the place that the panic hook noted. What it
    /// carried is put away: to drop it may panic.
    pub(crate) fn from_panic(payload: &mut Payload) -> Self {
        let message = panic_message(payload).to_owned();
        let place = panic::take().map(Arc::new);
        put_away(std::mem::replace(payload, Box::new(())));
        Self::new(What::Panic { message, place })
    }

    fn new(what: What) -> Self {
        Self { inner: Arc::new(Inner { what, task: None, path: None }) }
    }

    /// The same failure, with the name of the task it happened in. The innermost name stays.
    #[must_use]
    pub(crate) fn in_task(self, name: &TaskName, group: &[Arc<str>]) -> Self {
        if self.inner.task.is_some() {
            return self;
        }
        let task: Arc<str> = name.to_string().into();
        let path: Vec<&str> = group.iter().map(|name| &**name).chain([&*task]).collect();
        let inner =
            Inner { what: self.inner.what.clone(), path: Some(path.join("/").into()), task: Some(task) };
        Self { inner: Arc::new(inner) }
    }

    /// The same failure of the same task, made from another error.
    pub(crate) fn with_error<E: Error + Send + Sync + 'static>(&self, error: E) -> Self {
        let what = What::Error { error: Arc::new(error), type_name: std::any::type_name::<E>() };
        Self { inner: Arc::new(Inner { what, task: self.inner.task.clone(), path: self.inner.path.clone() }) }
    }

    /// The names of what was around the task that failed, from the outside in, and its own, with `/` between. What
    /// has no name is left out.
    #[must_use]
    pub fn path(&self) -> Option<&str> {
        self.inner.path.as_deref()
    }

    /// The name of the task that failed: given, or the place where it was spawned.
    #[must_use]
    pub fn task(&self) -> Option<&str> {
        self.inner.task.as_deref()
    }

    /// Whether the task panicked.
    #[must_use]
    pub fn is_panic(&self) -> bool {
        matches!(self.inner.what, What::Panic { .. })
    }

    /// Where the task panicked, as `file:line:column`.
    #[must_use]
    pub fn panic_location(&self) -> Option<&str> {
        match &self.inner.what {
            What::Panic { place, .. } => place.as_ref().map(|place| place.location.as_str()),
            _ => None,
        }
    }

    /// The panic's backtrace, where `RUST_BACKTRACE` asked for one.
    #[must_use]
    pub fn backtrace(&self) -> Option<&Backtrace> {
        match &self.inner.what {
            What::Panic { place, .. } => place.as_ref().and_then(|place| place.backtrace.as_ref()),
            _ => None,
        }
    }

    /// The error the failure was made from, if it is an `E`.
    #[must_use]
    pub fn downcast_ref<E: Error + 'static>(&self) -> Option<&E> {
        self.source().and_then(|error| error.downcast_ref())
    }

    /// The error the failure was made from; none for a panic or a message.
    #[must_use]
    pub fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.inner.what {
            What::Error { error, .. } => Some(&**error),
            What::Panic { .. } | What::Message(_) => None,
        }
    }

    /// The name of the error's type, `panic` or `message`.
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        match &self.inner.what {
            What::Error { type_name, .. } => type_name,
            What::Panic { .. } => "panic",
            What::Message(_) => "message",
        }
    }

    /// Whether both are clones of one failure.
    #[must_use]
    pub fn same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.inner, &other.inner)
    }
}

impl<E: Error + Send + Sync + 'static> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::new(What::Error { error: Arc::new(error), type_name: std::any::type_name::<E>() })
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(path) = self.path() {
            write!(f, "{path}: ")?;
        }
        match &self.inner.what {
            What::Error { error, .. } => {
                write!(f, "{error}")?;
                let mut source = error.source();
                while let Some(deeper) = source {
                    write!(f, ": {deeper}")?;
                    source = deeper.source();
                }
                Ok(())
            }
            What::Panic { message, place: Some(place) } => write!(f, "panicked at {place}: {message}"),
            What::Panic { message, place: None } => write!(f, "panicked: {message}"),
            What::Message(message) => f.write_str(message),
        }
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Failure({self})")
    }
}

/// A task's name: given, or the place where it was spawned. Printed only when it is needed.
#[derive(Debug, Clone)]
pub(crate) enum TaskName {
    Given(Arc<str>),
    Place(&'static Location<'static>),
}

impl fmt::Display for TaskName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Given(name) => f.write_str(name),
            Self::Place(place) => write!(f, "task spawned at {}:{}", place.file(), place.line()),
        }
    }
}
