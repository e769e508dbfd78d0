//! The lease's machine: its table of transitions, what it promises by hand, and random lives.

mod lives;
mod model;
mod transitions;

use super::*;
use crate::fault::with_fault;

/// Ten seconds to live: valid for 9,898 ms, renewed after 3,333, answers within 1,667, released within 3,333.
const TTL: Duration = Duration::from_secs(10);

fn at(ms: u64) -> Moment {
    Moment::after_begin(Duration::from_millis(ms))
}

fn machine() -> Machine {
    Machine::new(LeaseTimes::new(TTL).checked().unwrap())
}

/// A machine that holds its lease, by a request that was sent at 0 and answered at `answered`.
fn holder(answered: u64) -> Machine {
    let mut machine = machine();
    let request = machine.handle(Event::Acquire { once: false }, at(0), 0).unwrap();
    machine.answer_to(request, Reply::Granted(Fence::new(7)), answered);
    machine
}

impl Machine {
    fn answer_to(&mut self, request: Request, reply: Reply, ms: u64) -> Option<Request> {
        self.handle(Event::Answer { number: request.number, reply }, at(ms), 0)
    }

    fn timer_at(&mut self, ms: u64) -> Option<Request> {
        self.handle(Event::Timer, at(ms), 0)
    }

    /// The request that is sent at this time, which there must be.
    fn asks(&mut self, ask: Ask, ms: u64) -> Request {
        let request = self.timer_at(ms).expect("a request is due");
        assert_eq!((request.ask, request.sent), (ask, at(ms)));
        request
    }

    fn is_held(&self, ms: u64) -> bool {
        matches!(self.state(at(ms)), LeaseState::Held { .. })
    }

    fn is_suspect(&self, ms: u64) -> bool {
        matches!(self.state(at(ms)), LeaseState::Suspect { .. })
    }
}

fn stranger() -> Holding {
    let name = crate::store::LeaseName::new("oak").unwrap();
    let (age, remaining) = (Duration::from_secs(1), Duration::from_secs(4));
    Holding { name, owner: "another".to_owned(), fence: Fence::new(9), age, remaining }
}

/// A reply that came back after 4 s leaves 4 s less.
fn counts_from_when_the_request_was_sent() {
    let machine = holder(4_000);
    assert!(machine.is_held(9_897));
    assert!(!machine.is_held(9_898));
}

#[test]
fn a_lease_is_valid_from_when_its_request_was_sent() {
    counts_from_when_the_request_was_sent();
}

#[test]
fn a_deadline_that_counts_from_the_reply_is_found() {
    let found = with_fault("the_deadline_counts_from_the_reply", counts_from_when_the_request_was_sent);
    assert_eq!(found, None);
}

#[test]
fn a_grant_that_took_longer_than_it_is_valid_is_suspect_and_renewed_at_once() {
    let mut machine = machine();
    let request = machine.handle(Event::Acquire { once: false }, at(0), 0).unwrap();
    let next = machine.answer_to(request, Reply::Granted(Fence::new(7)), 9_900);
    assert_eq!(next.map(|request| request.ask), Some(Ask::Extend));
    assert!(machine.is_suspect(9_900));
}

#[test]
fn a_renewal_is_sent_after_a_third_and_counts_from_when_it_was() {
    let mut machine = holder(10);
    assert_eq!(machine.due(at(10)), Some(at(0) + TTL / 3));
    assert_eq!(machine.timer_at(3_000), None);
    let renewal = machine.asks(Ask::Extend, 3_334);
    machine.answer_to(renewal, Reply::Confirmed(Fence::new(7)), 4_000);
    assert!(machine.is_held(3_334 + 9_897));
    assert!(machine.is_suspect(3_334 + 9_898));
}

#[test]
fn a_state_is_computed_although_no_timer_has_fired() {
    let machine = holder(10);
    assert!(machine.is_held(9_000));
    assert!(machine.is_suspect(12_000));
    let lost = LeaseState::Lost { fence: Fence::new(7), why: LossReason::NotConfirmed };
    assert_eq!(machine.state(at(19_898)), lost);
}

#[test]
fn a_late_confirmation_makes_a_suspect_lease_held_again() {
    let mut machine = holder(10);
    let lost = machine.asks(Ask::Extend, 9_000);
    let late = machine.answer_to(lost, Reply::Failed(StoreErrorKind::Unknown), 10_000).unwrap();
    assert!(machine.is_suspect(10_000));
    assert!(machine.is_suspect(11_000));
    machine.answer_to(late, Reply::Confirmed(Fence::new(7)), 11_500);
    assert!(machine.is_held(11_500));
}

#[test]
fn a_confirmation_that_took_longer_than_it_is_valid_leaves_the_lease_suspect() {
    let mut machine = holder(10);
    let slow = machine.asks(Ask::Extend, 4_000);
    machine.answer_to(slow, Reply::Confirmed(Fence::new(7)), 13_900);
    assert!(machine.is_suspect(13_900));
}

#[test]
fn a_lease_that_was_said_to_be_lost_stays_so_although_its_confirmation_comes_before_any_timer() {
    let mut machine = holder(0);
    let slow = machine.asks(Ask::Extend, 19_000);
    let lost = LeaseState::Lost { fence: Fence::new(7), why: LossReason::NotConfirmed };
    assert_eq!(machine.state(at(19_900)), lost);
    machine.answer_to(slow, Reply::Confirmed(Fence::new(7)), 19_900);
    assert_eq!(machine.state(at(19_900)), lost);
}

#[test]
fn who_waits_for_a_lease_without_end_looks_again_after_its_own_time_to_live() {
    let mut machine = machine();
    let request = machine.handle(Event::Acquire { once: false }, at(0), 0).unwrap();
    let endless = Holding { remaining: Duration::MAX, ..stranger() };
    let wait = machine.answer_to(request, Reply::Taken(endless), 10).unwrap();
    assert_eq!(wait.ask, Ask::UntilFree(TTL));
}

#[test]
fn a_lease_that_nobody_ever_ends_is_waited_for() {
    let mut machine = Machine::new(LeaseTimes::new(Duration::MAX).checked().unwrap());
    let request = machine.handle(Event::Acquire { once: false }, at(0), 0).unwrap();
    let endless = Holding { remaining: Duration::MAX, ..stranger() };
    let wait = machine.answer_to(request, Reply::Taken(endless), 10).unwrap();
    assert_eq!((wait.ask, wait.within), (Ask::UntilFree(Duration::MAX), Duration::MAX));
}

#[test]
fn errors_are_borne_until_the_lease_may_be_suspect_no_longer() {
    for kind in [StoreErrorKind::NotSent, StoreErrorKind::Refused, StoreErrorKind::Unknown] {
        let mut machine = holder(0);
        let mut now = 3_400;
        while !matches!(machine.state(at(now)), LeaseState::Lost { .. }) {
            if let Some(request) = machine.timer_at(now) {
                machine.answer_to(request, Reply::Failed(kind), now);
            }
            now += 50;
        }
        assert!((19_898..19_998).contains(&now), "{now}");
    }
}

#[test]
fn who_has_unfenced_effects_loses_what_is_not_confirmed_in_time_and_earlier_by_its_clean_up() {
    let effects = Effects::Unfenced { clean_up: Duration::from_secs(2) };
    let mut machine = Machine::new(LeaseTimes::new(TTL).effects(effects).checked().unwrap());
    let request = machine.handle(Event::Acquire { once: false }, at(0), 0).unwrap();
    machine.answer_to(request, Reply::Granted(Fence::new(7)), 0);
    assert!(machine.is_held(7_897));
    let lost = LeaseState::Lost { fence: Fence::new(7), why: LossReason::Unfenced };
    assert_eq!(machine.state(at(7_898)), lost);
}

#[test]
fn an_acquire_that_is_under_way_is_waited_for_before_it_is_released() {
    let mut machine = machine();
    let request = machine.handle(Event::Acquire { once: false }, at(0), 0).unwrap();
    assert_eq!(machine.handle(Event::Release, at(10), 0), None);
    let release = machine.answer_to(request, Reply::Granted(Fence::new(7)), 20).unwrap();
    assert_eq!(release.ask, Ask::Release);
    machine.answer_to(release, Reply::Released, 30);
    assert_eq!(machine.state(at(30)), LeaseState::Released { confirmed: true });
}

#[test]
fn an_acquire_whose_reply_was_lost_is_released_even_where_somebody_else_has_the_lease() {
    let mut machine = machine();
    let request = machine.handle(Event::Acquire { once: true }, at(0), 0).unwrap();
    let again = machine.answer_to(request, Reply::Failed(StoreErrorKind::Unknown), 1_000).unwrap();
    machine.answer_to(again, Reply::Taken(stranger()), 1_010);
    let release = machine.handle(Event::Release, at(1_010), 0).unwrap();
    assert_eq!(release.ask, Ask::Release);
}

#[test]
fn a_release_is_tried_for_its_time_and_then_left_to_the_time_to_live() {
    let mut machine = holder(0);
    let mut request = machine.handle(Event::Release, at(1_000), 0);
    let mut now = 1_000;
    let mut requests = 0;
    while !matches!(machine.state(at(now)), LeaseState::Released { .. }) {
        now += 50;
        request = match request {
            Some(request) => {
                requests += 1;
                machine.answer_to(request, Reply::Failed(StoreErrorKind::NotSent), now)
            }
            None => machine.timer_at(now),
        };
    }
    assert_eq!(machine.state(at(now)), LeaseState::Released { confirmed: false });
    assert!((4_333..4_600).contains(&now), "{now}");
    assert!(requests > 3, "{requests}");
}

#[test]
fn what_was_lost_to_another_is_not_released() {
    let mut machine = holder(0);
    let renewal = machine.asks(Ask::Extend, 3_400);
    machine.answer_to(renewal, Reply::Gone(Some(stranger())), 3_410);
    assert_eq!(machine.handle(Event::Release, at(3_420), 0), None);
    assert_eq!(machine.state(at(3_420)), LeaseState::Released { confirmed: true });
}

#[test]
fn a_store_that_has_answered_again_is_asked_again_at_once_when_it_next_fails() {
    let mut machine = holder(0);
    for renewal in [3_400, 7_000] {
        let request = machine.asks(Ask::Extend, renewal);
        let failed = Event::Answer { number: request.number, reply: Reply::Failed(StoreErrorKind::NotSent) };
        let again = machine.handle(failed, at(renewal), u64::MAX).expect("the first retry is immediate");
        machine.answer_to(again, Reply::Confirmed(Fence::new(7)), renewal);
    }
}

#[test]
fn an_answer_to_another_request_than_the_awaited_is_without_effect() {
    let mut machine = machine();
    let request = machine.handle(Event::Acquire { once: false }, at(0), 0).unwrap();
    let again = machine.answer_to(request, Reply::Failed(StoreErrorKind::Unknown), 1_000).unwrap();
    machine.answer_to(request, Reply::Granted(Fence::new(7)), 1_010);
    assert_eq!(machine.state(at(1_010)), LeaseState::Acquiring);
    machine.answer_to(again, Reply::Granted(Fence::new(8)), 1_020);
    assert!(matches!(machine.state(at(1_020)), LeaseState::Held { fence, .. } if fence == Fence::new(8)));
}

#[test]
fn who_gives_up_while_asking_once_more_releases_what_the_lost_reply_may_have_granted() {
    let mut machine = machine();
    let request = machine.handle(Event::Acquire { once: false }, at(0), 0).unwrap();
    let again = machine.answer_to(request, Reply::Failed(StoreErrorKind::Unknown), 1_000).unwrap();
    assert_eq!(machine.handle(Event::Release, at(1_010), 0), None);
    let release = machine.answer_to(again, Reply::Taken(stranger()), 1_020);
    assert_eq!(release.map(|request| request.ask), Some(Ask::Release));
}

#[test]
fn an_unfenced_lease_that_was_granted_too_late_is_lost_and_not_extended() {
    let effects = Effects::Unfenced { clean_up: Duration::from_secs(2) };
    let mut machine = Machine::new(LeaseTimes::new(TTL).effects(effects).checked().unwrap());
    let request = machine.handle(Event::Acquire { once: false }, at(0), 0).unwrap();
    assert_eq!(machine.answer_to(request, Reply::Granted(Fence::new(7)), 8_000), None);
    assert_eq!(machine.loss(), Some((Fence::new(7), LossReason::Unfenced)));
}
