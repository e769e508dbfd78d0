//! Parameters that cannot become fields of a message.
#![allow(unused_variables, unused_mut, reason = "these bodies do nothing")]

use std::borrow::Cow;
use std::fmt::Display;
use std::marker::PhantomData;

struct Counter;

struct Context<A>(PhantomData<A>);

struct Reply<R>(PhantomData<R>);

#[arbour_macros::actor]
impl Counter {
    async fn text(&mut self, name: &str) {}

    async fn list(&mut self, numbers: &[u64]) {}

    async fn object(&mut self, shown: &mut (dyn Display + Send)) {}

    async fn inside(&mut self, names: Vec<(u64, Option<&str>)>) {}

    async fn lifetime(&mut self, name: Cow<'_, str>) {}

    async fn hidden(&mut self, shown: impl Display) {}

    async fn pattern(&mut self, (left, right): (u64, u64)) {}

    async fn nameless(&mut self, _: u64) {}

    async fn reading(&mut self, cx: &Context<Self>) {}

    async fn two_contexts(&mut self, one: &mut Context<Self>, two: &mut Context<Self>) {}

    async fn two_replies(&mut self, one: Reply<u64>, two: Reply<u64>) {}

    async fn borrowed_reply(&mut self, way_back: Reply<&str>) {}

    async fn named_as_the_way_back(&mut self, reply: u64) -> u64 {
        reply
    }
}

fn main() {}
