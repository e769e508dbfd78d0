//! The `impl` block as tokens: its head and its methods, whose bodies are not looked into.

use super::mark;
use proc_macro2::{Group, TokenStream};
use quote::{ToTokens, TokenStreamExt, quote};
use syn::parse::{Parse, ParseStream};
use syn::{
    Attribute, Error, Generics, ImplItem, Receiver, ReceiverKind, Result, Signature, Token, Type, Visibility,
};
use syn::{braced, parse_quote};

/// An inherent `impl` block.
pub(crate) struct Block {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) generics: Generics,
    pub(crate) self_type: Type,
    pub(crate) items: Vec<Item>,
}

pub(crate) enum Item {
    Function(Box<Function>),
    /// A constant, or whatever else may stand in a block.
    Other(TokenStream),
}

/// A function, with or without receiver.
pub(crate) struct Function {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) visibility: Visibility,
    pub(crate) signature: Signature,
    body: Group,
}

impl Block {
    pub(crate) fn parse(tokens: TokenStream) -> Result<Self> {
        syn::parse2(tokens)
    }

    pub(crate) fn functions(&self) -> impl Iterator<Item = &Function> {
        self.items.iter().filter_map(|item| match item {
            Item::Function(function) => Some(&**function),
            Item::Other(_) => None,
        })
    }
}

impl Parse for Block {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut attributes = input.call(Attribute::parse_outer)?;
        if !input.peek(Token![impl]) {
            return Err(input.error("`#[arbour::actor]` marks the `impl` block with the actor's methods"));
        }
        input.parse::<Token![impl]>()?;
        let mut generics: Generics = input.parse()?;
        let self_type: Type = input.parse()?;
        if input.peek(Token![for]) {
            let why = "`#[arbour::actor]` marks an inherent `impl` block, not the `impl` of a trait";
            return Err(Error::new_spanned(self_type, why));
        }
        generics.where_clause = input.parse()?;
        let content;
        braced!(content in input);
        attributes.extend(content.call(Attribute::parse_inner)?);
        let mut items = Vec::new();
        while !content.is_empty() {
            items.push(content.parse()?);
        }
        Ok(Self { attributes, generics, self_type, items })
    }
}

impl Parse for Item {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let ahead = input.fork();
        ahead.call(Attribute::parse_outer)?;
        ahead.parse::<Visibility>()?;
        match ahead.parse::<Signature>() {
            Ok(_) => Ok(Self::Function(input.parse()?)),
            Err(_) => Ok(Self::Other(input.parse::<ImplItem>()?.into_token_stream())),
        }
    }
}

impl Parse for Function {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        Ok(Self {
            attributes: input.call(Attribute::parse_outer)?,
            visibility: input.parse()?,
            signature: input.parse()?,
            body: input.parse()?,
        })
    }
}

impl Function {
    /// Whether the actor calls it, rather than only the user.
    fn is_of_the_actor(&self) -> bool {
        !self.attributes.iter().any(mark::is_skip)
    }

    /// The signature as it is to be compiled.
    ///
    /// The future of an async method with `&self` holds `&Self`, and is `Send` only where the actor is
    /// `Sync`. An actor need not be, for nobody else has a reference to it: so it is given `&mut self`.
    fn compiled(&self) -> Signature {
        let mut signature = self.signature.clone();
        if self.is_widened()
            && let Some(syn::FnArg::Receiver(Receiver {
                kind: ReceiverKind::Reference(_, _, mutability),
                ..
            })) = signature.inputs.first_mut()
        {
            *mutability = Some(parse_quote!(mut));
        }
        signature
    }

    /// Leave for what the attribute asks of a method, and a lint would have otherwise.
    fn allowed(&self) -> TokenStream {
        let widened = self.is_widened().then(|| {
            quote! {
                #[allow(clippy::needless_pass_by_ref_mut, reason = "`#[arbour::actor]` has made it of `&self`")]
            }
        });
        let takes_values = self.is_of_the_actor() && self.signature.inputs.len() > 1;
        let values = takes_values.then(
            || quote!(#[allow(clippy::needless_pass_by_value, reason = "a message owns what it carries")]),
        );
        quote!(#widened #values)
    }

    fn is_widened(&self) -> bool {
        let shared = matches!(
            self.signature.receiver(),
            Some(Receiver { kind: ReceiverKind::Reference(_, _, None), .. })
        );
        shared && self.signature.asyncness.is_some() && self.is_of_the_actor()
    }
}

impl ToTokens for Block {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let Self { attributes, generics, self_type, items } = self;
        let (generics, _, clause) = generics.split_for_impl();
        let attributes = attributes.iter().map(|Attribute { meta, .. }| quote!(#[#meta]));
        tokens.append_all(quote!(#(#attributes)* impl #generics #self_type #clause { #(#items)* }));
    }
}

impl ToTokens for Item {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        match self {
            Self::Function(function) => function.to_tokens(tokens),
            Self::Other(other) => tokens.append_all(other.clone()),
        }
    }
}

impl ToTokens for Function {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let Self { attributes, visibility, body, .. } = self;
        let attributes = attributes.iter().filter(|attribute| !mark::is_mark(attribute));
        let (signature, allowed) = (self.compiled(), self.allowed());
        tokens.append_all(quote!(#(#attributes)* #allowed #visibility #signature #body));
    }
}
