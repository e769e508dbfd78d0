//! Which of several visibilities reaches furthest.

use syn::{Visibility, parse_quote};

/// The one that reaches furthest, the first among equals. Where there is none, nothing can be reached, and it is public.
pub(crate) fn widest<'a>(all: impl IntoIterator<Item = &'a Visibility>) -> Visibility {
    let further = |widest: &'a Visibility, next: &'a Visibility| {
        if reach(next) > reach(widest) { next } else { widest }
    };
    all.into_iter().reduce(further).cloned().unwrap_or_else(|| parse_quote!(pub))
}

fn reach(visibility: &Visibility) -> u8 {
    match visibility {
        Visibility::Public(_) => 3,
        Visibility::Restricted(restricted) if restricted.path.is_ident("crate") => 2,
        Visibility::Restricted(restricted) if !restricted.path.is_ident("self") => 1,
        _ => 0,
    }
}
