//! The lines that a worker prints, read.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// One line.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) name: String,
    facts: BTreeMap<String, String>,
    pub(crate) at: Instant,
}

/// Microseconds since 1970, as workers tell them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Instant(u64);

impl Instant {
    pub(crate) fn now() -> Self {
        Self(u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros()).unwrap())
    }

    /// When the grant of this fence was: fences are at least the microseconds since 1970.
    pub(crate) fn of_grant(fence: u64) -> Self {
        Self(fence)
    }

    /// How much later this is; nothing if it is earlier.
    pub(crate) fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }
}

impl Event {
    /// Reads `name fact=value … at=… why="…"`.
    pub(crate) fn read(line: &str) -> Self {
        let line = line.split(" why=").next().unwrap();
        let mut words = line.split(' ').map(str::to_owned);
        let name = words.next().unwrap();
        let fact = |word: String| {
            let (fact, value) = word.split_once('=').unwrap_or_else(|| panic!("no fact: {line}"));
            (fact.to_owned(), value.to_owned())
        };
        let facts: BTreeMap<_, _> = words.map(fact).collect();
        let at = Instant(facts["at"].parse().unwrap());
        Self { name, facts, at }
    }

    /// What the worker works on once it has told this.
    pub(crate) fn heard(&self, works: &mut Works) {
        match &*self.name {
            "took-over" => drop(works.insert(self.resource().to_owned(), self.fence())),
            "released" | "lost" => drop(works.remove(self.resource())),
            _ => {}
        }
    }

    pub(crate) fn is(&self, name: &str) -> bool {
        self.name == name
    }

    /// The resource it is about; empty if it is about none.
    pub(crate) fn resource(&self) -> &str {
        self.facts.get("resource").map_or("", String::as_str)
    }

    pub(crate) fn number(&self, fact: &str) -> u64 {
        self.facts[fact].parse().unwrap()
    }

    pub(crate) fn has(&self, fact: &str) -> bool {
        self.facts.contains_key(fact)
    }

    pub(crate) fn fence(&self) -> u64 {
        self.number("fence")
    }
}

/// What a worker works on, and under which fence.
pub(crate) type Works = BTreeMap<String, u64>;

/// What a worker which has told this works on now.
pub(crate) fn worked_on(events: &[Event]) -> Works {
    let mut works = Works::new();
    events.iter().for_each(|event| event.heard(&mut works));
    works
}
