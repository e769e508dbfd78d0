//! A seed is an order of tasks: as many orders as seeds, and each again and again.

use arbour::stream::memory_stream;
use arbour::testing::{Trace, random, simulate};
use arbour::{ChildSpec, Failure, Supervisor, defer, move_on_after, shield, task_group};
use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::task::yield_now;
use tokio::time::sleep;

type Journal = Arc<Mutex<Vec<(u8, u8)>>>;

/// Two producers of five items each, two consumers that note what they get.
async fn producers_and_consumers(journal: Journal) {
    let (tx, rx) = memory_stream(1);
    let everybody = task_group(async |group| {
        for producer in 0..2 {
            let tx = tx.clone();
            group.spawn(async move {
                for item in 0..5 {
                    tx.send(producer * 10 + item).await.map_err(|_| Failure::message("nobody receives"))?;
                }
                Ok::<_, Failure>(())
            });
        }
        for consumer in 0..2 {
            let (rx, journal) = (rx.clone(), Arc::clone(&journal));
            group.spawn_value(async move {
                while let Ok(item) = rx.recv().await {
                    journal.lock().unwrap().push((consumer, item));
                }
            });
        }
        drop((tx, rx));
    });
    everybody.await.unwrap();
}

fn order_of(seed: u64) -> (Vec<(u8, u8)>, Trace) {
    let journal = Journal::default();
    let run = simulate(seed, producers_and_consumers(Arc::clone(&journal)));
    run.result.unwrap();
    let order = journal.lock().unwrap().clone();
    (order, run.trace)
}

#[test]
fn a_thousand_seeds_poll_two_producers_and_two_consumers_in_900_orders() {
    let runs: Vec<_> = (0..1_000).map(order_of).collect();
    let traces: HashSet<&Trace> = runs.iter().map(|(_, trace)| trace).collect();
    assert!(traces.len() >= 900, "{} orders of polls", traces.len());
    let seen: HashSet<&Vec<(u8, u8)>> = runs.iter().map(|(order, _)| order).collect();
    assert!(seen.len() >= 900, "{} orders of what was received by whom", seen.len());
}

#[test]
fn whatever_the_order_each_item_arrives_once_and_those_of_a_producer_in_theirs() {
    for seed in 0..1_000 {
        let (order, _) = order_of(seed);
        for producer in 0..2 {
            let items: Vec<u8> =
                order.iter().map(|(_, item)| *item).filter(|item| item / 10 == producer).collect();
            let mut sorted = items.clone();
            sorted.sort_unstable();
            assert_eq!(sorted, [0, 1, 2, 3, 4].map(|item| producer * 10 + item), "seed {seed}: {order:?}");
        }
    }
}

/// Something of everything that spawns, waits, fails, and is cancelled.
async fn everything() {
    let outcome = task_group(async |group| {
        let (tx, rx) = memory_stream(random() as usize % 3);
        group.spawn_value(async move {
            defer(yield_now());
            for item in 0..3 {
                let _ = tx.send(item).await;
                sleep(Duration::from_millis(random() % 5)).await;
            }
        });
        group.spawn_value(async move {
            let _ = move_on_after(Duration::from_millis(7), async { while rx.recv().await.is_ok() {} }).await;
            shield(yield_now()).await;
        });
        let crashing = ChildSpec::new("crashing", |_| async {
            sleep(Duration::from_millis(1)).await;
            Err::<(), _>(Failure::message("a planted failure"))
        });
        let idle = ChildSpec::new("idle", |_| std::future::pending::<Result<(), Failure>>());
        let supervisor = Supervisor::builder("app").child(idle).child(crashing).build().unwrap();
        group.spawn(supervisor.run());
    });
    assert!(outcome.await.is_err(), "the supervisor gives up");
}

#[test]
fn the_same_seed_goes_the_same_way() {
    for seed in 0..200 {
        let (once, again) = (simulate(seed, everything()), simulate(seed, everything()));
        once.result.unwrap();
        assert_eq!(once.trace, again.trace, "seed {seed}");
    }
}

#[test]
fn tasks_of_the_runtime_itself_take_part_and_go_the_same_way() {
    let run = |seed| {
        let journal = Arc::new(Mutex::new(Vec::new()));
        let both = async {
            let foreign = Arc::clone(&journal);
            let foreign = tokio::spawn(async move {
                for turn in 0..5 {
                    foreign.lock().unwrap().push(("foreign", turn));
                    yield_now().await;
                }
            });
            let own = Arc::clone(&journal);
            let group = task_group(async move |group| {
                group.spawn_value(async move {
                    for turn in 0..5 {
                        own.lock().unwrap().push(("own", turn));
                        yield_now().await;
                    }
                });
            });
            group.await.unwrap();
            foreign.await.unwrap();
        };
        simulate(seed, both).result.unwrap();
        Arc::into_inner(journal).unwrap().into_inner().unwrap()
    };
    assert_eq!(run(3).len(), 10);
    assert_eq!(run(3), run(3));
}

#[test]
fn an_hour_of_sleep_takes_no_time_and_real_sockets_are_refused() {
    let run = simulate(0, async {
        let begin = tokio::time::Instant::now();
        sleep(Duration::from_secs(3_600)).await;
        begin.elapsed()
    });
    assert_eq!(run.result.unwrap(), Duration::from_secs(3_600));
    let connected = simulate(0, tokio::net::TcpListener::bind("127.0.0.1:0"));
    assert!(connected.result.unwrap_err().to_string().contains("enable_io"));
}

#[test]
fn a_loop_of_awaits_that_are_always_ready_lets_others_run() {
    for seed in 0..50 {
        let run = simulate(seed, async {
            let (tx, rx) = memory_stream::<u8>(4);
            let group = task_group(async move |group| {
                let over = Arc::new(std::sync::atomic::AtomicBool::new(false));
                let seen = Arc::clone(&over);
                group.spawn_value(async move {
                    while !seen.load(std::sync::atomic::Ordering::Relaxed) {
                        tx.send(1).await.unwrap();
                        rx.recv().await.unwrap();
                    }
                });
                group.spawn_value(async move { over.store(true, std::sync::atomic::Ordering::Relaxed) });
            });
            group.await
        });
        run.result.unwrap().unwrap();
    }
}
