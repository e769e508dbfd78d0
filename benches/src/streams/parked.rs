//! Many that wait at one stream: ours, and each peer's whose ends let many wait.

use crate::harness::{Bench, Row, Stopwatch};
use arbour_primitives::stream::memory_stream;
use std::future::IntoFuture;
use std::hint::black_box;
use std::pin::Pin;
use std::task::{Context, Waker};

/// So many are dropped.
const DROPPED: usize = 10_000;

/// A send or receive that is on its way, whatever comes of it.
pub trait Waits {
    /// Polls it; it must not be over.
    fn wait(self: Pin<&mut Self>);
}

impl<F: Future> Waits for F {
    fn wait(self: Pin<&mut Self>) {
        assert!(self.poll(&mut Context::from_waker(Waker::noop())).is_pending(), "nobody serves it");
    }
}

/// One of them.
pub type Waiter<'a> = Pin<Box<dyn Waits + 'a>>;

/// Opens a stream, and hands the caller those who may wait at it, as many as are taken.
pub type Parking = fn(&mut dyn FnMut(&mut dyn Iterator<Item = Waiter<'_>>));

/// The two sides, each with its rows, ours first.
pub const SIDES: [(&str, &[(&str, Parking)]); 2] = [("receiver", RECEIVERS), ("sender", SENDERS)];

const RECEIVERS: &[(&str, Parking)] = &[
    ("arbour", |take| {
        let (_tx, rx) = memory_stream::<u64>(1);
        take(&mut crowd(|_| rx.recv()));
    }),
    ("async-channel", |take| {
        let (_tx, rx) = async_channel::bounded::<u64>(1);
        take(&mut crowd(|_| rx.recv()));
    }),
    ("flume", |take| {
        let (_tx, rx) = flume::bounded::<u64>(1);
        take(&mut crowd(|_| rx.recv_async()));
    }),
    ("kanal", |take| {
        let (_tx, rx) = kanal::bounded_async::<u64>(1);
        take(&mut crowd(|_| rx.recv()));
    }),
    ("crossfire", |take| {
        let (_tx, rx) = crossfire::mpmc::bounded_async::<u64>(1);
        take(&mut crowd(|_| rx.recv()));
    }),
];

const SENDERS: &[(&str, Parking)] = &[
    ("arbour", |take| {
        let (tx, _rx) = memory_stream(1);
        tx.try_send(0).expect(ROOM);
        take(&mut crowd(|item| tx.send(item)));
    }),
    ("tokio mpsc", |take| {
        let (tx, _rx) = tokio::sync::mpsc::channel(1);
        tx.try_send(0).expect(ROOM);
        take(&mut crowd(|item| tx.send(item)));
    }),
    ("async-channel", |take| {
        let (tx, _rx) = async_channel::bounded(1);
        tx.try_send(0).expect(ROOM);
        take(&mut crowd(|item| tx.send(item)));
    }),
    ("flume", |take| {
        let (tx, _rx) = flume::bounded(1);
        tx.try_send(0).expect(ROOM);
        take(&mut crowd(|item| tx.send_async(item)));
    }),
    ("kanal", |take| {
        let (tx, _rx) = kanal::bounded_async(1);
        assert!(tx.try_send(0).expect(ROOM));
        take(&mut crowd(|item| tx.send(item)));
    }),
    ("crossfire", |take| {
        let (tx, _rx) = crossfire::mpmc::bounded_async(1);
        tx.try_send(0).expect(ROOM);
        take(&mut crowd(|item| tx.send(item)));
    }),
];

const ROOM: &str = "there is room for one";

fn crowd<'a, F: IntoFuture<IntoFuture: 'a>>(make: impl Fn(u64) -> F) -> impl Iterator<Item = Waiter<'a>> {
    (0..).map(move |item| Box::pin(make(item).into_future()) as Waiter<'a>)
}

/// In which order they go.
#[derive(Debug, Clone, Copy)]
enum Order {
    FirstFirst,
    LastFirst,
}

/// What it takes to drop all of them.
pub(super) fn benches() -> impl Iterator<Item = Bench> {
    let orders = [("first first", Order::FirstFirst), ("last first", Order::LastFirst)];
    SIDES.into_iter().flat_map(move |(side, rows)| {
        orders.map(|(said, order)| {
            let mut rows = rows.iter().map(|&(name, park)| Row::new(name, dropping(park, order)));
            let ours = rows.next().expect("ours is the first row");
            Bench::new(format!("parked/{side}s dropped/{said}"), DROPPED as u64, ours, rows.collect())
        })
    })
}

fn dropping(park: Parking, order: Order) -> impl Fn(u64, &mut Stopwatch) {
    move |times, stopwatch| {
        for _ in 0..times {
            park(&mut |crowd| {
                let mut crowd: Vec<Waiter<'_>> = crowd.take(DROPPED).collect();
                crowd.iter_mut().for_each(|waiter| waiter.as_mut().wait());
                if matches!(order, Order::LastFirst) {
                    crowd.reverse();
                }
                stopwatch.time(|| drop(black_box(crowd)));
            });
        }
    }
}
