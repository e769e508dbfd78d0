//! What the compiler is asked of each part of a message, so that it answers at the user's line.

use super::{at, head_of_impl};
use crate::actor::model::Model;
use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};

/// That each part can be sent. Asked of the message as a whole, the compiler would not say which one cannot.
pub(super) fn messages(model: &Model<'_>) -> TokenStream {
    let (head, (bounded, _, clause)) = (head_of_impl(model), model.generics.split_for_impl());
    let parts: TokenStream = model
        .messages
        .iter()
        .flat_map(|message| {
            let conditions = &message.carried.conditions;
            message.parts().map(move |part| {
                let (here, part) = (at(part), model.own(part));
                quote_spanned!(here=> #(#conditions)* is_sent::<#part>();)
            })
        })
        .collect();
    if parts.is_empty() {
        return parts;
    }
    quote! {
        #head
        const _: () = {
            #[allow(dead_code, reason = "it is compiled to be checked")]
            fn check #bounded () #clause {
                fn is_sent<Part: ::core::marker::Send + 'static>() {}
                #parts
            }
        };
    }
}
