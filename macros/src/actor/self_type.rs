//! `Self` written out, for places where it would mean something else.

use proc_macro2::{Group, Ident, Spacing, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};

/// These tokens with each `Self` replaced by the type, which points where `Self` stood.
pub(crate) fn written_out(tokens: &impl ToTokens, self_type: &impl ToTokens) -> TokenStream {
    replace(tokens.to_token_stream(), &self_type.to_token_stream())
}

fn replace(tokens: TokenStream, self_type: &TokenStream) -> TokenStream {
    let mut trees = tokens.into_iter().peekable();
    let mut replaced = TokenStream::new();
    while let Some(tree) = trees.next() {
        match tree {
            TokenTree::Ident(own) if own == "Self" => {
                let here = pointing_at(self_type.clone(), own.span());
                replaced.extend(if trees.peek().is_some_and(begins_path) { quote!(<#here>) } else { here });
            }
            TokenTree::Group(group) => replaced.extend([within(&group, |inner| replace(inner, self_type))]),
            tree => replaced.extend([tree]),
        }
    }
    replaced
}

/// The first colon of `Self::…`. That of a bound, as in `Self: Sized`, stands alone.
fn begins_path(next: &TokenTree) -> bool {
    matches!(next, TokenTree::Punct(colon) if colon.as_char() == ':' && colon.spacing() == Spacing::Joint)
}

fn pointing_at(tokens: TokenStream, span: Span) -> TokenStream {
    let respanned = tokens.into_iter().map(|tree| match tree {
        TokenTree::Group(group) => within(&group, |inner| pointing_at(inner, span)),
        TokenTree::Ident(mut ident) => {
            ident.set_span(ident.span().located_at(span));
            TokenTree::Ident(ident)
        }
        mut tree => {
            tree.set_span(span);
            tree
        }
    });
    respanned.collect()
}

fn within(group: &Group, change: impl FnOnce(TokenStream) -> TokenStream) -> TokenTree {
    let mut changed = Group::new(group.delimiter(), change(group.stream()));
    changed.set_span(group.span());
    TokenTree::Group(changed)
}

/// Whether a name occurs in these tokens.
pub(crate) fn mentions(tokens: TokenStream, name: &Ident) -> bool {
    tokens.into_iter().any(|tree| match tree {
        TokenTree::Ident(ident) => ident == *name,
        TokenTree::Group(group) => mentions(group.stream(), name),
        _ => false,
    })
}
