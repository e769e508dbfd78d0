//! The attributes of a method that what is made of it has too.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Attribute, Expr, ExprLit, Lit, Meta};

/// Documentation, conditions, lints and `deprecated`. Everything else stays with the method alone.
#[derive(Default)]
pub(crate) struct Carried {
    pub(crate) docs: Vec<Attribute>,
    pub(crate) conditions: Vec<Attribute>,
    pub(crate) deprecated: Option<Attribute>,
    pub(crate) lints: Vec<TokenStream>,
}

impl Carried {
    pub(crate) fn of(attributes: &[Attribute]) -> Self {
        let mut carried = Self::default();
        attributes.iter().for_each(|attribute| carried.take(attribute));
        carried
    }

    fn take(&mut self, attribute: &Attribute) {
        let path = attribute.path();
        if path.is_ident("doc") {
            self.docs.push(attribute.clone());
        } else if path.is_ident("cfg") {
            self.conditions.push(attribute.clone());
        } else if path.is_ident("deprecated") {
            self.deprecated = Some(attribute.clone());
        } else if (path.is_ident("allow") || path.is_ident("expect"))
            && let Meta::List(list) = &attribute.meta
        {
            // What is expected of the method need not come true in what is made of it.
            let lints = &list.tokens;
            self.lints.push(quote!(#[allow(#lints)]));
        }
    }

    /// The documentation, or this one where there is none.
    pub(crate) fn docs_or(&self, text: &str) -> TokenStream {
        let docs = &self.docs;
        if docs.is_empty() { quote!(#[doc = #text]) } else { quote!(#(#docs)*) }
    }

    /// Whether the documentation has a section on errors.
    pub(crate) fn tells_of_errors(&self) -> bool {
        self.docs.iter().filter_map(line).any(|line| line.trim() == "# Errors")
    }
}

/// The text of a line of documentation.
fn line(doc: &Attribute) -> Option<String> {
    match &doc.meta {
        Meta::NameValue(pair) => match &pair.value {
            Expr::Lit(ExprLit { lit: Lit::Str(line), .. }) => Some(line.value()),
            _ => None,
        },
        _ => None,
    }
}
