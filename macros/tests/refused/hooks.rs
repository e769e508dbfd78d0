//! Hooks that the actor could not call.
#![allow(unused_variables, unused_mut, reason = "these bodies do nothing")]

use std::fmt;
use std::marker::PhantomData;

struct Counter;

struct Context<A>(PhantomData<A>);

struct StopReason;

#[arbour_macros::actor]
impl Counter {
    #[actor(started)]
    async fn begin(&mut self, count: u64) {}

    #[actor(stopping)]
    async fn wind_down(&mut self, cx: &mut Context<Self>, why: StopReason) {}

    #[actor(stopped)]
    async fn end(&mut self, why: StopReason, cx: &mut Context<Self>, count: u64) -> u64 {
        0
    }

    #[actor(describe)]
    async fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("counter")
    }
}

fn main() {}
