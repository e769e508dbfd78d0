//! One parameter of a method: what it carries, or what the actor gives.

use super::owned::{arguments, check, written};
use syn::{
    Error, FnArg, GenericArgument, Ident, Pat, PatIdent, PatType, Result, Signature, Type, TypePath,
    TypeReference,
};

/// What the actor passes to a method in this place.
pub(crate) enum Parameter<'a> {
    /// A field of the message.
    Field { name: &'a Ident, ty: &'a Type },
    /// What the actor knows of itself while it runs.
    Context,
    /// The way back to the asker, who is sent a value of type `output`.
    Reply { ty: &'a Type, output: &'a Type },
}

impl<'a> Parameter<'a> {
    /// Those of a message, in their order.
    pub(crate) fn of_message(signature: &'a Signature) -> Result<Vec<Self>> {
        let parameters =
            typed(signature).map(|typed| Self::read(&signature.ident, typed)).collect::<Result<Vec<_>>>()?;
        refuse_second(signature, &parameters, "context", |parameter| {
            matches!(parameter, Parameter::Context)
        })?;
        refuse_second(signature, &parameters, "reply", |parameter| {
            matches!(parameter, Parameter::Reply { .. })
        })?;
        Ok(parameters)
    }

    fn read(method: &Ident, PatType { pat, ty, .. }: &'a PatType) -> Result<Self> {
        if is_context(method, ty)? {
            return Ok(Self::Context);
        }
        if let Some(output) = replied(ty) {
            check("the reply", output)?;
            return Ok(Self::Reply { ty, output });
        }
        let name = name(pat)?;
        check(&format!("the parameter `{name}`"), ty)?;
        Ok(Self::Field { name, ty })
    }
}

/// All but the receiver.
pub(crate) fn typed(signature: &Signature) -> impl Iterator<Item = &PatType> {
    signature.inputs.iter().filter_map(|input| match input {
        FnArg::Typed(typed) => Some(typed),
        FnArg::Receiver(_) => None,
    })
}

/// Whether it is the actor's context: a `&mut` to a type whose path ends in `Context`.
pub(crate) fn is_context(method: &Ident, ty: &Type) -> Result<bool> {
    let Type::Reference(TypeReference { mutability, elem, .. }) = ty else { return Ok(false) };
    if !matches!(&**elem, Type::Path(path) if ends_in(path, "Context")) {
        return Ok(false);
    }
    match mutability {
        Some(_) => Ok(true),
        None => {
            let why = format!("`{method}` is given its context as `&mut {}`", written(elem));
            Err(Error::new_spanned(ty, why))
        }
    }
}

/// What a `Reply<R>` is a reply of.
fn replied(ty: &Type) -> Option<&Type> {
    let Type::Path(path) = ty else { return None };
    let mut arguments = arguments(path);
    match (arguments.next(), arguments.next()) {
        (Some(GenericArgument::Type(output)), None) if ends_in(path, "Reply") => Some(output),
        _ => None,
    }
}

fn ends_in(path: &TypePath, name: &str) -> bool {
    path.path.segments.last().is_some_and(|segment| segment.ident == name)
}

/// The name of a field.
fn name(pattern: &Pat) -> Result<&Ident> {
    match pattern {
        Pat::Ident(PatIdent { by_ref: None, ident, subpat: None, .. }) => Ok(ident),
        other => {
            let why = format!(
                "`{}` is a pattern, and a parameter becomes a field of the message: give it a name, and take it \
                 apart in the body",
                written(other)
            );
            Err(Error::new_spanned(other, why))
        }
    }
}

fn refuse_second(
    signature: &Signature,
    parameters: &[Parameter<'_>],
    what: &str,
    is_one: impl Fn(&Parameter<'_>) -> bool,
) -> Result<()> {
    let mut ones = typed(signature).zip(parameters).filter(|(_, parameter)| is_one(parameter));
    match (ones.next(), ones.next()) {
        (_, Some((second, _))) => {
            let why = format!("this is the second {what} of `{}`, and a message has one", signature.ident);
            Err(Error::new_spanned(second, why))
        }
        _ => Ok(()),
    }
}
