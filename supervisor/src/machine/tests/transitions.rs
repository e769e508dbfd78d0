//! The whole transition table as text, every state of a slot against every event, and the picture drawn from it.
//!
//! `ARBOUR_BLESS=1 cargo test -p arbour-supervisor transitions` writes both anew.

mod picture;

use super::*;
use std::fmt::Write;

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/machine/transitions.txt");

const STATES: [&str; 10] = [
    "down",
    "starting",
    "running",
    "draining",
    "stopping, asked",
    "stopping, not ready",
    "stopping, asked, aborted",
    "stopping, not ready, aborted",
    "waiting",
    "stuck",
];

/// Of a child whose siblings are restarted with it.
const GROUP_STATES: [&str; 6] = [
    "running, its turn to be stopped has not come",
    "draining with its siblings",
    "down, it has failed, its siblings are being stopped",
    "waiting on behalf of all",
    "down, its turn to be started has not come",
    "starting in its turn",
];

const EVENTS: [&str; 13] = [
    "ready",
    "declined",
    "ended normally",
    "panicked",
    "escalated",
    "timer",
    "shutdown",
    "cancel all",
    "start child",
    "stop child",
    "restart child",
    "delete child",
    "reconfigure",
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
        "stopping, asked, aborted" => {
            world.stop_child("x");
            world.at(5_000);
            world.at(10_000);
        }
        "stopping, not ready, aborted" => {
            world.crash("x");
            world.at(30_000);
            world.at(35_000);
        }
        "waiting" => {
            world.crash("x");
            world.crash("x");
        }
        "stuck" => {
            world.stop_child("x");
            for at in [5_000, 10_000, 15_000] {
                world.at(at);
            }
        }
        other => panic!("no state {other}"),
    }
    world.calls = 8;
    world
}

/// A supervisor one for all that is up, whose child `x`, between `a` and `z`, stands in this state at 0 ms.
fn standing_in_group(state: &str, restart: Restart) -> World {
    let backoff = Backoff::new(ms(100), ms(1_000)).unwrap().jitter(false);
    let child = ChildPolicy { backoff, ..kind(restart) };
    let config = Config { strategy: Strategy::OneForAll, ..Config::default() };
    let mut world = World::up_with(config, &[("a", policy()), ("x", child), ("z", policy())]);
    match state {
        "running, its turn to be stopped has not come" => drop(world.crash("a")),
        "draining with its siblings" => {
            world.crash("a");
            world.exit("z", ExitKind::Normal);
        }
        "down, it has failed, its siblings are being stopped" => drop(world.crash("x")),
        "waiting on behalf of all" => {
            world.crash("x");
            world.gone(&["z", "a"]);
            world.ready("a");
            world.crash("x");
            world.exit("a", ExitKind::Normal);
        }
        "down, its turn to be started has not come" => {
            world.crash("a");
            world.gone(&["z", "x"]);
        }
        "starting in its turn" => {
            world.crash("a");
            world.gone(&["z", "x"]);
            world.ready("a");
        }
        other => panic!("no state {other}"),
    }
    world.calls = 8;
    world
}

fn happen(world: &mut World, event: &str) -> Vec<String> {
    match event {
        "ready" => world.ready("x"),
        "declined" => world.decline("x"),
        "escalated" => world.judged("x", ExitKind::Failed, Directive::Escalate),
        "ended normally" => world.exit("x", ExitKind::Normal),
        "panicked" => world.crash("x"),
        "timer" => world.at(40_000),
        "shutdown" => world.send(SHUTDOWN),
        "cancel all" => world.send(Event::CancelAll { clean_up_until: None }),
        "start child" => world.start_child("x", policy()),
        "stop child" => world.stop_child("x"),
        "restart child" => world.restart_child("x"),
        "delete child" => world.delete_child("x"),
        "reconfigure" => world.call(Request::ReconfigureChild(ChildSpec::new("x", policy()))),
        other => panic!("no event {other}"),
    }
}

/// One line of the table.
struct Row {
    event: &'static str,
    before: String,
    after: String,
    actions: Vec<String>,
}

fn rows(world: impl Fn() -> World) -> impl Iterator<Item = Row> {
    EVENTS.into_iter().map(move |event| {
        let mut world = world();
        let before = world.state("x");
        let actions = happen(&mut world, event);
        Row { event, before, after: world.state("x"), actions }
    })
}

fn table(heading: &str, states: &[&str], standing: impl Fn(&str) -> World) -> String {
    let mut text = format!("{heading}\n");
    for state in states {
        writeln!(text, "\n{state}").unwrap();
        for Row { event, before, after, actions } in rows(|| standing(state)) {
            let after = if before == after { "=".to_owned() } else { after };
            writeln!(text, "    {event:<16}{after:<36}{}", actions.join("; ")).unwrap();
        }
    }
    text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n") + "\n"
}

fn tables() -> String {
    let kinds = [Restart::Permanent, Restart::Transient, Restart::Temporary];
    let alone = kinds.map(|restart| {
        let states = if restart == Restart::Temporary { &STATES[2..4] } else { &STATES };
        let heading = format!("A {restart:?} child, its supervisor up. `9` is the call.");
        table(&heading, states, |state| standing(state, restart))
    });
    let heading =
        "A Permanent child between `a` and `z`, one for all, in a restart of all three. `9` is the call.";
    let group = table(heading, &GROUP_STATES, |state| standing_in_group(state, Restart::Permanent));
    alone.into_iter().chain([group]).collect::<Vec<_>>().join("\n")
}

/// Compares with the file, or writes it where that was asked for.
fn check(file: &str, text: &str) {
    if std::env::var_os("ARBOUR_BLESS").is_some() {
        std::fs::write(file, text).unwrap();
    }
    let on_file = std::fs::read_to_string(file).unwrap_or_default();
    for (line, (is, was)) in text.lines().zip(on_file.lines()).enumerate() {
        assert_eq!(is, was, "line {} of {file}", line + 1);
    }
    assert_eq!(text, on_file);
}

#[test]
fn the_transition_table_is_the_one_on_file() {
    check(FILE, &tables());
}
