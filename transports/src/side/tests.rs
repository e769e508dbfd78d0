//! One side by itself: used by one, closed by another, looked at by all.

use super::Side;
use crate::StreamError;
use futures::FutureExt;
use futures::task::{ArcWake, noop_waker, waker};
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

#[derive(Default)]
struct Wakes(AtomicUsize);

impl ArcWake for Wakes {
    fn wake_by_ref(this: &Arc<Self>) {
        this.0.fetch_add(1, Ordering::Relaxed);
    }
}

fn never(_: &mut u8, _: &mut Context<'_>) -> Poll<io::Result<u8>> {
    Poll::Pending
}

#[test]
fn closing_wakes_who_waits_and_refuses_it() {
    let (side, wakes) = (Side::new(7, "waiting here"), Arc::new(Wakes::default()));
    let mut waiting = pin!(side.exclusively(never));
    let waker = waker(Arc::clone(&wakes));
    let mut cx = Context::from_waker(&waker);
    assert!(waiting.as_mut().poll(&mut cx).is_pending());
    assert_eq!(side.close(), Some(7));
    assert_eq!(wakes.0.load(Ordering::Relaxed), 1);
    assert!(matches!(waiting.poll(&mut cx), Poll::Ready(Err(StreamError::Closed))));
}

#[test]
fn closing_wakes_who_waits_without_the_lock_and_refuses_it() {
    let (mut side, wakes) = (Side::new(7, "waiting here"), Arc::new(Wakes::default()));
    let waker = waker(Arc::clone(&wakes));
    let mut cx = Context::from_waker(&waker);
    assert!(side.poll_mut(&mut cx, never).is_pending());
    assert_eq!(side.close(), Some(7));
    assert_eq!(wakes.0.load(Ordering::Relaxed), 1);
    let Poll::Ready(Err(refused)) = side.poll_mut(&mut cx, never) else { panic!("it is closed") };
    assert!(matches!(refused.into(), StreamError::Closed));
}

#[test]
fn what_was_closed_once_stays_closed() {
    let side = Side::new(7, "waiting here");
    assert!(side.is_open());
    assert_eq!((side.close(), side.close(), side.is_open()), (Some(7), None, false));
    assert!(matches!(side.look(|io| Ok(*io)), Err(StreamError::Closed)));
    let used = side.exclusively(|io, _| Poll::Ready(Ok(*io))).now_or_never().unwrap();
    assert!(matches!(used, Err(StreamError::Closed)));
}

#[test]
fn a_second_user_is_refused_and_looking_is_not_using() {
    let side = Side::new(7, "waiting here");
    let mut first = pin!(side.exclusively(never));
    assert!(first.as_mut().poll(&mut Context::from_waker(&noop_waker())).is_pending());
    let refused = side.exclusively(|io, _| Poll::Ready(Ok(*io))).now_or_never().unwrap().unwrap_err();
    assert!(refused.to_string().starts_with("somebody else is waiting here already"), "{refused}");
    assert_eq!(side.look(|io| Ok(*io)).unwrap(), 7);
}

#[test]
fn who_is_dropped_lets_the_next_one_in() {
    let side = Side::new(7, "waiting here");
    {
        let mut dropped = pin!(side.exclusively(never));
        assert!(dropped.as_mut().poll(&mut Context::from_waker(&noop_waker())).is_pending());
    }
    assert_eq!(side.exclusively(|io, _| Poll::Ready(Ok(*io))).now_or_never().unwrap().unwrap(), 7);
}

#[test]
fn the_last_waker_is_the_one_that_is_woken() {
    let side = Side::new(7, "waiting here");
    let wakes = [Arc::new(Wakes::default()), Arc::new(Wakes::default())];
    for wakes in &wakes {
        let waker = waker(Arc::clone(wakes));
        assert!(side.poll(&mut Context::from_waker(&waker), never).is_pending());
    }
    side.close();
    assert_eq!(wakes.each_ref().map(|wakes| wakes.0.load(Ordering::Relaxed)), [0, 1]);
}

#[test]
fn an_error_of_the_system_is_told_as_it_is() {
    let side = Side::new(7, "waiting here");
    let fail = |_: &mut u8, _: &mut Context<'_>| {
        Poll::<io::Result<u8>>::Ready(Err(io::Error::from_raw_os_error(libc::EPIPE)))
    };
    let StreamError::Broken(source) = side.exclusively(fail).now_or_never().unwrap().unwrap_err() else {
        panic!("it broke")
    };
    assert_eq!(source.raw_os_error(), Some(libc::EPIPE));
}
