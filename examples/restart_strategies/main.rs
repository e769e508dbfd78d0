//! The three strategies side by side: the same children, the same failure, and whom it takes along.
//!
//! `cargo run --example restart_strategies` prints each event and, whenever it has changed, the tree. Its clock is
//! virtual: it ends at once, and prints the same each time.
#![forbid(unsafe_code)]

mod children;
mod watch;

use arbour::{Strategy, Supervisor, task_group};
use std::io::{self, Write};

const STRATEGIES: [Strategy; 3] = [Strategy::OneForOne, Strategy::OneForAll, Strategy::RestForOne];

fn main() -> io::Result<()> {
    show_all(&mut io::stdout().lock())
}

fn show_all(out: &mut impl Write) -> io::Result<()> {
    let shown = STRATEGIES.map(|strategy| {
        let seen = arbour::testing::block_on(show(strategy));
        format!("# {strategy:?}\n{seen}")
    });
    out.write_all(shown.join("\n").as_bytes())
}

/// Runs the children under this strategy until the failure is overcome, and tells what was seen.
async fn show(strategy: Strategy) -> String {
    let builder = Supervisor::builder("shop").strategy(strategy);
    let supervisor = children::all().into_iter().fold(builder, |builder, child| builder.child(child));
    let supervisor = supervisor.build().expect("three children with three names");
    let shop = supervisor.handle();
    let events = shop.events();
    let shown = task_group(async |group| {
        group.spawn(supervisor.run());
        watch::until_restored(&shop, events).await
    });
    shown.await.expect("the supervisor ends in good order")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_strategy_takes_along_whom_it_names_and_nobody_else() {
        let mut printed = Vec::new();
        show_all(&mut printed).unwrap();
        assert_eq!(String::from_utf8(printed).unwrap(), include_str!("output.txt"));
    }
}
