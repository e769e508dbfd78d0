//! Names that clash, or are taken.
#![allow(unused_variables, unused_mut, reason = "these bodies do nothing")]

struct Counter;

#[arbour_macros::actor]
impl Counter {
    async fn add_one(&mut self) {}

    #[allow(non_snake_case)]
    async fn addOne(&mut self) {}

    async fn self_(&mut self) {}

    async fn _1(&mut self) {}

    async fn name(&self) -> String {
        String::new()
    }

    async fn started(&mut self) {}
}

fn main() {}
