//! The tree of tasks: what is in it, what it says of each, how it prints.

use crate::support::{SECOND, everywhere, never, paused, turns};
use arbour::testing::{cancel_at_every_await, drop_at_every_await};
use arbour::{
    Actor, CancelScope, ChildSpec, Context, Failure, Root, Supervisor, TaskKind, TaskStage, defer, shield,
    spawn_actor, task_group, tasks,
};
use tokio::task::yield_now;

#[test]
fn the_tree_of_a_group_says_what_each_task_is_doing() {
    paused(|| async {
        let outcome = task_group(async |group| {
            group.task().name("service").spawn_value(async {
                let inner = task_group(async |inner| {
                    inner.task().name("held").spawn_value(shield(never::<()>())).cancel("stop");
                    inner.task().name("ending").spawn_value(async { defer(never()) });
                    let line = line!() + 1;
                    inner.spawn_value(never::<()>());
                    turns(3).await;
                    line
                });
                inner.await.unwrap();
            });
            turns(2).await;
            tokio::time::sleep(2 * SECOND).await;
            let lines: Vec<String> = group.tasks().to_string().lines().map(str::to_owned).collect();
            group.scope().abort("seen enough");
            lines
        });
        let lines = outcome.await.unwrap();
        let place = lines[5].trim_start();
        assert!(place.starts_with("task spawned at tests/structured/tasks.rs:"), "{place}");
        assert!(place.ends_with(": running"), "{place}");
        assert_eq!(
            lines[..5],
            [
                "task service [2.0 s]: running",
                "  group [2.0 s]: finishing what it started",
                "    task held [2.0 s]: cancelled, held by what is inside (stop)",
                "    task ending [2.0 s]: finishing what it started",
                "      clean-up: running, shielded",
            ]
        );
    });
}

#[test]
fn every_task_of_the_program_is_in_the_tree_until_it_ends() {
    paused(|| async {
        let child = task_group(async |group| {
            let child = group.task().name("seen from afar").spawn_value(never::<()>());
            let (group_id, id) = (group.scope().id(), child.id().unwrap());
            let tree = tasks();
            let seen = tree.find("seen from afar").expect("it lives");
            assert_eq!((seen.id, seen.parent, seen.kind), (id, Some(group_id), TaskKind::Task));
            assert!(tree.children(group_id).any(|task| task.id == id));
            assert_eq!(tree.iter().find(|task| task.id == group_id).unwrap().tasks, 1);
            group.cancel("seen");
            let cancelled = tasks();
            let cancelled = cancelled.find("seen from afar").expect("it has not been polled since");
            assert!(matches!(cancelled.stage, TaskStage::Cancelling), "{cancelled}");
            assert_eq!(cancelled.cause.as_ref().unwrap().to_string(), "seen");
            id
        });
        let child = child.await.unwrap();
        assert!(tasks().iter().all(|task| task.id != child));
    });
}

struct Idle;

impl Actor for Idle {
    type Message = ();

    async fn handle(&mut self, (): (), _: &mut Context<Self>) -> Result<(), Failure> {
        Ok(())
    }
}

#[test]
fn roots_supervisors_and_actors_are_known_for_what_they_are() {
    paused(|| async {
        let root = Root::new().signals(false).run_async(async {
            let root = arbour::ScopeHandle::current().unwrap().id();
            let child = ChildSpec::new("supervised one", |_| async { never::<Result<(), Failure>>().await });
            let supervisor = Supervisor::builder("the supervisor").child(child).build().unwrap();
            let handle = supervisor.handle();
            let outcome = task_group(async |group| {
                group.spawn(supervisor.run());
                let actor = spawn_actor(&group, "the actor", Idle, 1);
                turns(5).await;
                let tree = tasks();
                let kind_of = |name| tree.find(name).unwrap().kind;
                assert_eq!(tree.iter().find(|task| task.id == root).unwrap().kind, TaskKind::Root);
                assert_eq!(kind_of("the supervisor"), TaskKind::Supervisor);
                assert_eq!(kind_of("the actor"), TaskKind::Actor);
                let supervisor = tree.find("the supervisor").unwrap().id;
                assert!(tree.children(supervisor).any(|task| task.name.as_deref() == Some("supervised one")));
                handle.request_stop();
                drop(actor);
            });
            outcome.await.unwrap();
        });
        root.await.result.unwrap();
    });
}

#[test]
fn what_foreign_code_dropped_is_seen_until_it_has_ended() {
    paused(|| async {
        let scope = CancelScope::new().run(async {
            let here = arbour::ScopeHandle::current().unwrap();
            let dropped = task_group(async |_| {
                defer(never());
                never::<()>().await;
            });
            assert!(tokio::time::timeout(SECOND, dropped).await.is_err());
            yield_now().await;
            let tree = tasks();
            let left: Vec<_> = tree.children(here.id()).map(ToString::to_string).collect();
            here.abort("seen enough");
            left
        });
        let left = scope.await.unwrap();
        assert_eq!(left, ["group [1.0 s]: dropped half-way, being finished (dropped before it had ended)"]);
    });
}

#[test]
fn a_chain_of_a_thousand_tasks_is_drawn_line_by_line() {
    paused(|| async {
        fn chain(depth: usize) -> std::pin::Pin<Box<dyn Future<Output = ()> + Send>> {
            Box::pin(async move {
                let group = task_group(async |group| {
                    if depth > 0 {
                        group.spawn_value(chain(depth - 1));
                    }
                    never::<()>().await;
                });
                let _ = group.await;
            })
        }
        let outcome = task_group(async |group| {
            group.spawn_value(chain(1000));
            turns(1100).await;
            let text = group.tasks().to_string();
            group.cancel("seen enough");
            text
        });
        let text = outcome.await.unwrap();
        assert_eq!(text.lines().count(), 2002);
        assert!(text.lines().all(|line| line.len() < 160));
        assert!(text.contains("(level 2001) group"));
    });
}

#[test]
fn a_group_counts_what_it_was_given() {
    everywhere(3, || async {
        let outcome = task_group(async |group| {
            group.spawn_value(never::<()>());
            group.spawn_value(turns(1)).await.unwrap();
            let started = group.start(|ready| async move {
                ready.started(());
                never::<Result<(), Failure>>().await
            });
            started.await.unwrap();
            let counts = group.statistics();
            assert_eq!((counts.spawned, counts.running, counts.finished(), counts.failed), (3, 2, 1, 0));
            let broken = group.spawn(async { Err::<(), _>(Failure::message("broken")) });
            assert!(broken.await.is_err());
            assert_eq!(group.statistics().failed, 1);
        });
        assert!(outcome.await.is_err());
    });
}

#[test]
fn hit_at_any_poll_a_wait_loses_no_outcome() {
    let scenario = || async {
        task_group(async |group| {
            let mut child = group.spawn_value(async {
                turns(2).await;
                7
            });
            child.wait().await;
            child.wait().await;
            assert!(child.is_finished());
            assert_eq!(child.try_join().unwrap(), 7);
        })
        .await
    };
    let waits = |run: arbour::testing::Run<_>| {
        let whole: Option<Result<(), arbour::GroupError>> = run.output;
        assert!(whole.is_none_or(|outcome| outcome.is_ok()));
    };
    assert!(drop_at_every_await(scenario, waits) > 2);
    assert!(cancel_at_every_await(scenario, waits) > 2);
}
