//! The options of an attribute: read, checked, and written as calls of a builder.

use crate::entry::Entry;
use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Error, Expr, ExprLit, Ident, Lit, LitInt, Path, Result, Token, parse_quote};

/// What was written, each option with its tokens so that a refusal can point at them.
#[derive(Default)]
pub(crate) struct Options {
    flavor: Option<Flavor>,
    worker_threads: Option<LitInt>,
    start_paused: Option<(bool, Expr)>,
    seeds: Option<(Seeds, Expr)>,
    root: Option<Path>,
}

/// Which seeds a test is run under.
#[derive(Clone, Copy)]
enum Seeds {
    /// So many, from 0.
    First(u64),
    One(u64),
}

impl Seeds {
    fn range(self) -> TokenStream {
        match self {
            Self::First(count) => quote!(0..#count),
            Self::One(seed) => quote!(#seed..#seed + 1),
        }
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Flavor {
    CurrentThread,
    MultiThread,
}

impl Options {
    /// Reads `name = value, …` as this attribute takes them.
    pub(crate) fn parse(entry: Entry, tokens: TokenStream) -> Result<Self> {
        let read = |input: ParseStream<'_>| {
            let mut options = Self::default();
            while !input.is_empty() {
                options.parse_one(entry, input)?;
                if !input.is_empty() {
                    input.parse::<Token![,]>()?;
                }
            }
            Ok(options)
        };
        let options = read.parse2(tokens)?;
        options.refuse_contradictions(entry)?;
        Ok(options)
    }

    /// The path of `arbour`.
    pub(crate) fn root(&self) -> Path {
        self.root.clone().unwrap_or_else(|| parse_quote!(::arbour))
    }

    /// The range of the seeds that a test is run under, if it is.
    pub(crate) fn seeds(&self) -> Option<TokenStream> {
        self.seeds.as_ref().map(|(seeds, _)| seeds.range())
    }

    /// The expression that makes the runtime's options.
    pub(crate) fn builder(&self, entry: Entry) -> TokenStream {
        let root = self.root();
        let worker_threads = self.worker_threads.iter().map(|count| quote!(.worker_threads(#count)));
        let current_thread =
            (self.flavor(entry) == Flavor::CurrentThread).then(|| quote!(.current_thread())).into_iter();
        let start_paused = self.start_paused(entry).then(|| quote!(.start_paused(true))).into_iter();
        let calls = worker_threads.chain(current_thread).chain(start_paused);
        quote!(#root::__private::RuntimeOptions::new() #(#calls)*)
    }

    fn flavor(&self, entry: Entry) -> Flavor {
        self.flavor.unwrap_or(match entry {
            Entry::Main => Flavor::MultiThread,
            Entry::Test => Flavor::CurrentThread,
        })
    }

    fn start_paused(&self, entry: Entry) -> bool {
        let by_default = entry == Entry::Test && self.flavor(entry) == Flavor::CurrentThread;
        self.start_paused.as_ref().map_or(by_default, |(paused, _)| *paused)
    }

    fn parse_one(&mut self, entry: Entry, input: ParseStream<'_>) -> Result<()> {
        let name = Ident::parse_any(input)?;
        input.parse::<Token![=]>()?;
        match name.to_string().as_str() {
            "flavor" => once(&mut self.flavor, &name, flavor(&input.parse()?)?),
            "worker_threads" => once(&mut self.worker_threads, &name, worker_threads(&input.parse()?)?),
            "start_paused" if entry == Entry::Test => {
                once(&mut self.start_paused, &name, start_paused(input.parse()?)?)
            }
            "seeds" if entry == Entry::Test => self.take_seeds(&name, input, Seeds::First),
            "seed" if entry == Entry::Test => self.take_seeds(&name, input, Seeds::One),
            "crate" => once(&mut self.root, &name, input.call(Path::parse_mod_style)?),
            unknown => Err(Error::new(
                name.span(),
                format!("`{unknown}` is not an option of `{entry}`, which takes {}", entry.options()),
            )),
        }
    }

    fn take_seeds(&mut self, name: &Ident, input: ParseStream<'_>, kind: fn(u64) -> Seeds) -> Result<()> {
        let value: Expr = input.parse()?;
        let least = u64::from(name == "seeds");
        let number = number(&value).filter(|number| (least..u64::MAX).contains(number));
        let number =
            number.ok_or_else(|| refused(&name.to_string(), &value, &format!("a number from {least} up")))?;
        match self.seeds.replace((kind(number), value)) {
            None => Ok(()),
            Some(_) => Err(Error::new(
                name.span(),
                format!("`{name}` is the second option about seeds: take either `seeds` or `seed`, once"),
            )),
        }
    }

    fn refuse_contradictions(&self, entry: Entry) -> Result<()> {
        let current_thread = self.flavor(entry) == Flavor::CurrentThread;
        if let Some((_, value)) = &self.seeds
            && !(current_thread && self.start_paused(entry))
        {
            return Err(Error::new_spanned(
                value,
                "a test under seeds runs on one thread with the clock paused: leave `flavor` and `start_paused` away",
            ));
        }
        match (&self.worker_threads, &self.start_paused) {
            (Some(count), _) if current_thread => Err(Error::new_spanned(
                count,
                format!("`worker_threads = {count}` needs `flavor = \"multi_thread\"`"),
            )),
            (_, Some((true, value))) if !current_thread => Err(Error::new_spanned(
                value,
                "`start_paused = true` needs `flavor = \"current_thread\"`: threads beside each other \
                 cannot tell when all of them wait",
            )),
            _ => Ok(()),
        }
    }
}

pub(crate) fn once<T>(place: &mut Option<T>, name: &Ident, value: T) -> Result<()> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(Error::new(name.span(), format!("`{name}` is given twice"))),
    }
}

fn flavor(value: &Expr) -> Result<Flavor> {
    match string(value).as_deref() {
        Some("current_thread") => Ok(Flavor::CurrentThread),
        Some("multi_thread") => Ok(Flavor::MultiThread),
        _ => Err(refused("flavor", value, "\"current_thread\" or \"multi_thread\"")),
    }
}

fn number(value: &Expr) -> Option<u64> {
    match value {
        Expr::Lit(ExprLit { lit: Lit::Int(number), .. }) => number.base10_parse().ok(),
        _ => None,
    }
}

fn string(value: &Expr) -> Option<String> {
    match value {
        Expr::Lit(ExprLit { lit: Lit::Str(string), .. }) => Some(string.value()),
        _ => None,
    }
}

fn worker_threads(value: &Expr) -> Result<LitInt> {
    match value {
        Expr::Lit(ExprLit { lit: Lit::Int(count), .. }) if number(value).is_some_and(|count| count > 0) => {
            Ok(count.clone())
        }
        _ => Err(refused("worker_threads", value, "a number of threads from 1 up")),
    }
}

fn start_paused(value: Expr) -> Result<(bool, Expr)> {
    match &value {
        Expr::Lit(ExprLit { lit: Lit::Bool(paused), .. }) => Ok((paused.value, value)),
        _ => Err(refused("start_paused", &value, "true or false")),
    }
}

fn refused(option: &str, value: &Expr, wanted: &str) -> Error {
    let shown = value.to_token_stream();
    Error::new_spanned(value, format!("`{option}` is {wanted}, not `{shown}`"))
}
