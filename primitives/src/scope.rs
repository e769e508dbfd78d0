//! Cancel scopes.

mod gate;

pub use gate::Gate;
