//! Totals of a CSV column per key: one supervised worker per partition of the keys, exact through crashes.
//!
//! `cargo run --release --example stream_worker` runs it on real data that comes with it; `--help` lists the
//! options.
#![forbid(unsafe_code)]

mod crash;
mod decode;
mod failure;
mod fields;
mod input;
mod options;
mod partition;
mod plain;
mod progress;
mod records;
mod rejects;
mod report;
mod totals;
mod values;

#[cfg(test)]
mod properties;

use std::env;
use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

use failure::Failure;
use input::Input;
use options::{Command, HELP, Options};
use progress::Progress;
use rejects::Rejects;
use report::Report;

fn main() -> ExitCode {
    match Command::parse(env::args_os().skip(1)).map_err(Failure::from).and_then(execute) {
        Ok(code) => code,
        Err(failure) => {
            let _ = writeln!(io::stderr(), "stream_worker: {failure}");
            ExitCode::from(failure.exit_code())
        }
    }
}

fn execute(command: Command) -> Result<ExitCode, Failure> {
    match command {
        Command::Help => print(|out| out.write_all(HELP.as_bytes()))?,
        Command::Run(options) => {
            let report = run(&options)?;
            print(|out| report.write(options.format, out))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn run(options: &Options) -> Result<Report, Failure> {
    let input = Input::open(&options.input)?;
    let mut rejects = Rejects::open(options.rejects.as_deref(), &input)?;
    let mut progress = Progress::new(options.progress, input.length());
    let mut chunks = input.into_chunks().map_err(Failure::Read)?;
    let chunks = std::iter::from_fn(|| {
        chunks.blocking_next().inspect(|chunk| progress.advance(chunk.as_ref().map_or(0, Vec::len), 0))
    });
    let mut reported = Ok(());
    let summary = plain::run(chunks, options.columns.clone(), u64::MAX, |reject| {
        if reported.is_ok() {
            reported = rejects.report(reject);
        }
    })?;
    progress.clear();
    reported?;
    rejects.flush()?;
    let plain::Summary { records, rejected, keys } = summary;
    Ok(Report { records, rejected, restarts: 0, interrupted: false, keys })
}

/// Prints to standard output. That nobody reads on is a quiet end.
fn print(write: impl FnOnce(&mut BufWriter<io::StdoutLock<'_>>) -> io::Result<()>) -> Result<(), Failure> {
    let mut out = BufWriter::new(io::stdout().lock());
    match write(&mut out).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::Print(error)),
        _ => Ok(()),
    }
}
