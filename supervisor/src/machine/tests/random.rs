//! Random lives of a supervisor, of every strategy and kind, watched from outside by a small model.
//!
//! The model is told the same events, sees the same actions, and checks the invariants at the head of `machine.rs`
//! after each of them.

mod model;

use self::model::{LIMIT, Model};
use super::*;

const RUNS: u64 = 10_000;
const EVENTS: u64 = 60;

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

    fn directive(&mut self) -> Directive {
        match self.roll(40) {
            0 => Directive::Escalate,
            1 | 2 => Directive::Restart,
            3 | 4 => Directive::Stop,
            _ => Directive::ByPolicy,
        }
    }

    fn config(&mut self, seed: u64) -> Config {
        Config {
            strategy: self.pick(&[Strategy::OneForOne, Strategy::OneForAll, Strategy::RestForOne]),
            auto_shutdown: self.auto_shutdown(),
            stop_order: self.pick(&[StopOrder::Reverse, StopOrder::Together]),
            limit: RestartLimit::new(LIMIT.0, ms(LIMIT.1)).unwrap(),
            seed,
        }
    }

    fn auto_shutdown(&mut self) -> AutoShutdown {
        self.pick(&[AutoShutdown::Never, AutoShutdown::AnySignificant, AutoShutdown::AllSignificant])
    }

    fn policy(&mut self) -> ChildPolicy {
        let backoff = Backoff::new(ms(10), ms(40)).unwrap();
        ChildPolicy {
            restart: self.pick(&[Restart::Permanent, Restart::Transient, Restart::Temporary]),
            shutdown: self.pick(&[
                Shutdown::Abort,
                Shutdown::After(ms(0)),
                Shutdown::After(ms(30)),
                Shutdown::Wait,
            ]),
            start_timeout: ms(1 + self.roll(50)),
            backoff: self.pick(&[Backoff::none(), backoff]),
            limit: self.pick(&[None, Some(RestartLimit::new(2, ms(30)).unwrap())]),
            max_consecutive: self.pick(&[None, Some(3)]),
            exhausted: self.pick(&[Exhausted::Escalate, Exhausted::StayDown]),
            ..ChildPolicy::default()
        }
    }

    /// A policy that this supervisor may well refuse.
    fn any_policy(&mut self) -> ChildPolicy {
        ChildPolicy { significant: self.roll(4) == 0, ..self.policy() }
    }

    /// A policy that this supervisor takes.
    fn fitting(&mut self, auto_shutdown: AutoShutdown) -> ChildPolicy {
        let policy = self.any_policy();
        let fits = ChildSpec::new("x", policy).check(auto_shutdown).is_ok();
        ChildPolicy { significant: policy.significant && fits, ..policy }
    }

    fn id(&mut self) -> ChildId {
        self.pick(&["a", "b", "c", "d", "e"]).into()
    }

    fn spec(&mut self) -> ChildSpec {
        ChildSpec::new(self.id(), self.any_policy())
    }

    fn request(&mut self, model: &Model) -> Request {
        let by_slot = model.dynamic || self.roll(20) == 0;
        let slot = model.slot_of(self.roll(5)).filter(|_| by_slot);
        match (self.roll(14), slot) {
            (0..5, _) if by_slot => Request::StartDynamic,
            (5..8, Some(slot)) => Request::StopDynamic(slot),
            (8, _) if by_slot => Request::ReplaceTemplate(self.policy()),
            (0..5, _) => Request::StartChild(self.spec()),
            (5..8, _) => Request::StopChild(self.id()),
            (8..10, _) => Request::RestartChild(self.id()),
            (10, _) => Request::ReconfigureChild(self.spec()),
            (11, _) => {
                let auto_shutdown = if model.dynamic { AutoShutdown::Never } else { self.auto_shutdown() };
                Request::Reconfigure(Config { auto_shutdown, ..model.config })
            }
            _ => Request::DeleteChild(self.id()),
        }
    }

    fn machine(&mut self, seed: u64) -> Machine {
        let config = self.config(seed);
        if self.roll(5) == 0 {
            let config =
                Config { strategy: Strategy::OneForOne, auto_shutdown: AutoShutdown::Never, ..config };
            return Machine::dynamic(config, self.policy(), Some(3)).unwrap();
        }
        let count = self.roll(5) as usize;
        let ids = ["a", "b", "c", "d"].into_iter().take(count);
        let specs: Vec<_> = ids.map(|id| ChildSpec::new(id, self.fitting(config.auto_shutdown))).collect();
        Machine::new(config, specs).unwrap()
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
        let machine = dice.machine(seed);
        let model = Model::of(&machine);
        Self { dice, machine, model, origin, calls: 0 }
    }

    fn feed(&mut self, event: &Event) {
        let ended = self.model.before(event);
        let mut actions = Vec::new();
        self.machine.handle(event.clone(), self.origin + ms(self.model.now), &mut actions);
        let goes_on = actions.iter().any(|action| matches!(action, Action::Start { .. } | Action::Ready));
        self.model.mixed = goes_on && !self.model.ending && self.machine.is_ending();
        self.model.ending |= self.machine.is_ending();
        for action in &actions {
            self.model.see(action, event, ended);
        }
        self.model.agrees_with(&self.machine);
    }

    fn event(&mut self) -> Event {
        match self.dice.roll(400) {
            0..170 => self.news_of_the_living(|_, slot, incarnation| Event::ChildReady { slot, incarnation }),
            170..245 => self.an_exit(),
            245..255 => {
                self.news_of_the_living(|_, slot, incarnation| Event::ChildDeclined { slot, incarnation })
            }
            255..270 => self.stale_news(),
            270..300 => self.time_passes(),
            300..396 => {
                self.calls += 1;
                Event::Call { call: CallId(self.calls), request: self.dice.request(&self.model) }
            }
            396 | 397 => self.shutdown(),
            398 => Event::CancelAll { clean_up_until: None },
            _ => Event::Start,
        }
    }

    fn shutdown(&mut self) -> Event {
        let left = self.dice.pick(&[None, Some(0), Some(10), Some(4_000)]);
        Event::Shutdown { deadline: left.map(|left| self.origin + ms(self.model.now + left)) }
    }

    fn an_exit(&mut self) -> Event {
        self.news_of_the_living(|dice, slot, incarnation| Event::ChildExited {
            slot,
            incarnation,
            exit: dice.exit(),
            directive: dice.directive(),
        })
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
        Event::ChildExited { slot, incarnation, exit: self.dice.exit(), directive: Directive::ByPolicy }
    }

    /// A driver is punctual or late, but never early.
    fn time_passes(&mut self) -> Event {
        if let Some(deadline) = self.machine.next_deadline() {
            let deadline = deadline.saturating_duration_since(self.origin).as_millis() as u64;
            self.model.now = self.model.now.max(deadline + 1);
        }
        self.model.now += self.dice.pick(&[0, 0, 1, 20, 5_000]);
        Event::Timer
    }

    /// However it stands, a shutdown ends it, as long as children obey or can be aborted.
    fn finish(&mut self) {
        let event = self.shutdown();
        self.feed(&event);
        for _ in 0..100 {
            let event = if self.dice.roll(3) == 0 { self.time_passes() } else { self.an_exit() };
            self.feed(&event);
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
    groups: u64,
    aborts: u64,
}

fn live(seed: u64, origin: Instant, seen: &mut Seen) {
    let mut life = Life::new(seed, origin);
    life.feed(&Event::Start);
    for _ in 0..EVENTS {
        let event = life.event();
        life.feed(&event);
    }
    life.finish();
    seen.ended_by_itself += u64::from(life.model.ended_by_itself);
    seen.all_ready += u64::from(life.model.all_ready);
    seen.restarts += life.machine.restarts();
    seen.groups += life.model.groups;
    seen.aborts += life.model.aborts;
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
    assert!(seen.restarts > RUNS / 2, "{seen:?}");
    assert!(seen.groups > RUNS / 4, "{seen:?}");
    assert!(seen.aborts > RUNS / 4, "{seen:?}");
}
