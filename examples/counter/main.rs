//! A counter that is told to add, and asked for its total.
#![expect(clippy::print_stdout, reason = "it prints the total")]

use arbour::{actor, spawn_actor, task_group};

struct Counter {
    total: u64,
}

#[actor]
impl Counter {
    async fn add(&mut self, n: u64) {
        self.total += n;
    }

    async fn total(&self) -> u64 {
        self.total
    }
}

#[arbour::main]
async fn main() {
    let counted = task_group(async |group| {
        let counter = spawn_actor(&group, "counter", Counter { total: 0 }, 16);
        counter.add(2).await.unwrap();
        println!("{}", counter.total().await.unwrap());
    });
    counted.await.unwrap();
}
