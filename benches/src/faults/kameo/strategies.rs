//! Group restarts: who is restarted, who is waited for, in what order.

use super::actors::{Child, Crash, NONE, OneForAll, RestForOne, asked_for_an_hour};
use super::{Finding, Journal};
use kameo::actor::{Actor, Spawn};
use kameo::supervision::RestartPolicy;
use std::collections::HashSet;
use std::time::Duration;
use tokio::time::sleep;

/// K1.
pub(super) async fn never_is_restarted_with_its_siblings() -> Finding {
    let journal = Journal::new();
    let app = OneForAll::spawn(());
    let never = Child::supervise(&app, Child::new("never", &journal));
    let _never = never.restart_policy(RestartPolicy::Never).spawn().await;
    let crashing = Child::supervise(&app, Child::new("crashing", &journal)).spawn().await;
    sleep(Duration::from_millis(10)).await;
    let _ = crashing.tell(Crash).await;
    sleep(Duration::from_secs(1)).await;
    let starts = journal.count("+never");
    Finding::new(
        starts > 1,
        format!("one-for-all, a sibling crashed once: the child of policy Never started {starts} times"),
    )
}

/// K2.
pub(super) async fn an_ended_child_is_waited_for() -> Finding {
    let journal = Journal::new();
    let app = OneForAll::spawn(());
    let ended = Child::supervise(&app, Child::new("ended", &journal));
    let ended = ended.restart_policy(RestartPolicy::Never).spawn().await;
    let crashing = Child::supervise(&app, Child::new("crashing", &journal)).spawn().await;
    let _ = ended.stop_gracefully().await;
    ended.wait_for_shutdown().await;
    let _ = crashing.tell(Crash).await;
    sleep(Duration::from_millis(10)).await;
    let answer = asked_for_an_hour(&crashing).await;
    let starts = journal.count("+crashing");
    Finding::new(
        answer == NONE && starts == 1,
        format!(
            "one-for-all, one child had ended for good, a sibling crashed: its starts: {starts}; the answer \
             to an ask: {answer}"
        ),
    )
}

/// K3.
pub(super) async fn a_group_is_restarted_in_any_order() -> Finding {
    let (mut orders, mut wrong) = (HashSet::new(), 0);
    for _ in 0..3 {
        for order in [restarts_under::<OneForAll>().await, restarts_under::<RestForOne>().await] {
            wrong += usize::from(order != "+a +b +c +d +e +f");
            orders.insert(order);
        }
    }
    Finding::new(
        wrong > 0,
        format!(
            "six restarts of six children under one-for-all and rest-for-one: {} orders, {wrong} of the \
             restarts not in the order of the start",
            orders.len()
        ),
    )
}

/// The order in which six children come back after a crash of the first.
async fn restarts_under<S: Actor<Args = ()>>() -> String {
    const NAMES: [&str; 6] = ["a", "b", "c", "d", "e", "f"];
    let (first, again) = (Journal::new(), Journal::new());
    let app = S::spawn(());
    let mut children = Vec::new();
    for name in NAMES {
        let (first, again) = (first.clone(), again.clone());
        let child = Child::supervise_with(&app, move || {
            // The first start of each is not the question.
            let journal = if first.count(&format!("+{name}")) == 0 { &first } else { &again };
            Child::new(name, journal)
        });
        children.push(child.spawn().await);
        sleep(Duration::from_millis(10)).await;
    }
    let _ = children[0].tell(Crash).await;
    sleep(Duration::from_secs(1)).await;
    again.words()
}
