//! Happy eyeballs, pure: in which order addresses are tried, when the next attempt begins, when it is over.
//!
//! After RFC 8305. The families of the addresses alternate, beginning with that of the first. An attempt
//! begins a delay after the one before it, or at once when one has failed.

#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::time::Instant;

/// Where the attempts to connect have come to.
#[derive(Debug)]
pub(super) struct Eyeballs {
    delay: Duration,
    untried: VecDeque<SocketAddr>,
    running: usize,
    /// When the next attempt begins; `None` when it begins at once.
    next_at: Option<Instant>,
}

/// What is to be done now.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Begin an attempt at this address, and ask again.
    Begin(SocketAddr),
    /// Wait until an attempt is over, or until then.
    Wait(Option<Instant>),
    /// Every attempt has failed.
    GiveUp,
}

impl Eyeballs {
    /// The addresses, in the order in which the resolver gave them.
    pub(super) fn new(addresses: Vec<SocketAddr>, delay: Duration) -> Self {
        Self { delay, untried: alternating(addresses), running: 0, next_at: None }
    }

    /// What is to be done now.
    pub(super) fn step(&mut self, now: Instant) -> Step {
        if self.next_at.is_some_and(|next| now < next) && !self.untried.is_empty() {
            return Step::Wait(self.next_at);
        }
        match self.untried.pop_front() {
            Some(address) => {
                self.running += 1;
                // A delay beyond the end of time is none that ends.
                self.next_at = now.checked_add(self.delay).or_else(|| far(now));
                Step::Begin(address)
            }
            None if self.running > 0 => Step::Wait(None),
            None => Step::GiveUp,
        }
    }

    /// An attempt has failed: nobody need wait for the next one.
    pub(super) fn failed(&mut self) {
        self.running -= 1;
        self.next_at = None;
    }
}

/// So late that nobody sees it.
fn far(now: Instant) -> Option<Instant> {
    now.checked_add(Duration::from_secs(u64::from(u32::MAX)))
}

/// The same addresses, each once, the families by turns.
fn alternating(addresses: Vec<SocketAddr>) -> VecDeque<SocketAddr> {
    let mut unique = Vec::with_capacity(addresses.len());
    for address in addresses {
        if !unique.contains(&address) {
            unique.push(address);
        }
    }
    let first_is_v4 = unique.first().is_some_and(SocketAddr::is_ipv4);
    let (first, second): (VecDeque<_>, VecDeque<_>) =
        unique.into_iter().partition(|address| address.is_ipv4() == first_is_v4);
    by_turns(first, second)
}

fn by_turns<T>(mut first: VecDeque<T>, mut second: VecDeque<T>) -> VecDeque<T> {
    let mut all = VecDeque::with_capacity(first.len() + second.len());
    while !first.is_empty() || !second.is_empty() {
        all.extend(first.pop_front());
        all.extend(second.pop_front());
    }
    all
}
