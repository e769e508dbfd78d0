//! What the attribute makes of a block, item by item. What it refuses is compiled in `tests/refused/`, how actors
//! behave is told by the suite of the crate above.

use super::expand;
use super::names::OF_EVERY_ADDRESS;
use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use syn::{File, ImplItem, Item, Type, Visibility};

/// What is made of this block without options.
fn made(block: TokenStream) -> File {
    syn::parse2(expand(TokenStream::new(), block)).unwrap()
}

/// The item with this kind and name, or `impl` with this head, without the attributes in front of it.
#[track_caller]
fn item(file: &File, begins: &str) -> String {
    let mut items = file.items.iter().map(|item| {
        let mut item = item.clone();
        match &mut item {
            Item::Enum(item) => item.attrs.clear(),
            Item::Trait(item) => item.attrs.clear(),
            Item::Impl(item) => item.attrs.clear(),
            Item::Const(item) => item.attrs.clear(),
            other => panic!("an item that nobody asked for: {}", other.to_token_stream()),
        }
        item.to_token_stream().to_string()
    });
    items
        .find(|item| dense(item).starts_with(&dense(begins)))
        .unwrap_or_else(|| panic!("no item begins with {begins}"))
}

#[track_caller]
fn is(found: &str, expected: &TokenStream) {
    assert_eq!(dense(found), dense(&expected.to_string()));
}

#[track_caller]
fn has(found: &str, part: &TokenStream) {
    let found = dense(found);
    assert!(found.contains(&dense(&part.to_string())), "there is no\n{part}\nin\n{found}");
}

#[track_caller]
fn has_not(found: &str, part: &TokenStream) {
    let found = dense(found);
    assert!(!found.contains(&dense(&part.to_string())), "there is\n{part}\nin\n{found}");
}

/// Without spaces, which depend on how the same tokens were put together.
fn dense(tokens: &str) -> String {
    tokens.replace(' ', "")
}

fn counter() -> File {
    made(quote! {
        impl Counter {
            /// Adds.
            async fn add(&mut self, n: u64) { self.total += n }
            async fn total(&self) -> u64 { self.total }
        }
    })
}

#[test]
fn the_block_stays_and_a_shared_receiver_of_an_async_method_becomes_an_exclusive_one() {
    is(
        &item(&counter(), "impl Counter"),
        &quote! {
            impl Counter {
                /// Adds.
                #[allow(clippy::needless_pass_by_value, reason = "a message owns what it carries")]
                async fn add(&mut self, n: u64) { self.total += n }
                #[allow(clippy::needless_pass_by_ref_mut, reason = "`#[arbour::actor]` has made it of `&self`")]
                async fn total(&mut self) -> u64 { self.total }
            }
        },
    );
}

#[test]
fn a_method_that_cannot_wait_or_is_no_message_keeps_its_shared_receiver() {
    let block = item(
        &made(quote! {
            impl Counter {
                fn total(&self) -> u64 { self.total }
                #[actor(skip)]
                async fn shown(&self) -> String { self.total.to_string() }
            }
        }),
        "impl Counter",
    );
    has(&block, &quote!(fn total(&self) -> u64));
    has(&block, &quote!(async fn shown(&self) -> String));
    has_not(&block, &quote!(actor));
}

#[test]
fn the_message_has_a_variant_per_method_with_its_parameters_and_the_way_back() {
    is(
        &item(&counter(), "enum CounterMessage"),
        &quote! {
            enum CounterMessage {
                /// Adds.
                Add {
                    #[doc = "The parameter `n` of `add`."]
                    n: u64,
                },
                #[doc = "The message that `total` handles."]
                Total {
                    #[doc = "The way back to the asker."]
                    reply: ::arbour::Reply<u64>,
                },
            }
        },
    );
}

#[test]
fn the_trait_is_what_a_person_would_write() {
    is(
        &item(&counter(), "impl ::arbour::Actor"),
        &quote! {
            impl ::arbour::Actor for Counter {
                type Message = CounterMessage;
                async fn handle(
                    &mut self,
                    message: Self::Message,
                    _cx: &mut ::arbour::Context<Self>,
                ) -> ::core::result::Result<(), ::arbour::Failure> {
                    match message {
                        CounterMessage::Add { n, } => {
                            Self::add(self, n).await;
                            ::core::result::Result::Ok(())
                        }
                        CounterMessage::Total { reply: way_back } => {
                            let answer = Self::total(self,).await;
                            way_back.send(answer);
                            ::core::result::Result::Ok(())
                        }
                    }
                }
                fn kind(message: &Self::Message) -> &'static str {
                    match *message {
                        CounterMessage::Add { .. } => "add",
                        CounterMessage::Total { .. } => "total",
                    }
                }
            }
        },
    );
}

#[test]
fn an_address_has_the_methods_of_the_messages() {
    let counter = counter();
    is(
        &item(&counter, "impl CounterAddress for"),
        &quote! {
            impl CounterAddress for ::arbour::Address<Counter> {
                fn add(&self, n: u64) -> impl ::core::future::Future<
                    Output = ::core::result::Result<(), ::arbour::TellError<CounterMessage> >
                > + ::core::marker::Send {
                    self.tell(CounterMessage::Add { n, })
                }
                fn total(&self) -> impl ::core::future::Future<
                    Output = ::core::result::Result<u64, ::arbour::AskError>
                > + ::core::marker::Send {
                    self.ask(move |way_back| CounterMessage::Total { reply: way_back })
                }
            }
        },
    );
    is(
        &item(&counter, "impl CounterBlocking for"),
        &quote! {
            impl CounterBlocking for ::arbour::BlockingAddress<Counter> {
                fn add(&self, n: u64) -> ::core::result::Result<(), ::arbour::TellError<CounterMessage> > {
                    self.tell(CounterMessage::Add { n, })
                }
                fn total(&self) -> ::core::result::Result<u64, ::arbour::AskError> {
                    self.ask(move |way_back| CounterMessage::Total { reply: way_back })
                }
            }
        },
    );
}

#[test]
fn the_methods_of_an_address_say_what_they_do_and_when_they_fail() {
    let declared = item(&counter(), "trait CounterAddress");
    has(
        &declared,
        &quote! {
            /// Adds.
            #[doc = ""]
            #[doc = " # Errors"]
            #[doc = ""]
            #[doc = " [`TellError`](::arbour::TellError) hands the message back when the actor takes none any more."]
            fn add
        },
    );
    has(
        &declared,
        &quote! {
            #[doc = "Asks the actor to `total`."]
            #[doc = ""]
            #[doc = " # Errors"]
            #[doc = ""]
            #[doc = " [`AskError`](::arbour::AskError) says why there is no reply."]
            fn total
        },
    );
}

#[test]
fn a_section_on_errors_that_was_written_is_the_only_one() {
    let file = made(quote! {
        impl Till {
            /// Takes.
            ///
            /// # Errors
            ///
            /// When there are none.
            async fn take(&mut self) -> Result<u64, Empty> { Err(Empty) }
        }
    });
    assert_eq!(item(&file, "trait TillAddress").matches("# Errors").count(), 1);
}

#[test]
fn the_widest_of_the_visibilities_of_the_messages_is_that_of_all() {
    let visible = |methods: TokenStream| {
        let file = made(quote!(impl Counter { #methods }));
        let found = file.items.iter().find_map(|item| match item {
            Item::Enum(item) => Some(item.vis.clone()),
            _ => None,
        });
        found.unwrap().into_token_stream().to_string()
    };
    assert_eq!(
        visible(quote!(
            fn a(&self) {}
            pub(crate) fn b(&self) {}
        )),
        "pub (crate)"
    );
    assert_eq!(
        visible(quote!(
            pub(super) fn a(&self) {}
            pub fn b(&self) {}
            pub(crate) fn c(&self) {}
        )),
        "pub"
    );
    assert_eq!(
        visible(quote!(
            pub(self) fn a(&self) {}
            pub(super) fn b(&self) {}
        )),
        "pub (super)"
    );
    assert_eq!(
        visible(quote!(
            fn a(&self) {}
            #[actor(skip)]
            pub fn b(&self) {}
            pub fn new() {}
        )),
        ""
    );
    assert_eq!(visible(quote!()), "pub");
}

#[test]
fn all_names_and_the_root_can_be_chosen_and_traits_derived() {
    let options =
        quote!(message = Msg, address = Till, blocking = Sync, derive(Clone, Debug), crate = my::tree);
    let made = expand(
        options,
        quote!(impl Counter { async fn add(&mut self, n: u64) {} async fn total(&self) -> u64 { 0 } }),
    );
    let made = made.to_string();
    has(&made, &quote!(impl Till for my::tree::Address<Counter>));
    has(&made, &quote!(impl Sync for my::tree::BlockingAddress<Counter>));
    has(&made, &quote!(#[derive(Clone, Debug)]));
    has(&made, &quote!(enum Msg));
    has_not(&made, &quote!(impl ::core::fmt::Debug));
    has_not(&made, &quote!(::arbour));
    has_not(&made, &quote!(CounterMessage));
}

#[test]
fn self_is_written_out_where_it_would_be_another_type() {
    let file = made(quote! {
        impl<T: Send + 'static> Stack<T> where Self: Sized {
            async fn join(&mut self, other: Box<Self>, first: [u8; Self::SIZE]) -> <Self as Sum>::Output {}
        }
    });
    has(
        &item(&file, "enum StackMessage <T: Send + 'static> where Stack<T>: Sized"),
        &quote! {
            other: Box< Stack<T> >,
            #[doc = "The parameter `first` of `join`."]
            first: [u8; <Stack<T> >::SIZE],
        },
    );
    let address = item(&file, "impl <T: Send + 'static> StackAddress<T> for ::arbour::Address<Stack<T>>");
    has(&address, &quote!(::core::result::Result<<Stack<T> as Sum>::Output, ::arbour::AskError>));
}

#[test]
fn a_parameter_that_no_message_mentions_is_kept_by_a_variant_that_nobody_can_make() {
    let file = made(quote! {
        impl<T: Send + 'static, U: Send + 'static, const N: usize> Pair<T, U, N> {
            async fn put(&mut self, t: Vec<T>) {}
        }
    });
    has(
        &item(&file, "enum PairMessage <T: Send + 'static, U: Send + 'static, const N: usize>"),
        &quote! {
            #[doc(hidden)]
            __Unmentioned(::core::marker::PhantomData<(fn() -> U,)>, ::core::convert::Infallible),
        },
    );
    let actor = item(&file, "impl <T: Send + 'static, U: Send + 'static, const N: usize> ::arbour::Actor");
    has(
        &actor,
        &quote!(
            type Message = PairMessage<T, U, N>;
        ),
    );
    has(&actor, &quote!(PairMessage::__Unmentioned(_, ref never) => match *never {},));
}

#[test]
fn attributes_go_where_they_have_a_meaning() {
    let file = made(quote! {
        #[cfg(unix)]
        impl Counter {
            #[cfg(test)]
            #[deprecated]
            #[expect(clippy::many_single_char_names)]
            #[must_use]
            #[tracing::instrument]
            async fn add(&mut self, a: u64) -> u64 { a }
        }
    });
    has(
        &item(&file, "impl Counter {"),
        &quote! {
            #[cfg(test)]
            #[deprecated]
            #[expect(clippy::many_single_char_names)]
            #[must_use]
            #[tracing::instrument]
            #[allow(clippy::needless_pass_by_value, reason = "a message owns what it carries")]
            async fn add
        },
    );
    let variant = quote! {
        #[cfg(test)]
        #[doc = "The message that `add` handles."]
        #[deprecated]
        #[allow(clippy::many_single_char_names)]
        Add
    };
    has(&item(&file, "enum CounterMessage"), &variant);
    has(
        &item(&file, "impl ::arbour::Actor"),
        &quote!(#[cfg(test)] CounterMessage::Add { a, reply: way_back } =>),
    );
    has(&item(&file, "impl CounterAddress"), &quote!(#[cfg(test)] fn add(&self, a: u64)));
    let conditions = dense(&file.to_token_stream().to_string()).matches("#[cfg(unix)]").count();
    assert_eq!(conditions, file.items.len());
}

#[test]
fn a_told_error_ends_the_actor_and_an_asked_one_is_the_reply() {
    let file = made(quote! {
        impl Counter {
            #[actor(tell)]
            async fn add(&mut self) -> io::Result<()> { Ok(()) }
            async fn checked(&mut self) -> io::Result<()> { Ok(()) }
            #[actor(ask)]
            fn flush(&mut self) {}
        }
    });
    let actor = item(&file, "impl ::arbour::Actor");
    has(&actor, &quote!(Self::add(self,).await?;));
    has(&actor, &quote!(let answer = Self::checked(self,).await; way_back.send(answer);));
    has(&actor, &quote!(Self::flush(self,); way_back.send(());));
    has(&item(&file, "enum"), &quote!(reply: ::arbour::Reply<io::Result<()> >,));
}

#[test]
fn the_context_and_a_deferred_reply_come_from_the_actor_in_any_place() {
    let file = made(quote! {
        impl Counter {
            async fn later(&mut self, cx: &mut Context<Self>, n: u64, to: arbour::Reply<u8>) -> Result<(), Failure> {}
        }
    });
    let actor = item(&file, "impl ::arbour::Actor");
    has(
        &actor,
        &quote!(CounterMessage::Later { n, reply: way_back } => {
         Self::later(self, cx, n, way_back).await?; ::core::result::Result::Ok(())
        }),
    );
    has(&item(&file, "enum"), &quote!(reply: arbour::Reply<u8>,));
    has(&item(&file, "impl CounterBlocking"), &quote!(fn later(&self, n: u64)));
}

#[test]
fn hooks_are_given_what_they_take() {
    let file = made(quote! {
        impl Counter {
            #[actor(started)]
            fn begin(&mut self) -> Result<(), Failure> { Ok(()) }
            #[actor(stopping)]
            async fn wind_down(&mut self, cx: &mut Context<Self>) {}
            #[actor(stopped)]
            async fn end(&mut self, cx: &mut Context<Self>, why: StopReason) {}
            #[actor(describe)]
            fn shown(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { Ok(()) }
        }
    });
    let actor = item(&file, "impl ::arbour::Actor");
    let returned = quote!(::core::result::Result<(), ::arbour::Failure>);
    has(
        &actor,
        &quote!(async fn started(&mut self, _: &mut ::arbour::Context<Self>,) -> #returned { Self::begin(self,)?; ::core::result::Result::Ok(()) }),
    );
    has(
        &actor,
        &quote!(async fn stopping(&mut self, cx: &mut ::arbour::Context<Self>,) -> #returned { Self::wind_down(self, cx).await; ::core::result::Result::Ok(()) }),
    );
    has(
        &actor,
        &quote! {
            async fn stopped(
                &mut self,
                reason: ::arbour::StopReason,
                cx: &mut ::arbour::Context<Self>,
            ) -> #returned { Self::end(self, cx, reason).await; ::core::result::Result::Ok(()) }
        },
    );
    has(&actor, &quote!(-> ::core::fmt::Result { Self::shown(self, f) }));
}

#[test]
fn methods_under_conditions_may_share_a_variant() {
    let file = made(quote! {
        impl Counter {
            #[cfg(unix)]
            fn add(&mut self) {}
            #[cfg(not(unix))]
            fn add(&mut self) {}
        }
    });
    has(
        &item(&file, "enum"),
        &quote!(
            #[cfg(not(unix))]
            #[doc = "The message that `add` handles."]
            Add
        ),
    );
}

#[test]
fn every_method_of_an_address_is_known_here() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../src/actor");
    let mut found = BTreeSet::new();
    methods_of_addresses(&folder, &mut found);
    let known: BTreeSet<_> = OF_EVERY_ADDRESS.iter().map(|name| (*name).to_owned()).collect();
    let of_traits = ["clone", "to_owned"].map(str::to_owned);
    found.extend(of_traits);
    assert_eq!(known, found, "`OF_EVERY_ADDRESS` and the methods of addresses in `src/actor`");
}

fn methods_of_addresses(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            methods_of_addresses(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let file = syn::parse_file(&fs::read_to_string(&path).unwrap()).unwrap();
            found.extend(file.items.iter().flat_map(public_methods));
        }
    }
}

/// The names of the methods in an inherent `impl` block of an address.
fn public_methods(item: &Item) -> Vec<String> {
    let Item::Impl(block) = item else { return Vec::new() };
    let is_address = |ty: &Type| match ty {
        Type::Path(path) => {
            let last = path.path.segments.last().map(|segment| segment.ident.to_string());
            last.is_some_and(|name| name == "Address" || name == "BlockingAddress")
        }
        _ => false,
    };
    if block.trait_.is_some() || !is_address(&block.self_ty) {
        return Vec::new();
    }
    let public = block.items.iter().filter_map(|item| match item {
        ImplItem::Fn(function) if matches!(function.vis, Visibility::Public(_)) => {
            Some(function.sig.ident.to_string())
        }
        _ => None,
    });
    public.collect()
}
