//! Random lives of the machine, beside a store that does what it is asked, late, or not at all.

use super::*;

/// Splitmix64: even numbers from a seed.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }
}

/// One life: the machine, and what its requests came to.
struct Life {
    machine: Machine,
    random: Random,
    now: u64,
    request: Option<Request>,
    /// When the last request that succeeded was sent.
    proved: Option<Moment>,
    fence: Option<Fence>,
    releasing: bool,
}

impl Life {
    fn new(seed: u64) -> Self {
        let mut machine = machine();
        let request = machine.handle(Event::Acquire { once: seed.is_multiple_of(3) }, at(0), 0);
        Self { machine, random: Random(seed), now: 0, request, proved: None, fence: None, releasing: false }
    }

    fn step(&mut self) {
        self.now += self.random.below(3_000);
        let was_lost = self.is_lost();
        let event = self.event();
        self.releasing |= event == Event::Release;
        let request = self.machine.handle(event, at(self.now), self.random.next());
        if let Some(request) = request {
            self.check_request(request);
        }
        let awaited = self.machine.awaited;
        self.request = request.or_else(|| self.request.filter(|request| Some(*request) == awaited));
        self.check_state();
        assert!(!was_lost || self.is_lost() || self.releasing, "invariant 5: {:?}", self.machine);
    }

    fn is_lost(&self) -> bool {
        matches!(self.machine.state(at(self.now)), LeaseState::Lost { .. })
    }

    fn event(&mut self) -> Event {
        match (self.random.below(8), self.request) {
            (0, _) => Event::Timer,
            (1, _) if self.random.below(12) == 0 => Event::Release,
            (2, _) if self.random.below(20) == 0 => Event::FencedOff,
            (_, Some(request)) => self.answer(request),
            _ => Event::Timer,
        }
    }

    fn answer(&mut self, request: Request) -> Event {
        let kinds = [StoreErrorKind::NotSent, StoreErrorKind::Refused, StoreErrorKind::Unknown];
        let failure = self.random.below(6) as usize;
        let reply = match (kinds.get(failure), request.ask) {
            (Some(kind), _) => Reply::Failed(*kind),
            (None, Ask::UntilFree(_)) => Reply::MayBeFree,
            (None, Ask::Release) => Reply::Released,
            (None, Ask::Acquire) if failure == 3 => Reply::Taken(stranger()),
            (None, Ask::Acquire) => Reply::Granted(Fence::new(7)),
            (None, Ask::Extend) if failure == 3 => Reply::Gone(None),
            (None, Ask::Extend) => Reply::Confirmed(Fence::new(7)),
        };
        self.hear(request, &reply);
        Event::Answer { number: request.number, reply }
    }

    /// What the answer means, if the machine still awaits it.
    fn hear(&mut self, request: Request, reply: &Reply) {
        match reply {
            Reply::Granted(fence) if !self.releasing => {
                (self.proved, self.fence) = (Some(request.sent), Some(*fence));
            }
            Reply::Confirmed(_) => self.proved = Some(request.sent),
            Reply::Gone(_) => self.proved = None,
            _ => {}
        }
    }

    fn check_request(&self, request: Request) {
        match request.ask {
            Ask::Acquire | Ask::UntilFree(_) => {
                assert!(!self.releasing && self.fence.is_none(), "invariants 3 and 5: {request:?}");
            }
            Ask::Extend => {
                assert!(!self.releasing && self.fence.is_some(), "invariants 3 and 5: {request:?}")
            }
            Ask::Release => assert!(self.releasing, "nobody wanted a release"),
        }
    }

    fn check_state(&self) {
        match self.machine.state(at(self.now)) {
            LeaseState::Held { fence, .. } | LeaseState::Suspect { fence, .. } => {
                assert_eq!(self.fence, Some(fence), "invariant 4");
                let proved = self.proved.expect("a lease is held that nobody granted");
                let valid = at(self.now) < proved + self.machine.times.counted_on();
                let held = self.machine.is_held(self.now);
                assert!(!held || valid, "invariant 1: held at {} by a request of {proved:?}", self.now);
            }
            LeaseState::Lost { .. } => assert_eq!(self.machine.awaited, None, "invariant 5"),
            LeaseState::Released { .. } => assert!(self.releasing),
            _ => {}
        }
    }

    /// Whether it has come to its end, where nothing is due any more.
    fn is_over(&self) -> bool {
        matches!(self.machine.state(at(self.now)), LeaseState::Released { .. })
    }
}

#[test]
fn a_hundred_thousand_random_lives_keep_the_invariants() {
    for seed in 0..100_000 {
        let mut life = Life::new(seed);
        for _ in 0..30 {
            life.step();
        }
        end(&mut life, seed);
    }
}

/// Whatever happened, a release comes to its end within its time.
fn end(life: &mut Life, seed: u64) {
    life.machine.handle(Event::Release, at(life.now), 0);
    life.releasing = true;
    let begin = life.now;
    for _ in 0..200 {
        if life.is_over() {
            break;
        }
        life.now += 50;
        life.machine.handle(Event::Timer, at(life.now), 0);
    }
    assert!(life.is_over(), "seed {seed} never ends: {:?}", life.machine);
    assert!(life.now - begin <= 3_333 + 50, "seed {seed} took {} ms", life.now - begin);
    assert_eq!(life.machine.due(at(life.now)), None, "seed {seed}");
}
