//! The whole transition table as text, every state of a lease against every event.
//!
//! `ARBOUR_BLESS=1 cargo test -p arbour-engines transitions` writes it anew.

use super::*;
use std::fmt::Write;

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/machine/transitions.txt");

const STATES: [&str; 12] = [
    "idle",
    "acquiring",
    "acquiring once",
    "acquiring again, its first reply lost",
    "waiting",
    "held",
    "suspect",
    "lost",
    "lost, not confirmed",
    "releasing",
    "releasing, the acquire unanswered",
    "released",
];

const EVENTS: [&str; 15] = [
    "acquire",
    "granted",
    "taken",
    "may be free",
    "confirmed",
    "confirmed, regranted",
    "gone",
    "released",
    "failed, not sent",
    "failed, refused",
    "failed, unknown",
    "fenced off",
    "release",
    "timer, next due",
    "timer, 40 s later",
];

/// A machine that came to this state, and when.
fn standing(state: &str) -> (Machine, u64) {
    match state {
        "idle" => (machine(), 0),
        "acquiring" | "acquiring once" => {
            let mut machine = machine();
            machine.handle(Event::Acquire { once: state.ends_with("once") }, at(0), 0);
            (machine, 0)
        }
        "acquiring again, its first reply lost" => {
            let (mut machine, _) = standing("acquiring once");
            machine
                .answer_awaited(Reply::Failed(StoreErrorKind::Unknown), 1_000)
                .expect("the first retry is immediate");
            (machine, 1_000)
        }
        "waiting" => {
            let (mut machine, _) = standing("acquiring");
            machine.answer_awaited(Reply::Taken(stranger()), 10);
            (machine, 10)
        }
        "held" => {
            let mut machine = holder(0);
            machine.asks(Ask::Extend, 4_000);
            (machine, 4_000)
        }
        "suspect" => {
            let mut machine = holder(0);
            machine.asks(Ask::Extend, 12_000);
            (machine, 12_000)
        }
        "lost" => {
            let mut machine = holder(0);
            machine.handle(Event::FencedOff, at(2_000), 0);
            (machine, 2_000)
        }
        "lost, not confirmed" => {
            let mut machine = holder(0);
            machine.timer_at(30_000);
            (machine, 30_000)
        }
        "releasing" => {
            let mut machine = holder(0);
            machine.handle(Event::Release, at(2_000), 0);
            (machine, 2_000)
        }
        "releasing, the acquire unanswered" => {
            let (mut machine, _) = standing("acquiring");
            machine.handle(Event::Release, at(500), 0);
            (machine, 500)
        }
        "released" => {
            let (mut machine, _) = standing("releasing");
            machine.answer_awaited(Reply::Released, 2_010);
            (machine, 2_010)
        }
        other => panic!("there is no state `{other}`"),
    }
}

impl Machine {
    /// Answers the request that is awaited, or one that nobody knows.
    fn answer_awaited(&mut self, reply: Reply, ms: u64) -> Option<Request> {
        let number = self.awaited.map_or(99, |request| request.number);
        self.handle(Event::Answer { number, reply }, at(ms), 0)
    }
}

fn happen(machine: &mut Machine, event: &str, now: &mut u64) -> Option<Request> {
    let reply = match event {
        "granted" => Reply::Granted(Fence::new(7)),
        "taken" => Reply::Taken(stranger()),
        "may be free" => Reply::MayBeFree,
        "confirmed" => Reply::Confirmed(Fence::new(7)),
        "confirmed, regranted" => Reply::Confirmed(Fence::new(8)),
        "gone" => Reply::Gone(Some(stranger())),
        "released" => Reply::Released,
        "failed, not sent" => Reply::Failed(StoreErrorKind::NotSent),
        "failed, refused" => Reply::Failed(StoreErrorKind::Refused),
        "failed, unknown" => Reply::Failed(StoreErrorKind::Unknown),
        "acquire" => return machine.handle(Event::Acquire { once: false }, at(*now), 0),
        "fenced off" => return machine.handle(Event::FencedOff, at(*now), 0),
        "release" => return machine.handle(Event::Release, at(*now), 0),
        "timer, next due" => {
            *now = machine.due(at(*now)).map_or(*now, |due| due.since(at(0)).as_millis() as u64 + 1);
            return machine.timer_at(*now);
        }
        "timer, 40 s later" => {
            *now += 40_000;
            return machine.timer_at(*now);
        }
        other => panic!("there is no event `{other}`"),
    };
    machine.answer_awaited(reply, *now)
}

fn told(state: &LeaseState) -> String {
    match state {
        LeaseState::Held { remaining, .. } => format!("held for {remaining:?}"),
        LeaseState::Suspect { since, .. } => format!("suspect since {since:?}"),
        LeaseState::Lost { why: LossReason::Gone(_), .. } => "lost: Gone".to_owned(),
        LeaseState::Lost { why, .. } => format!("lost: {why:?}"),
        LeaseState::Waiting(_) => "waiting".to_owned(),
        LeaseState::Taken(_) => "taken".to_owned(),
        other => format!("{other:?}").to_lowercase(),
    }
}

fn row(state: &str, event: &str) -> String {
    let (mut machine, mut now) = standing(state);
    let before = machine.state(at(now));
    let request = happen(&mut machine, event, &mut now);
    let after = machine.state(at(now));
    let after = if before == after { "=".to_owned() } else { told(&after) };
    let request = request.map_or(String::new(), |request| format!("{:?}", request.ask));
    let due = machine.due(at(now)).map_or(String::new(), |due| format!("at {:?}", due.since(at(0))));
    format!("    {event:<20}  {after:<28}  {request:<14}  {due}").trim_end().to_owned()
}

fn table() -> String {
    let mut table =
        "A lease of 10 s: what it is after each event, what is asked, when the next timer is due.\n"
            .to_owned();
    for state in STATES {
        let (machine, now) = standing(state);
        write!(table, "\n{state} ({}, at {:?})\n", told(&machine.state(at(now))), at(now).since(at(0)))
            .unwrap();
        for event in EVENTS {
            writeln!(table, "{}", row(state, event)).unwrap();
        }
    }
    table
}

#[test]
fn the_transitions_are_as_drawn() {
    let table = table();
    if std::env::var_os("ARBOUR_BLESS").is_some() {
        std::fs::write(FILE, &table).unwrap();
    }
    let drawn = std::fs::read_to_string(FILE).unwrap();
    assert!(drawn == table, "the table is another now; ARBOUR_BLESS=1 writes it:\n{table}");
}
