//! Supervisors, and the calls of their handles.

use crate::support::{Held, sweep, turns};
use arbour::{
    ChildPolicy, ChildSpec, DynamicSupervisor, DynamicSupervisorHandle, Failure, Happened,
    PartitionSupervisor, Restart, Supervisor, SupervisorHandle, defer, stopping, task_group,
};

/// A child that holds something until it is stopped, and has a finalizer.
fn holder(name: &'static str, held: &Held) -> ChildSpec {
    let held = held.clone();
    ChildSpec::new(name, move |_| {
        let held = held.clone();
        async move {
            defer(crate::support::hold(held.clone(), 1));
            let _hold = held.take();
            stopping().await;
            Ok::<(), Failure>(())
        }
    })
}

/// Sweeps a supervisor of one child beside the calls that `body` makes.
fn sweep_beside<T>(body: &impl AsyncFn(&SupervisorHandle, &Held) -> T) {
    let held = Held::default();
    let make = || async {
        let app = Supervisor::builder("app").child(holder("first", &held)).build().unwrap();
        let handle = app.handle();
        let outcome = task_group(async |group| {
            let running = group.spawn_value(app.run());
            body(&handle, &held).await;
            handle.request_stop();
            running.await.unwrap()
        });
        outcome.await.unwrap().unwrap();
    };
    sweep(make, |_| held.is_nothing());
}

#[test]
fn a_supervisor_that_runs() {
    sweep_beside(&async |_, _| turns(4).await);
}

#[test]
fn starting_a_child() {
    sweep_beside(&async |handle, held| drop(handle.start_child(holder("second", held)).await.unwrap()));
}

#[test]
fn stopping_and_restarting_a_child() {
    sweep_beside(&async |handle, _| {
        handle.stop_child("first").await.unwrap();
        handle.restart_child("first").await.unwrap();
    });
}

#[test]
fn deleting_a_child() {
    sweep_beside(&async |handle, held| {
        handle.start_child(holder("second", held)).await.unwrap();
        handle.stop_child("second").await.unwrap();
        handle.delete_child("second").await.unwrap();
    });
}

#[test]
fn a_snapshot_of_a_tree() {
    sweep_beside(&async |handle, held| {
        let held = held.clone();
        let inner = ChildSpec::supervisor("inner", move || {
            Supervisor::builder("inner").child(holder("deep", &held)).build()
        });
        handle.start_child(inner).await.unwrap();
        assert!(handle.snapshot().await.is_ready());
    });
}

#[test]
fn listening_to_a_supervisor() {
    sweep_beside(&async |handle, _| {
        let mut events = handle.events();
        handle.stop_child("first").await.unwrap();
        while !matches!(events.recv().await.unwrap().happened, Happened::Stopped(_)) {}
    });
}

#[test]
fn a_snapshot() {
    sweep_beside(&async |handle, _| assert_eq!(handle.snapshot().await.children.len(), 1));
}

#[test]
fn reading_the_list() {
    sweep_beside(&async |handle, _| {
        assert_eq!(handle.which_children().await.len(), 1);
        assert_eq!(handle.which_child("first").await.unwrap().incarnation, 1);
        assert_eq!(handle.count_children().await.active, 1);
        assert_eq!(handle.child_spec("first").await.unwrap().restart, Restart::Permanent);
    });
}

#[test]
fn reconfiguring() {
    sweep_beside(&async |handle, _| {
        handle.reconfigure_child("first", ChildPolicy::plain()).await.unwrap();
        let config = handle.config().await.unwrap();
        handle.reconfigure(config).await.unwrap();
    });
}

/// Sweeps a dynamic supervisor, whose children hold their arguments, beside the calls that `body` makes.
fn sweep_dynamic<T>(body: &impl AsyncFn(&DynamicSupervisorHandle<Held>, &Held) -> T) {
    let held = Held::default();
    let make = || async {
        let app = DynamicSupervisor::builder("app", |_, held: Held| async move {
            let _hold = held.take();
            stopping().await;
            Ok::<(), Failure>(())
        });
        let app = app.build().unwrap();
        let handle = app.handle();
        let outcome = task_group(async |group| {
            let running = group.spawn_value(app.run());
            body(&handle, &held).await;
            handle.request_stop();
            running.await.unwrap()
        });
        outcome.await.unwrap().unwrap();
    };
    sweep(make, |_| held.is_nothing());
}

#[test]
fn a_dynamic_supervisor_that_runs() {
    sweep_dynamic(&async |_, _| turns(4).await);
}

#[test]
fn children_that_come_and_go() {
    sweep_dynamic(&async |handle, held| {
        let child = handle.start_child(held.clone()).await.unwrap().child().unwrap();
        assert_eq!(handle.which_children().await.len(), 1);
        assert_eq!(handle.which_child(child).await.unwrap().child, child);
        assert_eq!(handle.child_spec(child).await.unwrap(), handle.template().await.unwrap());
        handle.stop_child(child).await.unwrap();
        assert_eq!(handle.count_children().await.active, 0);
    });
}

#[test]
fn replacing_a_template() {
    sweep_dynamic(&async |handle, _| {
        let start = |_, _: Held| async { Ok::<(), Failure>(()) };
        handle.replace_template(ChildPolicy::plain(), start).await.unwrap();
    });
}

#[test]
fn resizing_partitions() {
    let held = Held::default();
    let make = || async {
        let app = PartitionSupervisor::builder("app", 2, |index| (index, holder("part", &held)));
        let app = app.build().unwrap();
        let handle = app.handle();
        let outcome = task_group(async |group| {
            let running = group.spawn_value(app.run());
            assert_eq!(handle.resize(1).await.unwrap(), 2);
            assert_eq!(handle.resize(2).await.unwrap(), 1);
            handle.supervisor().request_stop();
            running.await.unwrap()
        });
        outcome.await.unwrap().unwrap();
    };
    sweep(make, |_| held.is_nothing());
}
