//! One message: what is sent, who waits for what, and what the actor does with it.

use super::block::Function;
use super::carried::Carried;
use super::mark::Mark;
use super::owned::check;
use super::parameter::Parameter;
use super::{hook, names};
use proc_macro2::TokenStream;
use quote::quote;
use syn::{Error, Ident, Path, Result, ReturnType, Safety, Signature, Type, Visibility};

pub(crate) struct Message<'a> {
    pub(crate) method: &'a Ident,
    pub(crate) visibility: &'a Visibility,
    pub(crate) is_async: bool,
    pub(crate) variant: Ident,
    pub(crate) parameters: Vec<Parameter<'a>>,
    pub(crate) kind: Kind<'a>,
    pub(crate) carried: Carried,
}

/// Who waits, and what becomes of the method's result.
pub(crate) enum Kind<'a> {
    /// Nobody waits.
    Tell(Ending<'a>),
    /// The asker is sent what the method returns.
    Ask(&'a Type),
    /// The asker is sent `()` when the method has returned.
    Done,
    /// The asker is sent what the method, or whoever it hands the reply to, sends.
    Deferred { reply: &'a Type, output: &'a Type, ending: Ending<'a> },
}

/// What a method that answers nobody returns.
#[derive(Clone, Copy)]
pub(crate) enum Ending<'a> {
    Nothing,
    /// A result, whose error ends the incarnation.
    Fallible(&'a Type),
}

impl<'a> Message<'a> {
    pub(crate) fn new(method: &'a Function, mark: Option<Mark>) -> Result<Self> {
        let signature = &method.signature;
        refuse_form(signature)?;
        refuse_forgotten_mark(&signature.ident, mark)?;
        names::refuse_hidden(&signature.ident)?;
        let parameters = Parameter::of_message(signature)?;
        let kind = kind(signature, &parameters, mark)?;
        let message = Self {
            method: &signature.ident,
            visibility: &method.visibility,
            is_async: signature.asyncness.is_some(),
            variant: names::variant(&signature.ident)?,
            parameters,
            kind,
            carried: Carried::of(&method.attributes),
        };
        message.refuse_field_named_reply()?;
        Ok(message)
    }

    /// What it carries, the way back excepted.
    pub(crate) fn fields(&self) -> impl Iterator<Item = (&Ident, &Type)> {
        self.parameters.iter().filter_map(|parameter| match parameter {
            Parameter::Field { name, ty } => Some((*name, *ty)),
            Parameter::Context | Parameter::Reply { .. } => None,
        })
    }

    /// The type of the way back, given the path of arbour; and what comes on it.
    pub(crate) fn reply(&self, root: &Path) -> Option<(TokenStream, TokenStream)> {
        match &self.kind {
            Kind::Tell(_) => None,
            Kind::Ask(output) => Some((quote!(#root::Reply<#output>), quote!(#output))),
            Kind::Done => Some((quote!(#root::Reply<()>), quote!(()))),
            Kind::Deferred { reply, output, .. } => Some((quote!(#reply), quote!(#output))),
        }
    }

    /// The types of what is sent, there and back.
    pub(crate) fn parts(&self) -> impl Iterator<Item = &Type> {
        let answer = match self.kind {
            Kind::Ask(output) | Kind::Deferred { output, .. } => Some(output),
            Kind::Tell(_) | Kind::Done => None,
        };
        self.fields().map(|(_, ty)| ty).chain(answer)
    }

    /// Whether the sender waits for a reply.
    pub(crate) fn is_asked(&self) -> bool {
        !matches!(self.kind, Kind::Tell(_))
    }

    fn refuse_field_named_reply(&self) -> Result<()> {
        let clash = self.fields().find(|(name, _)| *name == "reply");
        match clash {
            Some((name, _)) if self.is_asked() => {
                let why =
                    "the field `reply` of an ask is the way back to the asker: call this parameter otherwise";
                Err(Error::new(name.span(), why))
            }
            _ => Ok(()),
        }
    }
}

/// Refuses methods that an actor could not call for a message.
pub(crate) fn refuse_form(signature: &Signature) -> Result<()> {
    let name = &signature.ident;
    if let Some(constness) = signature.constness {
        let why = format!("`{name}` is `const`, but a message is handled when it comes: leave `const` away");
        return Err(Error::new_spanned(constness, why));
    }
    if !matches!(signature.safety, Safety::Default) {
        let why = format!(
            "`{name}` is `unsafe`, and an actor that calls it for whoever sends cannot vouch for them"
        );
        return Err(Error::new_spanned(&signature.safety, why));
    }
    if let Some(abi) = &signature.abi {
        let why = format!("`{name}` has a calling convention of its own, which a message has no use for");
        return Err(Error::new_spanned(abi, why));
    }
    if let Some(variadic) = &signature.variadic {
        return Err(Error::new_spanned(
            variadic,
            format!("`{name}` is variadic, and a message has fixed fields"),
        ));
    }
    if !signature.generics.params.is_empty() {
        let why = format!(
            "`{name}` is generic, and a message has one type: make the actor generic, or mark the method \
             `#[actor(skip)]`"
        );
        return Err(Error::new_spanned(&signature.generics, why));
    }
    hook::refuse_receiver(signature)
}

/// A method named like a hook is one that somebody has forgotten to mark, or else it should say so.
fn refuse_forgotten_mark(name: &Ident, mark: Option<Mark>) -> Result<()> {
    match super::mark::Hook::named(name) {
        Some(_) if mark.is_none() => {
            let why = format!(
                "mark `{name}` with `#[actor({name})]` if it is the hook, and with `#[actor(tell)]`, `#[actor(ask)]` \
                 or `#[actor(skip)]` if it is not"
            );
            Err(Error::new(name.span(), why))
        }
        _ => Ok(()),
    }
}

fn kind<'a>(signature: &'a Signature, parameters: &[Parameter<'a>], mark: Option<Mark>) -> Result<Kind<'a>> {
    let name = &signature.ident;
    let deferred = parameters.iter().find_map(|parameter| match parameter {
        Parameter::Reply { ty, output } => Some((*ty, *output)),
        _ => None,
    });
    match (deferred, result(signature), mark) {
        (Some((reply, _)), _, Some(Mark::Tell)) => {
            let why =
                format!("`{name}` takes a reply, so it is asked: leave `#[actor(tell)]` or the reply away");
            Err(Error::new_spanned(reply, why))
        }
        (Some((reply, output)), result, _) => {
            let why = "is sent by its `Reply`, so it returns nothing, or a `Result<(), E>` whose error ends the actor";
            let ending = ending(result, &format!("the reply of `{name}` {why}"))?;
            Ok(Kind::Deferred { reply, output, ending })
        }
        (None, result, Some(Mark::Tell)) => {
            let why = "is told, so nobody takes its result: return nothing, or a `Result<(), E>` whose error ends \
                       the actor";
            Ok(Kind::Tell(ending(result, &format!("`{name}` {why}"))?))
        }
        (None, None, Some(Mark::Ask)) => Ok(Kind::Done),
        (None, None, _) => Ok(Kind::Tell(Ending::Nothing)),
        (None, Some(output), _) => {
            if let Type::Never(never) = output {
                let why = format!("`{name}` never returns, and no message after it would be handled");
                return Err(Error::new_spanned(never, why));
            }
            check(&format!("the result of `{name}`"), output)?;
            Ok(Kind::Ask(output))
        }
    }
}

/// What it returns, unless that is nothing.
pub(crate) fn result(signature: &Signature) -> Option<&Type> {
    match &signature.output {
        ReturnType::Type(_, ty) if !is_unit(ty) => Some(ty),
        _ => None,
    }
}

/// What a method returns that answers nobody: nothing, or a `Result<(), E>`.
pub(crate) fn ending<'a>(result: Option<&'a Type>, why: &str) -> Result<Ending<'a>> {
    match result {
        None => Ok(Ending::Nothing),
        Some(result) if is_result_of_unit(result) => Ok(Ending::Fallible(result)),
        Some(result) => Err(Error::new_spanned(result, why)),
    }
}

fn is_unit(ty: &Type) -> bool {
    matches!(ty, Type::Tuple(tuple) if tuple.elems.is_empty())
}

/// A path that ends in `Result`, with `()` or nothing as its first argument, as `fmt::Result` has.
fn is_result_of_unit(ty: &Type) -> bool {
    let Type::Path(path) = ty else { return false };
    let ends_in_result = path.path.segments.last().is_some_and(|segment| segment.ident == "Result");
    let first = super::owned::arguments(path).next();
    ends_in_result && first.is_none_or(|first| matches!(first, syn::GenericArgument::Type(ty) if is_unit(ty)))
}
