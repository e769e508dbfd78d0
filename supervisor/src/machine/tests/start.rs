//! The first start, its failures, and what crashes meanwhile.

use super::*;

fn three() -> World {
    World::new(&[("a", policy()), ("b", policy()), ("c", policy())])
}

#[test]
fn children_start_in_order_each_ready_before_the_next() {
    let mut world = three();
    assert_eq!(world.send(Event::Start), ["start a1"]);
    assert_eq!(world.state("b"), "down");
    assert_eq!(world.ready("a"), ["start b1"]);
    assert_eq!(world.ready("b"), ["start c1"]);
    assert_eq!(world.ready("c"), ["all ready"]);
    assert_eq!(world.next_deadline(), None);
}

#[test]
fn a_supervisor_without_children_is_ready_at_once_and_stays_up() {
    let mut world = World::new(&[]);
    assert_eq!(world.send(Event::Start), ["all ready"]);
    assert_eq!(world.send(Event::Start), NOTHING);
    assert_eq!(world.send(SHUTDOWN), [SHUT_DOWN]);
    assert!(world.machine.is_finished());
}

#[test]
fn a_failed_first_start_is_rolled_back_newest_first_without_a_retry() {
    for exit in [ExitKind::Normal, ExitKind::Shutdown, ExitKind::Failed, ExitKind::Panicked] {
        let mut world = World::new(&[("a", policy()), ("b", policy()), ("c", policy()), ("d", policy())]);
        world.send(Event::Start);
        world.ready("a");
        world.ready("b");
        assert_eq!(world.exit("c", exit), ["drain b1 until 5000"]);
        assert_eq!(world.exit("b", ExitKind::Shutdown), ["drain a1 until 5000"]);
        assert_eq!(
            world.exit("a", ExitKind::Shutdown),
            [format!("the supervisor did not start: child `c` {exit} before it was ready")]
        );
        assert_eq!(world.machine.find("d").unwrap().incarnation().number(), 0);
        assert_eq!(world.machine.restarts(), 0);
    }
}

#[test]
fn a_first_start_that_takes_too_long_is_cancelled_and_rolled_back_when_it_is_gone() {
    let slow = ChildPolicy { start_timeout: ms(100), clean_up: ms(50), ..policy() };
    let mut world = World::new(&[("a", policy()), ("b", slow)]);
    world.send(Event::Start);
    world.now = 10;
    world.ready("a");
    assert_eq!(world.next_deadline(), Some(110));
    assert_eq!(world.at(109), NOTHING);
    assert_eq!(world.at(110), ["cancel b1 until 160"]);
    assert_eq!(world.ready("b"), NOTHING, "readiness comes too late");
    assert_eq!(world.exit("b", ExitKind::Cancelled), ["drain a1 until 5110"]);
    assert_eq!(
        world.exit("a", ExitKind::Normal),
        ["the supervisor did not start: child `b` was not ready within 100ms"]
    );
}

#[test]
fn a_child_that_was_up_and_crashes_during_the_first_start_is_restarted_beside_it() {
    let mut world = three();
    world.send(Event::Start);
    world.ready("a");
    assert_eq!(world.crash("a"), ["start a2"]);
    assert_eq!(world.crash("a"), ["start a3"], "a later start that fails is an attempt");
    assert_eq!(world.ready("b"), ["start c1"]);
    assert_eq!(world.ready("c"), ["all ready"]);
    assert_eq!(world.ready("a"), NOTHING);
    assert_eq!(world.machine.restarts(), 2);
}

#[test]
fn a_limit_broken_during_the_first_start_ends_it() {
    let mut world = World::limited(RestartLimit::new(0, ms(1)).unwrap(), &[("a", policy()), ("b", policy())]);
    world.send(Event::Start);
    world.ready("a");
    assert_eq!(world.crash("a"), ["cancel b1 until 5000"]);
    assert_eq!(
        world.exit("b", ExitKind::Cancelled),
        [
            "the supervisor gave up: child `a` panicked, and the supervisor's limit of 0 restarts in 1ms has no restart left"
        ]
    );
}

#[test]
fn a_shutdown_during_the_first_start_cancels_it_and_starts_nobody_else() {
    let mut world = three();
    world.send(Event::Start);
    world.ready("a");
    assert_eq!(world.send(SHUTDOWN), ["cancel b1 until 5000"]);
    assert_eq!(world.ready("b"), NOTHING);
    assert_eq!(world.exit("b", ExitKind::Cancelled), ["drain a1 until 5000"]);
    assert_eq!(world.exit("a", ExitKind::Shutdown), [SHUT_DOWN]);
    assert_eq!(world.machine.find("c").unwrap().incarnation().number(), 0);
}

#[test]
fn a_shutdown_before_the_start_finishes_at_once_and_for_good() {
    let mut world = three();
    assert_eq!(world.send(SHUTDOWN), [SHUT_DOWN]);
    assert_eq!(world.send(Event::Start), NOTHING);
    assert_eq!(world.send(SHUTDOWN), NOTHING);
    assert_eq!(world.send(Event::CancelAll { clean_up_until: None }), NOTHING);
}

#[test]
fn calls_wait_in_order_behind_the_first_start() {
    let mut world = World::new(&[("a", policy())]);
    assert_eq!(world.start_child("early", policy()), NOTHING);
    world.send(Event::Start);
    assert_eq!(world.start_child("b", policy()), NOTHING);
    assert_eq!(world.stop_child("a"), NOTHING);
    assert_eq!(
        world.ready("a"),
        ["all ready", "1: added early", "start early1", "2: added b", "start b1", "drain a1 until 5000"]
    );
    assert_eq!(world.ready("b"), ["2: started b1"]);
    assert_eq!(world.ready("early"), ["1: started early1"]);
}

#[test]
fn calls_that_wait_are_refused_when_the_first_start_fails() {
    let mut world = World::new(&[("a", policy())]);
    world.send(Event::Start);
    world.start_child("b", policy());
    assert_eq!(
        world.crash("a"),
        ["1: ShuttingDown", "the supervisor did not start: child `a` panicked before it was ready"]
    );
}

#[test]
fn a_child_without_a_name_of_its_own_or_without_time_to_start_is_refused() {
    let hasty = ChildPolicy { start_timeout: Duration::ZERO, ..policy() };
    let refused = |children: Vec<ChildSpec>| Machine::new(Config::default(), children).unwrap_err();
    let twice = refused(vec![ChildSpec::new("a", policy()), ChildSpec::new("a", policy())]);
    assert_eq!(twice, SpecError::DuplicateId { id: "a".into() });
    assert_eq!(
        refused(vec![ChildSpec::new("b", hasty)]).to_string(),
        "child `b` has a start timeout of 0s and could never be ready in time"
    );
}

#[test]
fn a_start_that_declines_keeps_the_slot_down_and_the_next_one_begins() {
    let mut world = World::new(&[("a", policy()), ("t", kind(Restart::Temporary)), ("c", policy())]);
    world.send(Event::Start);
    assert_eq!(world.decline("a"), ["start t1"]);
    assert_eq!(world.decline("t"), ["removed t", "start c1"]);
    assert_eq!(world.ready("c"), ["all ready"]);
    assert_eq!(world.state("a"), "down");
    assert_eq!(world.restart_child("a"), ["start a2"]);
    assert_eq!(world.decline("a"), ["1: declined"]);
}

#[test]
fn a_child_that_is_brought_and_declines_is_kept_unless_it_is_temporary() {
    let mut world = World::up(&[]);
    world.start_child("p", policy());
    assert_eq!(world.decline("p"), ["1: declined"]);
    world.start_child("t", kind(Restart::Temporary));
    assert_eq!(world.decline("t"), ["removed t", "2: declined"]);
    world.start_child("n", policy());
    world.ready("n");
    assert_eq!(world.machine.count_children(), Counts { specs: 2, active: 1, supervisors: 0, workers: 2 });
}

#[test]
fn a_restart_that_declines_is_not_tried_again() {
    let mut world = World::up(&[("a", policy())]);
    world.crash("a");
    assert_eq!(world.decline("a"), NOTHING);
    assert_eq!(world.state("a"), "down");
    assert_eq!(world.next_deadline(), None);
}

#[test]
fn whoever_has_said_that_it_is_ready_declines_too_late() {
    let silent = ChildPolicy { reports_ready: false, ..policy() };
    let mut world = World::up(&[("said", policy()), ("silent", silent)]);
    assert_eq!(world.decline("said"), ["start said2"], "a normal end of a permanent child");
    assert_eq!(world.decline("silent"), NOTHING, "its readiness was never its own word");
    assert_eq!(world.state("silent"), "down");
    world.ready("said");
    world.stop_child("said");
    assert_eq!(world.decline("said"), ["1: stopped"], "a stop is a stop");
}
