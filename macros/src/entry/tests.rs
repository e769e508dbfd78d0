//! What each attribute expands to, and what each refuses with which words.

use super::Entry;
use proc_macro2::TokenStream;
use quote::quote;

#[track_caller]
fn expands(entry: Entry, options: TokenStream, function: TokenStream, expected: &TokenStream) {
    assert_eq!(entry.expand(options, function).to_string(), expected.to_string());
}

/// The runtime's options that a well-formed function gets for these of the attribute.
fn builder(entry: Entry, options: TokenStream) -> String {
    let expanded = entry
        .expand(
            options,
            quote!(
                async fn f() {}
            ),
        )
        .to_string();
    let call = expanded.split_once(":: new () ").map(|(_, call)| call);
    call.and_then(|call| call.split_once(", f ()")).unwrap_or_else(|| panic!("{expanded}")).0.replace(' ', "")
}

#[track_caller]
fn refuses(entry: Entry, options: TokenStream, function: TokenStream, why: &str) {
    let expanded = entry.expand(options, function).to_string();
    let escaped = why.replace('"', "\\\"");
    assert!(expanded.contains("compile_error"), "{expanded}");
    assert!(expanded.contains(&escaped), "{expanded}");
}

#[track_caller]
fn refuses_option(entry: Entry, options: TokenStream, why: &str) {
    refuses(
        entry,
        options,
        quote!(
            async fn f() {}
        ),
        why,
    );
}

#[test]
fn main_becomes_a_plain_function_that_hands_over_its_main() {
    expands(
        Entry::Main,
        quote!(),
        quote!(
            async fn main() {
                work().await
            }
        ),
        &quote! {
            fn main() {
                async fn main() {
                    work().await
                }
                ::arbour::__private::main(::arbour::__private::RuntimeOptions::new(), main())
            }
        },
    );
}

#[test]
fn a_test_is_run_by_the_harness_on_one_thread_in_paused_time() {
    expands(
        Entry::Test,
        quote!(),
        quote!(
            async fn nobody_waits() {}
        ),
        &quote! {
            #[::core::prelude::v1::test]
            fn nobody_waits() {
                async fn nobody_waits() {}
                ::arbour::__private::test(
                    ::arbour::__private::RuntimeOptions::new().current_thread().start_paused(true),
                    nobody_waits()
                )
            }
        },
    );
}

#[test]
fn attributes_docs_visibility_and_return_type_are_kept() {
    expands(
        Entry::Test,
        quote!(),
        quote! {
            /// Fails as it should.
            #[should_panic(expected = "late")]
            pub(crate) async fn f() -> Result<(), Error> { g().await?; Ok(()) }
        },
        &quote! {
            #[::core::prelude::v1::test]
            /// Fails as it should.
            #[should_panic(expected = "late")]
            pub(crate) fn f() -> Result<(), Error> {
                async fn f() -> Result<(), Error> { g().await?; Ok(()) }
                ::arbour::__private::test(
                    ::arbour::__private::RuntimeOptions::new().current_thread().start_paused(true),
                    f()
                )
            }
        },
    );
}

#[test]
fn the_root_can_be_renamed() {
    let expanded = Entry::Main
        .expand(
            quote!(crate = my::tree),
            quote!(
                async fn main() {}
            ),
        )
        .to_string();
    let expected = quote!(my::tree::__private::main(my::tree::__private::RuntimeOptions::new(), main()));
    assert!(expanded.contains(&expected.to_string()), "{expanded}");
    assert!(!expanded.contains("arbour"), "{expanded}");
}

#[test]
fn options_become_calls_of_the_builder() {
    assert_eq!(builder(Entry::Main, quote!(worker_threads = 2)), ".worker_threads(2)");
    assert_eq!(
        builder(Entry::Main, quote!(flavor = "multi_thread", worker_threads = 3,)),
        ".worker_threads(3)"
    );
    assert_eq!(builder(Entry::Main, quote!(flavor = "current_thread")), ".current_thread()");
    assert_eq!(builder(Entry::Test, quote!(start_paused = false)), ".current_thread()");
    assert_eq!(builder(Entry::Test, quote!(start_paused = true)), ".current_thread().start_paused(true)");
    let two_threads = quote!(flavor = "multi_thread", worker_threads = 2);
    assert_eq!(builder(Entry::Test, two_threads), ".worker_threads(2)");
}

#[test]
fn time_runs_by_default_where_threads_run_beside_each_other() {
    assert_eq!(builder(Entry::Test, quote!(flavor = "multi_thread")), "");
}

#[track_caller]
fn runs_under(options: TokenStream, seeds: &TokenStream) {
    expands(
        Entry::Test,
        options,
        quote!(
            async fn f() {}
        ),
        &quote! {
            #[::core::prelude::v1::test]
            fn f() {
                async fn f() {}
                ::arbour::__private::test_under_seeds(#seeds, f)
            }
        },
    );
}

#[test]
fn a_test_under_seeds_hands_over_the_function_to_be_called_for_each() {
    runs_under(quote!(seeds = 1_000), &quote!(0..1000u64));
    runs_under(quote!(seed = 17), &quote!(17u64..17u64 + 1));
    runs_under(quote!(seed = 0, start_paused = true), &quote!(0u64..0u64 + 1));
}

#[test]
fn a_bad_number_of_seeds_is_refused_by_its_value() {
    refuses_option(Entry::Test, quote!(seeds = 0), "`seeds` is a number from 1 up, not `0`");
    refuses_option(Entry::Test, quote!(seed = "x"), "`seed` is a number from 0 up, not `\"x\"`");
    let most = quote!(seed = 18446744073709551615);
    refuses_option(Entry::Test, most, "`seed` is a number from 0 up, not `18446744073709551615`");
}

#[test]
fn two_options_about_seeds_are_refused() {
    let why = "`seed` is the second option about seeds: take either `seeds` or `seed`, once";
    refuses_option(Entry::Test, quote!(seeds = 10, seed = 3), why);
}

#[test]
fn seeds_on_several_threads_or_with_running_time_are_refused() {
    let why = "a test under seeds runs on one thread with the clock paused";
    refuses_option(Entry::Test, quote!(seeds = 10, flavor = "multi_thread"), why);
    refuses_option(Entry::Test, quote!(seeds = 10, start_paused = false), why);
}

#[test]
fn seeds_are_an_option_of_tests_only() {
    refuses_option(Entry::Main, quote!(seeds = 10), "`seeds` is not an option of `#[arbour::main]`");
}

#[test]
fn a_function_that_is_not_async_is_refused() {
    let why = "`main` is not `async`, so `#[arbour::main]` has nothing to run";
    refuses(
        Entry::Main,
        quote!(),
        quote!(
            fn main() {}
        ),
        why,
    );
}

#[test]
fn parameters_are_refused() {
    let why = "`f` has parameters, and nobody could give `#[arbour::test]` their values";
    refuses(
        Entry::Test,
        quote!(),
        quote!(
            async fn f(port: u16) {}
        ),
        why,
    );
}

#[test]
fn generics_are_refused() {
    let why = "`f` is generic, and nobody could choose its types for `#[arbour::test]`";
    refuses(
        Entry::Test,
        quote!(),
        quote!(
            async fn f<T>() {}
        ),
        why,
    );
}

#[test]
fn a_second_test_attribute_is_refused() {
    let why = "`f` is marked as a test twice";
    refuses(
        Entry::Test,
        quote!(),
        quote!(
            #[tokio::test]
            async fn f() {}
        ),
        why,
    );
}

#[test]
fn something_that_is_no_function_is_refused() {
    refuses(
        Entry::Main,
        quote!(),
        quote!(
            struct Main;
        ),
        "expected",
    );
}

#[test]
fn an_unknown_option_is_refused_with_those_there_are() {
    let why =
        "`threads` is not an option of `#[arbour::main]`, which takes `flavor`, `worker_threads` and `crate`";
    refuses_option(Entry::Main, quote!(threads = 2), why);
}

#[test]
fn paused_time_is_an_option_of_tests_only() {
    let why = "`start_paused` is not an option of `#[arbour::main]`";
    refuses_option(Entry::Main, quote!(start_paused = true), why);
}

#[test]
fn an_option_given_twice_is_refused() {
    let twice = quote!(worker_threads = 2, worker_threads = 3);
    refuses_option(Entry::Main, twice, "`worker_threads` is given twice");
}

#[test]
fn a_bad_flavor_is_refused_by_its_value() {
    let why = "`flavor` is \"current_thread\" or \"multi_thread\", not `\"single\"`";
    refuses_option(Entry::Main, quote!(flavor = "single"), why);
    let why = "`flavor` is \"current_thread\" or \"multi_thread\", not `single`";
    refuses_option(Entry::Main, quote!(flavor = single), why);
}

#[test]
fn a_bad_number_of_threads_is_refused_by_its_value() {
    let why = "`worker_threads` is a number of threads from 1 up, not `0`";
    refuses_option(Entry::Main, quote!(worker_threads = 0), why);
    let why = "`worker_threads` is a number of threads from 1 up, not `\"two\"`";
    refuses_option(Entry::Main, quote!(worker_threads = "two"), why);
    let why = "`worker_threads` is a number of threads from 1 up, not `- 1`";
    refuses_option(Entry::Main, quote!(worker_threads = -1), why);
}

#[test]
fn a_bad_pause_is_refused_by_its_value() {
    let why = "`start_paused` is true or false, not `1`";
    refuses_option(Entry::Test, quote!(start_paused = 1), why);
}

#[test]
fn worker_threads_on_one_thread_are_refused() {
    let why = "`worker_threads = 2` needs `flavor = \"multi_thread\"`";
    refuses_option(Entry::Main, quote!(flavor = "current_thread", worker_threads = 2), why);
    refuses_option(Entry::Test, quote!(worker_threads = 2), why);
}

#[test]
fn paused_time_beside_threads_is_refused() {
    let why = "`start_paused = true` needs `flavor = \"current_thread\"`";
    refuses_option(Entry::Test, quote!(flavor = "multi_thread", start_paused = true), why);
}

#[test]
fn a_refused_main_leaves_a_main_behind() {
    let expanded = Entry::Main
        .expand(
            quote!(),
            quote!(
                fn main() {}
            ),
        )
        .to_string();
    assert!(expanded.ends_with("fn main () { }"), "{expanded}");
}
