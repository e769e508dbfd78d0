//! A hook that the actor has already, and results that nobody would take.
#![allow(unused_variables, unused_mut, reason = "these bodies do nothing")]

struct Counter;

#[arbour_macros::actor]
impl Counter {
    #[actor(started)]
    async fn begin(&mut self) {}

    #[actor(started)]
    async fn begin_once_more(&mut self) {}

    #[actor(stopping)]
    async fn wind_down(&mut self) -> u64 {
        0
    }

    #[actor(describe)]
    fn describe(&self) {}
}

fn main() {}
