//! What the judgement of an exit changes, and what happens when a child's own limit is used up.

use super::*;

#[test]
fn a_child_may_be_left_down_though_it_is_permanent_and_restarted_though_it_is_temporary() {
    let mut world = World::up(&[("p", policy()), ("t", kind(Restart::Temporary))]);
    assert_eq!(world.judged("p", ExitKind::Panicked, Directive::Stop), NOTHING);
    assert_eq!(world.state("p"), "down");
    assert_eq!(world.judged("t", ExitKind::Normal, Directive::Restart), ["start t2"]);
    world.ready("t");
    assert_eq!(world.judged("t", ExitKind::Normal, Directive::Stop), ["removed t"]);
}

#[test]
fn a_restart_that_is_asked_for_is_counted_like_any_other() {
    let limit = RestartLimit::new(1, ms(1_000)).unwrap();
    let mut world = World::limited(limit, &[("t", kind(Restart::Transient))]);
    world.start_all();
    assert_eq!(world.judged("t", ExitKind::Normal, Directive::Restart), ["start t2"]);
    world.ready("t");
    assert!(world.judged("t", ExitKind::Normal, Directive::Restart)[0].starts_with("the supervisor gave up"));
}

#[test]
fn an_escalated_failure_fails_the_supervisor_in_good_order() {
    let mut world = World::up(&[("a", policy()), ("b", kind(Restart::Temporary))]);
    assert_eq!(world.judged("b", ExitKind::Failed, Directive::Escalate), ["drain a1 until 5000"]);
    assert_eq!(world.exit("a", ExitKind::Normal), ["the supervisor failed with its child `b`, which failed"]);
    assert_eq!(world.machine.restarts(), 0);
}

#[test]
fn an_attempt_to_start_may_be_judged_too_but_not_a_first_start() {
    let mut world = World::up(&[("a", policy())]);
    world.crash("a");
    assert_eq!(world.judged("a", ExitKind::Failed, Directive::Stop), NOTHING);
    assert_eq!(world.state("a"), "down");

    let mut world = World::new(&[("a", policy())]);
    world.send(Event::Start);
    assert!(world.judged("a", ExitKind::Failed, Directive::Restart)[0].contains("did not start"));
}

#[test]
fn a_judgement_of_a_stop_is_without_effect() {
    let mut world = World::up(&[("a", policy())]);
    world.stop_child("a");
    assert_eq!(world.judged("a", ExitKind::Failed, Directive::Escalate), ["1: stopped"]);
    assert_eq!(world.state("a"), "down");
}

#[test]
fn a_child_that_has_used_up_its_own_limit_may_stay_down_alone() {
    let limit = Some(RestartLimit::new(1, ms(1_000)).unwrap());
    let windowed = ChildPolicy { limit, exhausted: Exhausted::StayDown, ..policy() };
    let consecutive = ChildPolicy { limit: None, max_consecutive: Some(1), ..windowed };
    for policy in [windowed, consecutive] {
        let mut world = World::up(&[("a", policy), ("b", policy)]);
        world.crash("a");
        assert_eq!(world.crash("a"), NOTHING);
        assert_eq!(["a", "b"].map(|id| world.state(id)), ["down", "running since 0"]);
        assert!(
            world.reports.last().unwrap().contains("it stays down, for the child's limit"),
            "{:?}",
            world.reports
        );
        assert_eq!(world.restart_child("a"), ["start a3"], "by hand it may be started");
    }
}

#[test]
fn a_group_goes_on_without_a_child_that_has_used_up_its_limit() {
    let limit = Some(RestartLimit::new(0, ms(1_000)).unwrap());
    let spent = ChildPolicy { limit, exhausted: Exhausted::StayDown, ..policy() };
    let config = Config { strategy: Strategy::OneForAll, ..Config::default() };
    let mut world = World::up_with(config, &[("a", policy()), ("b", spent), ("c", policy())]);
    world.crash("a");
    world.gone(&["c", "b"]);
    world.ready("a");
    assert_eq!(world.crash("b"), ["start c2"]);
    assert_eq!(world.ready("c"), NOTHING);
    assert_eq!(world.state("b"), "down");
}

#[test]
fn the_supervisors_own_limit_is_never_the_childs_to_ignore() {
    let stays = ChildPolicy { exhausted: Exhausted::StayDown, ..policy() };
    let mut world = World::limited(RestartLimit::new(0, ms(1)).unwrap(), &[("a", stays)]);
    world.start_all();
    assert!(world.crash("a")[0].starts_with("the supervisor gave up"));
}
