//! Processes that share resources: each is worked by one of them at a time, and handed over at once when that one goes.
//!
//! `cargo run --release --example lock_worker -- --engine sqlite:/tmp/leases.db` in two or more terminals shows it;
//! `--help` lists the options.
#![forbid(unsafe_code)]

mod check;
mod engine;
mod event;
mod failure;
mod fault;
mod gate;
mod journal;
mod line;
mod options;
mod record;
mod run;
mod start;
mod status;
mod verify;
mod work;

use std::env;
use std::io::{self, Write};
use std::process::ExitCode;

use failure::Failure;
use options::{Command, HELP};

fn main() -> ExitCode {
    match Command::parse(env::args_os().skip(1)).map_err(Failure::from).and_then(execute) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let _ = writeln!(io::stderr(), "lock_worker: {failure}");
            ExitCode::from(failure.exit_code())
        }
    }
}

fn execute(command: Command) -> Result<(), Failure> {
    match command {
        Command::Help => print(HELP),
        Command::Run(options) => run::run(&options),
        Command::Status { options, watch } => status::show(&options, watch),
        Command::Check(options) => check::check(&options),
    }
}

/// Prints to standard output. That nobody reads on is a quiet end.
fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::Print(error)),
        _ => Ok(()),
    }
}
