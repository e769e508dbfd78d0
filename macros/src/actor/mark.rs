//! The marks on methods, `#[actor(…)]`: what a method is said to be.

use super::block::Function;
use syn::{Attribute, Error, Ident, Meta, Result};

/// For a person who misspelt one.
const MARKS: &str = "`tell`, `ask`, `skip`, `started`, `stopping`, `stopped` or `describe`";

/// What a method is said to be.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Mark {
    Tell,
    Ask,
    Skip,
    Hook(Hook),
}

/// The methods of the trait that are no messages.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Hook {
    Started,
    Stopping,
    Stopped,
    Describe,
}

impl Hook {
    /// Its name in the trait and as a mark.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Stopping => "stopping",
            Self::Stopped => "stopped",
            Self::Describe => "describe",
        }
    }

    /// The hook with this name.
    pub(crate) fn named(name: &Ident) -> Option<Self> {
        [Self::Started, Self::Stopping, Self::Stopped, Self::Describe]
            .into_iter()
            .find(|hook| name == hook.name())
    }
}

impl Mark {
    /// What is said of this method, if anything is.
    pub(crate) fn of(method: &Function) -> Result<Option<Self>> {
        let mut marks = method.attributes.iter().filter(|attribute| is_mark(attribute));
        let Some(first) = marks.next() else { return Ok(None) };
        if method.signature.receiver().is_none() {
            let why =
                format!("`{}` has no `self`, so it is an ordinary function anyway", method.signature.ident);
            return Err(Error::new_spanned(first, why));
        }
        match marks.next() {
            None => Self::read(first).map(Some),
            Some(second) => {
                let why = format!("`{}` is marked twice", method.signature.ident);
                Err(Error::new_spanned(second, why))
            }
        }
    }

    fn read(mark: &Attribute) -> Result<Self> {
        let Meta::List(list) = &mark.meta else {
            return Err(Error::new_spanned(mark, format!("say what the method is: {MARKS}")));
        };
        let word: Ident = list.parse_args()?;
        let mark = match word.to_string().as_str() {
            "tell" => Some(Self::Tell),
            "ask" => Some(Self::Ask),
            "skip" => Some(Self::Skip),
            _ => Hook::named(&word).map(Self::Hook),
        };
        mark.ok_or_else(|| {
            let why = format!("a method is not marked `{word}`, but {MARKS}");
            Error::new(word.span(), why)
        })
    }
}

/// Whether it is a mark of ours, which no compiler knows.
pub(crate) fn is_mark(attribute: &Attribute) -> bool {
    attribute.path().segments.last().is_some_and(|segment| segment.ident == "actor")
}

/// Whether it is the mark of an ordinary method.
pub(crate) fn is_skip(attribute: &Attribute) -> bool {
    is_mark(attribute) && matches!(Mark::read(attribute), Ok(Mark::Skip))
}
