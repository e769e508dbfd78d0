//! The tables, the JSON lines and the commands: all that a bench program prints.
#![allow(clippy::print_stdout, reason = "this is what the programs are for")]

use super::bench::Cell;
use super::instructions::command;
use super::interval::Estimate;
use super::measure::Measured;
use serde_json::{Value, json};

pub(super) fn line(text: impl std::fmt::Display) {
    println!("{text}");
}

pub(super) fn measured_head() {
    println!("ours by rival, the median of the pairs with its 95 % interval");
    println!("{:<58} {:^21} {:^21} pairs", "cell", "speed (>1: faster)", "CPU per op (<1: less)");
}

pub(super) fn measured(cell: &Cell<'_>, measured: &Measured, as_json: bool) {
    let Measured { speed, cpu, pairs } = measured;
    if as_json {
        let (speed, cpu) = (to_json(speed), to_json(cpu));
        return line(json!({"cell": cell.name(), "ours": cell.bench.ours.name(), "rival": cell.rival.name(),
            "speed": speed, "cpu_per_op": cpu, "pairs": pairs}));
    }
    println!("{:<58} {:^21} {:^21} {pairs:>5}", cell.name(), to_text(speed), to_text(cpu));
}

fn to_text(estimate: &Estimate) -> String {
    format!("{:.2} [{:.2}, {:.2}]", estimate.median, estimate.low, estimate.high)
}

fn to_json(estimate: &Estimate) -> Value {
    json!({"ratio": estimate.median, "low": estimate.low, "high": estimate.high})
}

pub(super) fn counted_head() {
    println!("instructions per operation, counted by callgrind on one thread");
    println!("{:<58} {:>10} {:>10} {:>10}", "cell", "ours", "rival", "ours/rival");
}

pub(super) fn counted(cell: &Cell<'_>, ours: f64, rival: f64, as_json: bool) {
    let ratio = ours / rival;
    if as_json {
        return line(json!({"cell": cell.name(), "ours": cell.bench.ours.name(), "rival": cell.rival.name(),
            "instructions": {"ours": ours, "rival": rival, "ratio": ratio}}));
    }
    println!("{:<58} {ours:>10.1} {rival:>10.1} {ratio:>10.3}", cell.name());
}

/// The commands that profile both rows of a cell.
pub(super) fn commands(cell: &Cell<'_>) {
    for row in [&cell.bench.ours, cell.rival] {
        let out = format!("callgrind.{}.out", row.name().replace(|c: char| !c.is_alphanumeric(), "_"));
        let words = command(&cell.bench.row_name(row), 1, &out);
        println!("{}", words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" "));
    }
}

fn quoted(word: &str) -> String {
    if word.contains([' ', '*', '&']) { format!("'{word}'") } else { word.to_owned() }
}
