//! Faults of kameo 0.22.2, by their number in `COMPARE.md`.

use crate::support::{Journal, Message, NoteOnDrop, Pace, doubling, endless, ms, run, settle, worker};
use arbour::{
    Actor, ActorSpec, Address, AskError, Backoff, CallError, ChildSpec, Context, Failure, Reply, Restart,
    RestartLimit, Shutdown, SlotState, Strategy, Supervisor, fail_after, task_group, try_task_group,
};
use std::sync::Arc;
use tokio::sync::Barrier;
use tokio::time::sleep;

/// A child that notes that it starts, and that it is gone; it fails so long after its first start, if at all.
fn noted(name: &'static str, journal: &Journal, fails_after: Option<u64>) -> ChildSpec {
    let journal = journal.clone();
    let child = ChildSpec::new(name, move |cx| {
        let journal = journal.clone();
        async move {
            journal.note(format_args!("+{name}"));
            let _gone = NoteOnDrop(journal, format!("-{name}"));
            match fails_after {
                Some(life) if cx.incarnation() == 1 => {
                    sleep(ms(life)).await;
                    Err(Failure::message("out of order"))
                }
                _ => std::future::pending().await,
            }
        }
    });
    at_once(child)
}

/// Without a wait before a restart or a stop.
fn at_once(child: ChildSpec) -> ChildSpec {
    child.backoff(Backoff::none()).shutdown(Shutdown::After(ms(0)))
}

/// K1, kameo 0.22.2: under one-for-all a child that is never to be restarted is restarted when a sibling crashes.
#[arbour::test]
async fn a_temporary_child_is_not_brought_back_by_the_crash_of_a_sibling() {
    let journal = Journal::new();
    let app = endless()
        .strategy(Strategy::OneForAll)
        .child(noted("once", &journal, None).restart(Restart::Temporary))
        .child(noted("b", &journal, Some(100)));
    let (seen, outcome) = run(app, async |app| {
        sleep(ms(1_000)).await;
        app.snapshot().await
    })
    .await;
    outcome.unwrap();
    let left: Vec<&str> = seen.children.iter().map(|child| child.id.as_str()).collect();
    assert_eq!(left, ["b"]);
    assert_eq!(journal.lines()[..5], ["+once@0", "+b@0", "-b@100", "-once@100", "+b@100"]);
}

/// K2, kameo 0.22.2: a child that has ended for good is waited for by the next one-for-all restart, for ever.
#[arbour::test]
async fn a_child_that_has_ended_for_good_holds_up_no_restart_of_its_siblings() {
    for (strategy, restart) in [
        (Strategy::OneForAll, Restart::Temporary),
        (Strategy::OneForAll, Restart::Transient),
        (Strategy::RestForOne, Restart::Temporary),
        (Strategy::RestForOne, Restart::Transient),
    ] {
        let journal = Journal::new();
        let (address, child) = worker("a", &journal, Pace::default()).build();
        let over = ChildSpec::new("over", |_| async { Ok::<(), Failure>(()) });
        let app = endless().strategy(strategy).child(at_once(child)).child(over.restart(restart));
        run(app, async |_| {
            sleep(ms(100)).await;
            address.tell(Message::Panic).await.unwrap();
            let asked = fail_after(ms(2_000), Box::pin(address.ask(Message::Which))).await;
            assert_eq!(asked.expect("nobody is waited for"), Ok(2), "{strategy:?}, {restart:?}");
        })
        .await
        .1
        .unwrap();
    }
}

/// K3, kameo 0.22.2: group strategies restart in the order of a hash map, another one in each run.
#[arbour::test]
async fn a_group_is_stopped_newest_first_and_started_in_order_each_time() {
    const NAMES: [&str; 6] = ["a", "b", "c", "d", "e", "f"];
    // The oldest fails, so that both strategies concern all of them.
    for strategy in [Strategy::OneForAll, Strategy::RestForOne].repeat(6) {
        let journal = Journal::new();
        let fails = |name| (name == "a").then_some(100);
        let app = NAMES
            .iter()
            .fold(endless().strategy(strategy), |app, name| app.child(noted(name, &journal, fails(*name))));
        run(app, async |_| sleep(ms(200)).await).await.1.unwrap();
        let lines = journal.lines();
        assert_eq!(
            lines[6..18].join(" "),
            "-a@100 -f@100 -e@100 -d@100 -c@100 -b@100 +a@100 +b@100 +c@100 +d@100 +e@100 +f@100",
            "{strategy:?}"
        );
    }
}

/// K4, kameo 0.22.2: the count is reset only when the *last* restart is older than the window, so that slow, steady
/// crashes exhaust it.
#[arbour::test]
async fn crashes_too_slow_for_the_window_never_add_up_to_its_limit() {
    let journal = Journal::new();
    let notes = journal.clone();
    let child = ChildSpec::new("a", move |_| {
        let notes = notes.clone();
        async move {
            sleep(ms(150)).await;
            notes.note("crash");
            Err::<(), _>(Failure::message("steady trouble"))
        }
    });
    // In any 200 ms there are at most two.
    let limit = RestartLimit::new(3, ms(200)).unwrap();
    let app = Supervisor::builder("app").limit(limit).child(at_once(child.limit(limit)));
    run(app, async |_| sleep(ms(150 * 100 + 75)).await).await.1.unwrap();
    assert_eq!(journal.lines().len(), 100);
}

/// K5, kameo 0.22.2: `on_stop` of the old incarnation still runs while the new one has started.
#[arbour::test]
async fn the_next_incarnation_starts_when_the_clean_up_of_the_last_is_over() {
    let journal = Journal::new();
    let (address, child) =
        worker("a", &journal, Pace { clean_up: ms(200), ..Pace::default() }).mailbox(8).build();
    run(endless().child(child), async |_| {
        settle().await;
        address.tell(Message::Panic).await.unwrap();
        assert_eq!(address.ask(Message::Which).await, Ok(2));
    })
    .await
    .1
    .unwrap();
    assert_eq!(journal.lines()[..3], ["a 1 started@0", "a 1 cleaned up@201", "a 2 started@201"]);
}

/// K6, kameo 0.22.2: a supervisor that is stopped gracefully reports its end while `on_stop` of its child still runs.
#[arbour::test]
async fn a_supervisor_has_ended_when_the_last_child_of_the_last_nested_supervisor_has_cleaned_up() {
    let journal = Journal::new();
    let notes = journal.clone();
    let shop = ChildSpec::new("shop", move |_| {
        let pace = Pace { stop: ms(200), clean_up: ms(50), ..Pace::default() };
        let (_, child) = worker("a", &notes, pace).build();
        Supervisor::builder("shop").child(child).build().unwrap().run()
    });
    run(Supervisor::builder("app").child(shop.shutdown(Shutdown::Wait)), async |_| settle().await)
        .await
        .1
        .unwrap();
    journal.note("ended");
    assert_eq!(journal.lines(), ["a 1 started@0", "a 1 stopped@201", "a 1 cleaned up@251", "ended@251"]);
}

/// K7, kameo 0.22.2 and tqwewe/kameo#377: a permanent child that is stopped gracefully comes back.
#[arbour::test]
async fn a_permanent_child_that_is_stopped_stays_down_until_it_is_started_by_hand() {
    let journal = Journal::new();
    let (_, child) = worker("a", &journal, Pace::default()).build();
    run(endless().child(child), async |app| {
        app.stop_child("a").await.unwrap();
        sleep(ms(3_600_000)).await;
        let seen = app.snapshot().await;
        assert_eq!((seen.restarts, seen.children[0].state), (0, SlotState::Down));
        app.restart_child("a").await.unwrap();
    })
    .await
    .1
    .unwrap();
    assert_eq!(
        journal.lines()[..4],
        ["a 1 started@0", "a 1 stopped@0", "a 1 cleaned up@0", "a 2 started@3600000"]
    );
}

/// An actor that crashes a child of its own, and asks it, in one handler.
struct Parent {
    child: Address<crate::support::Worker>,
}

impl Actor for Parent {
    type Message = Reply<(Result<u64, AskError>, u64)>;

    async fn handle(&mut self, reply: Self::Message, _: &mut Context<Self>) -> Result<(), Failure> {
        self.child.tell(Message::Panic).await?;
        let during = self.child.ask(Message::Which).await;
        let after = self.child.ask(Message::Which).await?;
        reply.send((during, after));
        Ok(())
    }
}

/// K8, kameo 0.22.2: a handler that asks its own child, which has just crashed, waits for ever, because the restart is
/// queued behind that handler.
#[arbour::test]
async fn a_handler_that_asks_its_own_crashed_child_is_answered_by_the_next_incarnation() {
    let journal = Journal::new();
    let notes = journal.clone();
    // The parent owns the supervisor of its child: it runs it beside itself, as one child of the tree.
    let (address, answered) = arbour::stream::memory_stream::<Address<Parent>>(1);
    let family = ChildSpec::new("family", move |_| {
        let (child, spec) = worker("child", &notes, Pace::default()).build();
        let (parent, parent_spec) = ActorSpec::new("parent", move || Parent { child: child.clone() }).build();
        address.try_send(parent).unwrap();
        endless().child(spec.backoff(Backoff::none())).child(parent_spec).build().unwrap().run()
    });
    run(endless().child(family), async |_| {
        let parent = answered.recv().await.unwrap();
        let asked = fail_after(ms(1_000), Box::pin(parent.ask(|reply| reply))).await;
        assert_eq!(asked.expect("nobody waits for the handler"), Ok((Ok(2), 2)));
    })
    .await
    .1
    .unwrap();
    assert_eq!(journal.lines()[..3], ["child 1 started@0", "child 1 cleaned up@0", "child 2 started@0"]);
}

/// K9, kameo 0.22.2: control signals share the bounded channel of users' messages, queue behind them and need room.
#[arbour::test]
async fn a_stop_is_heard_at_once_by_an_actor_whose_mailbox_is_full() {
    let journal = Journal::new();
    let (address, child) = worker("a", &journal, Pace::default()).mailbox(1).build();
    run(endless().child(child), async |app| {
        address.tell(Message::Slow("first", ms(1_000))).await.unwrap();
        settle().await;
        address.try_tell(Message::Note("second")).unwrap();
        try_task_group(async |group| {
            let notes = journal.clone();
            group.spawn_value(async move {
                let refused = address.tell(Message::Note("third")).await.unwrap_err();
                notes.note(format_args!("{:?} handed back", refused.into_message()));
            });
            settle().await;
            app.stop_child("a").await.unwrap();
            journal.note("down");
            Ok::<_, Failure>(())
        })
        .await
        .unwrap();
    })
    .await
    .1
    .unwrap();
    assert_eq!(
        journal.lines()[1..],
        [
            "Note(\"third\") handed back@2",
            "first@1000",
            "second@1000",
            "a 1 stopped@1000",
            "a 1 cleaned up@1000",
            "down@1000"
        ]
    );
}

/// K9, kameo 0.22.2: a supervisor hears of its children through the same bounded channel, filled by detached tasks.
#[arbour::test]
async fn a_supervisor_loses_none_of_a_thousand_exits_at_one_moment() {
    const CHILDREN: usize = 1_000;
    let together = Arc::new(Barrier::new(CHILDREN));
    let child = |number| {
        let together = Arc::clone(&together);
        let child = ChildSpec::new(format!("child {number}"), move |cx| {
            let together = Arc::clone(&together);
            async move {
                if cx.incarnation() > 1 {
                    arbour::stopping().await;
                    return Ok(());
                }
                together.wait().await;
                Err(Failure::message("all at once"))
            }
        });
        child.backoff(Backoff::none())
    };
    let app = (0..CHILDREN).fold(endless(), |app, number| app.child(child(number)));
    let (seen, outcome) = run(app, async |app| {
        settle().await;
        app.snapshot().await
    })
    .await;
    outcome.unwrap();
    assert_eq!(seen.restarts, CHILDREN as u64);
    assert!(seen.children.iter().all(|child| child.incarnation == 2), "{seen}");
}

/// K10, kameo 0.22.2: `kill` waits for `on_start`, however long that takes.
#[arbour::test]
async fn a_child_that_starts_slowly_is_stopped_at_once() {
    let journal = Journal::new();
    let (_, child) = worker("a", &journal, Pace { start: ms(700), ..Pace::default() }).build();
    run(endless(), async |app| {
        task_group(async |group| {
            let starting = app.clone();
            let start = group.spawn_value(async move { starting.start_child(child).await });
            sleep(ms(50)).await;
            app.stop_child("a").await.unwrap();
            journal.note("down");
            start.await.unwrap().unwrap_err();
        })
        .await
        .unwrap();
        sleep(ms(1_000)).await;
    })
    .await
    .1
    .unwrap();
    assert_eq!(journal.lines(), ["down@50"]);
}

/// K10, kameo 0.22.2: `kill` waits for `on_start`, however long that takes.
#[arbour::test]
async fn a_supervisor_that_is_stopped_does_not_wait_for_the_slow_start_of_a_child() {
    let journal = Journal::new();
    let (_, child) = worker("a", &journal, Pace { start: ms(700), ..Pace::default() }).build();
    run(endless().child(child), async |_| sleep(ms(50)).await).await.1.unwrap();
    journal.note("ended");
    assert_eq!(journal.lines(), ["ended@50"]);
}

/// K10, kameo 0.22.2: no hook has a time limit.
#[arbour::test]
async fn a_start_that_takes_too_long_is_given_up() {
    let journal = Journal::new();
    let (_, child) = worker("a", &journal, Pace { start: ms(700), ..Pace::default() }).build();
    let child = child.start_timeout(ms(100)).shutdown(Shutdown::After(ms(0)));
    let app = Supervisor::builder("app").child(child).build().unwrap();
    let error = fail_after(ms(60_000), Box::pin(app.run())).await.expect("it gives up").unwrap_err();
    assert!(error.to_string().contains("child `a`"), "{error}");
    assert_eq!((journal.time(), journal.lines()), (100, vec![]));
}

/// K10, kameo 0.22.2: no hook has a time limit.
#[arbour::test]
async fn a_stop_hook_and_a_clean_up_that_never_end_are_cut_short_each_by_its_own_budget() {
    let journal = Journal::new();
    let never = Pace { stop: ms(u64::MAX / 4), clean_up: ms(u64::MAX / 4), ..Pace::default() };
    let (_, child) = worker("a", &journal, never).build();
    let child = child.shutdown(Shutdown::After(ms(300))).clean_up(ms(200));
    run(endless().child(child), async |app| {
        app.stop_child("a").await.unwrap();
        journal.note("down");
    })
    .await
    .1
    .unwrap();
    assert_eq!(journal.lines(), ["a 1 started@0", "down@500"]);
}

/// K11, kameo 0.22.2: no back-off.
#[arbour::test]
async fn a_child_that_crashes_again_and_again_is_started_less_and_less_often() {
    let journal = Journal::new();
    let notes = journal.clone();
    let child = ChildSpec::new("a", move |_| {
        notes.note("start");
        async { Err::<(), _>(Failure::message("no route to host")) }
    });
    // Without a delay the limit would end it at once.
    let app = Supervisor::builder("app").limit(RestartLimit::new(20, ms(60_000)).unwrap());
    run(app.child(child.backoff(doubling())), async |_| sleep(ms(2_000)).await).await.1.unwrap();
    assert_eq!(journal.lines(), ["start@0", "start@0", "start@100", "start@300", "start@700", "start@1500"]);
}

/// K11, kameo 0.22.2: each child has a limit, the group has none.
#[arbour::test]
async fn children_that_crash_in_turn_exhaust_the_limit_of_their_supervisor() {
    let journal = Journal::new();
    let crash = |name: &'static str, after| {
        let notes = journal.clone();
        let child = ChildSpec::new(name, move |_| {
            notes.note(name);
            async move {
                sleep(ms(after)).await;
                Err::<(), _>(Failure::message("disk full"))
            }
        });
        child.backoff(Backoff::none())
    };
    let limit = RestartLimit::new(3, ms(10_000)).unwrap();
    let app = Supervisor::builder("app").limit(limit).child(crash("a", 100)).child(crash("b", 150));
    let ended = fail_after(ms(60_000), Box::pin(app.build().unwrap().run())).await;
    let error = ended.expect("it gives up").unwrap_err();
    assert!(error.to_string().contains("the supervisor's limit of 3 restarts in 10s"), "{error}");
    assert_eq!(journal.lines(), ["a@0", "b@0", "a@100", "b@150", "a@200"]);
}

/// K11, kameo 0.22.2: children cannot be listed, stopped or deleted through their supervisor.
#[arbour::test]
async fn children_are_listed_in_the_order_of_their_start_and_can_be_deleted() {
    let journal = Journal::new();
    let child = |name| worker(name, &journal, Pace::default()).build().1;
    run(endless().child(child("b")).child(child("a")), async |app| {
        app.start_child(child("c")).await.unwrap();
        app.stop_child("a").await.unwrap();
        app.delete_child("a").await.unwrap();
        let seen = app.snapshot().await;
        let names: Vec<&str> = seen.children.iter().map(|child| child.id.as_str()).collect();
        assert_eq!(names, ["b", "c"]);
        assert!(matches!(app.stop_child("a").await, Err(CallError::NotFound { .. })));
    })
    .await
    .1
    .unwrap();
}

/// K12, kameo 0.22.2: the server of its console listens on plain TCP and asks nobody who they are.
#[cfg(target_os = "linux")]
#[arbour::test]
async fn a_tree_is_looked_at_without_opening_a_port() {
    let journal = Journal::new();
    let (_, child) = worker("a", &journal, Pace::default()).build();
    let seen = run(endless().child(child), async |app| {
        settle().await;
        let text = format!("{}\n{}", app.snapshot().await, arbour::tasks());
        assert!(text.contains("a  running"), "{text}");
        ports()
    });
    assert_eq!(seen.await.0, 0);
    let _listening = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    assert_eq!(ports(), 1, "an open port is seen");
}

/// On how many TCP ports this process listens.
#[cfg(target_os = "linux")]
fn ports() -> usize {
    let files = std::fs::read_dir("/proc/self/fd").unwrap().flatten();
    let links = files.filter_map(|file| std::fs::read_link(file.path()).ok());
    let ours: Vec<String> = links.map(|link| link.display().to_string()).collect();
    ["/proc/self/net/tcp", "/proc/self/net/tcp6"]
        .iter()
        .flat_map(|table| {
            std::fs::read_to_string(table).unwrap_or_default().lines().map(str::to_owned).collect::<Vec<_>>()
        })
        .filter(|line| {
            let columns: Vec<&str> = line.split_whitespace().collect();
            columns.get(3) == Some(&"0A") && ours.contains(&format!("socket:[{}]", columns[9]))
        })
        .count()
}
