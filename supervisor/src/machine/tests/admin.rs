//! The table of administration calls, column by column, and what becomes of the calls themselves.

use super::*;

/// A supervisor whose one child `x` stands in the named column.
fn standing(column: &str) -> World {
    let backoff = Backoff::new(ms(100), ms(1_000)).unwrap().jitter(false);
    let child = ChildPolicy { start_timeout: ms(1_000), backoff, ..policy() };
    let mut world = World::up(&[("x", child)]);
    match column {
        "running" => {}
        "down" => {
            world.stop_child("x");
            world.exit("x", ExitKind::Normal);
        }
        "starting" => {
            world.crash("x");
        }
        "waiting" => {
            world.crash("x");
            world.crash("x");
        }
        "draining" => {
            world.stop_child("x");
        }
        "stopping" => {
            world.stop_child("x");
            world.at(5_000);
        }
        "not ready" => {
            world.crash("x");
            world.at(1_000);
        }
        other => panic!("no column {other}"),
    }
    world.calls = 8;
    world
}

#[test]
fn every_call_is_answered_by_the_state_of_the_slot() {
    let table: [(&str, [&[&str]; 4]); 7] = [
        ("down", [&["9: AlreadyPresent"], &["9: stopped"], &["start x2"], &["removed x", "9: deleted"]]),
        ("running", [&["9: AlreadyStarted"], &["drain x1 until 5000"], &["9: Running"], &["9: Running"]]),
        (
            "starting",
            [&["9: AlreadyPresent"], &["cancel x2 until 5000"], &["9: Restarting"], &["9: Restarting"]],
        ),
        ("waiting", [&["9: AlreadyPresent"], &["9: stopped"], &["9: Restarting"], &["9: Restarting"]]),
        ("not ready", [&["9: AlreadyPresent"], &[], &["9: Restarting"], &["9: Restarting"]]),
        ("draining", [&["9: AlreadyPresent"], &[], &["9: Stopping"], &["9: Stopping"]]),
        ("stopping", [&["9: AlreadyPresent"], &[], &["9: Stopping"], &["9: Stopping"]]),
    ];
    for (column, [start, stop, restart, delete]) in table {
        assert_eq!(standing(column).start_child("x", policy()), start, "start, {column}");
        assert_eq!(standing(column).stop_child("x"), stop, "stop, {column}");
        assert_eq!(standing(column).restart_child("x"), restart, "restart, {column}");
        assert_eq!(standing(column).delete_child("x"), delete, "delete, {column}");
    }
}

#[test]
fn a_child_that_is_not_there_can_only_be_started() {
    let mut world = World::up(&[]);
    assert_eq!(world.stop_child("x"), ["1: NotFound"]);
    assert_eq!(world.restart_child("x"), ["2: NotFound"]);
    assert_eq!(world.delete_child("x"), ["3: NotFound"]);
    assert_eq!(world.start_child("x", policy()), ["4: added x", "start x1"]);
    assert_eq!(world.ready("x"), ["4: started x1"]);
}

#[test]
fn a_stop_in_any_state_is_answered_when_the_slot_is_free_and_nothing_comes_back() {
    for column in ["down", "running", "starting", "waiting", "not ready", "draining", "stopping"] {
        let mut world = standing(column);
        let mut lines = world.stop_child("x");
        if world.machine.find("x").unwrap().state().is_occupied() {
            assert!(!lines.contains(&"9: stopped".to_owned()), "{column}");
            lines = world.crash("x");
        }
        assert_eq!(lines.last().unwrap(), "9: stopped", "{column}");
        assert_eq!(world.state("x"), "down", "{column}");
        assert_eq!(world.at(1_000_000), NOTHING, "{column}");
    }
}

#[test]
fn all_who_wait_for_the_same_stop_are_answered_together() {
    let mut world = World::up(&[("x", policy())]);
    world.stop_child("x");
    world.stop_child("x");
    assert_eq!(world.exit("x", ExitKind::Shutdown), ["1: stopped", "2: stopped"]);
}

#[test]
fn a_temporary_child_that_is_stopped_frees_its_name() {
    let mut world = World::up(&[("x", kind(Restart::Temporary))]);
    world.stop_child("x");
    assert_eq!(world.exit("x", ExitKind::Normal), ["removed x", "1: stopped"]);
    assert_eq!(world.start_child("x", policy()), ["2: added x", "start x1"]);
}

#[test]
fn a_start_by_hand_that_fails_is_told_and_leaves_no_slot() {
    let mut world = World::up(&[]);
    world.start_child("x", policy());
    assert_eq!(world.exit("x", ExitKind::Failed), ["removed x", "1: StartFailed"]);
    assert_eq!(world.machine.restarts(), 0);
}

#[test]
fn a_start_by_hand_that_takes_too_long_is_told_when_the_name_is_free() {
    let mut world = World::up(&[]);
    world.start_child("x", ChildPolicy { start_timeout: ms(100), ..policy() });
    assert_eq!(world.at(100), ["cancel x1 until 5100"]);
    assert_eq!(world.exit("x", ExitKind::Cancelled), ["removed x", "1: StartFailed"]);
}

#[test]
fn a_restart_by_hand_that_fails_is_told_and_keeps_the_slot_down() {
    let mut world = standing("down");
    world.restart_child("x");
    assert_eq!(world.crash("x"), ["9: StartFailed"]);
    assert_eq!(world.state("x"), "down");
    assert_eq!(world.restart_child("x"), ["start x3"]);
    assert_eq!(world.ready("x"), ["10: started x3"]);
}

#[test]
fn a_start_that_somebody_else_stops_is_told_to_both() {
    let mut world = World::up(&[]);
    world.start_child("x", policy());
    assert_eq!(world.stop_child("x"), ["1: StoppedMeanwhile", "cancel x1 until 5000"]);
    assert_eq!(world.exit("x", ExitKind::Cancelled), ["2: stopped"]);
    assert_eq!(world.state("x"), "down");
}

#[test]
fn what_is_done_by_hand_counts_against_no_limit() {
    let mut world = World::limited(RestartLimit::new(0, ms(1)).unwrap(), &[("x", policy())]);
    world.start_all();
    for _ in 0..10 {
        world.stop_child("x");
        world.crash("x");
        world.restart_child("x");
        world.ready("x");
    }
    assert_eq!(world.machine.restarts(), 0);
    assert_eq!(world.machine.find("x").unwrap().incarnation().number(), 11);
}

#[test]
fn a_restart_by_hand_begins_a_new_row_of_restarts() {
    let mut world = standing("waiting");
    world.stop_child("x");
    world.restart_child("x");
    world.ready("x");
    assert_eq!(world.crash("x"), ["start x4"], "the first restart is immediate again");
}

#[test]
fn a_specification_that_makes_no_sense_is_refused_before_there_is_a_slot() {
    let mut world = World::up(&[]);
    assert_eq!(
        world.start_child("x", ChildPolicy { start_timeout: Duration::ZERO, ..policy() }),
        ["1: Refused"]
    );
    assert_eq!(world.machine.slots().len(), 0);
}

#[test]
fn calls_are_answered_at_once_while_another_child_crashes_in_a_loop() {
    let mut world = standing("waiting");
    assert_eq!(world.start_child("y", policy()), ["9: added y", "start y1"]);
    assert_eq!(world.ready("y"), ["9: started y1"]);
    assert_eq!(world.stop_child("y"), ["drain y1 until 5000"]);
}

#[test]
fn refusals_say_which_child_why_and_what_to_do() {
    let id: ChildId = "db".into();
    let said = [
        (CallError::Running { id: id.clone() }, "child `db` is running: stop it first"),
        (CallError::Restarting { id: id.clone() }, "child `db` is being restarted: stop it first"),
        (
            CallError::StartFailed { id, ended: Ended::BeforeReady(ExitKind::Failed) },
            "child `db` did not start: it failed before it was ready",
        ),
    ];
    for (error, expected) in said {
        assert_eq!(error.to_string(), expected);
    }
}
