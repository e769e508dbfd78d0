//! Calls of the administration while several are restarted.

use super::*;

/// Rest-for-one over `a`, `b` and `c`, of which `b` has failed, in one of the stages.
fn at_stage(stage: &str) -> World {
    let backoff = Backoff::new(ms(100), ms(1_000)).unwrap().jitter(false);
    let slow = ChildPolicy { backoff, ..policy() };
    let config = Config { strategy: Strategy::RestForOne, ..Config::default() };
    let mut world = World::up_with(config, &[("a", policy()), ("b", slow), ("c", policy())]);
    world.crash("b");
    match stage {
        "stopping" => {}
        "waiting" => {
            world.exit("c", ExitKind::Normal);
            world.crash("b");
        }
        "starting" => drop(world.exit("c", ExitKind::Normal)),
        "starting the last" => {
            world.exit("c", ExitKind::Normal);
            world.ready("b");
        }
        other => panic!("no stage {other}"),
    }
    world.calls = 8;
    world
}

#[test]
fn every_call_is_answered_by_the_stage_and_the_place_of_the_child() {
    let present = "9: AlreadyPresent";
    let table: [(&str, &str, [&[&str]; 4]); 8] = [
        ("stopping", "b", [&[present], &["9: stopped"], &["9: Restarting"], &["9: Restarting"]]),
        ("stopping", "c", [&[present], &[], &["9: Stopping"], &["9: Stopping"]]),
        ("waiting", "b", [&[present], &["9: stopped"], &["9: Restarting"], &["9: Restarting"]]),
        ("waiting", "c", [&[present], &["9: stopped"], &["9: Restarting"], &["9: Restarting"]]),
        ("starting", "b", [&[present], &["cancel b2 until 5000"], &["9: Restarting"], &["9: Restarting"]]),
        ("starting", "c", [&[present], &["9: stopped"], &["9: Restarting"], &["9: Restarting"]]),
        (
            "starting the last",
            "c",
            [&[present], &["cancel c2 until 5000"], &["9: Restarting"], &["9: Restarting"]],
        ),
        (
            "waiting",
            "a",
            [&["9: AlreadyStarted"], &["drain a1 until 5000"], &["9: Running"], &["9: Running"]],
        ),
    ];
    for (stage, id, [start, stop, restart, delete]) in table {
        assert_eq!(at_stage(stage).start_child(id, policy()), start, "start {id}, {stage}");
        assert_eq!(at_stage(stage).stop_child(id), stop, "stop {id}, {stage}");
        assert_eq!(at_stage(stage).restart_child(id), restart, "restart {id}, {stage}");
        assert_eq!(at_stage(stage).delete_child(id), delete, "delete {id}, {stage}");
    }
}

#[test]
fn a_stop_of_the_child_that_failed_calls_the_rest_off() {
    for stage in ["waiting", "starting"] {
        let mut world = at_stage(stage);
        world.stop_child("b");
        if stage == "starting" {
            world.exit("b", ExitKind::Cancelled);
        }
        world.at(60_000);
        assert_eq!(["a", "b", "c"].map(|id| world.state(id)), ["running since 0", "down", "down"], "{stage}");
        assert!(world.reports.iter().any(|report| report.contains("those that are down stay down")));
        assert_eq!(world.restart_child("b"), ["start b3"]);
        assert_eq!(world.ready("b"), ["10: started b3"], "c stays as it is");
    }
}

#[test]
fn a_stop_of_another_child_leaves_only_that_one_out() {
    let mut world = at_stage("starting");
    assert_eq!(world.stop_child("c"), ["9: stopped"]);
    assert_eq!(world.ready("b"), NOTHING);
    assert_eq!(world.state("c"), "down");
    assert_eq!(world.restart_child("c"), ["start c2"], "the group is over");
}

#[test]
fn a_stop_of_the_one_that_is_being_started_lets_the_next_begin_when_it_has_gone() {
    let mut world = World::grouped(Strategy::OneForAll, &["a", "b", "c"]);
    world.crash("c");
    world.gone(&["b", "a"]);
    assert_eq!(world.stop_child("a"), ["cancel a2 until 5000"]);
    assert_eq!(world.exit("a", ExitKind::Cancelled), ["1: stopped", "start b2"]);
    assert_eq!(world.ready("b"), ["start c2"]);
}

#[test]
fn a_child_that_is_left_out_can_be_let_in_again_or_deleted() {
    let mut world = at_stage("starting");
    world.stop_child("c");
    assert_eq!(world.restart_child("c"), NOTHING, "it takes its turn");
    assert_eq!(world.ready("b"), ["start c2"]);
    assert_eq!(world.ready("c"), ["10: started c2"]);

    let mut world = at_stage("starting");
    world.stop_child("c");
    assert_eq!(world.delete_child("c"), ["removed c", "10: deleted"]);
    assert_eq!(world.ready("b"), NOTHING);
}

#[test]
fn a_child_that_is_added_meanwhile_is_started_after_the_others() {
    for stage in ["stopping", "waiting", "starting"] {
        let mut world = at_stage(stage);
        assert_eq!(world.start_child("d", policy()), ["9: added d"], "{stage}");
        let mut lines = if stage == "stopping" { world.exit("c", ExitKind::Normal) } else { world.at(100) };
        lines.extend(world.ready("b"));
        lines.extend(world.ready("c"));
        assert_eq!(lines.last().unwrap(), "start d1", "{stage}: {lines:?}");
        assert_eq!(world.ready("d"), ["9: started d1"]);
    }
}

#[test]
fn a_child_that_was_added_and_fails_is_forgotten_and_the_group_goes_on() {
    let mut world = at_stage("starting");
    world.start_child("d", policy());
    world.start_child("e", policy());
    world.ready("b");
    world.ready("c");
    assert_eq!(world.crash("d"), ["removed d", "9: StartFailed", "start e1"]);
    assert_eq!(world.ready("e"), ["10: started e1"]);
}

#[test]
fn a_start_by_hand_that_a_group_interrupts_is_answered_when_its_turn_has_come() {
    let mut world = World::grouped(Strategy::OneForAll, &["a"]);
    world.start_child("b", policy());
    assert_eq!(world.crash("a"), ["cancel b1 until 5000"]);
    assert_eq!(world.exit("b", ExitKind::Cancelled), ["start a2"]);
    assert_eq!(world.ready("a"), ["start b2"]);
    assert_eq!(world.ready("b"), ["1: started b2"]);
}

#[test]
fn a_start_by_hand_of_a_temporary_child_does_not_survive_a_group() {
    let mut world = World::grouped(Strategy::OneForAll, &["a"]);
    world.start_child("b", kind(Restart::Temporary));
    assert_eq!(world.crash("a"), ["1: StoppedMeanwhile", "cancel b1 until 5000"]);
    assert_eq!(world.exit("b", ExitKind::Cancelled), ["removed b", "start a2"]);
}

#[test]
fn calls_that_have_a_turn_are_told_when_the_group_is_called_off_or_the_supervisor_ends() {
    let mut world = at_stage("waiting");
    world.start_child("d", policy());
    world.start_child("t", kind(Restart::Temporary));
    assert_eq!(
        world.stop_child("b"),
        ["9: StoppedMeanwhile", "10: StoppedMeanwhile", "removed t", "11: stopped"]
    );
    assert_eq!(world.state("d"), "down");

    let mut world = at_stage("waiting");
    world.start_child("d", policy());
    assert_eq!(world.shut_down(), ["9: ShuttingDown", "drain a1 until 5000"]);
}

#[test]
fn those_outside_the_range_are_started_and_stopped_at_once() {
    let mut world = at_stage("starting");
    assert_eq!(world.stop_child("a"), ["drain a1 until 5000"]);
    assert_eq!(world.exit("a", ExitKind::Normal), ["9: stopped"]);
    assert_eq!(world.restart_child("a"), ["start a2"]);
    assert_eq!(world.ready("a"), ["10: started a2"]);
    assert_eq!(world.ready("b"), ["start c2"]);
}

#[test]
fn a_start_by_hand_that_becomes_temporary_while_a_group_stops_it_is_answered_when_its_slot_goes() {
    let mut world = World::grouped(Strategy::OneForAll, &["a"]);
    world.start_child("b", policy());
    assert_eq!(world.crash("a"), ["cancel b1 until 5000"]);
    world.call(Request::ReconfigureChild(ChildSpec::new("b", kind(Restart::Temporary))));
    assert_eq!(world.exit("b", ExitKind::Cancelled), ["1: StoppedMeanwhile", "removed b", "start a2"]);
}

#[test]
fn one_that_was_left_out_and_is_started_again_belongs_to_the_group_that_begins_anew() {
    let mut world = World::grouped(Strategy::OneForAll, &["a", "b"]);
    world.crash("b");
    world.gone(&["a"]);
    assert_eq!(world.stop_child("a"), ["cancel a2 until 5000"]);
    assert_eq!(world.exit("a", ExitKind::Normal), ["1: stopped", "start b2"], "a is left out");
    assert_eq!(world.restart_child("a"), ["start a3"], "its turn is over");
    assert_eq!(world.crash("b"), ["cancel a3 until 5000"], "it was not ready");
    assert_eq!(world.exit("a", ExitKind::Normal), ["start a4"]);
    assert_eq!(world.ready("a"), ["2: started a4", "start b3"]);
}
