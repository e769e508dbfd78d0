//! What a root gives back, in a runtime of its own and inside another.

use arbour::{Cause, Root, ScopeHandle, defer, task_group};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

#[test]
fn the_value_of_the_body_is_given_back() {
    assert_eq!(arbour::run(async { 6 * 7 }), Ok(42));
}

#[test]
fn an_error_of_the_body_is_a_value_like_any_other() {
    let outcome = arbour::run(async { "seven".parse::<u32>() });
    assert!(outcome.unwrap().is_err());
}

#[test]
fn the_body_may_borrow_and_need_not_be_send() {
    let words = std::rc::Rc::new(String::from("kept"));
    let length = arbour::run(async { words.len() });
    assert_eq!((length, words.as_str()), (Ok(4), "kept"));
}

#[test]
fn a_panic_of_the_body_is_resumed_after_its_finalizers_have_run() {
    static RAN: AtomicBool = AtomicBool::new(false);
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        arbour::run(async {
            defer(async {
                tokio::task::yield_now().await;
                RAN.store(true, Ordering::SeqCst);
            });
            panic!("on purpose");
        })
    }));
    let payload = outcome.unwrap_err();
    assert_eq!(payload.downcast_ref::<&str>(), Some(&"on purpose"));
    assert!(RAN.load(Ordering::SeqCst));
}

#[test]
fn a_body_that_cancels_its_own_root_gives_the_cause() {
    let outcome = arbour::run(async {
        ScopeHandle::current().unwrap().cancel("closing time");
        std::future::pending::<()>().await;
    });
    assert_eq!(outcome.unwrap_err().cause, Cause::from("closing time"));
}

#[test]
fn a_root_on_the_calling_thread_may_have_its_clock_paused() {
    let root = Root::new().current_thread().start_paused(true).signals(false);
    let outcome = root.run(async {
        let began = tokio::time::Instant::now();
        tokio::time::sleep(Duration::from_secs(86_400)).await;
        began.elapsed().as_secs()
    });
    assert_eq!((outcome.result, outcome.signal), (Ok(86_400), None));
}

#[test]
fn a_root_has_as_many_threads_as_it_is_given() {
    let workers = async { tokio::runtime::Handle::current().metrics().num_workers() };
    assert_eq!(Root::new().worker_threads(3).run(workers).result, Ok(3));
}

#[tokio::test]
async fn a_root_inside_a_plain_current_thread_program_is_a_scope_like_others() {
    inside_another_runtime().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_root_inside_a_plain_program_on_threads_is_a_scope_like_others() {
    inside_another_runtime().await;
}

async fn inside_another_runtime() {
    let outcome = Root::new()
        .run_async(async {
            task_group(async |group| {
                let two = group.spawn_value(async { 2 });
                two.await.unwrap() + 1
            })
            .await
            .unwrap()
        })
        .await;
    assert_eq!((outcome.result, outcome.signal), (Ok(3), None));
}

#[tokio::test]
async fn two_roots_may_run_beside_each_other() {
    let (first, second) = tokio::join!(
        Root::new().run_async(async {
            ScopeHandle::current().unwrap().cancel("the first alone");
            std::future::pending::<()>().await;
        }),
        Root::new().run_async(async {
            tokio::task::yield_now().await;
            2
        }),
    );
    assert_eq!((first.result.is_err(), second.result), (true, Ok(2)));
}

/// Its sender goes with the task that keeps it, so the job ends when the runtime drops its tasks.
#[test]
fn a_blocking_job_that_ends_with_the_runtime_is_waited_for() {
    static ENDED: AtomicBool = AtomicBool::new(false);
    let outcome = arbour::run(async {
        let (keeps, waits) = std::sync::mpsc::channel::<()>();
        tokio::spawn(async move {
            let _keeps = keeps;
            std::future::pending::<()>().await;
        });
        let (begins, begun) = tokio::sync::oneshot::channel();
        tokio::task::spawn_blocking(move || {
            begins.send(()).unwrap();
            assert!(waits.recv().is_err());
            ENDED.store(true, Ordering::SeqCst);
        });
        begun.await.unwrap();
        assert!(!ENDED.load(Ordering::SeqCst));
    });
    assert_eq!(outcome, Ok(()));
    assert!(ENDED.load(Ordering::SeqCst));
}
