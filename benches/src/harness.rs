//! Two rows in alternation, in one process: the ratio of their costs, with its interval.

mod bench;
mod instructions;
mod interval;
mod measure;
mod options;
mod report;
mod stopwatch;

pub use bench::{Bench, Row};
pub use stopwatch::Stopwatch;

use bench::{Cell, cells};
use options::{Mode, Options};
use std::process::ExitCode;

/// Runs a bench program: reads the options of the command line, does what they ask.
#[must_use]
pub fn run(benches: &[Bench]) -> ExitCode {
    match Options::parse(std::env::args().skip(1)).and_then(|options| obey(benches, &options)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(refusal) => {
            eprintln!("{refusal}");
            ExitCode::from(2)
        }
    }
}

fn obey(benches: &[Bench], options: &Options) -> Result<(), options::Refusal> {
    let chosen = cells(benches).filter(|cell| cell.name().contains(&options.filter));
    match &options.mode {
        Mode::List => chosen.for_each(|cell| report::line(cell.name())),
        Mode::Measure => measure_all(chosen, options),
        Mode::Instructions => count_all(chosen, options)?,
        Mode::Callgrind(name) => {
            let cell = cells(benches).find(|cell| cell.name() == *name);
            report::commands(&cell.ok_or_else(|| options::Refusal::UnknownCell(name.clone()))?);
        }
        Mode::Row { name, times } => {
            let row = benches.iter().find_map(|bench| bench.row(name));
            row.ok_or_else(|| options::Refusal::UnknownRow(name.clone()))?.run(*times);
        }
    }
    Ok(())
}

fn measure_all<'a>(cells: impl Iterator<Item = Cell<'a>>, options: &Options) {
    if !options.json {
        report::measured_head();
    }
    for cell in cells {
        let sample = if options.quick { cell.bench.sample / 3 } else { cell.bench.sample };
        let measured = measure::measure(&cell, options.pairs, sample);
        report::measured(&cell, &measured, options.json);
    }
}

fn count_all<'a>(cells: impl Iterator<Item = Cell<'a>>, options: &Options) -> Result<(), options::Refusal> {
    instructions::check_installed()?;
    if !options.json {
        report::counted_head();
    }
    let mut counter = instructions::Counter::default();
    for cell in cells.filter(|cell| cell.bench.countable) {
        let (ours, rival) =
            (counter.per_op(cell.bench, &cell.bench.ours)?, counter.per_op(cell.bench, cell.rival)?);
        report::counted(&cell, ours, rival, options.json);
    }
    Ok(())
}
