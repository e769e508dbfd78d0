//! The options of the attribute on the block: what is generated under other names, or derived.

use crate::options::once;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Error, Ident, Path, Result, Token, parenthesized, parse_quote};

#[derive(Default)]
pub(crate) struct Options {
    pub(crate) message: Option<Ident>,
    pub(crate) address: Option<Ident>,
    pub(crate) blocking: Option<Ident>,
    derives: Option<Punctuated<Path, Token![,]>>,
    root: Option<Path>,
}

impl Options {
    pub(crate) fn parse(tokens: proc_macro2::TokenStream) -> Result<Self> {
        syn::parse2(tokens)
    }

    /// The path of `arbour`.
    pub(crate) fn root(&self) -> Path {
        self.root.clone().unwrap_or_else(|| parse_quote!(::arbour))
    }

    /// What the message derives.
    pub(crate) fn derives(&self) -> impl Iterator<Item = &Path> {
        self.derives.iter().flatten()
    }

    fn take(&mut self, input: ParseStream<'_>) -> Result<()> {
        let name = Ident::parse_any(input)?;
        match name.to_string().as_str() {
            "message" => once(&mut self.message, &name, value(input)?),
            "address" => once(&mut self.address, &name, value(input)?),
            "blocking" => once(&mut self.blocking, &name, value(input)?),
            "crate" => {
                input.parse::<Token![=]>()?;
                once(&mut self.root, &name, input.call(Path::parse_mod_style)?)
            }
            "derive" => {
                let paths;
                parenthesized!(paths in input);
                let paths = paths.parse_terminated(Path::parse_mod_style, Token![,])?;
                once(&mut self.derives, &name, paths)
            }
            unknown => Err(Error::new(
                name.span(),
                format!(
                    "`{unknown}` is not an option of `#[arbour::actor]`, which takes `message`, `address`, \
                     `blocking`, `derive` and `crate`; a method is marked where it stands"
                ),
            )),
        }
    }
}

/// The name that follows.
fn value(input: ParseStream<'_>) -> Result<Ident> {
    input.parse::<Token![=]>()?;
    input.parse()
}

impl Parse for Options {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut options = Self::default();
        while !input.is_empty() {
            options.take(input)?;
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(options)
    }
}
