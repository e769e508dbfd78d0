//! The project's commands: `cargo xtask help` lists them.
#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, reason = "a command speaks on standard output")]

mod bench;
mod check;
mod ci;
mod command;
mod docs;
mod features;
mod loom;
mod step;
mod table;
mod test;
mod tidy;
mod tools;
mod workspace;

use command::Command;
use std::process::ExitCode;
use step::{Outcome, Steps};

fn main() -> ExitCode {
    match Command::parse(std::env::args().skip(1)) {
        Ok(Command::Help) => {
            print!("{}", command::USAGE);
            ExitCode::SUCCESS
        }
        Ok(command) => perform(&command),
        Err(mistake) => {
            eprintln!("xtask: {mistake}\n\n{}", command::USAGE);
            ExitCode::from(2)
        }
    }
}

fn perform(command: &Command) -> ExitCode {
    let mut steps = Steps::default();
    let outcome = dispatch(command, &mut steps);
    println!("\n{}", steps.table());
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("xtask: {why}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(command: &Command, steps: &mut Steps) -> Outcome {
    match command {
        Command::Help => Ok(()),
        Command::Check => check::run(steps),
        Command::Test => test::run(steps),
        Command::Loom { filter } => loom::run(steps, filter.as_deref()),
        Command::Tools => tools::run(steps),
        Command::Stress => test::stress(steps),
        Command::Bench { name, args } => bench::run(steps, name.as_deref(), args),
        Command::Ci { skip } => ci::run(steps, skip),
    }
}
