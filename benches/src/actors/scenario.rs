//! What actors are measured at. The names are those of the Savina benchmarks where there is one.

/// A scenario; every system plays it with actors of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scenario {
    /// Two actors tell each other, one message on its way.
    PingPong,
    /// One client asks one actor, one request after the other.
    Ask,
    /// One client tells numbers to an actor, then asks for the sum.
    Count,
    /// So do [`PRODUCERS`] tasks, to one actor.
    FanIn,
    /// A token goes round a ring of [`RING`] actors.
    ThreadRing,
    /// Each of [`CROWD`] actors pings another, drawn by lot, and waits for its pong, again and again.
    Big,
    /// So many idle actors, until the start hook of each has run.
    Spawn(u64),
    /// The end of as many, until the state of each has been dropped.
    Stop(u64),
    /// So many actors that handle one message each and stop, until the state of each has been dropped.
    ForkJoin(u64),
}

pub(super) const PRODUCERS: u64 = 8;
pub(super) const RING: usize = 100;
pub(super) const CROWD: usize = 64;
/// Round trips, requests.
pub(super) const TRIPS: u64 = 20_000;
/// Hops of the token.
pub(super) const HOPS: u64 = 50_000;
/// Numbers of all producers together.
pub(super) const NUMBERS: u64 = 80_000;
/// Pings of each actor in the crowd.
pub(super) const PINGS: u64 = 400;
/// Actors that come or go in one play.
const ACTORS: u64 = 5_000;

impl Scenario {
    pub(super) const ALL: [Self; 9] = [
        Self::PingPong,
        Self::Ask,
        Self::Count,
        Self::FanIn,
        Self::ThreadRing,
        Self::Big,
        Self::Spawn(ACTORS),
        Self::Stop(ACTORS),
        Self::ForkJoin(ACTORS),
    ];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::PingPong => "ping_pong",
            Self::Ask => "ask",
            Self::Count => "count",
            Self::FanIn => "fan_in",
            Self::ThreadRing => "thread_ring",
            Self::Big => "big",
            Self::Spawn(_) => "spawn",
            Self::Stop(_) => "stop",
            Self::ForkJoin(_) => "fork_join",
        }
    }

    /// Round trips, requests, messages, hops, pings or actors.
    pub(super) const fn ops(self) -> u64 {
        match self {
            Self::PingPong | Self::Ask => TRIPS,
            Self::Count | Self::FanIn => NUMBERS,
            Self::ThreadRing => HOPS,
            Self::Big => PINGS * CROWD as u64,
            Self::Spawn(actors) | Self::Stop(actors) | Self::ForkJoin(actors) => actors,
        }
    }
}

/// What the numbers of so many producers add up to: each tells 0, 1, 2 and so on.
pub(super) const fn sum(producers: u64) -> u64 {
    let each = NUMBERS / producers;
    producers * (each * (each - 1) / 2)
}

/// Whom an actor of the crowd pings next: a lot that is the same in every run and for every system.
#[derive(Debug, Clone)]
pub(super) struct Lots {
    own: usize,
    state: u64,
}

impl Lots {
    pub(super) const fn of(own: usize) -> Self {
        Self { own, state: (own as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15) }
    }

    /// The number of another actor. A step of xorshift64.
    pub(super) const fn draw(&mut self) -> usize {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        let step = 1 + (self.state % (CROWD as u64 - 1)) as usize;
        (self.own + step) % CROWD
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn lots_are_of_all_others_and_never_of_oneself() {
        let mut lots = Lots::of(7);
        let drawn: HashSet<usize> = (0..10_000).map(|_| lots.draw()).collect();
        assert_eq!(drawn, (0..CROWD).filter(|other| *other != 7).collect());
    }

    #[test]
    fn all_producers_together_tell_as_many_numbers_as_one() {
        assert_eq!(NUMBERS % PRODUCERS, 0);
        assert_eq!(sum(1), (0..NUMBERS).sum::<u64>());
        assert_eq!(sum(PRODUCERS), PRODUCERS * (0..NUMBERS / PRODUCERS).sum::<u64>());
    }
}
