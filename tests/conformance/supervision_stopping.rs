//! Stopping a supervisor: by each child's own rule, in order or all at once, and those that do not obey.

use crate::supervised::{Crew, HOUR, listed, ms, run, run_dynamic, settle, supervisor};
use arbour::{
    ChildPolicy, ChildSpec, DynamicSupervisor, DynamicSupervisorBuilder, Shutdown, Supervisor, task_group,
};
use std::time::Duration;
use tokio::time::sleep;

/// A dynamic supervisor whose children take so long to stop as their argument says; without one they ignore it.
fn dawdlers(crew: &Crew, policy: ChildPolicy) -> DynamicSupervisorBuilder<(&'static str, Option<Duration>)> {
    let crew = crew.clone();
    let start = move |_, (name, farewell): (&'static str, Option<Duration>)| {
        let crew = crew.clone();
        async move {
            match farewell {
                Some(farewell) => crew.work(name.to_owned(), farewell).await,
                None => crew.ignore(name.to_owned()).await,
            }
        }
    };
    DynamicSupervisor::builder("sup", start).policy(policy)
}

mod supervisor {
    use super::supervisor;
    use super::*;

    #[arbour::test]
    async fn sup_stop_infinity() {
        let crew = Crew::new();
        let inside = crew.clone();
        let inner = ChildSpec::supervisor("inner", move || {
            Supervisor::builder("inner").child(inside.slow_worker("a", HOUR).shutdown(Shutdown::Wait)).build()
        });
        let app = supervisor().child(inner).child(crew.slow_worker("b", HOUR).shutdown(Shutdown::Wait));
        let ((), outcome) = run(app, async |_| ()).await;
        outcome.unwrap();
        assert_eq!(
            crew.timed(),
            ["+a@0", "+b@0", "-b@3600001", "-a@7200001"],
            "each has all the time it wants"
        );
    }

    #[arbour::test]
    async fn sup_stop_timeout_dynamic() {
        let crew = Crew::new();
        let policy = ChildPolicy::plain().shutdown(Shutdown::After(ms(1_000))).clean_up(Duration::ZERO);
        let ((), outcome) = run_dynamic(dawdlers(&crew, policy), async |handle| {
            handle.start_child(("obeys", Some(ms(500)))).await.unwrap();
            handle.start_child(("ignores", None)).await.unwrap();
            settle().await;
        })
        .await;
        outcome.expect("a child that had to be aborted is no failure of the supervisor");
        assert_eq!(crew.timed(), ["+obeys@0", "+ignores@0", "-obeys@501", "xignores@1001"]);
    }

    #[arbour::test]
    async fn sup_stop_brutal_kill_dynamic() {
        let crew = Crew::new();
        let policy = ChildPolicy::plain().shutdown(Shutdown::Abort);
        let ((), outcome) = run_dynamic(crew.dynamic(policy), async |handle| {
            for _ in 0..10 {
                handle.start_child("w").await.unwrap();
            }
            settle().await;
            assert_eq!(crew.lines(), ["+w"; 10]);
        })
        .await;
        outcome.unwrap();
        assert_eq!(crew.timed(), ["xw@1"; 10], "none is asked, all are aborted");
    }

    #[arbour::test]
    async fn child_unlink() {
        let crew = Crew::new();
        let deaf = crew.deaf_worker("deaf").shutdown(Shutdown::After(ms(300))).clean_up(ms(200));
        run(supervisor().child(deaf).child(crew.worker("other")), async |handle| {
            task_group(async |group| {
                let own = handle.clone();
                let stopped = group.spawn_value(async move { own.stop_child("deaf").await });
                for _ in 0..4 {
                    sleep(ms(100)).await;
                    let asked = crew.time();
                    assert_eq!(listed(&handle).await, ["deaf not running", "other running"]);
                    handle.stop_child("other").await.unwrap();
                    handle.restart_child("other").await.unwrap();
                    assert_eq!(crew.time(), asked, "the supervisor answers meanwhile");
                    settle().await;
                }
                stopped.await.unwrap().unwrap();
                assert_eq!(crew.time(), 501, "300 ms to drain and 200 ms to clean up, then it is aborted");
            })
            .await
            .unwrap();
        })
        .await
        .1
        .unwrap();
        assert_eq!(crew.lines().iter().filter(|line| *line == "xdeaf").count(), 1);
    }

    #[arbour::test]
    async fn simple_one_for_one_shutdown() {
        let crew = Crew::new();
        let policy = ChildPolicy::plain().shutdown(Shutdown::After(ms(2_000))).clean_up(Duration::ZERO);
        let ((), outcome) = run_dynamic(dawdlers(&crew, policy), async |handle| {
            handle.start_child(("a", Some(ms(1_000)))).await.unwrap();
            handle.start_child(("b", Some(ms(5_000)))).await.unwrap();
            handle.start_child(("c", Some(ms(1_000)))).await.unwrap();
            settle().await;
            crew.lines();
        })
        .await;
        outcome.unwrap();
        let mut timed = crew.timed();
        timed.sort();
        assert_eq!(timed, ["-a@1001", "-c@1001", "xb@2001"], "together, and the slow one is ended");
        assert_eq!(crew.time(), 2_001);
    }
}
