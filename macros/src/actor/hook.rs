//! A method that becomes a hook of the trait.

use super::block::Function;
use super::carried::Carried;
use super::mark::Hook as Which;
use super::message::{Ending, ending, refuse_form, result};
use super::parameter::{is_context, typed};
use syn::{Error, Ident, Receiver, ReceiverKind, Result, Signature};

pub(crate) struct Hook<'a> {
    pub(crate) which: Which,
    pub(crate) method: &'a Ident,
    pub(crate) is_async: bool,
    pub(crate) given: Vec<Given>,
    pub(crate) ending: Ending<'a>,
    pub(crate) carried: Carried,
}

/// What a hook is given in one place.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Given {
    Context,
    /// Why the actor stops.
    Reason,
    /// Where the actor describes itself.
    Formatter,
}

impl<'a> Hook<'a> {
    pub(crate) fn new(which: Which, method: &'a Function) -> Result<Self> {
        let signature = &method.signature;
        refuse_form(signature)?;
        let given = if which == Which::Describe { description(signature)? } else { life(which, signature)? };
        let name = &signature.ident;
        let why =
            format!("the hook `{name}` returns nothing, or a `Result<(), E>` whose error ends the actor");
        Ok(Self {
            which,
            method: name,
            is_async: signature.asyncness.is_some(),
            given,
            ending: ending(result(signature), &why)?,
            carried: Carried::of(&method.attributes),
        })
    }
}

/// What a hook of the actor's life takes: its context, and the last one the reason, in any order.
fn life(which: Which, signature: &Signature) -> Result<Vec<Given>> {
    let name = &signature.ident;
    let mut given = Vec::new();
    for parameter in typed(signature) {
        let next = if is_context(name, &parameter.ty)? { Given::Context } else { Given::Reason };
        if given.contains(&next) || (next == Given::Reason && which != Which::Stopped) {
            let takes = match which {
                Which::Stopped => {
                    "at most the reason, a `StopReason`, and the context, a `&mut Context<Self>`"
                }
                _ => "at most the context, a `&mut Context<Self>`",
            };
            return Err(Error::new_spanned(parameter, format!("the hook `{name}` is given {takes}")));
        }
        given.push(next);
    }
    Ok(given)
}

fn description(signature: &Signature) -> Result<Vec<Given>> {
    let name = &signature.ident;
    let shape = "is `fn(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result`";
    let mut parameters = typed(signature);
    let has_shape =
        signature.asyncness.is_none() && parameters.next().is_some() && parameters.next().is_none();
    let reads =
        matches!(signature.receiver(), Some(Receiver { kind: ReceiverKind::Reference(_, _, None), .. }));
    if has_shape && reads && result(signature).is_some() {
        return Ok(vec![Given::Formatter]);
    }
    Err(Error::new_spanned(signature, format!("the hook `{name}` {shape}")))
}

/// An actor calls its methods by reference.
pub(crate) fn refuse_receiver(signature: &Signature) -> Result<()> {
    let name = &signature.ident;
    match signature.receiver() {
        Some(receiver @ Receiver { kind: ReceiverKind::Value, .. }) => {
            let why = format!(
                "`{name}` takes the actor by value, and there would be none for the next message: write `&mut self`, \
                 or mark it `#[actor(skip)]`"
            );
            Err(Error::new_spanned(receiver, why))
        }
        Some(Receiver { kind: ReceiverKind::Reference(_, None, _), .. }) => Ok(()),
        receiver => {
            let why = format!("`{name}` is called by the actor: write `&self` or `&mut self`");
            Err(Error::new_spanned(receiver, why))
        }
    }
}
