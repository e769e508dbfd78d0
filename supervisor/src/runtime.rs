//! What tokio gives to the scopes below: the task's identity, a spawner, a timer, what code takes along.

use crate::carried::carry_boxed;
use crate::spawn::spawn_stray;
use arbour_primitives::scope::runtime::{BoxFuture, Runtime, install as install_below};
use std::hash::{Hash, Hasher};
use std::task::{Context, Poll};
use std::time::Instant;
use tokio::task::coop;

/// Connects the scopes to tokio. Every entry of this crate calls it; once is enough for a process.
pub fn install() {
    let now = crate::timeout::now;
    install_below(Runtime {
        task_id,
        spawn: spawn_stray,
        now,
        sleep_until,
        carry: carry_boxed,
        charge,
        is_spent,
    });
    crate::panic::install();
}

/// The current task's number, which tokio tells only to hashers.
pub(crate) fn task_id() -> u64 {
    struct Number(u64);
    impl Hasher for Number {
        fn finish(&self) -> u64 {
            self.0
        }
        fn write(&mut self, bytes: &[u8]) {
            for byte in bytes {
                self.0 = self.0 << 8 | u64::from(*byte);
            }
        }
        fn write_u64(&mut self, number: u64) {
            self.0 = number;
        }
    }
    let Some(id) = tokio::task::try_id() else { return 0 };
    let mut number = Number(0);
    id.hash(&mut number);
    number.finish()
}

fn sleep_until(deadline: Instant) -> BoxFuture {
    Box::pin(tokio::time::sleep_until(deadline.into()))
}

fn charge(cx: &mut Context<'_>) -> Poll<()> {
    coop::poll_proceed(cx).map(|unit| unit.made_progress())
}

fn is_spent() -> bool {
    !coop::has_budget_remaining()
}
