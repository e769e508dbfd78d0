//! Shutdown in order, cancellation of all, and what happens while they run.

use super::*;

const CANCEL_ALL: Event = Event::CancelAll { clean_up_until: None };

fn waiting() -> ChildPolicy {
    let backoff = Backoff::new(ms(100), ms(1_000)).unwrap().jitter(false);
    ChildPolicy { backoff, ..policy() }
}

fn stopping_by(shutdown: Shutdown) -> ChildPolicy {
    ChildPolicy { shutdown, ..policy() }
}

#[test]
fn children_stop_in_reverse_order_each_gone_before_the_next_is_told() {
    let mut world = World::up(&[("a", policy()), ("b", policy()), ("c", policy())]);
    assert_eq!(world.send(SHUTDOWN), ["drain c1 until 5000"]);
    assert_eq!(world.send(SHUTDOWN), NOTHING);
    world.now = 1_000;
    assert_eq!(world.exit("c", ExitKind::Normal), ["drain b1 until 6000"]);
    assert_eq!(world.exit("b", ExitKind::Panicked), ["drain a1 until 6000"], "a stop is no exit");
    assert_eq!(world.exit("a", ExitKind::Shutdown), [SHUT_DOWN]);
    assert_eq!(world.machine.restarts(), 0);
    assert_eq!(world.machine.find("b").unwrap().last_end(), None);
}

#[test]
fn a_child_that_was_not_seen_to_run_is_drained_unless_being_ready_is_its_own_word() {
    let silent = ChildPolicy { reports_ready: false, ..policy() };
    for (policy, told) in [(silent, "drain a1 until 5000"), (policy(), "cancel a1 until 5000")] {
        let mut world = World::new(&[("a", policy)]);
        assert_eq!(world.send(Event::Start), ["start a1"]);
        assert_eq!(world.send(SHUTDOWN), [told]);
        assert_eq!(world.ready("a"), NOTHING);
        assert_eq!(world.exit("a", ExitKind::Normal), [SHUT_DOWN]);
    }
}

#[test]
fn the_order_is_that_of_the_slots_however_often_they_were_restarted() {
    let mut world = World::up(&[("a", policy()), ("b", policy())]);
    world.crash("a");
    world.ready("a");
    world.start_child("c", policy());
    world.ready("c");
    assert_eq!(world.send(SHUTDOWN), ["drain c1 until 5000"]);
    assert_eq!(world.exit("c", ExitKind::Normal), ["drain b1 until 5000"]);
    assert_eq!(world.exit("b", ExitKind::Normal), ["drain a2 until 5000"]);
}

#[test]
fn a_child_that_does_not_drain_in_its_own_time_is_cancelled() {
    let quick = ChildPolicy { clean_up: ms(200), ..stopping_by(Shutdown::After(ms(100))) };
    let mut world = World::up(&[("a", stopping_by(Shutdown::After(Duration::ZERO))), ("b", quick)]);
    assert_eq!(world.send(SHUTDOWN), ["drain b1 until 100"]);
    assert_eq!(world.at(99), NOTHING);
    assert_eq!(world.at(100), ["cancel b1 until 300"]);
    assert_eq!(world.at(299), NOTHING);
    assert_eq!(world.at(300), ["abort b1"], "its clean-up must be over");
    assert_eq!(world.exit("b", ExitKind::Cancelled), ["cancel a1 until 5300"], "no time to drain at all");
    assert_eq!(world.exit("a", ExitKind::Cancelled), [SHUT_DOWN]);
}

#[test]
fn a_child_that_may_drain_without_end_is_waited_for() {
    let mut world = World::up(&[("a", stopping_by(Shutdown::Wait))]);
    assert_eq!(world.send(SHUTDOWN), ["drain a1 without end"]);
    assert_eq!(world.next_deadline(), None);
    assert_eq!(world.at(1_000_000_000), NOTHING);
    assert_eq!(world.send(CANCEL_ALL), ["cancel a1 until 1000005000"]);
    assert_eq!(world.exit("a", ExitKind::Cancelled), [SHUT_DOWN]);
}

#[test]
fn a_time_no_clock_can_show_is_never() {
    let mut world = World::up(&[("a", stopping_by(Shutdown::After(Duration::MAX)))]);
    world.send(SHUTDOWN);
    assert_eq!(world.at(1_000_000_000), NOTHING);
}

#[test]
fn the_second_gear_cancels_everybody_at_once_newest_first() {
    let mut world = World::up(&[("a", policy()), ("b", policy()), ("c", policy())]);
    world.send(SHUTDOWN);
    let clean_up_until = Some(world.origin + ms(700));
    assert_eq!(
        world.send(Event::CancelAll { clean_up_until }),
        ["cancel c1 until 700", "cancel b1 until 700", "cancel a1 until 700"]
    );
    assert_eq!(world.send(CANCEL_ALL), NOTHING, "each is cancelled once");
    assert_eq!(world.exit("a", ExitKind::Cancelled), NOTHING);
    assert_eq!(world.exit("c", ExitKind::Panicked), NOTHING);
    assert_eq!(world.exit("b", ExitKind::Cancelled), [SHUT_DOWN]);
}

#[test]
fn a_childs_own_time_to_clean_up_may_only_shorten_that_of_all() {
    let mut world = World::up(&[("a", ChildPolicy { clean_up: ms(300), ..policy() }), ("b", policy())]);
    let clean_up_until = Some(world.origin + ms(700));
    assert_eq!(
        world.send(Event::CancelAll { clean_up_until }),
        ["cancel b1 until 700", "cancel a1 until 300"]
    );
}

#[test]
fn cancelling_all_needs_no_shutdown_before_it() {
    let mut world = World::new(&[("a", policy()), ("b", policy())]);
    world.send(Event::Start);
    world.ready("a");
    assert_eq!(world.send(CANCEL_ALL), ["cancel b1 until 5000", "cancel a1 until 5000"]);
    world.exit("b", ExitKind::Cancelled);
    assert_eq!(world.exit("a", ExitKind::Cancelled), [SHUT_DOWN]);
}

#[test]
fn a_shutdown_ends_every_wait_at_once() {
    let mut world = World::up(&[("a", waiting()), ("b", waiting())]);
    for id in ["a", "b"] {
        world.crash(id);
        world.crash(id);
    }
    assert_eq!(world.send(SHUTDOWN), [SHUT_DOWN]);
    assert_eq!(world.next_deadline(), None);
    assert_eq!(world.at(1_000), NOTHING);
}

#[test]
fn a_shutdown_cancels_a_restart_that_is_not_ready() {
    let mut world = World::up(&[("a", policy()), ("b", policy())]);
    world.crash("b");
    assert_eq!(world.send(SHUTDOWN), ["cancel b2 until 5000"]);
    assert_eq!(world.exit("b", ExitKind::Failed), ["drain a1 until 5000"]);
}

#[test]
fn a_child_that_crashes_before_its_turn_to_stop_is_not_restarted() {
    let mut world = World::up(&[("a", policy()), ("b", kind(Restart::Temporary)), ("c", policy())]);
    world.send(SHUTDOWN);
    assert_eq!(world.crash("a"), NOTHING);
    assert_eq!(world.crash("b"), ["removed b"]);
    assert_eq!(world.exit("c", ExitKind::Normal), [SHUT_DOWN]);
    assert_eq!(world.machine.restarts(), 0);
}

#[test]
fn a_start_that_takes_too_long_while_others_stop_is_not_tried_again() {
    let slow = ChildPolicy { start_timeout: ms(100), ..policy() };
    let mut world = World::up(&[("a", slow), ("b", policy())]);
    world.crash("a");
    world.send(SHUTDOWN);
    assert_eq!(world.at(100), ["cancel a2 until 5100"]);
    assert_eq!(world.exit("a", ExitKind::Cancelled), NOTHING);
    assert_eq!(world.exit("b", ExitKind::Normal), [SHUT_DOWN]);
}

#[test]
fn a_shutdown_waits_for_a_stop_that_was_begun_by_hand_and_answers_it() {
    let mut world = World::up(&[("a", policy()), ("b", policy())]);
    assert_eq!(world.stop_child("b"), ["drain b1 until 5000"]);
    assert_eq!(world.send(SHUTDOWN), NOTHING);
    assert_eq!(world.exit("b", ExitKind::Normal), ["1: stopped", "drain a1 until 5000"]);
}

#[test]
fn a_start_by_hand_is_refused_when_the_shutdown_comes_first() {
    let mut world = World::up(&[]);
    world.start_child("a", policy());
    assert_eq!(world.send(SHUTDOWN), ["1: ShuttingDown", "cancel a1 until 5000"]);
    assert_eq!(world.exit("a", ExitKind::Cancelled), [SHUT_DOWN]);
}

#[test]
fn a_shutdown_while_the_supervisor_gives_up_changes_nothing_and_a_cancellation_only_the_pace() {
    let mut world = World::limited(RestartLimit::new(0, ms(1)).unwrap(), &[("a", policy()), ("b", policy())]);
    world.start_all();
    assert_eq!(world.crash("a"), ["drain b1 until 5000"]);
    assert_eq!(world.send(SHUTDOWN), NOTHING);
    assert_eq!(world.send(CANCEL_ALL), ["cancel b1 until 5000"]);
    let end = world.exit("b", ExitKind::Cancelled);
    assert!(end[0].starts_with("the supervisor gave up: child `a`"), "{end:?}");
}

#[test]
fn a_finished_supervisor_does_nothing_but_refuse() {
    let mut world = World::up(&[("a", policy())]);
    world.send(SHUTDOWN);
    world.exit("a", ExitKind::Normal);
    for event in [Event::Start, SHUTDOWN, CANCEL_ALL, Event::Timer] {
        assert_eq!(world.send(event), NOTHING);
    }
    assert_eq!(world.crash("a"), NOTHING);
    assert_eq!(world.restart_child("a"), ["1: ShuttingDown"]);
}

#[test]
fn stopping_a_hundred_thousand_children_looks_at_each_of_them_once() {
    let ids: Vec<String> = (0..100_000).map(|n| n.to_string()).collect();
    let children: Vec<_> = ids.iter().map(|id| (id.as_str(), policy())).collect();
    let mut world = World::up(&children);
    world.send(SHUTDOWN);
    for id in ids.iter().rev() {
        world.exit(id, ExitKind::Normal);
    }
    assert!(world.machine.is_finished());
}
