//! Children in threads of their own: like others, but for their thread. In real time: no clock that a test pauses is
//! known to their runtimes.

use arbour::{
    Backoff, ChildContext, ChildSpec, ExitKind, Failure, Restart, Shutdown, SlotState, Supervisor,
    SupervisorHandle, checkpoint, defer, scoped_value, stopping, task_group,
};
use std::cell::Cell;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread::{self, ThreadId};
use std::time::Duration;

scoped_value! {
    static TENANT: &'static str;
}

type Lines = Arc<Mutex<Vec<String>>>;

fn note(lines: &Lines, what: &str) {
    lines.lock().unwrap().push(what.to_owned());
}

/// Notes its words when it is dropped.
struct Noted(Lines, &'static str);

impl Drop for Noted {
    fn drop(&mut self) {
        note(&self.0, self.1);
    }
}

fn noted(lines: &Lines) -> Vec<String> {
    lines.lock().unwrap().clone()
}

/// Runs a supervisor of these children, and something beside it; then asks the supervisor to stop.
fn beside<T>(children: Vec<ChildSpec>, outside: impl AsyncFnOnce(&SupervisorHandle) -> T) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    runtime.block_on(async {
        let builder =
            children.into_iter().fold(Supervisor::builder("threads"), |all, child| all.child(child));
        let supervisor = builder.build().unwrap();
        let handle = supervisor.handle();
        let group = task_group(async |group| {
            group.spawn(supervisor.run());
            let outcome = outside(&handle).await;
            handle.request_stop();
            outcome
        });
        group.await.unwrap()
    })
}

/// The next that a thread tells, without blocking the runtime.
async fn told<T: Send + 'static>(by: &Arc<Mutex<mpsc::Receiver<T>>>) -> T {
    let by = Arc::clone(by);
    tokio::task::spawn_blocking(move || by.lock().unwrap().recv().unwrap()).await.unwrap()
}

async fn until_drained() -> Result<(), Failure> {
    stopping().await;
    Ok(())
}

fn channel<T>() -> (mpsc::Sender<T>, Arc<Mutex<mpsc::Receiver<T>>>) {
    let (tell, by) = mpsc::channel();
    (tell, Arc::new(Mutex::new(by)))
}

#[test]
fn each_incarnation_has_a_thread_of_its_own_that_bears_its_name() {
    let (tell, told_by) = channel::<(String, ThreadId)>();
    let child = ChildSpec::on_thread("printer", move |cx: ChildContext| {
        let (tell, state) = (tell.clone(), Rc::new(Cell::new(cx.incarnation())));
        async move {
            checkpoint().await;
            let here = thread::current();
            tell.send((here.name().unwrap().to_owned(), here.id())).unwrap();
            if state.get() == 1 {
                return Err(Failure::message("no paper"));
            }
            until_drained().await
        }
    })
    .backoff(Backoff::none());
    let threads = beside(vec![child], async |_| [told(&told_by).await, told(&told_by).await]);
    assert!(threads.iter().all(|(name, _)| name == "printer"));
    assert_ne!(threads[0].1, threads[1].1);
}

#[test]
fn its_panic_is_one_of_the_child() {
    let child = ChildSpec::on_thread("glass", |_| async {
        checkpoint().await;
        panic!("dropped");
        #[expect(unreachable_code, reason = "it says what the future gives")]
        Ok::<(), Failure>(())
    })
    .restart(Restart::Temporary)
    .on_exit(|exit| {
        assert_eq!(exit.kind(), ExitKind::Panicked);
        assert!(exit.failure().unwrap().to_string().contains("dropped"));
        arbour::Directive::Escalate
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let outcome = runtime.block_on(Supervisor::builder("shelf").child(child).build().unwrap().run());
    assert!(outcome.unwrap_err().to_string().contains("dropped"));
}

#[test]
fn a_stop_drains_it_and_its_slot_is_free_when_its_thread_has_gone() {
    thread_local! {
        static LAST: Cell<Option<Noted>> = const { Cell::new(None) };
    }
    let lines = Lines::default();
    let (in_child, (tell, begun)) = (Arc::clone(&lines), channel());
    let child = ChildSpec::on_thread("drained", move |_| {
        let (lines, tell) = (Arc::clone(&in_child), tell.clone());
        async move {
            LAST.set(Some(Noted(Arc::clone(&lines), "thread gone")));
            defer({
                let lines = Arc::clone(&lines);
                async move { note(&lines, "cleaned up") }
            });
            tell.send(()).unwrap();
            stopping().await;
            note(&lines, "drained");
            Ok::<(), Failure>(())
        }
    });
    beside(vec![child], async |handle| {
        told(&begun).await;
        handle.stop_child("drained").await.unwrap();
        note(&lines, "free");
    });
    assert_eq!(noted(&lines), ["drained", "cleaned up", "thread gone", "free"]);
}

#[test]
fn one_that_does_not_drain_is_cancelled_at_its_next_await_and_cleans_up() {
    let lines = Lines::default();
    let (in_child, (tell, begun)) = (Arc::clone(&lines), channel());
    let child = ChildSpec::on_thread("stubborn", move |_| {
        let (lines, tell) = (Arc::clone(&in_child), tell.clone());
        async move {
            let held = Noted(Arc::clone(&lines), "dropped");
            defer(async move { note(&lines, "cleaned up") });
            tell.send(()).unwrap();
            std::future::pending::<()>().await;
            drop(held);
            Ok::<(), Failure>(())
        }
    })
    .shutdown(Shutdown::After(Duration::ZERO));
    beside(vec![child], async |handle| {
        told(&begun).await;
        handle.stop_child("stubborn").await.unwrap();
        assert_eq!(handle.which_child("stubborn").await.unwrap().state, SlotState::Down);
    });
    assert_eq!(noted(&lines), ["dropped", "cleaned up"]);
}

/// It computes until it is let go, while the one worker of the supervisor's runtime starts and stops another child.
#[test]
fn one_that_computes_holds_up_nobody_but_itself() {
    let (let_go, (tell, begun)) = (Arc::new(AtomicBool::new(false)), channel());
    let seen = Arc::clone(&let_go);
    let busy = ChildSpec::on_thread("busy", move |_| {
        let (let_go, tell) = (Arc::clone(&seen), tell.clone());
        async move {
            tell.send(()).unwrap();
            while !let_go.load(Ordering::Relaxed) {
                std::hint::spin_loop();
            }
            until_drained().await
        }
    });
    let other = ChildSpec::new("other", |_| until_drained());
    beside(vec![busy, other], async |handle| {
        told(&begun).await;
        handle.stop_child("other").await.unwrap();
        handle.restart_child("other").await.unwrap();
        assert!(matches!(handle.which_child("other").await.unwrap().state, SlotState::Running { .. }));
        let_go.store(true, Ordering::Relaxed);
    });
}

#[test]
fn what_was_in_force_around_the_supervisor_is_in_force_in_the_thread() {
    let (tell, told_by) = channel();
    let child = ChildSpec::on_thread("tenant", move |_| {
        tell.send(TENANT.cloned().ok()).unwrap();
        until_drained()
    });
    let supervisor = Supervisor::builder("threads").child(child).build().unwrap();
    let handle = supervisor.handle();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let running = TENANT.scope("oak", supervisor.run());
        let (ran, tenant) = tokio::join!(running, async {
            let tenant = told(&told_by).await;
            handle.request_stop();
            tenant
        });
        ran.unwrap();
        assert_eq!(tenant, Some("oak"));
    });
}
