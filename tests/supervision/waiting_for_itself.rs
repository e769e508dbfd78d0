//! Calls from within a child that would wait for that child: refused at once, wherever in it they are made.

use crate::support::{Journal, ms, run, service, settle, supervisor};
use arbour::{
    CallError, ChildPolicy, ChildSpec, DynamicSupervisor, DynamicSupervisorHandle, Failure, Supervisor,
    SupervisorHandle, stopping, task_group,
};
use std::sync::{Arc, Mutex, OnceLock};
use tokio::sync::oneshot;
use tokio::time::sleep;

/// The answer to a call that a child makes.
type Answer = Arc<Mutex<Option<Result<(), CallError>>>>;

/// Stops the child of this name, and keeps the answer.
async fn stop(handle: SupervisorHandle, id: &'static str, answer: Answer) {
    let stopped = handle.stop_child(id).await;
    *answer.lock().unwrap() = Some(stopped);
}

fn would_wait(id: &str) -> Option<Result<(), CallError>> {
    Some(Err(CallError::WouldWait { id: id.into() }))
}

#[arbour::test]
async fn a_child_that_stops_itself_is_told_at_once_and_goes_on() {
    let (answer, journal) = (Answer::default(), Journal::new());
    let told = Arc::clone(&answer);
    let child = ChildSpec::new("a", move |cx| {
        let told = Arc::clone(&told);
        async move {
            stop(cx.supervisor().clone(), "a", told).await;
            stopping().await;
            Ok::<(), Failure>(())
        }
    });
    run(supervisor().child(child), async |handle| {
        settle().await;
        assert_eq!(*answer.lock().unwrap(), would_wait("a"));
        assert_eq!(journal.time(), 1);
        assert!(handle.which_child("a").await.unwrap().is_running());
        let text = answer.lock().unwrap().clone().unwrap().unwrap_err().to_string();
        assert!(
            text.starts_with("child `a` would wait for itself") && text.contains("request_stop"),
            "{text}"
        );
    })
    .await
    .1
    .unwrap();
}

#[arbour::test]
async fn a_task_of_a_child_and_a_child_of_an_inner_supervisor_are_inside_it_too() {
    let (of_task, of_inner) = (Answer::default(), Answer::default());
    let (task, inner) = (Arc::clone(&of_task), Arc::clone(&of_inner));
    let grouped = ChildSpec::new("grouped", move |cx| {
        let task = Arc::clone(&task);
        async move {
            let handle = cx.supervisor().clone();
            task_group(async |group| group.spawn_value(stop(handle, "grouped", task)).await.unwrap()).await?;
            stopping().await;
            Ok::<(), Failure>(())
        }
    });
    let app = supervisor().child(grouped).build().unwrap();
    let handle = app.handle();
    let outer = handle.clone();
    let nested = ChildSpec::supervisor("nested", move || {
        let (outer, inner) = (outer.clone(), Arc::clone(&inner));
        let child = ChildSpec::new("deep", move |_| {
            let (outer, inner) = (outer.clone(), Arc::clone(&inner));
            async move {
                stop(outer, "nested", inner).await;
                stopping().await;
                Ok::<(), Failure>(())
            }
        });
        Supervisor::builder("nested").child(child).build()
    });
    task_group(async |group| {
        group.spawn(app.run());
        handle.start_child(nested).await.unwrap();
        settle().await;
        assert_eq!(*of_task.lock().unwrap(), would_wait("grouped"));
        assert_eq!(*of_inner.lock().unwrap(), would_wait("nested"));
        handle.request_stop();
    })
    .await
    .unwrap();
}

#[arbour::test]
async fn a_child_that_is_not_ready_in_the_first_start_cannot_wait_behind_it() {
    let (answer, journal) = (Answer::default(), Journal::new());
    let (told, notes) = (Arc::clone(&answer), journal.clone());
    let child = ChildSpec::new("a", move |cx| {
        let (told, kin) = (Arc::clone(&told), service("kin", &notes));
        async move {
            let early = cx.supervisor().start_child(kin).await.unwrap_err();
            assert_eq!(early.spec.as_ref().map(|spec| spec.id()), Some("kin"), "handed back");
            *told.lock().unwrap() = Some(Err(early.reason));
            cx.ready();
            let late = cx.supervisor().start_child(*early.spec.unwrap()).await;
            assert!(late.is_ok());
            stopping().await;
            Ok::<(), Failure>(())
        }
    });
    run(supervisor().child(child.reports_ready()), async |_| settle().await).await.1.unwrap();
    assert_eq!(*answer.lock().unwrap(), would_wait("a"));
    assert_eq!(journal.lines(), ["+kin", "-kin"]);
}

#[arbour::test]
async fn a_stop_of_a_sibling_and_a_stop_by_a_bare_task_wait_as_they_should() {
    let journal = Journal::new();
    let (tell, told) = oneshot::channel();
    let tell = Mutex::new(Some(tell));
    let child = ChildSpec::new("a", move |cx| {
        let tell = tell.lock().unwrap().take().expect("it runs once");
        async move {
            let handle = cx.supervisor().clone();
            handle.stop_child("b").await?;
            // Outside of every scope, so that it is no part of the child.
            tell.send(tokio::spawn(async move { handle.stop_child("a").await })).expect("somebody waits");
            stopping().await;
            Ok::<(), Failure>(())
        }
    });
    run(supervisor().child(service("b", &journal)).child(child), async |_| {
        let stopped = told.await.unwrap();
        assert_eq!(stopped.await.unwrap(), Ok(()));
        assert_eq!(journal.timed(), ["+b@0", "-b@0"]);
    })
    .await
    .1
    .unwrap();
}

/// What a dynamic child is given: the way to its own supervisor.
#[derive(Clone)]
struct Own(Arc<OnceLock<DynamicSupervisorHandle<Self>>>);

#[arbour::test]
async fn a_dynamic_child_that_stops_itself_is_told_too() {
    let answer = Answer::default();
    let told = Arc::clone(&answer);
    let app = DynamicSupervisor::builder("app", move |cx, own: Own| {
        let told = Arc::clone(&told);
        async move {
            let handle = own.0.get().expect("it was set before the start");
            let stopped = handle.stop_child(cx.child()).await;
            *told.lock().unwrap() = Some(stopped);
            stopping().await;
            Ok::<(), Failure>(())
        }
    });
    let app = app.build().unwrap();
    let (handle, own) = (app.handle(), Own(Arc::default()));
    assert!(own.0.set(handle.clone()).is_ok());
    task_group(async |group| {
        group.spawn(app.run());
        handle.start_child(own).await.unwrap();
        settle().await;
        assert_eq!(*answer.lock().unwrap(), would_wait("0"));
        handle.request_stop();
    })
    .await
    .unwrap();
}

#[arbour::test]
async fn slow_starts_of_dynamic_children_do_not_wait_for_each_other() {
    let journal = Journal::new();
    let app = DynamicSupervisor::builder("app", |cx, time: u64| async move {
        sleep(ms(time)).await;
        cx.ready();
        stopping().await;
        Ok::<(), Failure>(())
    });
    let app = app.policy(ChildPolicy::plain().reports_ready()).build().unwrap();
    let handle = app.handle();
    task_group(async |group| {
        group.spawn(app.run());
        let start = |time| {
            let (handle, journal) = (handle.clone(), journal.clone());
            group.spawn_value(async move {
                handle.start_child(time).await.unwrap();
                journal.note(time.to_string());
            })
        };
        let (slow, fast) = (start(300), start(100));
        slow.await.unwrap();
        fast.await.unwrap();
        assert_eq!(journal.timed(), ["100@100", "300@300"]);
        handle.request_stop();
    })
    .await
    .unwrap();
}
