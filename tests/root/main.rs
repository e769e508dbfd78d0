//! The root of a program, as its users see it: values, panics, attributes, clean-up, signals.

mod attributes;
mod cleaning;
mod running;
#[cfg(unix)]
mod signals;
