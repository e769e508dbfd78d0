//! A child that never yields, on one of two threads. In real time, for that is what it takes: a watchdog and a
//! shut-down wait five seconds each.

use crate::support::{alone, ms, until_asked};
use arbour::{
    ChildSpec, Failure, Happened, Root, ScopeHandle, Shutdown, Supervisor, SupervisorHandle, checkpoint,
    task_group,
};
use std::fmt::Debug;
use std::hint::spin_loop;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use tracing::field::Field;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::with_default;
use tracing::{Event, Level, Metadata, Subscriber};

/// Passes on which tasks errors are about.
struct Reports(Mutex<Sender<String>>);

impl Subscriber for Reports {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() == Level::ERROR
    }
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, event: &Event<'_>) {
        event.record(&mut |field: &Field, value: &dyn Debug| {
            if field.name() == "task" {
                let _ = self.0.lock().unwrap().send(format!("{value:?}"));
            }
        });
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

/// Spins until it is let go, and lets it go when it is dropped, so that a failed test ends.
#[derive(Clone, Default)]
struct Spin {
    released: Arc<AtomicBool>,
}

impl Drop for Spin {
    fn drop(&mut self) {
        self.released.store(true, Relaxed);
    }
}

/// A child that holds its thread until `released`; it says when it does.
fn spinner(released: &Arc<AtomicBool>, spins: &Arc<AtomicBool>) -> ChildSpec {
    let (released, spins) = (Arc::clone(released), Arc::clone(spins));
    let spec = ChildSpec::new("spinner", move |_| {
        let (released, spins) = (Arc::clone(&released), Arc::clone(&spins));
        async move {
            // What a task wakes last runs after it on its thread, where no other thread can fetch it: the supervisor
            // must not have been woken from here.
            spins.store(true, Relaxed);
            while !released.load(Relaxed) {
                spin_loop();
            }
            until_asked().await
        }
    });
    spec.shutdown(Shutdown::Abort).clean_up(ms(0))
}

/// A child that counts how often it goes on, until it is asked to finish.
fn counter(counted: &Arc<AtomicU64>) -> ChildSpec {
    let counted = Arc::clone(counted);
    ChildSpec::new("counter", move |_| {
        let counted = Arc::clone(&counted);
        async move {
            while !ScopeHandle::current().unwrap().is_draining() {
                counted.fetch_add(1, Relaxed);
                checkpoint().await;
            }
            Ok::<_, Failure>(())
        }
    })
}

/// How the supervisor's end was told, and whether it said that the spinner is stuck.
async fn life(reports: Receiver<String>) -> (String, bool, String) {
    let spin = Spin::default();
    let (spins, counted) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let app = Supervisor::builder("app").child(counter(&counted)).child(spinner(&spin.released, &spins));
    let app = app.build().unwrap();
    let (handle, mut events) = (app.handle(), app.handle().events());
    let told = task_group(async move |group| {
        let running = group.spawn_value(app.run());
        while !spins.load(Relaxed) {
            checkpoint().await;
        }
        others_are_unharmed(&handle, &counted).await;
        handle.request_stop();
        let error = running.await.unwrap().unwrap_err().to_string();
        let mut stuck = false;
        while let Ok(event) = events.recv().await {
            stuck |= event.happened == Happened::Stuck && event.child.as_deref() == Some("spinner");
        }
        let report = reports.recv_timeout(ms(60_000)).unwrap();
        drop(spin);
        (error, stuck, report)
    });
    told.await.unwrap()
}

/// The supervisor answers, takes children, and the other child goes on.
async fn others_are_unharmed(handle: &SupervisorHandle, counted: &AtomicU64) {
    let before = counted.load(Relaxed);
    while counted.load(Relaxed) < before + 1_000 {
        checkpoint().await;
    }
    let newcomer = ChildSpec::new("newcomer", |_| until_asked());
    handle.start_child(newcomer).await.unwrap();
    handle.stop_child("newcomer").await.unwrap();
    assert_eq!(handle.count_children().await.active, 2);
}

#[test]
fn it_is_reported_by_its_path_others_go_on_and_the_shutdown_names_it_as_stuck() {
    let (tell, told) = channel();
    let (error, stuck, report) = alone(|| {
        let root = Root::new().worker_threads(2).signals(false);
        with_default(Reports(Mutex::new(tell)), || root.run(life(told))).result.unwrap()
    });
    assert_eq!(report, "\"task app/spinner\"");
    assert!(stuck);
    let expected =
        "supervisor app: child `spinner` was aborted and is not gone: it does not yield, and is left behind";
    assert_eq!(error, expected);
}
