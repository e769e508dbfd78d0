//! A shutdown that must be over at a certain time.

use super::*;

impl World {
    fn shut_down_by(&mut self, deadline: u64) -> Vec<String> {
        let deadline = Some(self.origin + ms(deadline));
        self.send(Event::Shutdown { deadline })
    }
}

fn times(drain: u64, clean_up: u64) -> ChildPolicy {
    ChildPolicy { shutdown: Shutdown::After(ms(drain)), clean_up: ms(clean_up), ..policy() }
}

#[test]
fn a_child_has_its_own_times_as_long_as_they_fit() {
    let mut world = World::up(&[("a", times(1_000, 500)), ("b", times(1_000, 500))]);
    assert_eq!(world.shut_down_by(10_000), ["drain b1 until 1000"]);
    assert_eq!(world.at(1_000), ["cancel b1 until 1500"]);
    assert_eq!(world.exit("b", ExitKind::Cancelled), ["drain a1 until 2000"]);
}

#[test]
fn a_drain_leaves_the_clean_up_its_time_or_half_of_what_is_left() {
    for (clean_up, drained) in [(1_000, 3_000), (2_000, 2_000), (60_000, 2_000)] {
        let mut world = World::up(&[("a", times(60_000, clean_up))]);
        assert_eq!(world.shut_down_by(4_000), [format!("drain a1 until {drained}")], "{clean_up}");
        assert_eq!(world.at(drained), ["cancel a1 until 4000"]);
        assert_eq!(world.at(4_000), ["abort a1"]);
    }
}

#[test]
fn one_that_would_wait_for_ever_waits_no_longer_than_that() {
    let mut world = World::up(&[("a", ChildPolicy { shutdown: Shutdown::Wait, ..policy() })]);
    assert_eq!(world.shut_down_by(20_000), ["drain a1 until 15000"]);
}

#[test]
fn what_the_deadline_finds_is_aborted_at_once_and_the_supervisor_ends() {
    let mut world = World::up(&[("a", policy()), ("b", policy()), ("c", times(60_000, 60_000))]);
    assert_eq!(world.shut_down_by(1_000), ["drain c1 until 500"]);
    assert_eq!(world.at(500), ["cancel c1 until 1000"]);
    assert_eq!(world.next_deadline(), Some(1_000));
    assert_eq!(world.at(1_000), ["abort c1", "abort b1", "abort a1"]);
    assert_eq!(world.gone(&["c", "a"]), NOTHING);
    assert_eq!(world.exit("b", ExitKind::Aborted), [SHUT_DOWN]);
}

#[test]
fn a_deadline_may_come_nearer_and_not_move_away() {
    let mut world = World::up(&[("a", times(60_000, 1_000)), ("b", policy())]);
    world.stop_child("a");
    assert_eq!(world.shut_down_by(10_000), ["drain b1 until 5000"]);
    assert_eq!(world.state("a"), "draining until 9000", "what is being stopped already keeps it too");
    assert_eq!(world.shut_down_by(20_000), NOTHING);
    assert_eq!(world.next_deadline(), Some(5_000));
    assert_eq!(world.shut_down_by(4_000), NOTHING);
    assert_eq!([world.state("a"), world.state("b")], ["draining until 3000", "draining until 2000"]);
}

#[test]
fn a_deadline_that_is_past_aborts_all_and_answers_what_was_being_started() {
    let mut world = World::up(&[("a", policy())]);
    world.start_child("b", policy());
    world.now = 10;
    assert_eq!(world.shut_down_by(0), ["1: ShuttingDown", "cancel b1 until 0"]);
    assert_eq!(world.at(10), ["abort b1", "abort a1"]);
}

#[test]
fn the_supervisors_among_the_children_are_told_when_all_must_be_over() {
    let told = |world: &mut World, deadline: Option<u64>| {
        let (mut actions, origin) = (Vec::new(), world.origin);
        let event = Event::Shutdown { deadline: deadline.map(|at| origin + ms(at)) };
        world.machine.handle(event, origin, &mut actions);
        let Some(Action::Drain { until, deadline, .. }) = actions.pop() else { panic!("{actions:?}") };
        [until, deadline].map(|at| at.map(|at| world.ms_of(at)))
    };
    let nested = ChildPolicy { kind: ChildKind::Supervisor, shutdown: Shutdown::Wait, ..policy() };
    assert_eq!(told(&mut World::up(&[("n", nested)]), None), [None, None]);
    assert_eq!(told(&mut World::up(&[("n", nested)]), Some(20_000)), [Some(20_000), Some(20_000)]);
    assert_eq!(told(&mut World::up(&[("n", times(100, 200))]), None), [Some(100), Some(300)]);
    assert_eq!(told(&mut World::up(&[("n", times(100, 200))]), Some(20_000)), [Some(100), Some(300)]);
}

#[test]
fn together_all_share_the_whole_time() {
    let config = Config { stop_order: StopOrder::Together, ..Config::default() };
    let mut world = World::up_with(config, &[("a", times(300, 100)), ("b", times(100, 100))]);
    assert_eq!(world.shut_down_by(1_000), ["drain b1 until 100", "drain a1 until 300"]);
    assert_eq!(world.at(100), ["cancel b1 until 200"]);
    assert_eq!(world.gone(&["b", "a"]), [SHUT_DOWN]);
}
