//! The message: an enum with a variant per method.

use super::{head, head_of_impl, local};
use crate::actor::message::Message;
use crate::actor::model::Model;
use crate::actor::self_type::mentions;
use proc_macro2::{Ident, TokenStream};
use quote::quote;

pub(super) fn enumeration(model: &Model<'_>) -> TokenStream {
    let Model { names, visibility, generics, derives, messages, .. } = model;
    let (head, name) = (head(model), &names.message);
    let derive = (!derives.is_empty()).then(|| quote!(#[derive(#(#derives),*)]));
    let doc = format!("What `{}` is sent: a variant per method.", names.actor);
    let (bounded, _, clause) = generics.split_for_impl();
    let variants = messages.iter().map(|message| variant(model, message));
    let unmentioned = variant_of_unmentioned(model);
    quote! {
        #head
        #derive
        #[doc = #doc]
        #visibility enum #name #bounded #clause {
            #(#variants,)*
            #unmentioned
        }
    }
}

fn variant(model: &Model<'_>, message: &Message<'_>) -> TokenStream {
    let Message { variant, carried, method, .. } = message;
    let (conditions, lints, deprecated) = (&carried.conditions, &carried.lints, &carried.deprecated);
    let docs = carried.docs_or(&format!("The message that `{method}` handles."));
    let fields = message.fields().map(|(name, ty)| {
        let (ty, doc) = (model.own(ty), format!("The parameter `{name}` of `{method}`."));
        quote!(#[doc = #doc] #name: #ty,)
    });
    let reply = message.reply(&model.root).map(|(reply, _)| {
        let reply = model.own(&reply);
        quote!(#[doc = "The way back to the asker."] reply: #reply,)
    });
    let fields: TokenStream = fields.chain(reply).collect();
    let fields = (!fields.is_empty()).then(|| quote!({ #fields }));
    quote!(#(#conditions)* #docs #deprecated #(#lints)* #variant #fields)
}

/// A variant that nobody can make, for the parameters that no message mentions: an enum must mention each.
fn variant_of_unmentioned(model: &Model<'_>) -> Option<TokenStream> {
    let unmentioned = unmentioned(model);
    (!unmentioned.is_empty()).then(|| {
        quote! {
            #[doc(hidden)]
            __Unmentioned(::core::marker::PhantomData<(#(fn() -> #unmentioned,)*)>, ::core::convert::Infallible),
        }
    })
}

fn unmentioned<'a>(model: &'a Model<'_>) -> Vec<&'a Ident> {
    let mentioned: TokenStream = model.messages.iter().flat_map(|message| types(model, message)).collect();
    let parameters = model.generics.type_params().map(|parameter| &parameter.ident);
    parameters.filter(|parameter| !mentions(mentioned.clone(), parameter)).collect()
}

fn types(model: &Model<'_>, message: &Message<'_>) -> Vec<TokenStream> {
    let reply = message.reply(&model.root).map(|(reply, _)| model.own(&reply));
    message.fields().map(|(_, ty)| model.own(ty)).chain(reply).collect()
}

/// `Debug`, which asks nothing of what the messages carry.
pub(super) fn debug(model: &Model<'_>) -> TokenStream {
    if model.derives.iter().any(|derived| derived.segments.last().is_some_and(|last| last.ident == "Debug")) {
        return TokenStream::new();
    }
    let Model { names, generics, .. } = model;
    let (head, name, f) = (head_of_impl(model), &names.message, local("f"));
    let (bounded, generics, clause) = generics.split_for_impl();
    let shown = by_variant(model, &quote!(self), |message| {
        let variant = message.variant.to_string();
        quote!(#f.debug_struct(#variant).finish_non_exhaustive())
    });
    quote! {
        #head
        impl #bounded ::core::fmt::Debug for #name #generics #clause {
            fn fmt(&self, #f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                #shown
            }
        }
    }
}

/// What is made of each variant of a borrowed message.
pub(super) fn by_variant(
    model: &Model<'_>,
    borrowed: &TokenStream,
    make: impl Fn(&Message<'_>) -> TokenStream,
) -> TokenStream {
    let name = &model.names.message;
    let arms = model.messages.iter().map(|message| {
        let Message { variant, carried, .. } = message;
        let (conditions, made) = (&carried.conditions, make(message));
        quote!(#(#conditions)* #name::#variant { .. } => #made,)
    });
    let unmentioned = (!unmentioned(model).is_empty())
        .then(|| quote!(#name::__Unmentioned(_, ref never) => match *never {},));
    quote!(match *#borrowed { #(#arms)* #unmentioned })
}
