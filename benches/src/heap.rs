//! Heap per parked child: ours, a bare task's, one in a `JoinSet`.

use crate::workers::{Started, Workers};
use arbour::{TaskGroup, task_group};
use std::future::pending;
use tokio::task::{JoinHandle, JoinSet, yield_now};

/// Enough for what is made once not to matter.
pub const CHILDREN: u64 = 100_000;

/// The name of a way to park children, and the way; the caller reads the heap before it and, by the
/// closure it is given, while they are parked.
pub type Parking = (&'static str, fn(&mut dyn FnMut()));

/// Ours first.
pub const ROWS: [Parking; 3] = [("arbour", arbour), ("JoinSet", join_set), ("tokio::spawn", tokio_spawn)];

fn arbour(parked: &mut dyn FnMut()) {
    let runtime = Workers::One.start();
    let (group, ended) = runtime.run(async {
        let (tell, told) = tokio::sync::oneshot::channel::<TaskGroup>();
        let ended = tokio::spawn(task_group(async move |group: TaskGroup| {
            for _ in 0..CHILDREN {
                drop(group.spawn_value(pending::<()>()));
            }
            let _ = tell.send(group);
        }));
        (told.await.expect("the body tells its group"), ended)
    });
    park(&runtime);
    parked();
    group.cancel("counted");
    let outcome = runtime.run(ended);
    outcome.expect("the group does not panic").expect("its body gave a value");
}

fn join_set(parked: &mut dyn FnMut()) {
    let runtime = Workers::One.start();
    let set = runtime.run(async { (0..CHILDREN).map(|_| pending::<()>()).collect::<JoinSet<_>>() });
    park(&runtime);
    parked();
    drop(set);
}

fn tokio_spawn(parked: &mut dyn FnMut()) {
    let runtime = Workers::One.start();
    let handles: Vec<JoinHandle<()>> =
        runtime.run(async { (0..CHILDREN).map(|_| tokio::spawn(pending())).collect() });
    park(&runtime);
    parked();
    drop(handles);
}

/// The run queue of one thread is fair: when this has yielded twice, every child was polled.
fn park(runtime: &Started) {
    runtime.run(async {
        yield_now().await;
        yield_now().await;
    });
}
