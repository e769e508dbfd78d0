//! Scopes on smol: with its spawner and its timers installed, smol is a runtime like another.
#![cfg(not(arbour_loom))]

use arbour_primitives::scope::runtime::{Runtime, install};
use arbour_primitives::scope::task::Host;
use arbour_primitives::scope::{CancelScope, Cause, Ended, defer};
use arbour_primitives::stream::memory_stream;
use smol::future::yield_now;
use std::future::{pending, poll_fn};
use std::pin::Pin;
use std::task::Poll;
use std::time::Instant;

/// Runs a scenario as a task of smol's own threads, with what smol has to offer installed.
fn on_smol<F: Future<Output = ()> + Send + 'static>(scenario: F) {
    install(Runtime {
        task_id: || 0,
        spawn: |future| {
            smol::spawn(future).detach();
            Ok(())
        },
        now: Instant::now,
        sleep_until: |deadline| {
            Box::pin(async move {
                smol::Timer::at(deadline).await;
            })
        },
        carry: |future| future,
        charge: |_| Poll::Ready(()),
        is_spent: || false,
    });
    smol::block_on(smol::spawn(scenario));
}

#[test]
fn a_deadline_ends_its_scope() {
    on_smol(async {
        let scope = CancelScope::new().deadline(Instant::now());
        assert_eq!(scope.run(pending::<()>()).await.unwrap_err().cause, Cause::Deadline);
    });
}

#[test]
fn a_scope_waits_for_its_child_tasks() {
    on_smol(async {
        let (tx, rx) = memory_stream(100);
        let host = Host::new(|handle| {
            let body = async move {
                for number in 0..100 {
                    let tx = tx.clone();
                    let child = async move {
                        yield_now().await;
                        tx.try_send(number).unwrap();
                    };
                    smol::spawn(handle.seat().unwrap().child(child, ())).detach();
                }
            };
            (body, ())
        });
        assert!(matches!(host.await, Ended::Value(())));
        let mut numbers: Vec<u32> = std::iter::from_fn(|| rx.try_recv().ok()).collect();
        numbers.sort_unstable();
        assert_eq!(numbers, (0..100).collect::<Vec<_>>());
    });
}

#[test]
fn what_is_dropped_outside_of_every_scope_is_finished_by_a_task_of_its_own() {
    on_smol(async {
        let (tx, rx) = memory_stream(1);
        let mut dropped = Box::pin(CancelScope::new().run(async {
            defer(async move { tx.send("the finalizer ran").await.unwrap() });
            pending::<()>().await;
        }));
        let polled = poll_fn(|cx| Poll::Ready(Pin::new(&mut dropped).poll(cx))).await;
        assert!(polled.is_pending());
        drop(dropped);
        assert_eq!(rx.recv().await, Ok("the finalizer ran"));
    });
}
