//! The whole transition table as text: every state of a slot against every event.
//!
//! `ARBOUR_BLESS=1 cargo test -p arbour-supervisor transitions` writes it anew.

use super::*;
use std::fmt::Write;

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/machine/transitions.txt");

const STATES: [&str; 7] =
    ["down", "starting", "running", "draining", "stopping, asked", "stopping, not ready", "waiting"];

const EVENTS: [&str; 10] = [
    "ready",
    "ended normally",
    "panicked",
    "timer",
    "shutdown",
    "cancel all",
    "start child",
    "stop child",
    "restart child",
    "delete child",
];

/// A supervisor that is up, whose child `x` stands in this state at 0 ms.
fn standing(state: &str, restart: Restart) -> World {
    let backoff = Backoff::new(ms(100), ms(1_000)).unwrap().jitter(false);
    let mut world = World::up(&[("x", ChildPolicy { backoff, restart, ..policy() })]);
    match state {
        "down" => {
            world.stop_child("x");
            world.exit("x", ExitKind::Normal);
        }
        "starting" => drop(world.crash("x")),
        "running" => {}
        "draining" => drop(world.stop_child("x")),
        "stopping, asked" => {
            world.crash("x");
            world.stop_child("x");
        }
        "stopping, not ready" => {
            world.crash("x");
            world.at(30_000);
        }
        "waiting" => {
            world.crash("x");
            world.crash("x");
        }
        other => panic!("no state {other}"),
    }
    world.calls = 8;
    world
}

fn happen(world: &mut World, event: &str) -> Vec<String> {
    match event {
        "ready" => world.ready("x"),
        "ended normally" => world.exit("x", ExitKind::Normal),
        "panicked" => world.crash("x"),
        "timer" => world.at(40_000),
        "shutdown" => world.send(Event::Shutdown),
        "cancel all" => world.send(Event::CancelAll { clean_up_until: None }),
        "start child" => world.start_child("x", policy()),
        "stop child" => world.stop_child("x"),
        "restart child" => world.restart_child("x"),
        "delete child" => world.delete_child("x"),
        other => panic!("no event {other}"),
    }
}

fn table(restart: Restart) -> String {
    let mut text = format!("A {restart:?} child, its supervisor up. `9` is the call.\n");
    for state in STATES {
        writeln!(text, "\n{state}").unwrap();
        for event in EVENTS {
            let mut world = standing(state, restart);
            let before = world.state("x");
            let actions = happen(&mut world, event);
            let after = world.state("x");
            let after = if before == after { "=".to_owned() } else { after };
            writeln!(text, "    {event:<16}{after:<36}{}", actions.join("; ")).unwrap();
        }
    }
    text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n") + "\n"
}

#[test]
fn the_transition_table_is_the_one_on_file() {
    let table = [Restart::Permanent, Restart::Transient].map(table).join("\n");
    if std::env::var_os("ARBOUR_BLESS").is_some() {
        std::fs::write(FILE, &table).unwrap();
    }
    let on_file = std::fs::read_to_string(FILE).unwrap_or_default();
    for (line, (is, was)) in table.lines().zip(on_file.lines()).enumerate() {
        assert_eq!(is, was, "line {} of {FILE}", line + 1);
    }
    assert_eq!(table, on_file);
}
