//! Marks that are none, stand where none belongs, or contradict each other.
#![allow(unused_variables, unused_mut, reason = "these bodies do nothing")]

struct Counter;

#[arbour_macros::actor]
impl Counter {
    #[actor(cast)]
    async fn unknown(&mut self) {}

    #[actor]
    async fn wordless(&mut self) {}

    #[actor(tell)]
    #[actor(ask)]
    async fn told_and_asked(&mut self) {}

    #[actor(tell)]
    async fn without_receiver() {}
}

fn main() {}
