//! Attempts to connect that run beside each other: does what happy eyeballs say, decides nothing.

use super::Dial;
use super::eyeballs::{Eyeballs, Step};
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// The first connection that is made, or every failure. Dropped, it drops all attempts.
pub(super) async fn race<D: Dial>(
    dial: &D,
    addresses: Vec<SocketAddr>,
    delay: Duration,
) -> Result<D::Stream, Vec<(SocketAddr, io::Error)>> {
    let mut eyeballs = Eyeballs::new(addresses, delay);
    let (mut attempts, mut failures) = (Attempts::new(), Vec::new());
    loop {
        match eyeballs.step(Instant::now()) {
            Step::Begin(address) => attempts.push((address, Box::pin(dial.dial(address)))),
            Step::GiveUp => return Err(failures),
            Step::Wait(until) => match attempted(&mut attempts, until).await {
                Some((_, Ok(stream))) => return Ok(stream),
                Some((address, Err(error))) => {
                    eyeballs.failed();
                    failures.push((address, error));
                }
                None => {}
            },
        }
    }
}

type Attempts<F> = Vec<(SocketAddr, Pin<Box<F>>)>;

/// The next attempt that is over; `None` when it is time.
async fn attempted<F: Future>(
    attempts: &mut Attempts<F>,
    until: Option<Instant>,
) -> Option<(SocketAddr, F::Output)> {
    let mut time = pin!(until.map(sleep_until));
    poll_fn(|cx| match poll_attempts(attempts, cx) {
        Poll::Ready(over) => Poll::Ready(Some(over)),
        Poll::Pending => match time.as_mut().as_pin_mut() {
            Some(time) => time.poll(cx).map(|()| None),
            None => Poll::Pending,
        },
    })
    .await
}

fn poll_attempts<F: Future>(
    attempts: &mut Attempts<F>,
    cx: &mut Context<'_>,
) -> Poll<(SocketAddr, F::Output)> {
    for at in 0..attempts.len() {
        if let Poll::Ready(output) = attempts[at].1.as_mut().poll(cx) {
            let (address, _) = attempts.remove(at);
            return Poll::Ready((address, output));
        }
    }
    Poll::Pending
}
