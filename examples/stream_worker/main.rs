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
mod keys;
mod options;
mod partition;
mod pipeline;
#[cfg(test)]
mod plain;
mod progress;
mod reader;
mod records;
mod rejects;
mod report;
mod totals;
mod values;
mod worker;

#[cfg(test)]
mod properties;

use std::env;
use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

use failure::Failure;
use input::Input;
use options::{Command, Format, HELP};
use rejects::Rejects;

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
    let options = match command {
        Command::Help => return print(|out| out.write_all(HELP.as_bytes())).map(|()| ExitCode::SUCCESS),
        Command::Run(options) => options,
    };
    let input = Input::open(&options.input)?;
    let rejects = Rejects::open(options.rejects.as_deref(), &input)?;
    worker::silence_crashes_on_purpose();
    let done = pipeline::run(&options, input, rejects)?;
    print(|out| {
        done.report.write(options.format, out)?;
        if options.format == Format::Table {
            writeln!(out, "\n{}", done.tree)?;
        }
        Ok(())
    })?;
    Ok(done.signal.map_or(ExitCode::SUCCESS, |signal| ExitCode::from(128 + signal.number())))
}

/// Prints to standard output. That nobody reads on is a quiet end.
fn print(write: impl FnOnce(&mut BufWriter<io::StdoutLock<'_>>) -> io::Result<()>) -> Result<(), Failure> {
    let mut out = BufWriter::new(io::stdout().lock());
    match write(&mut out).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::Print(error)),
        _ => Ok(()),
    }
}
