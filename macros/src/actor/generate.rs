//! What is made of the block: one file per item.

mod address;
mod check;
mod life;
mod message;

use super::carried::Carried;
use super::model::Model;
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::spanned::Spanned;

/// Everything that stands beside the block.
pub(crate) fn all(model: &Model<'_>) -> TokenStream {
    let items = [
        message::enumeration(model),
        message::debug(model),
        life::actor(model),
        address::of_tasks(model),
        address::of_threads(model),
        check::messages(model),
    ];
    items.into_iter().flatten().collect()
}

/// What every item has: the conditions of the block, and what its lints would say of names and visibilities that
/// nobody chose.
fn head(model: &Model<'_>) -> TokenStream {
    let Carried { conditions, lints, .. } = &model.carried;
    quote! {
        #(#conditions)*
        #(#lints)*
        #[allow(
            dead_code, private_bounds, private_interfaces, unreachable_pub,
            clippy::enum_variant_names, clippy::exhaustive_enums,
            reason = "`#[arbour::actor]` makes it of the methods"
        )]
    }
}

/// What every `impl` has.
fn head_of_impl(model: &Model<'_>) -> TokenStream {
    let Carried { conditions, lints, .. } = &model.carried;
    let methods = model.messages.iter().map(|message| &message.carried);
    let deprecated = methods
        .chain(model.hooks.iter().map(|hook| &hook.carried))
        .any(|carried| carried.deprecated.is_some());
    let deprecated = deprecated.then(|| quote!(#[allow(deprecated, reason = "only its users need to know")]));
    quote!(#(#conditions)* #(#lints)* #deprecated)
}

/// Generated code that is to blame on these tokens of the user's.
fn at(blamed: &impl Spanned) -> Span {
    Span::call_site().located_at(blamed.span())
}

/// A local name that no name of the user's can be mistaken for.
fn local(name: &str) -> Ident {
    Ident::new(name, Span::mixed_site())
}
