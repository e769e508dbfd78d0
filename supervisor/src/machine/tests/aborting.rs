//! The third gear of stopping, and children that do not go.

use super::*;

fn aborted() -> ChildPolicy {
    ChildPolicy { shutdown: Shutdown::Abort, ..policy() }
}

/// A supervisor of `a` and `x`, of which `x` was stopped by hand and is stuck since 5,000 ms.
fn with_stuck(config: Config) -> World {
    let mut world = World::up_with(config, &[("a", policy()), ("x", aborted())]);
    assert_eq!(world.stop_child("x"), ["abort x1"]);
    assert_eq!(world.at(4_999), NOTHING);
    assert_eq!(world.at(5_000), ["1: Stuck"]);
    world.calls = 8;
    world
}

#[test]
fn a_child_whose_rule_is_to_be_aborted_is_told_nothing_else() {
    let mut world = World::up(&[("a", aborted()), ("b", aborted())]);
    assert_eq!(world.stop_child("b"), ["abort b1"]);
    assert_eq!(world.exit("b", ExitKind::Aborted), ["1: stopped"]);
    assert_eq!(world.send(Event::CancelAll { clean_up_until: None }), ["abort a1"]);
    assert_eq!(world.exit("a", ExitKind::Aborted), [SHUT_DOWN]);
}

#[test]
fn each_gear_has_its_time() {
    let child = ChildPolicy { shutdown: Shutdown::After(ms(100)), clean_up: ms(200), ..policy() };
    let mut world = World::up(&[("x", child)]);
    assert_eq!(world.shut_down(), ["drain x1 until 100"]);
    assert_eq!(world.at(100), ["cancel x1 until 300"]);
    assert_eq!(world.at(300), ["abort x1"]);
    assert_eq!(world.at(5_299), NOTHING);
    assert_eq!(
        world.at(5_300),
        ["child `x` was aborted and is not gone: it does not yield, and is left behind"],
        "a shutdown does not wait for what is stuck, and its end is no orderly one"
    );
    assert!(world.reports.last().unwrap().contains("is stuck"), "{:?}", world.reports);
}

#[test]
fn nothing_takes_the_place_of_one_that_is_stuck() {
    let mut world = with_stuck(Config::default());
    assert_eq!(world.state("x"), "stuck since 5000");
    assert_eq!(world.start_child("x", policy()), ["9: AlreadyPresent"]);
    assert_eq!(world.stop_child("x"), ["10: Stuck"]);
    assert_eq!(world.restart_child("x"), ["11: Stuck"]);
    assert_eq!(world.delete_child("x"), ["12: Stuck"]);
    assert_eq!(world.state("a"), "running since 0");
}

#[test]
fn one_that_goes_after_all_leaves_its_slot_free() {
    let mut world = with_stuck(Config::default());
    assert_eq!(world.exit("x", ExitKind::Aborted), NOTHING);
    assert!(world.reports.last().unwrap().contains("gone after all"));
    assert_eq!(world.restart_child("x"), ["start x2"]);
    world.ready("x");
    world.shut_down();
    assert_eq!(world.gone(&["x", "a"]), ["drain a1 until 10000", SHUT_DOWN], "nothing is left behind");
}

#[test]
fn a_shutdown_leaves_it_behind_and_fails() {
    let mut world = with_stuck(Config::default());
    assert_eq!(world.shut_down(), ["drain a1 until 10000"]);
    assert!(world.exit("a", ExitKind::Normal)[0].starts_with("child `x` was aborted and is not gone"));
}

#[test]
fn a_failure_that_came_first_is_the_one_that_is_told() {
    let mut world = with_stuck(Config::default());
    assert!(
        world.judged("a", ExitKind::Failed, Directive::Escalate)[0].contains("failed with its child `a`")
    );
}

#[test]
fn a_start_that_hangs_and_cannot_be_ended_fails_the_supervisor() {
    let slow = ChildPolicy { start_timeout: ms(100), clean_up: ms(100), ..policy() };
    let mut world = World::up(&[("a", policy()), ("x", slow)]);
    world.crash("x");
    assert_eq!(world.at(100), ["cancel x2 until 200"]);
    assert_eq!(world.at(200), ["abort x2"]);
    assert_eq!(world.at(5_200), ["drain a1 until 10200"], "it should have come back, and cannot");
    assert!(world.exit("a", ExitKind::Normal)[0].starts_with("child `x`"));
}

#[test]
fn a_start_by_hand_that_cannot_be_ended_fails_the_call() {
    let slow = ChildPolicy { start_timeout: ms(100), clean_up: ms(100), ..policy() };
    let mut world = World::up(&[]);
    world.start_child("x", slow);
    world.at(100);
    world.at(200);
    assert_eq!(world.at(5_200), ["1: Stuck"]);
    assert_eq!(world.state("x"), "stuck since 5200");
    assert!(!world.machine.is_ending());
}

#[test]
fn a_sibling_that_cannot_be_stopped_fails_the_restart_of_several() {
    let config = Config { strategy: Strategy::OneForAll, ..Config::default() };
    let mut world = World::up_with(config, &[("a", policy()), ("b", policy()), ("x", aborted())]);
    assert_eq!(world.crash("b"), ["abort x1"]);
    assert_eq!(world.at(5_000), ["drain a1 until 10000"]);
    assert!(world.exit("a", ExitKind::Normal)[0].starts_with("child `x`"));
}

#[test]
fn a_restart_of_several_leaves_a_slot_alone_that_was_stuck_before() {
    let mut world = with_stuck(Config { strategy: Strategy::OneForAll, ..Config::default() });
    assert_eq!(world.crash("a"), ["start a2"]);
    assert_eq!(world.ready("a"), NOTHING);
    assert_eq!(world.state("x"), "stuck since 5000");
}
