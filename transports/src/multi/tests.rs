//! One of several listeners that ends, and the others.

use super::*;
use crate::{BytePipe, Connect, memory_listener};
use arbour::testing::block_on;
use futures::FutureExt;
use futures::future::{join, pending};
use std::io;

type Streams = MultiListener<BytePipe>;

/// A listener that breaks, and would break again whenever it is asked.
#[derive(Debug)]
struct Broken;

impl Attributes for Broken {
    fn provide(&self, _: &mut Demand<'_>) {}
}

impl Listener for Broken {
    type Stream = BytePipe;

    async fn accept(&mut self) -> Result<Accepted<BytePipe>, AcceptError> {
        Err(AcceptError::Broken(io::ErrorKind::Other.into()))
    }
}

/// A listener at which nobody ever comes, and that has no room just now, so often.
struct Full(u32);

impl Attributes for Full {
    fn provide(&self, _: &mut Demand<'_>) {}
}

impl Listener for Full {
    type Stream = BytePipe;

    async fn accept(&mut self) -> Result<Accepted<BytePipe>, AcceptError> {
        match self.0.checked_sub(1) {
            Some(left) => self.0 = left,
            None => pending().await,
        }
        Err(AcceptError::Exhausted(io::ErrorKind::OutOfMemory.into()))
    }
}

#[test]
fn one_that_is_closed_leaves_the_others_and_with_the_last_all_is_closed() {
    block_on(async {
        let (one, to_one) = memory_listener("memory:one", 1);
        let (other, to_other) = memory_listener("memory:other", 1);
        let mut both: Streams = [BoxListener::new(one), BoxListener::new(other)].into_iter().collect();
        drop(to_one);
        for _ in 0..3 {
            let (connected, accepted) = join(to_other.connect(), both.accept()).await;
            connected.unwrap();
            accepted.unwrap();
        }
        assert_eq!(both.listeners.len(), 1);
        drop(to_other);
        for _ in 0..2 {
            assert!(matches!(both.accept().await, Err(AcceptError::Closed)));
        }
    });
}

#[test]
fn that_one_broke_is_told_once_and_the_others_go_on() {
    block_on(async {
        let (living, connect) = memory_listener("memory:living", 1);
        let listeners = [BoxListener::new(living), BoxListener::new(Broken), BoxListener::new(Broken)];
        let mut all: Streams = listeners.into_iter().collect();
        for _ in 0..2 {
            assert!(matches!(all.accept().await, Err(AcceptError::Broken(_))));
        }
        let (connected, accepted) = join(connect.connect(), all.accept()).await;
        connected.unwrap();
        accepted.unwrap();
        assert_eq!(all.into_listeners().len(), 1);
    });
}

#[test]
fn one_without_room_stays_and_those_behind_the_one_that_ended_keep_their_turn() {
    block_on(async {
        let listeners = [BoxListener::new(Broken), BoxListener::new(Full(1)), BoxListener::new(Full(1))];
        let mut all: Streams = listeners.into_iter().collect();
        assert!(matches!(all.accept().await, Err(AcceptError::Broken(_))));
        for _ in 0..2 {
            assert!(matches!(all.accept().await, Err(AcceptError::Exhausted(_))));
        }
        assert_eq!(all.into_listeners().len(), 2);
    });
}

#[test]
fn one_at_which_many_wait_leaves_the_others_their_turn() {
    block_on(async {
        let (one, to_one) = memory_listener("memory:one", 8);
        let (other, to_other) = memory_listener("memory:other", 8);
        let listeners = [BoxListener::new(Broken), BoxListener::new(one), BoxListener::new(other)];
        let mut all: Streams = listeners.into_iter().collect();
        let connects = [to_one.connect(), to_one.connect()].map(Box::pin);
        let ([mut first, mut second], mut third) = (connects, Box::pin(to_other.connect()));
        assert!((&mut first).now_or_never().is_none() && (&mut second).now_or_never().is_none());
        assert!((&mut third).now_or_never().is_none());

        assert!(matches!(all.accept().await, Err(AcceptError::Broken(_))));
        let _stream = all.accept().await.unwrap();
        assert!((&mut first).now_or_never().is_some(), "the next in turn stood behind the one that broke");
        let _stream = all.accept().await.unwrap();
        assert!(
            (&mut third).now_or_never().is_some(),
            "the other has its turn, and not who waits at the first"
        );
        assert!((&mut second).now_or_never().is_none());
    });
}
