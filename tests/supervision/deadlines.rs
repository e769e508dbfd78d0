//! A deadline for the whole of a stop, heard by every supervisor on the way down.

use crate::support::{Journal, deaf, ms, service, supervisor};
use arbour::{ChildSpec, Failure, ScopeHandle, Shutdown, Supervisor, SupervisorBuilder, stopping};
use tokio::time::{Instant, sleep};

/// Deaf to a drain and slow to clean up: it takes all the time that it is given.
fn greedy(name: &'static str, journal: &Journal) -> ChildSpec {
    deaf(name, journal, ms(60_000)).shutdown(Shutdown::Wait).clean_up(ms(200))
}

fn level(name: &'static str, child: ChildSpec) -> SupervisorBuilder {
    Supervisor::builder(name).child(child)
}

/// A supervisor in the place of a child, as a child of a kind of its own or inside of a plain one.
fn inside(
    name: &'static str,
    plain: bool,
    build: impl Fn() -> SupervisorBuilder + Send + 'static,
) -> ChildSpec {
    if !plain {
        return ChildSpec::supervisor(name, move || build().build());
    }
    let child = ChildSpec::new(name, move |_| {
        let built = build().build();
        async move { built?.run().await.map_err(Failure::from) }
    });
    child.shutdown(Shutdown::Wait).clean_up(ms(0))
}

/// Three levels, the innermost with a service and a greedy child.
fn three_levels(journal: &Journal, plain: bool) -> SupervisorBuilder {
    let journal = journal.clone();
    let middle = move || {
        let journal = journal.clone();
        let inner = move || level("inner", service("last", &journal)).child(greedy("greedy", &journal));
        level("middle", inside("inner", plain, inner))
    };
    level("app", inside("middle", plain, middle))
}

#[arbour::test]
async fn three_levels_down_a_deadline_leaves_each_child_its_time_to_clean_up() {
    for plain in [false, true] {
        let journal = Journal::new();
        let app = three_levels(&journal, plain).build().unwrap();
        let handle = app.handle();
        let stop = async {
            sleep(ms(100)).await;
            handle.request_stop_within(ms(1_000));
        };
        tokio::join!(app.run(), stop).0.unwrap();
        // Cancelled with 200 ms left, aborted at the deadline; for the service before it, no time was left.
        assert_eq!(journal.timed(), ["+last@0", "+greedy@0", "xgreedy@900"], "plain: {plain}");
        assert_eq!(journal.time(), 1_100, "plain: {plain}");
    }
}

#[arbour::test]
async fn who_needs_less_than_the_deadline_is_not_kept() {
    let journal = Journal::new();
    let inner = {
        let journal = journal.clone();
        move || level("inner", service("a", &journal)).child(service("b", &journal))
    };
    let app = level("app", inside("inner", true, inner)).build().unwrap();
    let handle = app.handle();
    let stop = async {
        sleep(ms(100)).await;
        handle.request_stop_within(ms(60_000));
    };
    tokio::join!(app.run(), stop).0.unwrap();
    assert_eq!(journal.timed(), ["+a@0", "+b@0", "-b@100", "-a@100"]);
}

#[arbour::test]
async fn the_drain_of_a_scope_around_is_a_deadline_for_the_supervisors_inside() {
    let journal = Journal::new();
    let app = three_levels(&journal, true).build().unwrap();
    let scope = arbour::CancelScope::new();
    let handle = scope.handle();
    let stop = async {
        sleep(ms(100)).await;
        handle.drain_until((Instant::now() + ms(1_000)).into_std());
    };
    tokio::join!(scope.run(app.run()), stop).0.unwrap().unwrap();
    assert_eq!(journal.timed(), ["+last@0", "+greedy@0", "xgreedy@900"]);
    assert_eq!(journal.time(), 1_100);
}

#[arbour::test]
async fn a_plain_drain_sets_no_deadline() {
    let journal = Journal::new();
    let app = supervisor().child(deaf("slow", &journal, ms(0)).shutdown(Shutdown::After(ms(50_000))));
    let app = app.build().unwrap();
    let scope = arbour::CancelScope::new();
    let handle = scope.handle();
    let stop = async {
        sleep(ms(100)).await;
        handle.drain();
        assert_eq!(handle.drain_deadline(), None);
    };
    tokio::join!(scope.run(app.run()), stop).0.unwrap().unwrap();
    assert_eq!(journal.time(), 50_100);
}

#[arbour::test]
async fn a_child_reads_until_when_it_may_drain() {
    let journal = Journal::new();
    let noted = journal.clone();
    let child = ChildSpec::new("a", move |_| {
        let journal = noted.clone();
        async move {
            stopping().await;
            let deadline = ScopeHandle::current().and_then(|scope| scope.drain_deadline()).unwrap();
            journal.note(format!("{} ms left", (Instant::from_std(deadline) - Instant::now()).as_millis()));
            Ok::<(), Failure>(())
        }
    });
    let app = supervisor().child(child.shutdown(Shutdown::After(ms(700)))).build().unwrap();
    app.handle().request_stop();
    app.run().await.unwrap();
    assert_eq!(journal.lines(), ["700 ms left"]);
}

#[arbour::test]
async fn a_shield_keeps_the_time_of_a_drain_out_as_it_does_the_drain() {
    let scope = arbour::CancelScope::new();
    let handle = scope.handle();
    let (near, far) = (Instant::now() + ms(10), Instant::now() + ms(20));
    let read = async || ScopeHandle::current().unwrap().drain_deadline();
    scope
        .run(async {
            handle.drain_until(far.into_std());
            handle.drain_until(near.into_std());
            handle.drain_until(far.into_std());
            let inner = arbour::CancelScope::new();
            assert_eq!(inner.run(read()).await.unwrap(), Some(near.into_std()), "the earliest counts");
            assert_eq!(arbour::shield(read()).await, None);
        })
        .await
        .unwrap();
}
