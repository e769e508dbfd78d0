//! Random lives of a supervisor, watched from outside by a small model that knows only what runs.
//!
//! The model is told the same events, sees the same actions, and checks the invariants at the head of `machine.rs`.

use super::*;
use std::collections::{BTreeMap, HashSet};

const RUNS: u64 = 20_000;
const EVENTS: u64 = 60;
const LIMIT: (u32, u64) = (4, 60);

/// A linear congruential generator: the test is the same on every machine.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.roll(from.len() as u64) as usize]
    }

    fn exit(&mut self) -> ExitKind {
        self.pick(&[
            ExitKind::Normal,
            ExitKind::Shutdown,
            ExitKind::Failed,
            ExitKind::Panicked,
            ExitKind::Cancelled,
        ])
    }

    fn policy(&mut self) -> ChildPolicy {
        let backoff = Backoff::new(ms(10), ms(40)).unwrap();
        ChildPolicy {
            restart: self.pick(&[Restart::Permanent, Restart::Transient, Restart::Temporary]),
            shutdown: self.pick(&[Shutdown::After(ms(0)), Shutdown::After(ms(30)), Shutdown::Wait]),
            start_timeout: ms(1 + self.roll(50)),
            backoff: self.pick(&[Backoff::none(), backoff]),
            limit: self.pick(&[None, Some(RestartLimit::new(2, ms(30)).unwrap())]),
            max_consecutive: self.pick(&[None, Some(3)]),
            ..ChildPolicy::default()
        }
    }

    fn id(&mut self) -> ChildId {
        self.pick(&["a", "b", "c", "d", "e"]).into()
    }

    fn request(&mut self) -> Request {
        match self.roll(5) {
            0 | 1 => Request::StartChild(ChildSpec::new(self.id(), self.policy())),
            2 => Request::StopChild(self.id()),
            3 => Request::RestartChild(self.id()),
            _ => Request::DeleteChild(self.id()),
        }
    }
}

/// An incarnation that runs, as the driver would know it.
#[derive(Clone, Copy, Default)]
struct Live {
    incarnation: Incarnation,
    ready: bool,
    drained: bool,
    cancelled: bool,
}

/// What an observer knows without looking into the machine.
#[derive(Default)]
struct Model {
    now: u64,
    live: BTreeMap<SlotKey, Live>,
    /// The latest incarnation of every slot there ever was.
    latest: BTreeMap<SlotKey, Incarnation>,
    /// The slots that were there from the beginning and have not been ready yet.
    first_start: BTreeMap<SlotKey, ()>,
    slots: HashMap<ChildId, (SlotKey, Restart)>,
    calls: HashMap<CallId, Request>,
    restarted_at: Vec<u64>,
    removed: HashSet<SlotKey>,
    all_ready: bool,
    ending: bool,
    ended_by_itself: bool,
    cancel_all: bool,
    finished: bool,
}

impl Model {
    /// What the observer knows from the event alone; returns the incarnation that it ends.
    fn before(&mut self, event: &Event) -> Option<(SlotKey, Live)> {
        match event {
            Event::ChildReady { slot, incarnation } => {
                let live = self.live.get_mut(slot).filter(|live| live.incarnation == *incarnation);
                if let Some(live) = live.filter(|live| !live.cancelled) {
                    live.ready = true;
                    self.first_start.remove(slot);
                }
            }
            Event::ChildExited { slot, incarnation, .. } => {
                let ends = self.live.get(slot).is_some_and(|live| live.incarnation == *incarnation);
                return ends.then(|| (*slot, self.live.remove(slot).unwrap()));
            }
            Event::Shutdown => self.ending = true,
            Event::CancelAll { .. } => (self.ending, self.cancel_all) = (true, true),
            Event::Call { call, request } => drop(self.calls.insert(*call, request.clone())),
            Event::Start | Event::Timer => {}
        }
        None
    }

    fn see(&mut self, action: &Action, during: &Event, ended: Option<(SlotKey, Live)>) {
        assert!(!self.finished || matches!(action, Action::Reply { .. }), "after the end");
        match action {
            Action::Added { slot, call } => {
                let Request::StartChild(spec) = &self.calls[call] else { panic!("added without a start") };
                let taken = self.slots.insert(spec.id.clone(), (*slot, spec.policy.restart));
                assert!(taken.is_none(), "two children of one name");
            }
            Action::Start { slot, incarnation } => self.see_start(*slot, *incarnation),
            Action::Drain { slot, incarnation, .. } => {
                assert!(!self.ending || self.is_newest(*slot), "drained out of order");
                let live = self.told(*slot, *incarnation);
                assert!(live.ready && !live.drained && !live.cancelled, "drained at the wrong time");
                live.drained = true;
            }
            Action::Cancel { slot, incarnation, .. } => {
                let in_order = self.is_newest(*slot) || self.cancel_all || *during == Event::Timer;
                assert!(!self.ending || in_order, "cancelled out of order");
                let live = self.told(*slot, *incarnation);
                assert!(!live.cancelled, "cancelled twice");
                live.cancelled = true;
            }
            Action::Removed { slot } => {
                assert!(!self.live.contains_key(slot), "removed while it runs");
                assert!(self.removed.insert(*slot), "removed twice");
                self.slots.retain(|_, (key, _)| key != slot);
            }
            Action::Reply { call, reply } => self.see_reply(*call, reply),
            Action::Ready => {
                assert!(!self.ending && self.first_start.is_empty(), "ready too early");
                assert!(!std::mem::replace(&mut self.all_ready, true), "ready twice");
            }
            Action::Finished(_) => {
                assert!(self.ending && self.live.is_empty(), "finished while something runs");
                self.finished = true;
            }
            Action::Report(report) => self.see_report(report, ended),
        }
    }

    fn see_start(&mut self, slot: SlotKey, incarnation: Incarnation) {
        assert!(!self.ending, "started while the supervisor ends");
        assert!(!self.removed.contains(&slot), "started without a slot");
        let before = self.latest.insert(slot, incarnation).unwrap_or_default();
        assert_eq!(incarnation.number(), before.number() + 1, "an incarnation left out or used again");
        if let Some((&next, ())) = self.first_start.first_key_value() {
            assert!(slot <= next, "started before the one before it was ready");
        }
        let other = self.live.insert(slot, Live { incarnation, ..Live::default() });
        assert!(other.is_none(), "two incarnations in one slot");
    }

    fn see_reply(&mut self, call: CallId, reply: &Result<Done, CallError>) {
        let request = self.calls.remove(&call).expect("a reply without a call");
        let live = self.slots.get(request.id()).and_then(|(slot, _)| self.live.get(slot));
        match reply {
            Ok(Done::Started { incarnation, .. }) => {
                assert!(
                    live.is_some_and(|live| live.ready && live.incarnation == *incarnation),
                    "not started"
                );
            }
            Ok(Done::Stopped) => assert!(live.is_none(), "not stopped"),
            Ok(Done::Deleted) => assert!(!self.slots.contains_key(request.id()), "not deleted"),
            Err(CallError::NotFound { id }) => assert!(!self.slots.contains_key(id), "it is there"),
            Err(CallError::Running { .. } | CallError::AlreadyStarted { .. }) => {
                assert!(live.is_some_and(|live| live.ready), "it does not run");
            }
            Err(CallError::ShuttingDown { .. }) => assert!(self.ending, "it does not shut down"),
            Err(_) => {}
        }
    }

    fn see_report(&mut self, report: &Report, ended: Option<(SlotKey, Live)>) {
        let What::Ended { how, next } = report.what else { return };
        let (slot, live) = ended.expect("an end without an exit");
        assert_eq!((slot, live.incarnation), (report.slot, report.incarnation));
        assert!(!live.drained, "a stop is no exit");
        assert_eq!(live.cancelled, matches!(how, Ended::NotReadyIn(_)), "a stop is no exit");
        let in_window = |log: &[u64]| log.iter().filter(|&&at| self.now - at <= LIMIT.1).count();
        match next {
            Next::Restarts { .. } => {
                self.restarted_at.push(self.now);
                assert!(in_window(&self.restarted_at) <= LIMIT.0 as usize, "more restarts than allowed");
            }
            Next::GivesUp(limit) => {
                let full = in_window(&self.restarted_at) == LIMIT.0 as usize;
                assert!(full || !matches!(limit, BrokenLimit::Supervisor(_)), "gave up too early");
                (self.ending, self.ended_by_itself) = (true, true);
            }
            Next::RollsBack => (self.ending, self.ended_by_itself) = (true, true),
            Next::StaysDown | Next::Forgotten => {}
        }
    }

    fn told(&mut self, slot: SlotKey, incarnation: Incarnation) -> &mut Live {
        let live = self.live.get_mut(&slot).expect("told to one that does not run");
        assert_eq!(live.incarnation, incarnation, "told to an older one");
        live
    }

    fn is_newest(&self, slot: SlotKey) -> bool {
        self.live.last_key_value().is_some_and(|(&newest, _)| newest == slot)
    }

    /// After each event: the machine's own account of what runs is the observer's.
    fn agrees_with(&self, machine: &Machine) {
        let occupied = machine.slots().filter(|slot| slot.state().is_occupied());
        let accounted: Vec<_> = occupied.map(|slot| (slot.key(), slot.incarnation())).collect();
        let running: Vec<_> = self.live.iter().map(|(&slot, live)| (slot, live.incarnation)).collect();
        assert_eq!(accounted, running, "what runs");
        assert_eq!(machine.slots().len(), self.slots.len(), "how many slots there are");
        assert_eq!(machine.is_finished(), self.finished);
        assert!(machine.restarts() <= self.restarted_at.len() as u64, "restarts nobody decided");
    }

    /// A child that ended by itself after it was ready comes back, stays or goes by its kind.
    fn came_back(&self, machine: &Machine, slot: SlotKey, live: Live, exit: ExitKind) {
        if !live.ready || live.drained || live.cancelled || self.ending {
            return;
        }
        let Some((_, restart)) = self.slots.values().find(|(key, _)| *key == slot) else {
            return assert!(machine.slot(slot).is_none());
        };
        let orderly = matches!(exit, ExitKind::Normal | ExitKind::Shutdown);
        let state = machine.slot(slot).unwrap().state();
        match (restart, orderly) {
            (Restart::Transient, true) => assert_eq!(state, SlotState::Down),
            (Restart::Temporary, _) => panic!("a temporary child has kept its slot"),
            _ => {
                assert!(matches!(state, SlotState::Starting { .. } | SlotState::Waiting { .. }), "{state:?}")
            }
        }
    }
}

/// One life: the machine, its observer, and the dice that play the driver.
struct Life {
    dice: Dice,
    machine: Machine,
    model: Model,
    origin: Instant,
    calls: u64,
}

impl Life {
    fn new(seed: u64, origin: Instant) -> Self {
        let mut dice = Dice(seed);
        let count = dice.roll(4) as usize;
        let specs: Vec<_> =
            ["a", "b", "c"].into_iter().take(count).map(|id| ChildSpec::new(id, dice.policy())).collect();
        let mut model = Model::default();
        let limit = RestartLimit::new(LIMIT.0, ms(LIMIT.1)).unwrap();
        let machine = Machine::new(Config { limit, seed }, specs).unwrap();
        for slot in machine.slots() {
            model.first_start.insert(slot.key(), ());
            model.slots.insert(slot.id().clone(), (slot.key(), slot.policy().restart));
        }
        Self { dice, machine, model, origin, calls: 0 }
    }

    fn feed(&mut self, event: Event) {
        let ended = self.model.before(&event);
        let mut actions = Vec::new();
        self.machine.handle(event.clone(), self.origin + ms(self.model.now), &mut actions);
        for action in &actions {
            self.model.see(action, &event, ended);
        }
        self.model.agrees_with(&self.machine);
        if let (Event::ChildExited { exit, .. }, Some((slot, live))) = (event, ended) {
            self.model.came_back(&self.machine, slot, live, exit);
        }
    }

    fn event(&mut self) -> Event {
        match self.dice.roll(400) {
            0..170 => self.news_of_the_living(|_, slot, incarnation| Event::ChildReady { slot, incarnation }),
            170..255 => self.news_of_the_living(|dice, slot, incarnation| Event::ChildExited {
                slot,
                incarnation,
                exit: dice.exit(),
            }),
            255..270 => self.stale_news(),
            270..300 => self.time_passes(),
            300..396 => {
                self.calls += 1;
                Event::Call { call: CallId(self.calls), request: self.dice.request() }
            }
            396 | 397 => Event::Shutdown,
            398 => Event::CancelAll { clean_up_until: None },
            _ => Event::Start,
        }
    }

    fn news_of_the_living(&mut self, news: fn(&mut Dice, SlotKey, Incarnation) -> Event) -> Event {
        let living: Vec<_> = self.model.live.iter().map(|(&slot, live)| (slot, live.incarnation)).collect();
        if living.is_empty() {
            return self.time_passes();
        }
        let (slot, incarnation) = self.dice.pick(&living);
        news(&mut self.dice, slot, incarnation)
    }

    /// An exit of an incarnation that is not the latest of its slot, or of a slot that is gone.
    fn stale_news(&mut self) -> Event {
        let slots: Vec<_> = self.model.latest.iter().map(|(&slot, &latest)| (slot, latest)).collect();
        if slots.is_empty() {
            return Event::Timer;
        }
        let (slot, latest) = self.dice.pick(&slots);
        let incarnation = Incarnation(latest.number() - 1);
        Event::ChildExited { slot, incarnation, exit: self.dice.exit() }
    }

    /// A driver is punctual or late, but never early.
    fn time_passes(&mut self) -> Event {
        if let Some(deadline) = self.machine.next_deadline() {
            let deadline = (deadline - self.origin).as_millis() as u64;
            self.model.now = self.model.now.max(deadline + 1);
        }
        self.model.now += self.dice.pick(&[0, 0, 1, 20, 5_000]);
        Event::Timer
    }

    /// However it stands, a shutdown ends it, as long as children obey.
    fn finish(&mut self) {
        self.feed(Event::Shutdown);
        for _ in 0..100 {
            let event = match self.dice.roll(3) {
                0 => self.time_passes(),
                _ => self.news_of_the_living(|dice, slot, incarnation| Event::ChildExited {
                    slot,
                    incarnation,
                    exit: dice.exit(),
                }),
            };
            self.feed(event);
        }
        assert!(self.model.finished, "never finished");
        assert!(self.model.calls.is_empty(), "calls without a reply: {:?}", self.model.calls);
        assert_eq!(self.machine.next_deadline(), None, "a timer is left");
    }
}

/// What all lives together have seen, so that the test cannot pass by looking at nothing.
#[derive(Debug, Default)]
struct Seen {
    ended_by_itself: u64,
    all_ready: u64,
    restarts: u64,
}

fn live(seed: u64, origin: Instant, seen: &mut Seen) {
    let mut life = Life::new(seed, origin);
    life.feed(Event::Start);
    for _ in 0..EVENTS {
        let event = life.event();
        life.feed(event);
    }
    life.finish();
    seen.ended_by_itself += u64::from(life.model.ended_by_itself);
    seen.all_ready += u64::from(life.model.all_ready);
    seen.restarts += life.machine.restarts();
}

#[test]
fn no_random_life_breaks_an_invariant() {
    let origin = Instant::now();
    let mut seen = Seen::default();
    for seed in 0..RUNS {
        let life = std::panic::AssertUnwindSafe(|| live(seed, origin, &mut seen));
        std::panic::catch_unwind(life)
            .unwrap_or_else(|_| panic!("the life of seed {seed} broke an invariant"));
    }
    assert!(seen.ended_by_itself > RUNS / 10, "{seen:?}");
    assert!(seen.all_ready > RUNS / 4, "{seen:?}");
    assert!(seen.restarts > RUNS, "{seen:?}");
}
