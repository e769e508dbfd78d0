//! What a message can carry: types that own what they are made of, and have a name.

use quote::ToTokens;
use syn::{Error, GenericArgument, Lifetime, PathArguments, Result, Type, TypePath, TypeReference};

/// Refuses a type that borrows, or that nobody could write down in an enum. `place` says where it stands.
pub(crate) fn check(place: &str, ty: &Type) -> Result<()> {
    match ty {
        Type::Reference(reference) if !is_static(reference.lifetime.as_ref()) => {
            Err(borrowed(place, reference))
        }
        Type::Reference(TypeReference { elem, .. }) => check(place, elem),
        Type::ImplTrait(hidden) => {
            let why = format!(
                "{place} has no name that the message could use: name the type, or make it a `Box<dyn …>`"
            );
            Err(Error::new_spanned(hidden, why))
        }
        Type::Array(array) => check(place, &array.elem),
        Type::Slice(slice) => check(place, &slice.elem),
        Type::Group(group) => check(place, &group.elem),
        Type::Paren(paren) => check(place, &paren.elem),
        Type::Tuple(tuple) => tuple.elems.iter().try_for_each(|ty| check(place, ty)),
        Type::Path(path) => arguments(path).try_for_each(|argument| match argument {
            GenericArgument::Type(ty) => check(place, ty),
            GenericArgument::Lifetime(lifetime) if !is_static(Some(lifetime)) => {
                let why = format!(
                    "{place} borrows, and a message owns what it carries: only `'static` lives so long"
                );
                Err(Error::new_spanned(lifetime, why))
            }
            _ => Ok(()),
        }),
        _ => Ok(()),
    }
}

/// What stands between the angle brackets of a path.
pub(crate) fn arguments(path: &TypePath) -> impl Iterator<Item = &GenericArgument> {
    path.path.segments.iter().flat_map(|segment| {
        match &segment.arguments {
            PathArguments::AngleBracketed(arguments) => Some(&arguments.args),
            _ => None,
        }
        .into_iter()
        .flatten()
    })
}

/// The first lifetime among these arguments that is not `'static`.
pub(crate) fn borrowing(path: &TypePath) -> Option<&Lifetime> {
    arguments(path).find_map(|argument| match argument {
        GenericArgument::Lifetime(lifetime) if !is_static(Some(lifetime)) => Some(lifetime),
        _ => None,
    })
}

fn is_static(lifetime: Option<&Lifetime>) -> bool {
    lifetime.is_some_and(|lifetime| lifetime.ident == "static")
}

fn borrowed(place: &str, reference: &TypeReference) -> Error {
    let instead = owned(&reference.elem);
    let why = format!("{place} is borrowed, and a message owns what it carries: make it `{instead}`");
    Error::new_spanned(reference, why)
}

/// What to write instead of a reference to this.
fn owned(ty: &Type) -> String {
    match ty {
        Type::Slice(slice) => format!("Vec<{}>", written(&slice.elem)),
        Type::Path(path) if path.path.is_ident("str") => "String".to_owned(),
        Type::TraitObject(object) => format!("Box<{}>", written(object)),
        Type::Paren(paren) => owned(&paren.elem),
        ty => written(ty),
    }
}

/// Tokens as a person writes them: printed, they have spaces between all of them.
pub(crate) fn written(tokens: &impl ToTokens) -> String {
    let printed = tokens.to_token_stream().to_string();
    let spaced = [(" :: ", "::"), (":: ", "::"), (" < ", "<"), (" >", ">"), ("& ", "&"), (" ,", ",")];
    spaced.iter().fold(printed, |text, (wide, tight)| text.replace(wide, tight))
}
