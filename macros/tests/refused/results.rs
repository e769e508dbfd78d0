//! Results that nobody would take, or that could not be sent.
#![allow(unused_variables, unused_mut, reason = "these bodies do nothing")]

use std::fmt::Display;
use std::marker::PhantomData;

struct Counter(String);

struct Reply<R>(PhantomData<R>);

#[arbour_macros::actor]
impl Counter {
    async fn borrowed(&self) -> &str {
        &self.0
    }

    async fn hidden(&self) -> impl Display {
        self.0.clone()
    }

    async fn endless(&self) -> ! {
        loop {}
    }

    #[actor(tell)]
    async fn told(&mut self) -> u64 {
        0
    }

    #[actor(tell)]
    async fn told_and_counted(&mut self) -> Result<u64, String> {
        Ok(0)
    }

    async fn sent_and_returned(&mut self, way_back: Reply<u64>) -> u64 {
        0
    }

    #[actor(tell)]
    async fn told_with_a_reply(&mut self, way_back: Reply<u64>) {}
}

fn main() {}
