//! Names: of variants, and those that would be hidden by the methods of every address.

use proc_macro2::Ident;
use syn::ext::IdentExt;
use syn::{Error, Result};

/// What every address can do by itself: a method of the same name in a trait would never be called.
///
/// A test compares this with the addresses of the crate above.
pub(super) const OF_EVERY_ADDRESS: &[&str] = &[
    "address",
    "ask",
    "ask_within",
    "blocking",
    "clone",
    "downgrade",
    "ended",
    "forward",
    "is_closed",
    "is_same",
    "mailbox",
    "mailbox_policy",
    "monitor",
    "name",
    "recipient",
    "request",
    "status",
    "stop",
    "tell",
    "to_owned",
    "try_tell",
];

/// The variant of a method: `add_all` becomes `AddAll`.
pub(crate) fn variant(method: &Ident) -> Result<Ident> {
    let name = method.unraw().to_string();
    let camel: String = name.split('_').map(capitalised).collect();
    if camel.is_empty() || camel == "Self" || camel.starts_with(|first: char| first.is_ascii_digit()) {
        let why =
            format!("`{name}` gives the variant `{camel}`, which is no name: call the method otherwise");
        return Err(Error::new(method.span(), why));
    }
    Ok(Ident::new(&camel, method.span()))
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// Refuses a message that could not be sent by its name.
pub(crate) fn refuse_hidden(method: &Ident) -> Result<()> {
    if !OF_EVERY_ADDRESS.contains(&method.unraw().to_string().as_str()) {
        return Ok(());
    }
    let why = format!(
        "every address has a method `{method}`, which would hide this one: call it otherwise, or mark it \
         `#[actor(skip)]`"
    );
    Err(Error::new(method.span(), why))
}
