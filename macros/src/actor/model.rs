//! What the block says: the actor, its names, its messages and its hooks.

use super::block::{Block, Function};
use super::carried::Carried;
use super::hook::Hook;
use super::mark::Mark;
use super::message::Message;
use super::options::Options;
use super::{add, owned, self_type, visibility};
use proc_macro2::TokenStream;
use quote::format_ident;
use std::collections::HashMap;
use syn::ext::IdentExt;
use syn::{Error, GenericParam, Generics, Ident, Path, Result, Type, TypePath, Visibility, parse_quote};

pub(crate) struct Model<'a> {
    pub(crate) root: Path,
    pub(crate) names: Names,
    pub(crate) derives: Vec<&'a Path>,
    pub(crate) visibility: Visibility,
    pub(crate) self_type: &'a Type,
    /// With each `Self` written out.
    pub(crate) generics: Generics,
    pub(crate) messages: Vec<Message<'a>>,
    pub(crate) hooks: Vec<Hook<'a>>,
    /// What the block has for all of it.
    pub(crate) carried: Carried,
}

/// What is generated is called so.
pub(crate) struct Names {
    pub(crate) actor: Ident,
    pub(crate) message: Ident,
    pub(crate) address: Ident,
    pub(crate) blocking: Ident,
}

impl<'a> Model<'a> {
    pub(crate) fn new(options: &'a Options, block: &'a Block) -> Result<Self> {
        let (messages, hooks) = sorted(block)?;
        Ok(Self {
            root: options.root(),
            names: Names::new(options, actor(block)?),
            derives: options.derives().collect(),
            visibility: visibility::widest(messages.iter().map(|message| message.visibility)),
            self_type: &block.self_type,
            generics: generics(block),
            messages,
            hooks,
            carried: Carried::of(&block.attributes),
        })
    }

    /// These tokens with each `Self` written out.
    pub(crate) fn own(&self, tokens: &impl quote::ToTokens) -> TokenStream {
        self_type::written_out(tokens, self.self_type)
    }
}

impl Names {
    fn new(options: &Options, actor: &Ident) -> Self {
        let actor = actor.unraw();
        let or = |option: &Option<Ident>, default: Ident| option.clone().unwrap_or(default);
        Self {
            message: or(&options.message, format_ident!("{}Message", actor)),
            address: or(&options.address, format_ident!("{}Address", actor)),
            blocking: or(&options.blocking, format_ident!("{}Blocking", actor)),
            actor,
        }
    }
}

/// The name of the type, which owns what it is made of.
fn actor(block: &Block) -> Result<&Ident> {
    let why = "an actor may live as long as the program, so it borrows nothing: let it own its data, or share it \
               with `Arc`";
    if let Some(GenericParam::Lifetime(lifetime)) = block.generics.params.first() {
        return Err(Error::new_spanned(lifetime, why));
    }
    match &block.self_type {
        Type::Path(path) => match (owned::borrowing(path), named(path)) {
            (Some(lifetime), _) => Err(Error::new_spanned(lifetime, why)),
            (None, Some(name)) => Ok(name),
            (None, None) => Err(unnamed(&block.self_type)),
        },
        other => Err(unnamed(other)),
    }
}

fn named(path: &TypePath) -> Option<&Ident> {
    path.path.segments.last().map(|segment| &segment.ident)
}

fn unnamed(ty: &Type) -> Error {
    Error::new_spanned(ty, "an actor is a type with a name of its own, a `struct` or an `enum`")
}

fn generics(block: &Block) -> Generics {
    let mut generics = block.generics.clone();
    for parameter in generics.type_params_mut() {
        let bounds = self_type::written_out(&parameter.bounds, &block.self_type);
        parameter.bounds = parse_quote!(#bounds);
    }
    if let Some(clause) = &mut generics.where_clause {
        let written_out = self_type::written_out(clause, &block.self_type);
        *clause = parse_quote!(#written_out);
    }
    generics
}

/// The messages and the hooks, or everything that is wrong with any of them.
fn sorted(block: &Block) -> Result<(Vec<Message<'_>>, Vec<Hook<'_>>)> {
    let (mut messages, mut hooks, mut errors) = (Vec::new(), Vec::new(), None);
    for function in block.functions() {
        match sort(function) {
            Ok(Sorted::Message(message)) => messages.push(message),
            Ok(Sorted::Hook(hook)) => hooks.push(hook),
            Ok(Sorted::Ordinary) => {}
            Err(error) => add(&mut errors, error),
        }
    }
    refuse_clashes(&messages, &mut errors);
    refuse_second_hooks(&hooks, &mut errors);
    match errors {
        None => Ok((messages, hooks)),
        Some(errors) => Err(errors),
    }
}

enum Sorted<'a> {
    Message(Message<'a>),
    Hook(Hook<'a>),
    Ordinary,
}

fn sort(method: &Function) -> Result<Sorted<'_>> {
    let mark = Mark::of(method)?;
    if method.signature.receiver().is_none() {
        return Ok(Sorted::Ordinary);
    }
    match mark {
        Some(Mark::Skip) => Ok(Sorted::Ordinary),
        Some(Mark::Hook(which)) => Hook::new(which, method).map(Sorted::Hook),
        mark => Message::new(method, mark).map(Sorted::Message),
    }
}

/// Two methods under conditions may share a variant: the compiler sees whether the conditions exclude each other.
fn refuse_clashes(messages: &[Message<'_>], errors: &mut Option<Error>) {
    let mut seen: HashMap<&Ident, &Message<'_>> = HashMap::new();
    for message in messages {
        let Some(first) = seen.insert(&message.variant, message) else { continue };
        let is_conditional = |message: &Message<'_>| !message.carried.conditions.is_empty();
        if !(is_conditional(first) && is_conditional(message)) {
            let (variant, first, second) = (&message.variant, first.method, message.method);
            let why = format!(
                "`{first}` and `{second}` both give the variant `{variant}`: call one of them otherwise"
            );
            add(errors, Error::new(second.span(), why));
        }
    }
}

fn refuse_second_hooks(hooks: &[Hook<'_>], errors: &mut Option<Error>) {
    for (place, hook) in hooks.iter().enumerate() {
        if let Some(first) = hooks[..place].iter().find(|earlier| earlier.which == hook.which) {
            let (which, first, second) = (hook.which.name(), first.method, hook.method);
            let why = format!("`{second}` is the second hook `{which}`, after `{first}`: an actor has one");
            add(errors, Error::new(second.span(), why));
        }
    }
}
