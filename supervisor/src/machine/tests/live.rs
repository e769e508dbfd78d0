//! Reconfiguration while children run.

use super::*;

const NEVER: AutoShutdown = AutoShutdown::Never;
const ANY: AutoShutdown = AutoShutdown::AnySignificant;
const ALL: AutoShutdown = AutoShutdown::AllSignificant;

fn significant(on: bool) -> ChildPolicy {
    ChildPolicy { significant: on, ..kind(Restart::Transient) }
}

impl World {
    fn switch(&mut self, auto_shutdown: AutoShutdown) -> Vec<String> {
        let config = Config { auto_shutdown, ..*self.machine.config() };
        self.call(Request::Reconfigure(config))
    }

    fn reconfigure(&mut self, id: &str, policy: ChildPolicy) -> Vec<String> {
        self.call(Request::ReconfigureChild(ChildSpec::new(id, policy)))
    }
}

fn up(auto_shutdown: AutoShutdown, children: &[(&str, ChildPolicy)]) -> World {
    World::up_with(Config { auto_shutdown, ..Config::default() }, children)
}

#[test]
fn after_a_switch_from_never_significant_children_are_taken_and_count() {
    for auto_shutdown in [ANY, ALL] {
        let mut world = up(NEVER, &[]);
        assert_eq!(world.start_child("s", significant(true)), ["1: Refused"]);
        assert_eq!(world.switch(auto_shutdown), ["2: reconfigured"]);
        world.start_child("s", significant(true));
        world.ready("s");
        world.exit("s", ExitKind::Normal);
        assert!(world.machine.is_finished(), "{auto_shutdown:?}");
    }
}

#[test]
fn after_a_switch_to_never_children_stay_and_their_end_counts_no_more() {
    for auto_shutdown in [ANY, ALL] {
        let mut world = up(auto_shutdown, &[("s", significant(true))]);
        assert_eq!(world.switch(NEVER), ["1: reconfigured"]);
        assert_eq!(world.state("s"), "running since 0");
        assert_eq!(world.start_child("t", significant(true)), ["2: Refused"]);
        assert_eq!(world.exit("s", ExitKind::Normal), NOTHING);
        assert_eq!(world.restart_child("s"), ["start s2"]);
    }
}

#[test]
fn after_a_switch_from_all_to_any_the_first_end_counts() {
    let mut world = up(ALL, &[("s", significant(true)), ("t", significant(true)), ("u", significant(true))]);
    assert_eq!(world.exit("s", ExitKind::Normal), NOTHING);
    world.switch(ANY);
    assert_eq!(world.exit("t", ExitKind::Normal), ["drain u1 until 5000"]);
}

#[test]
fn one_childs_significance_can_be_turned_on_and_off() {
    let mut world = up(NEVER, &[("s", significant(false))]);
    assert_eq!(world.reconfigure("s", significant(true)), ["1: Refused"]);
    world.switch(ANY);
    assert_eq!(world.reconfigure("s", significant(true)), ["3: reconfigured"]);
    assert_eq!(world.reconfigure("s", significant(false)), ["4: reconfigured"]);
    assert_eq!(world.exit("s", ExitKind::Normal), NOTHING);
    world.reconfigure("s", significant(true));
    world.restart_child("s");
    world.ready("s");
    world.exit("s", ExitKind::Normal);
    assert!(world.machine.is_finished());
    assert_eq!(world.reconfigure("s", significant(true)), ["7: ShuttingDown"]);
}

#[test]
fn another_policy_holds_from_the_next_decision_on() {
    let mut world = World::up(&[("a", policy())]);
    assert_eq!(world.reconfigure("ghost", policy()), ["1: NotFound"]);
    assert_eq!(world.reconfigure("a", ChildPolicy { start_timeout: ms(0), ..policy() }), ["2: Refused"]);
    let quick = ChildPolicy { shutdown: Shutdown::After(ms(7)), ..kind(Restart::Transient) };
    assert_eq!(world.reconfigure("a", quick), ["3: reconfigured"]);
    assert_eq!(world.exit("a", ExitKind::Normal), NOTHING, "transient from now on");
    world.restart_child("a");
    world.ready("a");
    assert_eq!(world.stop_child("a"), ["drain a2 until 7"]);
}

#[test]
fn another_limit_counts_what_was() {
    let mut world = World::up(&[("a", policy())]);
    let limit = |intensity| RestartLimit::new(intensity, ms(60_000)).unwrap();
    let config = Config { limit: limit(2), ..*world.machine.config() };
    world.call(Request::Reconfigure(config));
    world.crash("a");
    world.crash("a");
    world.call(Request::Reconfigure(Config { limit: limit(3), ..config }));
    assert_eq!(world.crash("a"), ["start a4"]);
    assert!(world.crash("a")[0].starts_with("the supervisor gave up"));
}

#[test]
fn another_strategy_holds_from_the_next_failure_on() {
    let mut world = World::grouped(Strategy::OneForAll, &["a", "b", "c"]);
    world.crash("c");
    let config = Config { strategy: Strategy::OneForOne, ..*world.machine.config() };
    assert_eq!(world.call(Request::Reconfigure(config)), ["1: reconfigured"]);
    assert_eq!(world.gone(&["b", "a"]), ["drain a1 until 5000", "start a2"], "the group ends as it began");
    for id in ["a", "b", "c"] {
        world.ready(id);
    }
    assert_eq!(world.crash("c"), ["start c3"]);
}

#[test]
fn another_time_to_become_ready_is_that_of_the_next_start() {
    let mut world = World::up(&[]);
    world.start_child("a", ChildPolicy { start_timeout: ms(100), ..policy() });
    world.reconfigure("a", ChildPolicy { start_timeout: ms(900), ..policy() });
    assert_eq!(world.at(100), ["cancel a1 until 5100"]);
    world.exit("a", ExitKind::Normal);
    assert!(
        world.reports.iter().all(|report| report.contains("not ready within 100ms")),
        "{:?}",
        world.reports
    );
}

#[test]
fn what_went_while_it_was_heard_does_not_count_once_it_is_heard_no_more() {
    let temporary = ChildPolicy { significant: true, ..kind(Restart::Temporary) };
    let config = Config { strategy: Strategy::OneForAll, auto_shutdown: ALL, ..Config::default() };
    let mut world = World::up_with(config, &[("a", policy()), ("m", policy()), ("t", temporary)]);
    world.crash("m");
    assert_eq!(world.exit("t", ExitKind::Normal), ["removed t", "drain a1 until 5000"]);
    world.switch(NEVER);
    assert_eq!(world.exit("a", ExitKind::Normal), ["start a2"]);
}
