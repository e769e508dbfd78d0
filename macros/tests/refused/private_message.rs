//! An actor that others see, and messages that they do not.
#![allow(unused_variables, unused_mut, reason = "these bodies do nothing")]

pub struct Counter;

#[arbour::actor]
impl Counter {
    async fn add(&mut self, n: u64) {}
}

fn main() {}
