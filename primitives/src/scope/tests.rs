//! Tests of the scopes, driven by hand, without a runtime.

use super::task::Host;
use super::{CancelScope, Cancelled, Ended, Gate, ScopeHandle, clean_up, defer, shield, tree};
use core::future::{Pending, pending, poll_fn};
use core::pin::Pin;
use core::sync::atomic::{AtomicUsize, Ordering};
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Wake;
use std::time::Instant;

type Log = Arc<Mutex<Vec<&'static str>>>;

/// Held by the tests that count the records of the process's tree, or fill it.
static ARENA: Mutex<()> = Mutex::new(());

/// Counts its wakes and writes them down.
struct Bell {
    name: &'static str,
    log: Log,
    rings: AtomicUsize,
}

impl Bell {
    fn new(name: &'static str, log: &Log) -> Arc<Self> {
        Arc::new(Self { name, log: Arc::clone(log), rings: AtomicUsize::new(0) })
    }

    fn rings(&self) -> usize {
        self.rings.load(Ordering::SeqCst)
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.rings.fetch_add(1, Ordering::SeqCst);
        self.log.lock().unwrap().push(self.name);
    }
}

struct Panics;

impl Wake for Panics {
    fn wake(self: Arc<Self>) {
        panic!("this waker panics");
    }
}

fn poll<F: Future>(future: Pin<&mut F>, waker: &Waker) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(waker))
}

/// Polls `future` with a waker of its own, whoever polls it.
async fn woken_by<F: Future>(waker: Waker, future: F) -> F::Output {
    let mut future = Box::pin(future);
    poll_fn(|_| poll(future.as_mut(), &waker)).await
}

/// A scope that runs until it is cancelled, and its handle.
fn running() -> (ScopeHandle, Pin<Box<impl Future<Output = Result<(), Cancelled>>>>) {
    let scope = CancelScope::new();
    let handle = scope.handle();
    let mut running = Box::pin(scope.run(pending::<()>()));
    assert!(poll(running.as_mut(), Waker::noop()).is_pending());
    (handle, running)
}

#[test]
fn the_innermost_is_woken_first() {
    let log = Log::default();
    let bells = ["outer", "middle", "inner"].map(|name| Bell::new(name, &log));
    let [outer, middle, inner] = bells.clone().map(Waker::from);
    let scope = CancelScope::new();
    let handle = scope.handle();
    let mut scope = Box::pin(scope.run(woken_by(
        middle,
        CancelScope::new().run(woken_by(inner, CancelScope::new().run(pending::<()>()))),
    )));
    assert!(poll(scope.as_mut(), &outer).is_pending());
    handle.cancel("stop");
    assert_eq!(*log.lock().unwrap(), ["inner", "middle", "outer"]);
    assert!(poll(scope.as_mut(), &outer).is_ready());
}

#[test]
fn ten_thousand_siblings_are_woken_once_each() {
    const SIBLINGS: usize = 10_000;
    let log = Log::default();
    let (handle, mut scope) = running();
    let mut children: Vec<_> = (0..SIBLINGS)
        .map(|_| {
            let seat = handle.seat().expect("a scope that runs takes children");
            (Box::pin(seat.child(pending::<()>(), ())), Bell::new("child", &log))
        })
        .collect();
    for (child, bell) in &mut children {
        assert!(poll(child.as_mut(), &Waker::from(Arc::clone(bell))).is_pending());
    }
    handle.cancel("stop");
    handle.cancel("again");
    assert!(children.iter().all(|(_, bell)| bell.rings() == 1));
    for (child, bell) in &mut children {
        assert!(poll(child.as_mut(), &Waker::from(Arc::clone(bell))).is_ready());
    }
    assert!(poll(scope.as_mut(), Waker::noop()).is_ready());
}

#[test]
fn a_cancelled_scope_that_is_held_is_not_spun_on() {
    let bell = Bell::new("scope", &Log::default());
    let waker = Waker::from(Arc::clone(&bell));
    let scope = CancelScope::new();
    let handle = scope.handle();
    let mut scope = Box::pin(scope.run(shield(pending::<()>())));
    assert!(poll(scope.as_mut(), &waker).is_pending());
    handle.cancel("stop");
    let after_cancel = bell.rings();
    for _ in 0..100 {
        assert!(poll(scope.as_mut(), &waker).is_pending());
    }
    assert_eq!(bell.rings(), after_cancel, "a poll of a held scope wakes nobody");
}

/// Polls a body that awaits ours in a loop once; says how often it went round.
fn rounds_of_one_poll<F: Future<Output = ()>>(
    place: impl FnOnce(Pin<Box<dyn Future<Output = ()>>>) -> F,
) -> (usize, usize) {
    let rounds = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&rounds);
    let bell = Bell::new("task", &Log::default());
    let mut task = Box::pin(place(Box::pin(async move {
        for _ in 0..1_000 {
            let mut gate = Gate::new();
            poll_fn(|cx| gate.poll_enter(cx)).await;
            counted.fetch_add(1, Ordering::SeqCst);
        }
    })));
    let _ = poll(task.as_mut(), &Waker::from(Arc::clone(&bell)));
    (rounds.load(Ordering::SeqCst), bell.rings())
}

#[test]
fn a_poll_of_the_outermost_scope_gives_128_units_and_wakes_itself_at_zero() {
    let in_a_scope = |body| async { CancelScope::new().run(body).await.unwrap() };
    assert_eq!(rounds_of_one_poll(in_a_scope), (128, 1));
}

#[test]
fn a_nested_scope_gives_no_further_units() {
    let nested = |body| async {
        CancelScope::new().run(async { CancelScope::new().run(body).await.unwrap() }).await.unwrap();
    };
    assert_eq!(rounds_of_one_poll(nested), (128, 1));
}

#[test]
fn code_without_a_scope_is_not_charged() {
    assert_eq!(rounds_of_one_poll(|body| body), (1_000, 0));
}

#[test]
fn a_hundred_thousand_scopes_give_their_records_back() {
    let _alone = ARENA.lock();
    let before = tree::lock().records_in_use();
    for round in 0..100_000 {
        let scope = CancelScope::new();
        let (one, two) = (scope.handle(), scope.handle());
        let mut scope = Box::pin(scope.run(async { CancelScope::new().run(async {}).await }));
        assert!(poll(scope.as_mut(), Waker::noop()).is_ready());
        match round % 3 {
            0 => drop((one, scope, two)),
            1 => drop((two, one, scope)),
            _ => drop((scope, two, one)),
        }
    }
    // Other tests of this process use the same tree meanwhile.
    let grown = tree::lock().records_in_use().saturating_sub(before);
    assert!(grown < 90_000, "{grown} records were not given back");
}

#[test]
fn a_chain_of_two_hundred_thousand_nodes_is_cancelled_and_freed_without_recursion() {
    let _alone = ARENA.lock();
    let chain = || {
        let (root, scope) = running();
        let mut seats = vec![root.seat().expect("a scope that runs takes children")];
        while seats.len() < 200_000 {
            let handle = seats.last().expect("not empty").handle();
            seats.push(handle.seat().expect("a seat is a running node"));
        }
        let last = seats.last().expect("not empty").handle();
        root.cancel("stop");
        assert!(last.is_cancelled());
        drop(scope);
        // The outermost first: each leaves a chain of tombstones behind until the last is gone.
        seats.into_iter().for_each(drop);
        drop(last);
    };
    std::thread::Builder::new().stack_size(256 * 1024).spawn(chain).unwrap().join().unwrap();
}

#[test]
fn a_waker_that_panics_keeps_the_wake_from_nobody() {
    let bell = Bell::new("outer", &Log::default());
    let scope = CancelScope::new();
    let handle = scope.handle();
    let body = woken_by(Waker::from(Arc::new(Panics)), CancelScope::new().run(pending::<()>()));
    let mut scope = Box::pin(scope.run(body));
    let waker = Waker::from(Arc::clone(&bell));
    assert!(poll(scope.as_mut(), &waker).is_pending());
    handle.cancel("stop");
    assert_eq!(bell.rings(), 1);
    assert!(poll(scope.as_mut(), &waker).is_ready());
    tree::lock().audit();
}

#[test]
fn children_of_a_scope_that_nobody_is_left_to_finish_stay_cancelled() {
    let (handle, scope) = running();
    let seat = handle.seat().expect("a scope that runs takes children");
    let child = seat.handle();
    let mut task: Pin<Box<super::task::Child<Pending<()>, ()>>> = Box::pin(seat.child(pending(), ()));
    drop(scope);
    assert!(child.is_cancelled(), "cut loose, it is cancelled all the same");
    assert!(matches!(poll(task.as_mut(), Waker::noop()), Poll::Ready(Ended::Cancelled(_))));
}

#[test]
fn a_child_that_is_taken_over_by_a_scope_cut_loose_is_cancelled_where_it_is() {
    let ((gone, scope), (home, mut staying)) = (running(), running());
    let reservation = gone.reserve().expect("a scope that runs takes children");
    let seat = home.seat().expect("a scope that runs takes children");
    drop(scope);
    reservation.take(&seat.handle());
    assert!(seat.handle().is_cancelled());
    assert_eq!(home.child_count(), 1, "its home waits for it");
    drop(seat);
    home.cancel("stop");
    assert!(poll(staying.as_mut(), Waker::noop()).is_ready());
}

#[test]
fn finalizers_run_last_in_first_out_before_a_host_tells_its_end() {
    let log = Log::default();
    let mut host = Box::pin(Host::new(|_| {
        let body = async {
            for name in ["first", "second"] {
                let log = Arc::clone(&log);
                defer(async move { log.lock().unwrap().push(name) });
            }
        };
        (body, ())
    }));
    assert!(matches!(poll(host.as_mut(), Waker::noop()), Poll::Ready(Ended::Value(()))));
    assert_eq!(*log.lock().unwrap(), ["second", "first"]);
}

/// Cleans up so many times, each from inside the one before.
fn clean_up_again(left: usize, done: &Arc<AtomicUsize>) {
    let done = Arc::clone(done);
    clean_up(async move {
        done.fetch_add(1, Ordering::SeqCst);
        if left > 1 {
            clean_up_again(left - 1, &done);
        }
    });
}

/// Polls a scope to its end as a runtime does: again whenever it was woken, and only then.
fn drive(mut scope: Pin<Box<impl Future>>) -> usize {
    let bell = Bell::new("scope", &Log::default());
    let waker = Waker::from(Arc::clone(&bell));
    let mut polls = 1;
    while poll(scope.as_mut(), &waker).is_pending() {
        assert!(bell.rings() > 0, "it waits for nothing, and is not woken");
        bell.rings.store(0, Ordering::SeqCst);
        polls += 1;
    }
    polls
}

#[test]
fn clean_up_that_cleans_up_again_a_hundred_thousand_times_needs_no_stack() {
    const TIMES: usize = 100_000;
    let _arena = ARENA.lock().unwrap_or_else(PoisonError::into_inner);
    let chain = || {
        let done = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&done);
        drive(Box::pin(CancelScope::new().run(async move { clean_up_again(TIMES, &counted) })));
        assert_eq!(done.swap(0, Ordering::SeqCst), TIMES, "beside a body that has ended");

        let counted = Arc::clone(&done);
        let finalizer = async move { clean_up_again(TIMES, &counted) };
        drive(Box::pin(CancelScope::new().run(async move { defer(finalizer) })));
        assert_eq!(done.load(Ordering::SeqCst), TIMES, "from a finalizer");
    };
    std::thread::Builder::new().stack_size(256 * 1024).spawn(chain).unwrap().join().unwrap();
}

#[test]
fn clean_up_that_cleans_up_again_and_again_lets_others_run() {
    let _arena = ARENA.lock().unwrap_or_else(PoisonError::into_inner);
    let done = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&done);
    let mut scope = Box::pin(CancelScope::new().run(async move { clean_up_again(1000, &counted) }));
    let bell = Bell::new("scope", &Log::default());
    assert!(poll(scope.as_mut(), &Waker::from(Arc::clone(&bell))).is_pending());
    assert!(done.load(Ordering::SeqCst) < 1000, "one poll does not do it all");
    assert!(bell.rings() > 0);
    drive(scope);
    assert_eq!(done.load(Ordering::SeqCst), 1000);
}

#[test]
fn a_finalizer_waits_for_what_the_one_before_it_cleans_up() {
    let log = Log::default();
    let (first, second, cleaned) = (Arc::clone(&log), Arc::clone(&log), Arc::clone(&log));
    drive(Box::pin(CancelScope::new().run(async move {
        defer(async move { first.lock().unwrap().push("first deferred") });
        defer(async move {
            clean_up(async move {
                super::checkpoint().await;
                cleaned.lock().unwrap().push("cleaned up");
            });
            second.lock().unwrap().push("last deferred");
        });
    })));
    assert_eq!(*log.lock().unwrap(), ["last deferred", "cleaned up", "first deferred"]);
}

#[test]
fn of_the_times_for_clean_up_on_the_way_the_earliest_counts_wherever_it_was_set() {
    let now = Instant::now();
    let [early, late] = [2, 7].map(|seconds| now + Duration::from_secs(seconds));
    for (outside, inside) in [(early, late), (late, early)] {
        let (outer, inner) = (CancelScope::new(), CancelScope::new());
        let handles = [outer.handle(), inner.handle()];
        let mut scope = Box::pin(outer.run(inner.run(pending::<()>())));
        assert!(poll(scope.as_mut(), Waker::noop()).is_pending());
        handles[0].cancel_until("stop", outside);
        handles[1].cancel_until("stop", inside);
        assert_eq!(handles[1].clean_up_until(), Some(early));
    }
}

#[test]
fn a_shielded_section_has_no_time_for_clean_up_from_outside() {
    let (outer, inner) = (CancelScope::new(), CancelScope::new());
    let handles = [outer.handle(), inner.handle()];
    let mut scope = Box::pin(outer.run(shield(inner.run(pending::<()>()))));
    assert!(poll(scope.as_mut(), Waker::noop()).is_pending());
    handles[0].cancel_until("stop", Instant::now());
    assert!(handles[0].clean_up_until().is_some());
    assert_eq!(handles[1].clean_up_until(), None);
}

#[test]
fn who_waits_for_a_stop_is_woken_by_the_waker_of_its_last_poll() {
    let stops: [fn(&ScopeHandle); 2] = [ScopeHandle::drain, |handle| handle.cancel("stop")];
    for stop in stops {
        let (handle, _scope) = running();
        let bells = ["before", "last"].map(|name| Bell::new(name, &Log::default()));
        let mut stopping = Box::pin(handle.stopping());
        for bell in &bells {
            assert!(poll(stopping.as_mut(), &Waker::from(Arc::clone(bell))).is_pending());
        }
        stop(&handle);
        assert_eq!(bells[1].rings(), 1);
        assert!(poll(stopping.as_mut(), Waker::noop()).is_ready());
    }
}

#[test]
fn a_scope_that_passes_its_cancellation_on_is_woken_when_that_is_lifted() {
    let bell = Bell::new("inner", &Log::default());
    let (outer, inner) = (CancelScope::new(), CancelScope::new());
    let handles = [outer.handle(), inner.handle()];
    let ended = Arc::new(AtomicUsize::new(0));
    let noted = Arc::clone(&ended);
    let passing = woken_by(Waker::from(Arc::clone(&bell)), inner.run(pending::<()>()));
    let beside = async move {
        assert!(passing.await.is_err());
        noted.fetch_add(1, Ordering::SeqCst);
    };
    let mut scope = Box::pin(outer.run(futures::future::join(shield(pending::<()>()), beside)));
    assert!(poll(scope.as_mut(), Waker::noop()).is_pending());
    handles[0].cancel("stop");
    for _ in 0..3 {
        assert!(poll(scope.as_mut(), Waker::noop()).is_pending());
    }
    let before = bell.rings();
    handles[1].set_shield(true);
    assert!(bell.rings() > before);
    assert!(poll(scope.as_mut(), Waker::noop()).is_pending());
    assert_eq!(ended.load(Ordering::SeqCst), 1);
}

#[test]
fn loops_of_what_begins_in_a_cancelled_scope_too_yield_and_go_on() {
    const ROUNDS: usize = 1000;
    let (gone, _scope) = running();
    gone.cancel("stop");
    let waits = async move {
        for _ in 0..ROUNDS {
            gone.cancelled().await;
        }
    };
    let shields = async {
        for _ in 0..ROUNDS {
            shield(async {}).await;
        }
    };
    assert!(drive(Box::pin(CancelScope::new().run(waits))) > 1);
    assert!(drive(Box::pin(CancelScope::new().run(shields))) > 1);
}
