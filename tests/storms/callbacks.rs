//! A panic in each place where code of the user runs: it is told by name, ends one run at most, and the supervisor
//! answers.

use crate::recorder::Recorder;
use crate::support::{PLANNED, endless, in_turn, ms, settle, until_asked, weathers};
use arbour::{
    Actor, ActorSpec, Address, Backoff, ChildSpec, Context, Directive, Failure, Redelivery, Shutdown,
    SlotState, SupervisorHandle, clean_up, defer,
};
use std::panic::panic_any;
use tracing::Level;
use tracing::subscriber::set_default;

/// Panics when it is dropped. While another panic unwinds it does not: that would be the end of the process.
struct Thorn;

impl Drop for Thorn {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            panic!("{PLANNED}: a thorn was dropped");
        }
    }
}

/// What a panic carries that panics once more when it is dropped.
pub(crate) struct Spiteful;

impl Drop for Spiteful {
    fn drop(&mut self) {
        panic!("{PLANNED}: the payload was dropped");
    }
}

/// How it was after the panic.
struct Aftermath {
    /// The run that the victim was in at last.
    run: u64,
    state: SlotState,
    /// What was logged from warnings on.
    log: Vec<String>,
}

impl Aftermath {
    /// Some line of the log has all these words.
    #[track_caller]
    fn tells(&self, words: &[&str]) {
        let told = self.log.iter().any(|line| words.iter().all(|word| line.contains(word)));
        assert!(told, "no line has {words:?}:\n{}", self.log.join("\n"));
    }

    #[track_caller]
    fn runs_again(&self, run: u64) {
        assert!(matches!(self.state, SlotState::Running { .. }), "{:?}", self.state);
        assert_eq!(self.run, run);
    }
}

/// Lets the victim live beside one who must not be harmed, and one who is started afterwards.
fn aftermath(victim: ChildSpec, harm: impl AsyncFnOnce(&SupervisorHandle)) -> Aftermath {
    in_turn(async {
        let recorder = Recorder::new(Level::WARN);
        let heard = recorder.events();
        let listening = set_default(recorder);
        let app = endless().child(quiet("bystander")).child(victim.backoff(Backoff::none()));
        let ((run, state), outcome) = weathers(app, false, async |handle| {
            settle().await;
            harm(&handle).await;
            settle().await;
            handle.start_child(quiet("newcomer")).await.unwrap();
            let tree = handle.snapshot().await;
            let bystander = &tree.children[0];
            assert!(matches!(bystander.state, SlotState::Running { .. }), "{tree}");
            assert_eq!(bystander.incarnation, 1);
            let victim = tree.children.iter().find(|child| child.id == "victim");
            victim.map_or((0, SlotState::Down), |victim| (victim.incarnation, victim.state))
        })
        .await;
        outcome.unwrap();
        drop(listening);
        let heard = heard.lock().unwrap();
        let log = heard
            .iter()
            .map(|line| format!("{} {} {} {}", line.level, line.target, line.text, line.fields))
            .collect();
        Aftermath { run, state, log }
    })
}

fn quiet(name: &str) -> ChildSpec {
    ChildSpec::new(name, |_| until_asked())
}

/// A child whose first run does this, and whose later ones wait for the end.
fn victim<Fut>(first: impl Fn() -> Fut + Send + 'static) -> ChildSpec
where
    Fut: Future<Output = Result<(), Failure>> + Send + 'static,
{
    ChildSpec::new("victim", move |cx| {
        let first = (cx.incarnation() == 1).then(&first);
        async move {
            match first {
                Some(first) => first.await,
                None => until_asked().await,
            }
        }
    })
}

#[test]
fn in_the_start_closure_it_is_one_failed_attempt() {
    let spec = ChildSpec::new("victim", |cx| {
        assert_ne!(cx.incarnation(), 2, "{PLANNED}");
        let fails = cx.incarnation() == 1;
        async move { if fails { Err(Failure::message("no route")) } else { until_asked().await } }
    });
    let after = aftermath(spec, async |_| {});
    after.runs_again(3);
    after.tells(&["child `victim` (incarnation 2)", "panicked", PLANNED, "app"]);
}

#[test]
fn in_the_future_it_is_one_crash() {
    let after = aftermath(victim(|| async { panic!("{PLANNED}") }), async |_| {});
    after.runs_again(2);
    after.tells(&["child `victim` (incarnation 1) panicked", PLANNED]);
}

#[test]
fn in_a_finalizer_it_is_told_and_the_exit_stays_what_it_was() {
    fails_and_panics_after(|| defer(async { panic!("{PLANNED}: after it") }));
}

#[test]
fn in_a_clean_up_it_is_told_and_the_exit_stays_what_it_was() {
    fails_and_panics_after(|| clean_up(async { panic!("{PLANNED}: after it") }));
}

/// A child that fails, and what it leaves to be done panics: both are told, and the failure is the exit.
#[track_caller]
fn fails_and_panics_after(leave: fn()) {
    let spec = victim(move || async move {
        leave();
        Err(Failure::message("no route"))
    });
    let after = aftermath(spec, async |_| {});
    after.runs_again(2);
    after.tells(&["child `victim` (incarnation 1) failed", "no route"]);
    after.tells(&["victim", "after it"]);
}

#[test]
fn in_the_drop_of_what_the_future_holds_it_is_the_end_of_a_stopped_child() {
    let spec = ChildSpec::new("victim", |_| async {
        let _thorn = Thorn;
        std::future::pending::<Result<(), Failure>>().await
    });
    let after = aftermath(spec.shutdown(Shutdown::After(ms(0))), async |handle| {
        handle.stop_child("victim").await.unwrap();
    });
    assert_eq!(after.state, SlotState::Down);
    after.tells(&["child `victim` (incarnation 1) was stopped and panicked", "a thorn was dropped"]);
}

#[test]
fn in_the_drop_of_what_the_closure_owns_it_is_told_and_the_child_is_gone() {
    let thorn = Thorn;
    let spec = ChildSpec::new("victim", move |_| {
        let _ = &thorn;
        until_asked()
    });
    let after = aftermath(spec, async |handle| {
        handle.stop_child("victim").await.unwrap();
        handle.delete_child("victim").await.unwrap();
    });
    assert_eq!(after.run, 0);
    after.tells(&["victim", "a thorn was dropped"]);
}

#[test]
fn in_the_drop_of_what_on_exit_owns_it_is_told_and_the_child_is_gone() {
    let thorn = Thorn;
    let spec = quiet("victim").on_exit(move |_| {
        let _ = &thorn;
        Directive::ByPolicy
    });
    let after = aftermath(spec, async |handle| {
        handle.stop_child("victim").await.unwrap();
        handle.delete_child("victim").await.unwrap();
    });
    assert_eq!(after.run, 0);
    after.tells(&["victim", "a thorn was dropped"]);
}

#[test]
fn in_the_drop_of_what_a_panic_carries_it_is_one_crash() {
    let after = aftermath(victim(|| async { panic_any(Spiteful) }), async |_| {});
    after.runs_again(2);
    after.tells(&["child `victim` (incarnation 1) panicked", "a panic whose payload is no text"]);
}

#[test]
fn in_the_drop_of_what_a_panic_of_a_finalizer_carries_it_goes_no_further() {
    let spec = victim(|| async {
        defer(async { panic_any(Spiteful) });
        clean_up(async { panic_any(Spiteful) });
        Err(Failure::message("no route"))
    });
    let after = aftermath(spec, async |_| {});
    after.runs_again(2);
    after.tells(&["child `victim` (incarnation 1) failed", "no route"]);
    after.tells(&["victim", "a panic whose payload is no text"]);
}

#[test]
fn in_on_exit_it_is_told_and_the_policy_decides() {
    for spiteful in [false, true] {
        let spec = victim(|| async { Err(Failure::message("no route")) });
        let spec =
            spec.on_exit(move |_| if spiteful { panic_any(Spiteful) } else { panic!("{PLANNED}: judging") });
        let after = aftermath(spec, async |_| {});
        after.runs_again(2);
        after.tells(&["victim", if spiteful { "no text" } else { "judging" }]);
    }
}

#[test]
fn in_mailbox_depth_it_is_told_and_nothing_is_counted() {
    for spiteful in [false, true] {
        let spec = quiet("victim").mailbox_depth(move || {
            if spiteful { panic_any(Spiteful) } else { panic!("{PLANNED}: counting") }
        });
        let after = aftermath(spec, async |handle| {
            assert_eq!(handle.snapshot().await.children[1].mailbox, None);
        });
        after.runs_again(1);
        after.tells(&["victim", if spiteful { "no text" } else { "counting" }]);
    }
}

/// An actor that panics where its messages tell it to.
struct Brittle {
    stops_badly: bool,
    thorn: Option<Thorn>,
}

/// What becomes of a message.
#[derive(Debug)]
enum Order {
    Fail,
    Panic,
    PanicWithSpite,
    /// The hook `stopped` will panic.
    StopBadly,
    /// The state will panic when it is dropped, now.
    LeaveAThorn,
    /// Its copy panics.
    NoCopy,
    /// It panics when it is dropped unhandled.
    Prickle(Thorn),
}

impl Clone for Order {
    fn clone(&self) -> Self {
        panic!("{PLANNED}: {self:?} has no copy")
    }
}

impl std::fmt::Debug for Thorn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Thorn")
    }
}

impl Actor for Brittle {
    type Message = Order;

    async fn started(&mut self, cx: &mut Context<Self>) -> Result<(), Failure> {
        assert_ne!(cx.incarnation(), 2, "{PLANNED}: on start");
        Ok(())
    }

    async fn handle(&mut self, order: Order, cx: &mut Context<Self>) -> Result<(), Failure> {
        match order {
            Order::Fail => return Err(Failure::message("as told")),
            Order::Panic => panic!("{PLANNED}: handling"),
            Order::PanicWithSpite => panic_any(Spiteful),
            Order::StopBadly => {
                self.stops_badly = true;
                cx.stop();
            }
            Order::LeaveAThorn => {
                self.thorn = Some(Thorn);
                return Err(Failure::message("as told"));
            }
            Order::NoCopy | Order::Prickle(_) => {}
        }
        Ok(())
    }

    async fn stopped(&mut self, _: arbour::StopReason, _: &mut Context<Self>) -> Result<(), Failure> {
        assert!(!self.stops_badly, "{PLANNED}: on stop");
        Ok(())
    }
}

fn brittle() -> ActorSpec<Brittle> {
    ActorSpec::new("victim", || Brittle { stops_badly: false, thorn: None })
}

/// What became of an actor that got this order. Its second start panics too, in the hook `started`.
fn after(spec: ActorSpec<Brittle>, order: Order) -> Aftermath {
    let (address, child) = spec.build();
    let after = aftermath(child, async |_| send(&address, order).await);
    after.runs_again(3);
    after.tells(&["child `victim` (incarnation 2)", "on start"]);
    after
}

async fn send(address: &Address<Brittle>, order: Order) {
    address.tell(order).await.unwrap();
}

#[test]
fn in_a_handler_and_in_the_started_hook_it_is_one_crash_each() {
    after(brittle(), Order::Panic).tells(&["child `victim` (incarnation 1) panicked", "handling"]);
    after(brittle(), Order::PanicWithSpite).tells(&["child `victim` (incarnation 1) panicked"]);
    after(brittle(), Order::Fail).tells(&["child `victim` (incarnation 1) failed", "as told"]);
}

#[test]
fn in_the_stopped_hook_it_is_one_crash() {
    after(brittle(), Order::StopBadly).tells(&["child `victim` (incarnation 1) panicked", "on stop"]);
}

#[test]
fn in_the_drop_of_the_state_it_is_one_crash() {
    let after = after(brittle(), Order::LeaveAThorn);
    after.tells(&["child `victim` (incarnation 1) panicked", "a thorn was dropped"]);
}

#[test]
fn in_the_copy_for_redelivery_it_is_one_crash() {
    let after = after(brittle().redelivery(Redelivery::up_to(3)), Order::NoCopy);
    after.tells(&["child `victim` (incarnation 1) panicked", "NoCopy has no copy"]);
}

#[test]
fn in_the_drop_of_what_is_queued_it_is_told_and_the_child_is_gone() {
    let (address, child) = brittle().build();
    let after = aftermath(child.shutdown(Shutdown::Abort), async |handle| {
        handle.stop_child("victim").await.unwrap();
        send(&address, Order::Prickle(Thorn)).await;
        handle.delete_child("victim").await.unwrap();
    });
    assert_eq!(after.run, 0);
    after.tells(&["victim", "a thorn was dropped"]);
}
