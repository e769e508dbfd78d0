//! The methods of addresses: a trait for those of tasks, and one for those of threads.

use super::{at, head, head_of_impl};
use crate::actor::message::Message;
use crate::actor::model::Model;
use crate::actor::owned::written;
use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};

/// Who holds the address.
#[derive(Clone, Copy, PartialEq)]
enum Holder {
    Task,
    Thread,
}

pub(super) fn of_tasks(model: &Model<'_>) -> TokenStream {
    let about = format!("What an address of `{}` is told and asked, as methods.", model.names.actor);
    extension(model, Holder::Task, &model.names.address, &about)
}

pub(super) fn of_threads(model: &Model<'_>) -> TokenStream {
    let about = format!("What a blocking address of `{}` is told and asked, as methods.", model.names.actor);
    extension(model, Holder::Thread, &model.names.blocking, &about)
}

/// The trait and its `impl`.
fn extension(model: &Model<'_>, holder: Holder, name: &Ident, about: &str) -> TokenStream {
    let Model { root, visibility, generics, self_type, messages, .. } = model;
    let (head, head_of_impl) = (head(model), head_of_impl(model));
    let (bounded, arguments, clause) = generics.split_for_impl();
    let declared = messages.iter().map(|message| declared(model, holder, message));
    let defined = messages.iter().map(|message| defined(model, holder, message));
    let address = match holder {
        Holder::Task => quote!(#root::Address<#self_type>),
        Holder::Thread => quote!(#root::BlockingAddress<#self_type>),
    };
    quote! {
        #head
        #[doc = #about]
        #visibility trait #name #bounded #clause {
            #(#declared)*
        }
        #head_of_impl
        impl #bounded #name #arguments for #address #clause {
            #(#defined)*
        }
    }
}

fn declared(model: &Model<'_>, holder: Holder, message: &Message<'_>) -> TokenStream {
    let carried = &message.carried;
    let (conditions, lints, deprecated) = (&carried.conditions, &carried.lints, &carried.deprecated);
    let (docs, signature) = (docs(model, message), signature(model, holder, message));
    quote!(#(#conditions)* #docs #deprecated #(#lints)* #signature;)
}

fn docs(model: &Model<'_>, message: &Message<'_>) -> TokenStream {
    let (method, carried) = (message.method, &message.carried);
    let (verb, error, why) = match message.is_asked() {
        true => ("Asks", "AskError", "says why there is no reply"),
        false => ("Tells", "TellError", "hands the message back when the actor takes none any more"),
    };
    let errors = format!(" [`{error}`]({}::{error}) {why}.", written(&model.root));
    let docs = carried.docs_or(&format!("{verb} the actor to `{method}`."));
    let errors = (!carried.tells_of_errors())
        .then(|| quote!(#[doc = ""] #[doc = " # Errors"] #[doc = ""] #[doc = #errors]));
    quote!(#docs #errors)
}

fn defined(model: &Model<'_>, holder: Holder, message: &Message<'_>) -> TokenStream {
    let conditions = &message.carried.conditions;
    let (signature, sent) = (signature(model, holder, message), sent(model, message));
    quote!(#(#conditions)* #signature { #sent })
}

fn signature(model: &Model<'_>, holder: Holder, message: &Message<'_>) -> TokenStream {
    let method = message.method;
    let parameters = message.fields().map(|(name, ty)| {
        let ty = model.own(ty);
        quote!(#name: #ty)
    });
    let outcome = outcome(model, message);
    let returned = match holder {
        Holder::Task => quote_spanned! {
            at(method)=> impl ::core::future::Future<Output = #outcome> + ::core::marker::Send
        },
        Holder::Thread => outcome,
    };
    quote!(fn #method(&self #(, #parameters)*) -> #returned)
}

fn outcome(model: &Model<'_>, message: &Message<'_>) -> TokenStream {
    let Model { root, names, generics, .. } = model;
    match message.reply(root) {
        Some((_, output)) => {
            let output = model.own(&output);
            quote!(::core::result::Result<#output, #root::AskError>)
        }
        None => {
            let (name, (_, generics, _)) = (&names.message, generics.split_for_impl());
            quote!(::core::result::Result<(), #root::TellError<#name #generics>>)
        }
    }
}

fn sent(model: &Model<'_>, message: &Message<'_>) -> TokenStream {
    let (name, variant, here) = (&model.names.message, &message.variant, at(message.method));
    let fields: Vec<_> = message.fields().map(|(name, _)| quote!(#name,)).collect();
    match message.is_asked() {
        true => {
            let reply = super::local("way_back");
            quote_spanned!(here=> self.ask(move |#reply| #name::#variant { #(#fields)* reply: #reply }))
        }
        false => quote_spanned!(here=> self.tell(#name::#variant { #(#fields)* })),
    }
}
