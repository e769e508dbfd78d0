//! Methods that an actor could not call for a message.
#![allow(unused_variables, unused_mut, reason = "these bodies do nothing")]

struct Counter;

#[arbour_macros::actor]
impl Counter {
    fn by_value(self) {}

    fn by_mutable_value(mut self) {}

    fn boxed(self: Box<Self>) {}

    fn with_lifetime(&'static self) {}

    async fn of_any_type<T>(&mut self) {}

    async fn of_any_lifetime<'a>(&mut self, _name: &'a str) {}

    async unsafe fn on_trust(&mut self) {}

    extern "C" fn foreign(&mut self) {}

    const fn constant(&self) {}
}

fn main() {}
