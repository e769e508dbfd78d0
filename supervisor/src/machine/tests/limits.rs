//! Crashes, back-off and the limits that end a supervisor.

use super::*;

fn backing_off() -> ChildPolicy {
    let backoff = Backoff::new(ms(100), ms(1_000)).unwrap().jitter(false);
    ChildPolicy { backoff, ..policy() }
}

#[test]
fn the_first_restart_is_immediate_and_later_ones_wait_longer_until_a_healthy_run() {
    let mut world = World::up(&[("a", backing_off())]);
    assert_eq!(world.crash("a"), ["start a2"]);
    assert_eq!(world.crash("a"), NOTHING, "a failed start is an attempt like any other");
    assert_eq!(world.state("a"), "waiting until 100 for attempt 2");
    assert_eq!(world.at(99), NOTHING);
    assert_eq!(world.at(100), ["start a3"]);
    world.ready("a");
    world.now = 200;
    assert_eq!(world.crash("a"), NOTHING);
    assert_eq!(world.state("a"), "waiting until 400 for attempt 3");
    assert_eq!(world.at(400), ["start a4"]);

    world.ready("a");
    world.now = 949;
    assert_eq!(world.crash("a"), NOTHING, "549 ms are not healthy");
    assert_eq!(world.state("a"), "waiting until 1349 for attempt 4");
    assert_eq!(world.at(1_349), ["start a5"]);
    world.ready("a");
    world.now = 1_899;
    assert_eq!(world.crash("a"), ["start a6"], "550 ms are");
    assert_eq!(world.machine.find("a").unwrap().restarts(), 5);
    assert_eq!(world.machine.restarts(), 5);
}

#[test]
fn a_restart_that_is_not_ready_in_time_is_cancelled_and_tried_again() {
    let slow = ChildPolicy { start_timeout: ms(100), ..backing_off() };
    let mut world = World::up(&[("a", slow)]);
    world.crash("a");
    assert_eq!(world.at(100), ["cancel a2 until 5100"]);
    world.now = 150;
    assert_eq!(world.exit("a", ExitKind::Cancelled), NOTHING);
    assert_eq!(world.state("a"), "waiting until 250 for attempt 2");
    assert_eq!(world.machine.find("a").unwrap().last_end(), Some(Ended::NotReadyIn(ms(100))));
}

#[test]
fn what_each_kind_of_child_does_after_each_kind_of_exit() {
    let mut world = World::up(&[
        ("permanent", policy()),
        ("transient", kind(Restart::Transient)),
        ("temporary", kind(Restart::Temporary)),
    ]);
    assert_eq!(world.exit("permanent", ExitKind::Normal), ["start permanent2"]);
    assert_eq!(world.exit("transient", ExitKind::Cancelled), ["start transient2"]);
    world.ready("transient");
    assert_eq!(world.exit("transient", ExitKind::Shutdown), NOTHING);
    assert_eq!(world.state("transient"), "down");
    assert_eq!(world.crash("temporary"), ["removed temporary"]);
    assert_eq!(world.state("temporary"), "gone");
    assert!(!world.machine.is_finished(), "the supervisor stays up");
}

#[test]
fn a_transient_child_whose_restart_ends_before_it_is_ready_is_tried_again_however_it_ended() {
    let mut world = World::up(&[("a", kind(Restart::Transient))]);
    world.crash("a");
    assert_eq!(world.exit("a", ExitKind::Normal), ["start a3"]);
}

#[test]
fn the_limit_holds_for_all_children_together_and_is_exact() {
    let limit = RestartLimit::new(3, ms(5_000)).unwrap();
    let mut world = World::limited(limit, &[("a", policy()), ("b", policy()), ("c", policy())]);
    world.start_all();
    for (id, next) in [("a", "start a2"), ("b", "start b2"), ("a", "start a3")] {
        assert_eq!(world.crash(id), [next]);
        world.ready(id);
    }
    world.now = 5_000;
    assert_eq!(world.crash("b"), ["drain c1 until 10000"]);
    assert_eq!(world.state("b"), "down");
    assert_eq!(world.exit("c", ExitKind::Normal), ["drain a3 until 10000"]);
    assert_eq!(
        world.exit("a", ExitKind::Normal),
        [
            "the supervisor gave up: child `b` panicked, and the supervisor's limit of 3 restarts in 5s has no restart left"
        ]
    );
}

#[test]
fn the_limit_forgets_what_is_older_than_its_period() {
    let mut world = World::limited(RestartLimit::new(1, ms(1_000)).unwrap(), &[("a", policy())]);
    world.start_all();
    for n in 0..4 {
        world.now = n * 1_001;
        assert_eq!(world.crash("a"), [format!("start a{}", n + 2)]);
        world.ready("a");
    }
}

#[test]
fn failing_restarts_use_up_the_limit_too() {
    let mut world = World::limited(RestartLimit::new(2, ms(5_000)).unwrap(), &[("a", policy())]);
    world.start_all();
    assert_eq!(world.crash("a"), ["start a2"]);
    assert_eq!(world.crash("a"), ["start a3"]);
    assert_eq!(
        world.crash("a"),
        [
            "the supervisor gave up: child `a` panicked before it was ready, and the supervisor's limit of 2 restarts in 5s has no restart left"
        ]
    );
}

#[test]
fn a_child_has_a_limit_of_its_own_if_it_wants() {
    let fragile = ChildPolicy { limit: Some(RestartLimit::new(1, ms(1_000)).unwrap()), ..policy() };
    let mut world = World::up(&[("a", policy()), ("b", fragile)]);
    for _ in 0..10 {
        world.crash("a");
    }
    assert_eq!(world.crash("b"), ["start b2"]);
    assert_eq!(world.crash("b"), ["cancel a11 until 5000"]);
    assert_eq!(
        world.exit("a", ExitKind::Cancelled),
        [
            "the supervisor gave up: child `b` panicked before it was ready, and the child's limit of 1 restart in 1s has no restart left"
        ]
    );
}

#[test]
fn restarts_in_a_row_are_limited_even_if_they_are_too_slow_for_any_window() {
    let slow = ChildPolicy { max_consecutive: Some(2), ..backing_off() };
    let mut world = World::up(&[("a", slow)]);
    world.crash("a");
    world.at(3_600_000);
    world.crash("a");
    world.at(7_200_000);
    assert_eq!(
        world.crash("a"),
        [
            "the supervisor gave up: child `a` panicked before it was ready, and the child's limit of 2 in a row has no restart left"
        ]
    );
}

#[test]
fn a_healthy_run_forgives_restarts_in_a_row() {
    let mut world = World::up(&[("a", ChildPolicy { max_consecutive: Some(1), ..backing_off() })]);
    for n in 1..20 {
        world.now = n * 550;
        assert_eq!(world.crash("a"), [format!("start a{}", n + 1)]);
        world.ready("a");
    }
}

#[test]
fn news_of_an_older_incarnation_or_of_a_slot_that_is_gone_is_ignored() {
    let mut world = World::up(&[("a", policy()), ("b", kind(Restart::Temporary))]);
    let directive = Directive::ByPolicy;
    let (a, first) = world.current("a");
    let (b, gone) = world.current("b");
    world.crash("a");
    world.crash("b");
    for exit in [ExitKind::Normal, ExitKind::Panicked] {
        assert_eq!(world.send(Event::ChildExited { slot: a, incarnation: first, exit, directive }), NOTHING);
        assert_eq!(world.send(Event::ChildExited { slot: b, incarnation: gone, exit, directive }), NOTHING);
    }
    assert_eq!(world.send(Event::ChildReady { slot: a, incarnation: first }), NOTHING);
    assert_eq!(world.state("a"), "starting until 30000");
}

#[test]
fn a_second_notice_of_the_same_exit_is_ignored() {
    let mut world = World::up(&[("a", backing_off())]);
    world.crash("a");
    world.crash("a");
    let waiting = world.state("a");
    assert_eq!(world.crash("a"), NOTHING);
    assert_eq!(world.state("a"), waiting);
}

#[test]
fn waits_with_jitter_lie_below_their_cap_and_differ_between_supervisors() {
    let waits = |seed| {
        let child =
            ChildSpec::new("a", ChildPolicy { backoff: backing_off().backoff.jitter(true), ..policy() });
        let config = Config { limit: RestartLimit::new(100, ms(1)).unwrap(), seed, ..Config::default() };
        let mut world = World::up(&[]);
        world.machine = Machine::new(config, [child]).unwrap();
        world.names.insert(SlotKey(0), "a".into());
        world.start_all();
        (0..20)
            .map(|_| {
                world.crash("a");
                let wait = world.next_deadline().map_or(0, |at| at - u128::from(world.now));
                world.at(world.now + 1_000);
                wait
            })
            .collect::<Vec<_>>()
    };
    assert!(waits(1).iter().all(|&wait| wait < 1_000 || wait == 30_000), "{:?}", waits(1));
    assert_eq!(waits(1), waits(1));
    assert_ne!(waits(1), waits(2));
}

#[test]
fn memory_stays_flat_over_a_million_restarts() {
    let limit = RestartLimit::new(4, ms(1)).unwrap();
    let fragile = ChildPolicy { limit: Some(limit), ..policy() };
    let mut world = World::limited(limit, &[("a", fragile)]);
    world.start_all();
    let mut actions = Vec::new();
    let mut sizes = Vec::new();
    for n in 0..1_000_000 {
        actions.clear();
        let now = world.origin + ms(n);
        let (slot, incarnation) = world.current("a");
        world.machine.handle(
            Event::ChildExited { slot, incarnation, exit: ExitKind::Failed, directive: Directive::ByPolicy },
            now,
            &mut actions,
        );
        assert_eq!(actions.len(), 2, "a report and a start: {actions:?}");
        if n % 100_000 == 50_000 {
            sizes.push(format!("{:?}", world.machine).len() / 100);
        }
    }
    sizes.dedup();
    assert!(sizes.len() <= 2, "only numbers grow: {sizes:?}");
    assert_eq!(world.machine.find("a").unwrap().restarts(), 1_000_000);
    assert_eq!(world.machine.restarts(), 1_000_000);
}

#[test]
fn reports_say_what_happened_to_whom_and_what_happens_next() {
    let limit = RestartLimit::new(2, ms(5_000)).unwrap();
    let mut world = World::limited(limit, &[("db", backing_off()), ("job", kind(Restart::Transient))]);
    world.start_all();
    world.exit("job", ExitKind::Normal);
    world.crash("db");
    world.exit("db", ExitKind::Failed);
    world.at(100);
    world.ready("db");
    world.exit("db", ExitKind::Failed);
    assert_eq!(
        world.reports,
        [
            "child `db` (incarnation 1) is ready",
            "child `job` (incarnation 1) is ready",
            "child `job` (incarnation 1) ended normally: it stays down",
            "child `db` (incarnation 1) panicked: it is restarted at once, restart 1 in a row",
            "child `db` (incarnation 2) failed before it was ready: it is restarted in 100ms, restart 2 in a row",
            "child `db` (incarnation 3) is ready",
            "child `db` (incarnation 3) failed: the supervisor gives up, for the supervisor's limit of 2 restarts in 5s has no restart left",
        ]
    );
}
