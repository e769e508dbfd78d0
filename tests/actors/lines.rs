//! How many lines a counter takes: no more than with the peer that takes the fewest.

/// The same program for kameo 0.22, as rustfmt leaves it: an actor, one tell, one ask, and what is printed.
const KAMEO: &str = "
use kameo::prelude::*;

#[derive(Actor)]
struct Counter {
    total: u64,
}

#[messages]
impl Counter {
    #[message]
    fn add(&mut self, n: u64) {
        self.total += n;
    }

    #[message]
    fn total(&self) -> u64 {
        self.total
    }
}

#[tokio::main]
async fn main() {
    let counter = Counter::spawn(Counter { total: 0 });
    counter.tell(Add { n: 2 }).await.unwrap();
    println!(\"{}\", counter.ask(Total).await.unwrap());
}
";

const OURS: &str = include_str!("../../examples/counter/main.rs");

/// The lines of code: neither blank ones, nor comments, nor what the house asks of each file by `#![…]`.
fn lines(program: &str) -> Vec<&str> {
    let is_code = |line: &&str| !line.is_empty() && !line.starts_with("//") && !line.starts_with("#![");
    program.lines().map(str::trim).filter(is_code).collect()
}

/// The same, with everything that has one line between its braces written as one line.
fn dense_lines(program: &str) -> usize {
    let lines = lines(program);
    let single = lines
        .windows(3)
        .filter(|three| three[0].ends_with('{') && three[2] == "}" && !three[1].ends_with('}'));
    lines.len() - 2 * single.count()
}

#[test]
fn a_counter_takes_no_more_lines_than_with_kameo() {
    assert_eq!((lines(KAMEO).len(), dense_lines(KAMEO)), (22, 16));
    assert_eq!((lines(OURS).len(), dense_lines(OURS)), (22, 16));
}
