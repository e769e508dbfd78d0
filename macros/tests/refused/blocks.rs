//! What is no actor's block, or has options that there are not.
#![allow(unused_variables, unused_mut, reason = "these bodies do nothing")]

struct Borrowing<'a>(&'a str);

#[arbour_macros::actor]
impl<'a> Borrowing<'a> {
    async fn ask_nothing(&mut self) {}
}

#[arbour_macros::actor]
impl Borrowing<'_> {
    async fn ask_little(&mut self) {}
}

trait Named {}

struct Counter;

#[arbour_macros::actor]
impl Named for Counter {}

#[arbour_macros::actor]
struct NoBlock;

#[arbour_macros::actor]
impl dyn Named {}

#[arbour_macros::actor(mailbox = 3)]
impl Counter {}

#[arbour_macros::actor(message = First, message = Second)]
impl Counter {}

fn main() {}
