//! Three stages with small mailboxes: a slow one holds back whoever produces, a crash loses nothing, and a stop drains
//! the stages one after the other.
//!
//! `cargo run --example pipeline` prints what was counted. Its clock is virtual: it ends at once.
#![forbid(unsafe_code)]

use arbour::{ActorSpec, Address, AutoShutdown, ChildSpec, Context, Failure, Kept, Redelivery, Restart};
use arbour::{Supervisor, actor};
use std::io::{self, Write};
use std::time::Duration;
use tokio::time::{Instant, sleep};

const LINES: u64 = 100;
const CAPACITY: usize = 4;

/// Makes numbers of lines. What the next stage refuses, it fails on.
struct Parse(Address<Square>);

#[actor]
impl Parse {
    #[actor(tell)]
    async fn line(&mut self, line: String) -> Result<(), Failure> {
        Ok(self.0.number(line.parse()?).await?)
    }
}

/// Fails once, at 37, before it has handed the number on.
struct Square(Address<Sum>);

#[actor(derive(Clone))]
impl Square {
    #[actor(tell)]
    async fn number(&mut self, number: u64, cx: &mut Context<Self>) -> Result<(), Failure> {
        if number == 37 && cx.attempt() == 1 {
            return Err(Failure::message("overheated"));
        }
        Ok(self.0.square(number * number).await?)
    }
}

/// Takes its time. How many squares there were, and their sum, belong to the slot.
struct Sum(Kept<(u64, u64)>);

#[actor]
impl Sum {
    async fn square(&mut self, square: u64) {
        sleep(Duration::from_millis(10)).await;
        self.0.update(|(count, sum)| (*count, *sum) = (*count + 1, *sum + square));
    }
}

async fn run(out: &mut impl Write) -> Result<(), Failure> {
    let (total, deepest, produced) = (Kept::new((0, 0)), Kept::new([0; 3]), Kept::new(Duration::ZERO));
    let began = Instant::now();
    let kept = total.clone();
    let (sum, sums) = ActorSpec::new("sum", move || Sum(kept.clone())).mailbox(CAPACITY).build();
    let next = sum.clone();
    let (square, squares) = ActorSpec::new("square", move || Square(next.clone()))
        .mailbox(CAPACITY)
        .redelivery(Redelivery::up_to(1))
        .build();
    let next = square.clone();
    let (parse, parsers) = ActorSpec::new("parse", move || Parse(next.clone())).mailbox(CAPACITY).build();
    let (seen, done_at) = (deepest.clone(), produced.clone());
    let producer = ChildSpec::new("producer", move |_| {
        let (parse, square, sum) = (parse.clone(), square.clone(), sum.clone());
        let (seen, done) = (seen.clone(), done_at.clone());
        async move {
            for number in 1..=LINES {
                parse.line(number.to_string()).await?;
                let queued = [parse.mailbox(), square.mailbox(), sum.mailbox()].map(|mailbox| mailbox.queued);
                seen.update(|deepest| *deepest = std::array::from_fn(|i| queued[i].max(deepest[i])));
            }
            done.store(began.elapsed());
            Ok::<_, Failure>(())
        }
    });
    // Stopped in reverse: each stage drains into one that still takes everything.
    let pipeline = Supervisor::builder("pipeline").child(sums).child(squares).child(parsers);
    let pipeline = pipeline.child(producer.restart(Restart::Temporary).significant());
    let pipeline = pipeline.auto_shutdown(AutoShutdown::AnySignificant).build()?;
    pipeline.run().await?;
    let (count, sum) = total.load();
    writeln!(out, "{LINES} lines in, {count} squares out, their sum is {sum}")?;
    writeln!(out, "the most that was queued: {:?}, of {CAPACITY} each", deepest.load())?;
    writeln!(
        out,
        "the last line was taken after {:?}, the last square after {:?}",
        produced.load(),
        began.elapsed()
    )?;
    Ok(())
}

fn main() -> Result<(), Failure> {
    arbour::testing::block_on(run(&mut io::stdout()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_goes_in_comes_out_and_no_mailbox_holds_more_than_it_may() {
        let mut printed = Vec::new();
        arbour::testing::block_on(run(&mut printed)).unwrap();
        assert_eq!(String::from_utf8(printed).unwrap(), include_str!("output.txt"));
    }
}
