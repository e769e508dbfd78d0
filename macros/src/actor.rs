//! Turns an inherent `impl` block into an actor: its message, its trait, and the methods of its addresses.
//!
//! `block` reads the tokens, `model` decides what each method is, `generate` writes it down.

mod block;
mod carried;
mod generate;
mod hook;
mod mark;
mod message;
mod model;
mod names;
mod options;
mod owned;
mod parameter;
mod self_type;
mod visibility;

use block::Block;
use model::Model;
use options::Options;
use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{Error, Result};

/// The block as it was written and what is made of it, or the refusals, each at the tokens it is about.
pub(crate) fn expand(options: TokenStream, block: TokenStream) -> TokenStream {
    let block = match Block::parse(block) {
        Ok(block) => block,
        Err(error) => return error.into_compile_error(),
    };
    match generated(options, &block) {
        Ok(generated) => quote!(#block #generated),
        // With the block left away, each call of one of its methods would be one more error.
        Err(error) => [error.into_compile_error(), block.into_token_stream()].into_iter().collect(),
    }
}

fn generated(options: TokenStream, block: &Block) -> Result<TokenStream> {
    let options = Options::parse(options)?;
    let model = Model::new(&options, block)?;
    Ok(generate::all(&model))
}

/// Adds a refusal to those there are, so that a person hears all of them at once.
fn add(errors: &mut Option<Error>, error: Error) {
    match errors {
        Some(errors) => errors.combine(error),
        None => *errors = Some(error),
    }
}

#[cfg(test)]
mod tests;
