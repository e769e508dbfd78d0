//! Dynamic supervisors.

use super::*;

impl World {
    fn dynamic(policy: ChildPolicy, max_children: Option<usize>) -> Self {
        let limit = RestartLimit::new(u32::MAX, ms(1)).unwrap();
        let mut world =
            Self::of(Machine::dynamic(Config { limit, ..Config::default() }, policy, max_children).unwrap());
        assert_eq!(world.send(Event::Start), ["all ready"]);
        world
    }

    fn start_one(&mut self) -> Vec<String> {
        self.call(Request::StartDynamic)
    }

    fn stop_one(&mut self, id: &str) -> Vec<String> {
        let slot = self.machine.find(id).map_or(SlotKey(99), Slot::key);
        self.call(Request::StopDynamic(slot))
    }

    /// Brings so many children up.
    fn populated(policy: ChildPolicy, count: u64) -> Self {
        let mut world = Self::dynamic(policy, None);
        for n in 0..count {
            world.start_one();
            world.ready(&n.to_string());
        }
        world
    }
}

#[test]
fn children_are_brought_one_by_one_and_told_apart_by_their_slots() {
    let mut world = World::dynamic(policy(), None);
    assert_eq!(world.start_one(), ["1: added 0", "start 01"]);
    assert_eq!(world.start_one(), ["2: added 1", "start 11"]);
    assert_eq!(world.ready("1"), ["2: started 11"]);
    assert_eq!(world.ready("0"), ["1: started 01"]);
    assert_eq!(world.crash("0"), ["start 02"], "each is restarted by itself");
    assert_eq!(world.stop_one("1"), ["drain 11 until 5000"]);
    assert_eq!(world.exit("1", ExitKind::Normal), ["removed 1", "3: stopped"]);
    assert_eq!(world.stop_one("1"), ["4: NoSuchSlot"]);
}

#[test]
fn a_child_that_is_not_brought_back_leaves_no_slot() {
    let mut world = World::populated(kind(Restart::Transient), 2);
    assert_eq!(world.exit("0", ExitKind::Normal), ["removed 0"]);
    world.crash("1");
    assert_eq!(world.decline("1"), ["removed 1"], "a restart that declines");
    world.start_one();
    assert_eq!(world.decline("2"), ["removed 2", "3: declined"]);
    world.start_one();
    assert_eq!(world.crash("3"), ["removed 3", "4: StartFailed"]);
    assert_eq!(world.machine.slots().len(), 0);
}

#[test]
fn one_that_waits_for_its_restart_takes_a_place_and_can_be_stopped() {
    let backoff = Backoff::new(ms(100), ms(1_000)).unwrap().jitter(false);
    let mut world = World::dynamic(ChildPolicy { backoff, ..policy() }, Some(1));
    world.start_one();
    world.ready("0");
    world.crash("0");
    world.crash("0");
    assert_eq!(world.start_one(), ["2: TooManyChildren"]);
    assert_eq!(world.machine.count_children(), Counts { specs: 1, active: 0, supervisors: 0, workers: 1 });
    assert_eq!(world.stop_one("0"), ["removed 0", "3: stopped"]);
    assert_eq!(world.start_one(), ["4: added 1", "start 11"]);
}

#[test]
fn all_are_stopped_at_once_with_one_timer_for_each_budget() {
    let mut world = World::populated(ChildPolicy { shutdown: Shutdown::After(ms(2_000)), ..policy() }, 3);
    assert_eq!(world.shut_down(), ["drain 21 until 2000", "drain 11 until 2000", "drain 01 until 2000"]);
    world.now = 1_000;
    assert_eq!(world.gone(&["0", "2"]), ["removed 0", "removed 2"]);
    assert_eq!(world.at(2_000), ["cancel 11 until 7000"]);
    assert_eq!(world.exit("1", ExitKind::Cancelled), ["removed 1", SHUT_DOWN]);
}

#[test]
fn calls_of_the_wrong_kind_are_refused() {
    let mut world = World::populated(policy(), 1);
    for answer in [
        world.start_child("x", policy()),
        world.stop_child("0"),
        world.restart_child("0"),
        world.delete_child("0"),
        world.call(Request::ReconfigureChild(ChildSpec::new("0", policy()))),
    ] {
        assert!(answer.len() == 1 && answer[0].ends_with(": Dynamic"), "{answer:?}");
    }
    let mut world = World::up(&[("a", policy())]);
    assert_eq!(world.start_one(), ["1: NotDynamic"]);
    assert_eq!(world.stop_one("a"), ["2: NotDynamic"]);
    assert_eq!(world.call(Request::ReplaceTemplate(policy())), ["3: NotDynamic"]);
}

#[test]
fn what_presumes_an_order_or_an_end_is_refused() {
    let strategy = Config { strategy: Strategy::RestForOne, ..Config::default() };
    let refused = |config, policy| Machine::dynamic(config, policy, None).unwrap_err();
    assert_eq!(refused(strategy, policy()), SpecError::DynamicStrategy { strategy: Strategy::RestForOne });
    for auto_shutdown in [AutoShutdown::AnySignificant, AutoShutdown::AllSignificant] {
        let config = Config { auto_shutdown, ..Config::default() };
        assert_eq!(refused(config, policy()), SpecError::DynamicAutoShutdown { auto_shutdown });
        let mut world = World::dynamic(policy(), None);
        assert_eq!(world.call(Request::Reconfigure(config)), ["1: Refused"]);
    }
    let significant = ChildPolicy { significant: true, ..kind(Restart::Temporary) };
    assert!(matches!(refused(Config::default(), significant), SpecError::SignificantUnheard { .. }));
}

#[test]
fn a_new_template_is_that_of_later_children() {
    let mut world = World::populated(policy(), 1);
    assert_eq!(world.call(Request::ReplaceTemplate(kind(Restart::Temporary))), ["2: reconfigured"]);
    let unready = ChildPolicy { start_timeout: ms(0), ..policy() };
    assert_eq!(world.call(Request::ReplaceTemplate(unready)), ["3: Refused"]);
    world.start_one();
    world.ready("1");
    assert_eq!(world.crash("1"), ["removed 1"]);
    assert_eq!(world.crash("0"), ["start 02"]);
}

#[test]
fn children_that_are_tried_again_are_counted_and_not_active() {
    let mut world = World::populated(policy(), 3);
    assert_eq!(world.machine.count_children(), Counts { specs: 1, active: 3, supervisors: 0, workers: 3 });
    world.crash("0");
    world.crash("1");
    assert_eq!(world.machine.count_children(), Counts { specs: 1, active: 1, supervisors: 0, workers: 3 });
}
