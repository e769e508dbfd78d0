//! Significant children, and the shutdown that their end brings about.

use super::*;

const NEVER: AutoShutdown = AutoShutdown::Never;
const ANY: AutoShutdown = AutoShutdown::AnySignificant;
const ALL: AutoShutdown = AutoShutdown::AllSignificant;

fn significant(restart: Restart) -> ChildPolicy {
    ChildPolicy { significant: true, ..kind(restart) }
}

fn up(auto_shutdown: AutoShutdown, children: &[(&str, ChildPolicy)]) -> World {
    World::up_with(Config { auto_shutdown, ..Config::default() }, children)
}

fn ended_by(id: &str) -> String {
    format!("the supervisor was shut down by the end of its significant child `{id}`")
}

#[test]
fn a_significant_child_that_never_ends_or_that_nobody_heeds_is_refused() {
    let refused =
        |policy, auto_shutdown| ChildSpec::new("x", policy).check(auto_shutdown).unwrap_err().to_string();
    assert!(refused(significant(Restart::Permanent), ANY).contains("`x` is significant and permanent"));
    for restart in [Restart::Transient, Restart::Temporary] {
        assert!(refused(significant(restart), NEVER).contains("auto-shutdown is `Never`"));
        ChildSpec::new("x", significant(restart)).check(ALL).unwrap();
    }
    let built = Machine::new(Config::default(), [ChildSpec::new("x", significant(Restart::Transient))]);
    assert_eq!(built.unwrap_err(), SpecError::SignificantUnheard { id: "x".into() });
    let mut world = up(NEVER, &[]);
    assert_eq!(world.start_child("x", significant(Restart::Temporary)), ["1: Refused"]);
}

#[test]
fn any_is_ended_by_the_first_that_is_not_brought_back() {
    let children =
        [("a", policy()), ("f", significant(Restart::Transient)), ("t", significant(Restart::Temporary))];
    let mut world = up(ANY, &children);
    assert_eq!(world.crash("f"), ["start f2"], "a transient one that fails comes back");
    world.ready("f");
    assert_eq!(world.exit("f", ExitKind::Normal), ["drain t1 until 5000"]);
    assert_eq!(world.gone(&["t", "a"]), ["removed t", "drain a1 until 5000", &ended_by("f")]);

    let mut world = up(ANY, &children);
    assert_eq!(world.crash("t"), ["removed t", "drain f1 until 5000"], "a temporary one ends in any way");
}

#[test]
fn all_is_ended_by_the_last_only() {
    let t = significant(Restart::Temporary);
    let mut world = up(ALL, &[("a", policy()), ("s", t), ("t", t), ("u", kind(Restart::Temporary))]);
    assert_eq!(world.crash("u"), ["removed u"], "not significant");
    assert_eq!(world.crash("s"), ["removed s"]);
    assert_eq!(world.crash("t"), ["removed t", "drain a1 until 5000"]);
    assert_eq!(world.exit("a", ExitKind::Normal), [ended_by("t")]);
}

#[test]
fn one_that_waits_for_its_restart_is_not_at_an_end() {
    let backoff = Backoff::new(ms(100), ms(1_000)).unwrap().jitter(false);
    let waits = ChildPolicy { backoff, ..significant(Restart::Transient) };
    let mut world = up(ALL, &[("w", waits), ("t", significant(Restart::Temporary))]);
    world.crash("w");
    world.crash("w");
    assert_eq!(world.state("w"), "waiting until 100 for attempt 2");
    assert_eq!(world.crash("t"), ["removed t"]);
    world.at(100);
    world.ready("w");
    assert_eq!(world.exit("w", ExitKind::Normal), [ended_by("w")]);
}

#[test]
fn a_stop_by_hand_does_not_count() {
    for auto_shutdown in [ANY, ALL] {
        for restart in [Restart::Transient, Restart::Temporary] {
            let mut world = up(auto_shutdown, &[("s", significant(restart))]);
            world.stop_child("s");
            world.exit("s", ExitKind::Normal);
            assert!(!world.machine.is_ending(), "{auto_shutdown:?} {restart:?}");
        }
    }
}

#[test]
fn one_that_uses_up_its_own_limit_and_stays_down_has_ended() {
    let limit = Some(RestartLimit::new(0, ms(1)).unwrap());
    let spent = ChildPolicy { limit, exhausted: Exhausted::StayDown, ..significant(Restart::Transient) };
    let mut world = up(ANY, &[("s", spent)]);
    assert_eq!(world.crash("s"), [ended_by("s")]);
}

#[test]
fn one_that_declines_has_not_ended() {
    let mut world = World::configured(
        Config { auto_shutdown: ANY, ..Config::default() },
        &[("s", significant(Restart::Transient))],
    );
    world.send(Event::Start);
    assert_eq!(world.decline("s"), ["all ready"]);
}

#[test]
fn siblings_that_a_strategy_stops_do_not_count() {
    for (strategy, stopped) in [(Strategy::OneForAll, vec!["t", "f"]), (Strategy::RestForOne, vec!["t"])] {
        for auto_shutdown in [ANY, ALL] {
            let (f, t) = (significant(Restart::Transient), significant(Restart::Temporary));
            let config = Config { strategy, auto_shutdown, ..Config::default() };
            let mut world = World::up_with(config, &[("f", f), ("m", policy()), ("t", t)]);
            world.crash("m");
            world.gone(&stopped);
            world.ready("f");
            world.ready("m");
            assert!(!world.machine.is_ending(), "{strategy:?} {auto_shutdown:?}");
            assert_eq!(world.state("t"), "gone");
        }
    }
}

#[test]
fn where_a_restart_of_several_takes_the_last_significant_child_the_supervisor_ends_with_it() {
    for auto_shutdown in [ANY, ALL] {
        let config = Config { strategy: Strategy::OneForAll, auto_shutdown, ..Config::default() };
        let mut world = World::up_with(config, &[("m", policy()), ("t", significant(Restart::Temporary))]);
        world.crash("m");
        assert_eq!(world.exit("t", ExitKind::Normal), ["removed t", &ended_by("t")], "{auto_shutdown:?}");
    }
}

#[test]
fn an_end_during_the_first_start_counts_when_it_is_over() {
    let f = significant(Restart::Transient);
    let config = Config { auto_shutdown: ALL, ..Config::default() };
    let mut world = World::configured(config, &[("f", f), ("g", f)]);
    world.send(Event::Start);
    world.ready("f");
    assert_eq!(world.exit("f", ExitKind::Normal), NOTHING, "g is about to start");
    assert_eq!(world.ready("g"), ["all ready"]);
    assert_eq!(world.exit("g", ExitKind::Normal), [ended_by("g")]);
}

#[test]
fn an_end_before_the_range_of_a_restart_that_is_called_off_counts_all_the_same() {
    let backoff = Backoff::new(ms(100), ms(100)).unwrap().jitter(false);
    let m = ChildPolicy { backoff, ..policy() };
    let config = Config { strategy: Strategy::RestForOne, auto_shutdown: ALL, ..Config::default() };
    let mut world = World::up_with(config, &[("s", significant(Restart::Transient)), ("m", m)]);
    world.crash("m");
    world.ready("m");
    world.crash("m");
    assert_eq!(world.state("m"), "waiting until 100 for attempt 2");
    assert_eq!(world.exit("s", ExitKind::Normal), NOTHING, "m might bring others back");
    assert_eq!(world.stop_child("m"), ["1: stopped", &ended_by("s")]);
}

#[test]
fn a_stop_that_calls_off_a_restart_of_several_is_no_end_of_the_last() {
    let backoff = Backoff::new(ms(100), ms(100)).unwrap().jitter(false);
    let m = ChildPolicy { backoff, ..significant(Restart::Transient) };
    let config = Config { strategy: Strategy::RestForOne, auto_shutdown: ALL, ..Config::default() };
    let mut world =
        World::up_with(config, &[("s", significant(Restart::Transient)), ("m", m), ("z", policy())]);
    world.crash("m");
    world.exit("s", ExitKind::Normal);
    assert_eq!(world.stop_child("m"), ["1: stopped"]);
    world.exit("z", ExitKind::Normal);
    assert!(!world.machine.is_ending());
}
