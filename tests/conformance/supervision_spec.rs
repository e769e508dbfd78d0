//! Failures of actors and of children that set something up: resumed, restarted after a time, stopped, or told.

use crate::supervised::{
    Crew, HOUR, Order, Switch, has_ended, incarnations, listed, ms, no_limit, run, settle, supervisor,
};
use arbour::{
    Actor, ActorSpec, Address, AskError, Backoff, BrokenLimit, ChildPolicy, ChildSpec, Context, Directive,
    Exhausted, Exit, Failure, Reply, RestartLimit, RetryPolicy, SupervisorError, SupervisorOutcome, defer,
    retry_if, spawn_actor, task_group, try_task_group,
};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;
use tokio::time::sleep;
use tracing::Level;

#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
enum Trouble {
    #[error("a small one")]
    Small,
    #[error("a large one")]
    Large,
    #[error("the last one")]
    Last,
}

enum Say {
    Add(u32, Reply<u32>),
    Fail(Trouble),
    /// Start two children of the handler, then fail beside them.
    FailWithChildren,
    Ended(&'static str),
}

/// Adds up; what it is told it notes with the number of its run.
struct Counter {
    crew: Crew,
    total: u32,
    own: Arc<OnceLock<Address<Self>>>,
}

impl Counter {
    /// Children of one message: they stop slowly, and would tell of their end if it came by itself.
    async fn fail_with_children(&self) -> Result<(), Failure> {
        let outcome = try_task_group(async |group| {
            for _ in 0..2 {
                let (crew, own) = (self.crew.clone(), Arc::clone(&self.own));
                group.spawn_value(async move {
                    defer(async move {
                        sleep(ms(100)).await;
                        crew.note("child stopped");
                    });
                    sleep(HOUR).await;
                    own.get().expect("it has an address").tell(Say::Ended("child")).await.ok();
                });
            }
            settle().await;
            Err::<(), _>(Trouble::Large)
        });
        outcome.await.map_err(Failure::from)
    }
}

impl Actor for Counter {
    type Message = Say;

    async fn started(&mut self, cx: &mut Context<Self>) -> Result<(), Failure> {
        let (crew, run) = (self.crew.clone(), cx.incarnation());
        crew.note(format!("+{run}"));
        defer(async move { crew.note(format!("-{run}")) });
        Ok(())
    }

    async fn handle(&mut self, message: Say, cx: &mut Context<Self>) -> Result<(), Failure> {
        match message {
            Say::Add(n, reply) => {
                self.total += n;
                self.crew.note(format!("{} adds", cx.incarnation()));
                reply.send(self.total);
            }
            // To resume is to go on: the error is dealt with where it is met.
            Say::Fail(Trouble::Small) => self.crew.note("resumes"),
            Say::Fail(trouble) => return Err(trouble.into()),
            Say::FailWithChildren => return self.fail_with_children().await,
            Say::Ended(who) => self.crew.note(format!("{} hears of the {who}", cx.incarnation())),
        }
        Ok(())
    }
}

fn counter(crew: &Crew) -> (Address<Counter>, ChildSpec) {
    let (crew, own) = (crew.clone(), Arc::new(OnceLock::new()));
    let known = Arc::clone(&own);
    let make = move || Counter { crew: crew.clone(), total: 0, own: Arc::clone(&own) };
    let (address, child) = ActorSpec::new("counter", make).build();
    let _ = known.set(address.clone());
    (address, child.backoff(Backoff::none()))
}

async fn add(counter: &Address<Counter>, n: u32) -> Result<u32, AskError> {
    counter.ask(|reply| Say::Add(n, reply)).await
}

fn by_trouble(exit: &Exit<Failure>) -> Directive {
    match exit.failure().and_then(Failure::downcast_ref) {
        Some(Trouble::Large) => Directive::Restart,
        Some(Trouble::Last) => Directive::Stop,
        _ => Directive::Escalate,
    }
}

fn steady(initial: u64, max: u64) -> Backoff {
    Backoff::new(ms(initial), ms(max)).unwrap().jitter(false)
}

/// The times of everything that was noted in these words.
fn times(timed: &[String], what: &str) -> Vec<u64> {
    let time = |line: &String| line.strip_prefix(what)?.strip_prefix('@')?.parse().ok();
    timed.iter().filter_map(time).collect()
}

/// Notes the levels of what the supervisor says from warnings on.
#[derive(Clone, Default)]
struct Levels(Arc<Mutex<Vec<Level>>>);

impl tracing::Subscriber for Levels {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        *metadata.level() <= Level::WARN && metadata.target().starts_with("arbour_supervisor::supervisor")
    }

    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }

    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}

    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        self.0.lock().unwrap().push(*event.metadata().level());
    }

    fn enter(&self, _: &tracing::span::Id) {}

    fn exit(&self, _: &tracing::span::Id) {}
}

mod supervisionspec {
    use super::*;

    /// Nobody supervises it, so nobody starts it again; its group fails with it.
    #[arbour::test]
    async fn default_to_stop_when_no_strategy() {
        let crew = Crew::new();
        let outcome = task_group(async |group| {
            let own = Arc::new(OnceLock::new());
            let counter = spawn_actor(&group, "counter", Counter { crew: crew.clone(), total: 0, own }, 4);
            assert_eq!(add(&counter, 1).await, Ok(1));
            counter.tell(Say::Fail(Trouble::Large)).await.unwrap();
            std::future::pending::<()>().await;
        });
        let error = outcome.await.unwrap_err();
        assert_eq!(error.find::<Trouble>(), Some(&Trouble::Large));
        assert_eq!(crew.lines(), ["+1", "1 adds", "-1"], "what it deferred runs");
    }

    #[arbour::test]
    async fn support_nesting_exceptions_with_different_strategies() {
        let crew = Crew::new();
        let (counter, child) = counter(&crew);
        run(supervisor().child(child.on_exit(by_trouble)), async |handle| {
            assert_eq!(add(&counter, 1).await, Ok(1));
            counter.tell(Say::Fail(Trouble::Small)).await.unwrap();
            assert_eq!(add(&counter, 1).await, Ok(2), "state kept");
            counter.tell(Say::Fail(Trouble::Large)).await.unwrap();
            assert_eq!(add(&counter, 1).await, Ok(1), "state reset");
            counter.tell(Say::Fail(Trouble::Last)).await.unwrap();
            settle().await;
            assert_eq!(listed(&handle).await, ["counter not running"]);
        })
        .await
        .1
        .unwrap();
        assert_eq!(crew.lines(), ["+1", "1 adds", "resumes", "1 adds", "-1", "+2", "2 adds", "-2"]);
    }

    /// What no supervisor should treat is handed on to whoever is above it.
    #[arbour::test]
    async fn not_catch_fatal_error() {
        let crew = Crew::new();
        let fatal = |exit: &Exit<Failure>| match exit.failure().and_then(Failure::downcast_ref) {
            Some(Trouble::Last) => Directive::Escalate,
            _ => Directive::ByPolicy,
        };
        let (counter, child) = counter(&crew);
        let ((), outcome) = run(supervisor().child(child.on_exit(fatal)), async |handle| {
            counter.tell(Say::Fail(Trouble::Large)).await.unwrap();
            assert_eq!(add(&counter, 1).await, Ok(1));
            counter.tell(Say::Fail(Trouble::Last)).await.unwrap();
            settle().await;
            assert!(has_ended(&handle).await);
        })
        .await;
        let error = outcome.unwrap_err();
        assert_eq!(error.failure().unwrap().downcast_ref(), Some(&Trouble::Last));
        let SupervisorError::Failed { outcome, .. } = error else { panic!("{error}") };
        assert!(matches!(outcome, SupervisorOutcome::Escalated { .. }));
        assert_eq!(crew.lines(), ["+1", "-1", "+2", "2 adds", "-2"], "there is no third run");
    }

    #[arbour::test]
    async fn reset_fixed_limit_after_timeout() {
        let crew = Crew::new();
        let limit = RestartLimit::new(2, ms(500)).unwrap();
        run(supervisor().limit(no_limit()).child(crew.worker("w").limit(limit)), async |handle| {
            crew.order("w", Order::Fail).await;
            crew.order("w", Order::Fail).await;
            sleep(ms(550)).await;
            crew.order("w", Order::Fail).await;
            assert_eq!(incarnations(&handle).await, [4]);
            assert_eq!(listed(&handle).await, ["w running"]);
        })
        .await
        .1
        .unwrap();
    }

    #[arbour::test]
    async fn stop_at_first_exception_when_restart_retries_limit_is_0() {
        let crew = Crew::new();
        let never = RestartLimit::new(0, HOUR).unwrap();
        let child = crew.worker("w").limit(never).exhausted(Exhausted::StayDown);
        run(supervisor().child(child), async |handle| {
            crew.order("w", Order::Fail).await;
            sleep(HOUR).await;
            assert_eq!(listed(&handle).await, ["w not running"]);
            assert_eq!(crew.lines(), ["+w", "!w"]);
        })
        .await
        .1
        .unwrap();
    }

    #[arbour::test]
    async fn stop_children_when_restarting() {
        let crew = Crew::new();
        let (counter, child) = counter(&crew);
        run(supervisor().child(child), async |_| {
            assert_eq!(add(&counter, 5).await, Ok(5));
            counter.tell(Say::FailWithChildren).await.unwrap();
            sleep(ms(50)).await;
            task_group(async |group| {
                let late = counter.clone();
                let asked = group.spawn_value(async move { add(&late, 1).await });
                let stranger = counter.clone();
                group.spawn_value(async move {
                    sleep(ms(10)).await;
                    stranger.tell(Say::Ended("stranger")).await.unwrap();
                });
                assert_eq!(asked.await.unwrap(), Ok(1), "a new one, with nothing of the old");
            })
            .await
            .unwrap();
            settle().await;
            let timed = crew.timed();
            assert_eq!(times(&timed, "child stopped"), [102, 102]);
            let end = ["-1@102", "+2@102", "2 adds@102", "2 hears of the stranger@102"];
            assert_eq!(timed[timed.len() - 4..], end, "only then");
        })
        .await
        .1
        .unwrap();
    }

    #[arbour::test]
    async fn successfully_restart_after_stopping_watchwith_d_children() {
        let crew = Crew::new();
        let (counter, child) = counter(&crew);
        run(supervisor().child(child), async |_| {
            let stranger = counter.clone();
            task_group(async |group| {
                group.spawn_value(async move {
                    sleep(2 * HOUR).await;
                    stranger.tell(Say::Ended("stranger")).await.unwrap();
                });
                counter.tell(Say::FailWithChildren).await.unwrap();
            })
            .await
            .unwrap();
            settle().await;
            let heard: Vec<String> = crew.lines().into_iter().filter(|line| line.contains("hears")).collect();
            assert_eq!(heard, ["2 hears of the stranger"], "the end of its children is nobody's news");
        })
        .await
        .1
        .unwrap();
    }

    /// What is to outlive an incarnation is a child of a supervisor beside it; the slot keeps the handle.
    #[arbour::test]
    async fn optionally_not_stop_children() {
        let crew = Crew::new();
        let kids = crew.dynamic(ChildPolicy::plain()).build().unwrap();
        let handle = kids.handle();
        let (own, notes) = (handle.clone(), crew.clone());
        let parent = ChildSpec::new("parent", move |cx| {
            let (kids, crew) = (own.clone(), notes.clone());
            async move {
                crew.note(format!("{} knows {}", cx.incarnation(), kids.count_children().await.active));
                kids.start_child("kid").await.map_err(|refused| refused.reason)?;
                crew.work("parent".to_owned(), Duration::ZERO).await
            }
        });
        task_group(async |group| {
            group.spawn(kids.run());
            run(supervisor().child(parent.backoff(Backoff::none())), async |_| {
                crew.order("parent", Order::Fail).await;
            })
            .await
            .1
            .unwrap();
            assert_eq!(incarnations(handle.supervisor()).await, [1, 1]);
            handle.request_stop();
        })
        .await
        .unwrap();
        let lines = ["1 knows 0", "+kid", "+parent", "!parent", "2 knows 1", "+kid", "+parent", "-parent"];
        let mut heard = crew.lines();
        heard.truncate(8);
        assert_eq!(heard.iter().filter(|line| *line == "-kid").count(), 0, "{heard:?}");
        assert_eq!(
            heard.iter().filter(|line| line.contains("knows")).collect::<Vec<_>>(),
            [lines[0], lines[4]]
        );
    }

    #[arbour::test]
    async fn stop_children_when_backoff_from_exception_in_first_later_setup() {
        let crew = Crew::new();
        let notes = crew.clone();
        let child = ChildSpec::new("w", move |cx| {
            let crew = notes.clone();
            async move {
                crew.note(format!("setup {}", cx.incarnation()));
                if cx.incarnation() != 2 {
                    cx.ready();
                    return crew.work("w".to_owned(), Duration::ZERO).await;
                }
                let setup = try_task_group(async |group| {
                    let kid = crew.clone();
                    group.spawn_value(async move {
                        defer(async move {
                            sleep(ms(30)).await;
                            kid.note("-kid");
                        });
                        std::future::pending::<()>().await;
                    });
                    settle().await;
                    Err::<(), _>(Trouble::Large)
                });
                setup.await.map_err(Failure::from)
            }
        });
        let child = child.reports_ready().backoff(steady(100, 1_000));
        run(supervisor().child(child), async |_| {
            crew.order("w", Order::Fail).await;
            sleep(ms(200)).await;
            let expected = ["setup 1@0", "+w@0", "!w@1", "setup 2@1", "-kid@32", "setup 3@132", "+w@132"];
            assert_eq!(crew.timed(), expected);
        })
        .await
        .1
        .unwrap();
    }

    #[arbour::test]
    async fn fail_if_reaching_maximum_number_of_restarts_with_backoff() {
        let (crew, broken) = (Crew::new(), Switch::default());
        let child = crew.worker_that_may_break("w", &broken).max_consecutive(2).backoff(steady(100, 1_000));
        let ((), outcome) = run(supervisor().child(child), async |handle| {
            broken.set(Some(ms(0)));
            crew.order("w", Order::Fail).await;
            sleep(ms(200)).await;
            assert!(has_ended(&handle).await);
        })
        .await;
        assert_eq!(crew.timed(), ["+w@0", "!w@1", "?w@1", "?w@101"]);
        let SupervisorError::Failed { outcome, .. } = outcome.unwrap_err() else { panic!("it gave up") };
        assert!(matches!(outcome, SupervisorOutcome::GaveUp { limit: BrokenLimit::Consecutive(2), .. }));
    }

    /// The first retry comes at once, and so does the one after a healthy time.
    #[arbour::test]
    async fn reset_exponential_backoff_count_after_reset_timeout() {
        let crew = Crew::new();
        let child = crew.worker("w").backoff(steady(100, 1_000).reset_after(ms(500)));
        run(supervisor().limit(no_limit()).child(child), async |_| {
            for _ in 0..3 {
                crew.order("w", Order::Fail).await;
                sleep(ms(299)).await;
            }
            sleep(ms(600)).await;
            for _ in 0..2 {
                crew.order("w", Order::Fail).await;
                sleep(ms(299)).await;
            }
            let timed = crew.timed();
            assert_eq!(times(&timed, "!w"), [1, 301, 601, 1_501, 1_801]);
            assert_eq!(times(&timed, "+w"), [0, 1, 401, 801, 1_501, 1_901], "after 0, 100, 200; then 0, 100");
        })
        .await
        .1
        .unwrap();
    }

    #[arbour::test]
    async fn default_resetbackoffafter() {
        let backoff = Backoff::new(ms(100), ms(300)).unwrap();
        assert!(!backoff.is_reset_by(ms(199)) && backoff.is_reset_by(ms(200)));
        let crew = Crew::new();
        let child = crew.worker("w").backoff(steady(100, 300));
        run(supervisor().limit(no_limit()).child(child), async |_| {
            crew.order("w", Order::Fail).await;
            sleep(ms(197)).await;
            crew.order("w", Order::Fail).await;
            sleep(ms(299)).await;
            crew.order("w", Order::Fail).await;
            let timed = crew.timed();
            assert_eq!(times(&timed, "!w"), [1, 199, 499]);
            assert_eq!(times(&timed, "+w"), [0, 1, 299, 499], "198 ms are too short, 200 ms are enough");
        })
        .await
        .1
        .unwrap();
    }

    /// A child has one back-off; another one, for another kind of error, is a `retry_if` inside of it.
    #[arbour::test]
    async fn handle_reset_backoff_count_for_more_than_one_nested_restartwithbackoff() {
        let crew = Crew::new();
        let notes = crew.clone();
        let child = ChildSpec::new("w", move |_| {
            let crew = notes.clone();
            async move {
                crew.note("+w");
                let (mut small, noted) = (0, crew.clone());
                let policy = RetryPolicy::new(steady(10, 1_000)).retries(9);
                let inner = retry_if(
                    policy,
                    |trouble| *trouble == Trouble::Small,
                    || {
                        small += 1;
                        noted.note("try");
                        let outcome = if small <= 3 { Trouble::Small } else { Trouble::Large };
                        async move { Err::<(), _>(outcome) }
                    },
                );
                inner.await.map_err(Failure::from)
            }
        });
        let child = child.backoff(steady(100, 1_000));
        run(supervisor().limit(no_limit()).child(child), async |_| {
            sleep(ms(600)).await;
            let timed = crew.timed();
            let (runs, tries) = (times(&timed, "+w"), times(&timed, "try"));
            let inner: Vec<u64> = tries[..4].iter().map(|at| at - tries[0]).collect();
            assert!(tries.chunks(4).all(|each| each.len() < 4 || each[3] - each[0] == inner[3]), "each anew");
            let waits: Vec<u64> = runs.windows(2).map(|pair| pair[1] - pair[0] - inner[3]).collect();
            assert_eq!(
                waits[..3],
                [0, 100, 200],
                "the outer one is not reset by what the inner one survives"
            );
            assert!(inner[1] < inner[2] && inner[2] - inner[1] < inner[3] - inner[2], "{inner:?}");
        })
        .await
        .1
        .unwrap();
    }

    /// Who depends on another asks it, and hands its end on as a failure of its own.
    #[arbour::test]
    async fn be_able_to_recover_from_a_deathpactexception() {
        let crew = Crew::new();
        let (peer, peer_child) = counter(&crew);
        let judged = Arc::new(Mutex::new(Vec::new()));
        let judge = Arc::clone(&judged);
        let child = ChildSpec::new("w", move |cx| {
            let peer = peer.clone();
            async move {
                while cx.incarnation() == 1 {
                    add(&peer, 1).await?;
                    sleep(ms(100)).await;
                }
                arbour::stopping().await;
                Ok::<(), Failure>(())
            }
        });
        let child = child.backoff(Backoff::none()).on_exit(move |exit| {
            let error = exit.failure().and_then(Failure::downcast_ref::<AskError>).cloned();
            judge.lock().unwrap().extend(error);
            Directive::ByPolicy
        });
        run(supervisor().child(peer_child).child(child), async |handle| {
            sleep(ms(150)).await;
            handle.stop_child("counter").await.unwrap();
            handle.delete_child("counter").await.unwrap();
            sleep(ms(200)).await;
            assert_eq!(*judged.lock().unwrap(), [AskError::Stopped]);
            assert_eq!(handle.which_child("w").await.unwrap().incarnation, 2);
            assert_eq!(listed(&handle).await, ["w running"]);
        })
        .await
        .1
        .unwrap();
    }

    /// Each failure is a warning; the one after which nothing is tried any more is an error, and so is the end it brings.
    #[arbour::test]
    async fn log_at_critical_level_after_specified_restartwithbackoff_attempts() {
        let crew = Crew::new();
        let levels = Levels::default();
        // A sole subscriber is asked only by the thread it belongs to, and what another thread comes to first is
        // silenced for good; with two, each is asked.
        let _second = tracing::Dispatch::new(Levels::default());
        let _guard = tracing::subscriber::set_default(levels.clone());
        let child = crew.worker("w").max_consecutive(2);
        run(supervisor().limit(no_limit()).child(child), async |handle| {
            for _ in 0..2 {
                crew.order("w", Order::Fail).await;
            }
            assert_eq!(*levels.0.lock().unwrap(), [Level::WARN, Level::WARN]);
            crew.order("w", Order::Fail).await;
            assert!(has_ended(&handle).await);
        })
        .await
        .1
        .unwrap_err();
        assert_eq!(*levels.0.lock().unwrap(), [Level::WARN, Level::WARN, Level::ERROR, Level::ERROR]);
    }
}
