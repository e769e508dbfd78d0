//! Restarts of several: who is stopped and started, in what order, and when.

use super::*;

const ALL: Strategy = Strategy::OneForAll;
const REST: Strategy = Strategy::RestForOne;

fn waiting() -> ChildPolicy {
    let backoff = Backoff::new(ms(100), ms(1_000)).unwrap().jitter(false);
    ChildPolicy { backoff, ..policy() }
}

#[test]
fn one_for_all_stops_the_others_newest_first_and_starts_all_in_order() {
    let mut world = World::grouped(ALL, &["a", "b", "c"]);
    assert_eq!(world.crash("b"), ["drain c1 until 5000"]);
    assert_eq!(world.exit("c", ExitKind::Normal), ["drain a1 until 5000"]);
    assert_eq!(
        world.exit("a", ExitKind::Panicked),
        ["start a2"],
        "what is stopped is neither counted nor judged"
    );
    assert_eq!(world.ready("a"), ["start b2"]);
    assert_eq!(world.ready("b"), ["start c2"]);
    assert_eq!(world.ready("c"), NOTHING);
    assert_eq!(world.machine.restarts(), 3);
    assert_eq!(world.crash("c"), ["drain b2 until 5000"], "the group is over, the next begins");
}

#[test]
fn rest_for_one_leaves_those_before_alone() {
    let mut world = World::grouped(REST, &["one", "four", "two", "five", "three"]);
    assert_eq!(world.crash("two"), ["drain three1 until 5000"]);
    assert_eq!(world.exit("three", ExitKind::Normal), ["drain five1 until 5000"]);
    assert_eq!(world.exit("five", ExitKind::Normal), ["start two2"]);
    assert_eq!(world.ready("two"), ["start five2"]);
    assert_eq!(world.ready("five"), ["start three2"]);
    world.ready("three");
    assert_eq!(world.state("one"), "running since 0");
    assert_eq!(world.shut_down(), ["drain three2 until 5000"]);
    let rest = world.gone(&["three", "five", "two", "four", "one"]);
    let told =
        ["drain five2", "drain two2", "drain four1", "drain one1"].map(|told| format!("{told} until 5000"));
    assert_eq!(rest[..4], told);
    assert_eq!(rest[4], SHUT_DOWN);
}

#[test]
fn the_group_waits_once_when_all_are_gone_and_then_for_the_whole_delay() {
    let mut world = World::up_with(
        Config { strategy: ALL, ..Config::default() },
        &[("a", policy()), ("b", waiting()), ("c", policy())],
    );
    world.crash("b");
    world.gone(&["c", "a"]);
    for id in ["a", "b", "c"] {
        world.ready(id);
    }
    assert_eq!(world.crash("b"), ["drain c2 until 5000"]);
    world.now = 2_000;
    assert_eq!(world.exit("c", ExitKind::Normal), ["drain a2 until 7000"]);
    assert_eq!(world.exit("a", ExitKind::Normal), NOTHING);
    assert_eq!(
        ["a", "b", "c"].map(|id| world.state(id)),
        ["down", "waiting until 2100 for attempt 2", "down"]
    );
    assert_eq!(world.at(2_099), NOTHING);
    assert_eq!(world.at(2_100), ["start a3"]);
}

#[test]
fn children_that_crash_before_their_turn_to_stop_cost_one_restart_together() {
    let limit = RestartLimit::new(1, ms(60_000)).unwrap();
    let config = Config { strategy: ALL, limit, ..Config::default() };
    let mut world = World::configured(config, &[("a", policy()), ("b", policy()), ("c", policy())]);
    world.start_all();
    world.crash("c");
    assert_eq!(world.crash("a"), NOTHING, "it waits for its turn");
    assert_eq!(world.crash("b"), ["start a2"]);
    assert_eq!(world.ready("a"), ["start b2"]);
}

#[test]
fn temporary_children_are_stopped_and_not_brought_back() {
    for strategy in [ALL, REST] {
        let children = [("a", policy()), ("b", kind(Restart::Temporary))];
        let mut world = World::up_with(Config { strategy, ..Config::default() }, &children);
        assert_eq!(world.exit("a", ExitKind::Normal), ["drain b1 until 5000"]);
        assert_eq!(world.exit("b", ExitKind::Normal), ["removed b", "start a2"]);
        assert_eq!(world.ready("a"), NOTHING);
        assert_eq!(world.state("b"), "gone");
    }
}

#[test]
fn the_end_of_a_child_that_is_not_restarted_concerns_nobody() {
    for strategy in [ALL, REST] {
        let children = [("t", kind(Restart::Temporary)), ("f", kind(Restart::Transient)), ("a", policy())];
        let mut world = World::up_with(Config { strategy, ..Config::default() }, &children);
        assert_eq!(world.crash("t"), ["removed t"]);
        assert_eq!(world.exit("f", ExitKind::Normal), NOTHING);
        assert_eq!(world.state("a"), "running since 0");
    }
}

#[test]
fn what_had_finished_or_was_stopped_by_hand_is_started_with_the_others() {
    let mut world = World::up_with(
        Config { strategy: ALL, ..Config::default() },
        &[("a", policy()), ("done", kind(Restart::Transient)), ("held", policy())],
    );
    world.exit("done", ExitKind::Normal);
    world.stop_child("held");
    world.exit("held", ExitKind::Normal);
    assert_eq!(world.crash("a"), ["start a2"]);
    assert_eq!(world.ready("a"), ["start done2"]);
    assert_eq!(world.ready("done"), ["start held2"]);
}

#[test]
fn a_start_that_fails_within_one_for_all_stops_what_had_come_back() {
    let mut world = World::grouped(ALL, &["a", "b", "c"]);
    world.crash("c");
    world.gone(&["b", "a"]);
    world.ready("a");
    assert_eq!(world.crash("b"), ["drain a2 until 5000"], "b failed to start, and a had come back");
    assert_eq!(world.exit("a", ExitKind::Normal), ["start a3"]);
    assert_eq!(world.ready("a"), ["start b3"]);
}

#[test]
fn a_start_that_fails_within_rest_for_one_keeps_those_before_it() {
    let mut world = World::grouped(REST, &["a", "b", "c"]);
    world.crash("a");
    world.gone(&["c", "b"]);
    world.ready("a");
    assert_eq!(world.crash("b"), ["start b3"]);
    assert_eq!(["a", "c"].map(|id| world.state(id)), ["running since 0", "down"]);
    assert_eq!(world.ready("b"), ["start c2"]);
}

#[test]
fn each_attempt_of_a_group_passes_the_window() {
    for strategy in [ALL, REST] {
        let limit = RestartLimit::new(4, ms(60_000)).unwrap();
        let mut world = World::configured(
            Config { strategy, limit, ..Config::default() },
            &[("a", policy()), ("b", policy())],
        );
        world.start_all();
        world.crash("a");
        world.exit("b", ExitKind::Normal);
        for _ in 0..3 {
            assert!(world.crash("a").iter().all(|line| line.starts_with("start a")));
        }
        let end = world.crash("a");
        assert!(end[0].starts_with("the supervisor gave up: child `a`"), "{end:?}");
    }
}

#[test]
fn a_crash_of_one_that_was_up_begins_the_group_anew_from_the_first_concerned() {
    let mut world = World::grouped(REST, &["a", "b", "c", "d"]);
    world.crash("c");
    world.exit("d", ExitKind::Normal);
    assert_eq!(world.crash("a"), ["cancel c2 until 5000"], "c was being started");
    assert_eq!(world.exit("c", ExitKind::Cancelled), ["drain b1 until 5000"]);
    assert_eq!(world.exit("b", ExitKind::Normal), ["start a2"]);
    for (up, next) in [("a", "start b2"), ("b", "start c3"), ("c", "start d2")] {
        assert_eq!(world.ready(up), [next]);
    }
}

#[test]
fn a_group_that_begins_anew_waits_no_less_than_was_left() {
    let mut world =
        World::up_with(Config { strategy: REST, ..Config::default() }, &[("a", policy()), ("b", waiting())]);
    world.crash("b");
    world.ready("b");
    world.crash("b");
    assert_eq!(world.state("b"), "waiting until 100 for attempt 2");
    world.now = 40;
    assert_eq!(world.crash("a"), NOTHING);
    assert_eq!(["a", "b"].map(|id| world.state(id)), ["waiting until 100 for attempt 1", "down"]);
    assert_eq!(world.at(100), ["start a2"]);
    assert_eq!(world.ready("a"), ["start b3"]);
}

#[test]
fn together_all_are_told_at_once_and_nothing_starts_before_the_last_has_gone() {
    let config = Config { strategy: ALL, stop_order: StopOrder::Together, ..Config::default() };
    let quick = ChildPolicy { shutdown: Shutdown::After(ms(100)), ..policy() };
    let mut world = World::up_with(config, &[("a", policy()), ("b", quick), ("c", policy())]);
    assert_eq!(world.crash("a"), ["drain c1 until 5000", "drain b1 until 100"]);
    assert_eq!(world.at(100), ["cancel b1 until 5100"]);
    assert_eq!(world.exit("c", ExitKind::Normal), NOTHING);
    assert_eq!(world.exit("b", ExitKind::Cancelled), ["start a2"]);
}

#[test]
fn a_crash_during_the_first_start_begins_it_anew_and_a_failure_to_start_still_ends_it() {
    let mut world = World::configured(
        Config { strategy: ALL, ..Config::default() },
        &[("a", policy()), ("b", policy()), ("c", policy())],
    );
    world.send(Event::Start);
    assert_eq!(world.ready("a"), ["start b1"]);
    assert_eq!(world.crash("a"), ["cancel b1 until 5000"]);
    assert_eq!(world.exit("b", ExitKind::Cancelled), ["start a2"]);
    assert_eq!(world.ready("a"), ["start b2"]);
    let mut other =
        World { machine: world.machine.clone(), names: world.names.clone(), reports: Vec::new(), ..world };
    assert_eq!(world.ready("b"), ["start c1"]);
    assert_eq!(world.ready("c"), ["all ready"]);
    assert_eq!(
        other.crash("b"),
        ["drain a2 until 5000"],
        "it was never up: a first start that fails is rolled back"
    );
    assert!(other.exit("a", ExitKind::Normal)[0].contains("did not start"));
}

#[test]
fn a_shutdown_cancels_the_group_in_each_of_its_stages() {
    let mut stopping = World::grouped(ALL, &["a", "b", "c"]);
    stopping.crash("a");
    assert_eq!(stopping.shut_down(), NOTHING);
    assert_eq!(stopping.exit("c", ExitKind::Normal), ["drain b1 until 5000"]);
    assert_eq!(stopping.exit("b", ExitKind::Normal), [SHUT_DOWN]);

    let mut world =
        World::up_with(Config { strategy: REST, ..Config::default() }, &[("a", policy()), ("b", waiting())]);
    world.crash("b");
    world.crash("b");
    assert_eq!(world.shut_down(), ["drain a1 until 5000"]);
    assert_eq!(world.at(1_000), NOTHING, "its wait is over for good");

    let mut starting = World::grouped(ALL, &["a", "b"]);
    starting.crash("b");
    starting.exit("a", ExitKind::Normal);
    assert_eq!(starting.shut_down(), ["cancel a2 until 5000"]);
    assert_eq!(starting.exit("a", ExitKind::Cancelled), [SHUT_DOWN]);
}

#[test]
fn a_loop_of_failing_starts_behind_fifty_thousand_children_does_not_look_at_them() {
    let ids: Vec<String> = (0..100_000).map(|n| n.to_string()).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let mut world = World::grouped(REST, &ids);
    world.crash("50000");
    for id in ids[50_001..].iter().rev() {
        world.exit(id, ExitKind::Normal);
    }
    for attempt in 3..20_000 {
        assert_eq!(world.crash("50000"), [format!("start 50000{attempt}")]);
    }
    assert_eq!(world.state("99999"), "down");
}
