//! The states of a slot as a diagram for the book, drawn from the same rows as the table.

use super::*;
use std::collections::BTreeMap;

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../book/src/slot_states.md");

const HEAD: &str = "# The states of a slot

Drawn from the transition table of a supervisor's state machine, for a child that is restarted by itself.
`gone` is a slot that is no more; what leads from a state back to itself is left out.
The table itself, with every action and with restarts of several, is `supervisor/src/machine/transitions.txt`.

";

const KINDS: [Restart; 3] = [Restart::Permanent, Restart::Transient, Restart::Temporary];

/// The state without its times: an aborted child is still being stopped.
fn name(line: &str) -> &str {
    let word = line.split([' ', ',']).next().unwrap_or_default();
    if word == "aborted" { "stopping" } else { word }
}

/// What leads from one state to another, in the order of the table.
fn edges() -> BTreeMap<(usize, usize), Vec<&'static str>> {
    const ORDER: [&str; 8] =
        ["down", "starting", "running", "draining", "stopping", "waiting", "stuck", "gone"];
    let place = |line: &str| ORDER.iter().position(|known| *known == name(line)).unwrap();
    let mut edges: BTreeMap<_, Vec<&'static str>> = BTreeMap::new();
    for (restart, state) in KINDS.into_iter().flat_map(|restart| STATES.map(|state| (restart, state))) {
        if restart == Restart::Temporary && !STATES[2..4].contains(&state) {
            continue;
        }
        for row in rows(|| standing(state, restart)) {
            let (from, to) = (place(&row.before), place(&row.after));
            let events = edges.entry((from, to)).or_default();
            if from != to && !events.contains(&row.event) {
                events.push(row.event);
            }
        }
    }
    edges.retain(|_, events| !events.is_empty());
    edges
}

fn picture() -> String {
    const NAMES: [&str; 8] =
        ["Down", "Starting", "Running", "Draining", "Stopping", "Waiting", "Stuck", "gone"];
    let mut text = format!("{HEAD}```mermaid\nstateDiagram-v2\n    [*] --> Down\n");
    for ((from, to), events) in edges() {
        writeln!(text, "    {} --> {}: {}", NAMES[from], NAMES[to], events.join(", ")).unwrap();
    }
    text + "    gone --> [*]\n```\n"
}

#[test]
fn the_picture_in_the_book_is_drawn_from_the_transition_table() {
    check(FILE, &picture());
}
