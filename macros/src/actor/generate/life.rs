//! The trait: how the actor handles each message, and its hooks.

use super::message::by_variant;
use super::{at, head_of_impl, local};
use crate::actor::hook::{Given, Hook};
use crate::actor::mark::Hook as Which;
use crate::actor::message::{Ending, Kind, Message};
use crate::actor::model::Model;
use crate::actor::parameter::Parameter;
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::ext::IdentExt;

pub(super) fn actor(model: &Model<'_>) -> TokenStream {
    let Model { root, self_type, generics, names, hooks, .. } = model;
    let (head, message) = (head_of_impl(model), &names.message);
    let (bounded, generics, clause) = generics.split_for_impl();
    let (handle, kind) = (handle(model), kind(model));
    // What is wrong with the message as a whole, as one that is private or cannot be sent, is told at the actor's name.
    let here = at(&names.actor);
    let its_message = quote_spanned!(here=> type Message = #message #generics;);
    let hooks = hooks.iter().map(|made| hook(model, made));
    quote! {
        #head
        impl #bounded #root::Actor for #self_type #clause {
            #its_message
            #handle
            #kind
            #(#hooks)*
        }
    }
}

fn handle(model: &Model<'_>) -> TokenStream {
    let Model { root, messages, .. } = model;
    let (message, cx) = (local("message"), local("cx"));
    let arms = messages.iter().map(|message| arm(model, message, &cx));
    let takes_context = messages
        .iter()
        .any(|message| message.parameters.iter().any(|parameter| matches!(parameter, Parameter::Context)));
    // A name that begins so is one that need not be used.
    let given = if takes_context { cx.clone() } else { local("_cx") };
    quote! {
        async fn handle(
            &mut self,
            #message: Self::Message,
            #given: &mut #root::Context<Self>,
        ) -> ::core::result::Result<(), #root::Failure> {
            match #message { #(#arms)* }
        }
    }
}

fn arm(model: &Model<'_>, message: &Message<'_>, cx: &Ident) -> TokenStream {
    let (name, reply, answer) = (&model.names.message, local("way_back"), local("answer"));
    let Message { variant, carried, kind, .. } = message;
    let conditions = &carried.conditions;
    let fields = message.fields().map(|(name, _)| quote!(#name,));
    let back = message.is_asked().then(|| quote!(reply: #reply));
    let call = call(message, cx, &reply);
    let done = match kind {
        Kind::Tell(ending) | Kind::Deferred { ending, .. } => ended(*ending, &call),
        // The way back is not held while the method waits: it may not be `Sync`.
        Kind::Ask(_) => quote!(let #answer = #call; #reply.send(#answer);),
        Kind::Done => quote!(#call; #reply.send(());),
    };
    quote! {
        #(#conditions)*
        #name::#variant { #(#fields)* #back } => {
            #done
            ::core::result::Result::Ok(())
        }
    }
}

/// The method's call, waited for.
fn call(message: &Message<'_>, cx: &Ident, reply: &Ident) -> TokenStream {
    let arguments = message.parameters.iter().map(|parameter| match parameter {
        Parameter::Field { name, .. } => name,
        Parameter::Context => cx,
        Parameter::Reply { .. } => reply,
    });
    let method = message.method;
    awaited(quote!(Self::#method(self, #(#arguments),*)), message.is_async)
}

fn awaited(call: TokenStream, is_async: bool) -> TokenStream {
    if is_async { quote!(#call.await) } else { call }
}

/// An error that is no failure is told at the type that was written.
fn ended(ending: Ending<'_>, call: &TokenStream) -> TokenStream {
    match ending {
        Ending::Nothing => quote!(#call;),
        Ending::Fallible(result) => quote_spanned!(at(result)=> #call?;),
    }
}

fn kind(model: &Model<'_>) -> TokenStream {
    let message = local("message");
    let names = by_variant(model, &quote!(#message), |message| {
        message.method.unraw().to_string().into_token_stream()
    });
    quote! {
        fn kind(#message: &Self::Message) -> &'static str {
            #names
        }
    }
}

fn hook(model: &Model<'_>, hook: &Hook<'_>) -> TokenStream {
    let root = &model.root;
    let Hook { which, method, is_async, given, ending, carried } = hook;
    let conditions = &carried.conditions;
    let name = Ident::new(which.name(), Span::call_site());
    let (cx, reason, f) = (local("cx"), local("reason"), local("f"));
    let arguments = given.iter().map(|given| match given {
        Given::Context => &cx,
        Given::Reason => &reason,
        Given::Formatter => &f,
    });
    let call = awaited(quote!(Self::#method(self, #(#arguments),*)), *is_async);
    if *which == Which::Describe {
        return quote! {
            #(#conditions)*
            fn #name(&self, #f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                #call
            }
        };
    }
    let takes = |one: Given, name: &Ident| if given.contains(&one) { quote!(#name) } else { quote!(_) };
    let context = takes(Given::Context, &cx);
    let reason = (*which == Which::Stopped).then(|| {
        let reason = takes(Given::Reason, &reason);
        quote!(#reason: #root::StopReason,)
    });
    let done = ended(*ending, &call);
    quote! {
        #(#conditions)*
        async fn #name(
            &mut self,
            #reason
            #context: &mut #root::Context<Self>,
        ) -> ::core::result::Result<(), #root::Failure> {
            #done
            ::core::result::Result::Ok(())
        }
    }
}
