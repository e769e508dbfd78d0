//! Turns an `async fn` into the plain function that a program or a test harness calls.

use crate::options::Options;
use core::fmt;
use proc_macro2::{Group, TokenStream};
use quote::quote;
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, Error, Result, Signature, Visibility};

/// Which attribute is at work.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Entry {
    Main,
    Test,
}

/// A function whose body is not looked into: it may hold what only the compiler understands.
struct Function {
    attributes: Vec<Attribute>,
    visibility: Visibility,
    signature: Signature,
    body: Group,
}

impl Entry {
    /// The plain function, or the refusal as an error at the tokens it is about.
    pub(crate) fn expand(self, options: TokenStream, function: TokenStream) -> TokenStream {
        let function = match syn::parse2::<Function>(function) {
            Ok(function) => function,
            Err(error) => return error.into_compile_error(),
        };
        self.plain(options, &function).unwrap_or_else(|error| self.refusal(&error, &function))
    }

    /// The names of the options, for a person who misspelt one.
    pub(crate) fn options(self) -> &'static str {
        match self {
            Self::Main => "`flavor`, `worker_threads` and `crate`",
            Self::Test => "`seeds`, `seed`, `flavor`, `worker_threads`, `start_paused` and `crate`",
        }
    }

    fn plain(self, options: TokenStream, function: &Function) -> Result<TokenStream> {
        self.refuse_signature(function)?;
        let options = Options::parse(self, options)?;
        let Function { attributes, visibility, signature, body } = function;
        let Signature { ident, output, .. } = signature;
        let (root, builder) = (options.root(), options.builder(self));
        let (harness, call) = match (self, options.seeds()) {
            (Self::Main, _) => (None, quote!(main(#builder, #ident()))),
            (Self::Test, None) => (Some(harness()), quote!(test(#builder, #ident()))),
            (Self::Test, Some(seeds)) => (Some(harness()), quote!(test_under_seeds(#seeds, #ident))),
        };
        // The function that was written stays inside: unlike an async block it has a return type, which `?`
        // and `impl Trait` need, and under its own name it hides nothing that its body may call.
        Ok(quote! {
            #harness
            #(#attributes)*
            #visibility fn #ident() #output {
                async fn #ident() #output #body
                #root::__private::#call
            }
        })
    }

    fn refuse_signature(self, function: &Function) -> Result<()> {
        let signature = &function.signature;
        let name = &signature.ident;
        if signature.asyncness.is_none() {
            let why = format!("`{name}` is not `async`, so `{self}` has nothing to run");
            return Err(Error::new_spanned(signature.fn_token, why));
        }
        if !signature.inputs.is_empty() {
            let why = format!("`{name}` has parameters, and nobody could give `{self}` their values");
            return Err(Error::new_spanned(&signature.inputs, why));
        }
        if !signature.generics.params.is_empty() {
            let why = format!("`{name}` is generic, and nobody could choose its types for `{self}`");
            return Err(Error::new_spanned(&signature.generics, why));
        }
        self.refuse_second_test(function)
    }

    /// A second attribute would run the test twice.
    fn refuse_second_test(self, function: &Function) -> Result<()> {
        let is_test = |attribute: &&Attribute| {
            attribute.path().segments.last().is_some_and(|segment| segment.ident == "test")
        };
        match function.attributes.iter().find(is_test) {
            Some(second) if self == Self::Test => {
                let why = format!("`{}` is marked as a test twice", function.signature.ident);
                Err(Error::new_spanned(second, why))
            }
            _ => Ok(()),
        }
    }

    /// The error alone would be followed by one about a `main` that is missing.
    fn refusal(self, error: &Error, function: &Function) -> TokenStream {
        let error = error.to_compile_error();
        let name = &function.signature.ident;
        match self {
            Self::Main => quote!(#error fn #name() {}),
            Self::Test => error,
        }
    }
}

/// The attribute by which the test harness finds a test.
fn harness() -> TokenStream {
    quote!(#[::core::prelude::v1::test])
}

impl fmt::Display for Entry {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Main => "#[arbour::main]",
            Self::Test => "#[arbour::test]",
        })
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

#[cfg(test)]
mod tests;
