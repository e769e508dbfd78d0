//! The command line.
use std::ffi::OsString;
use std::num::{NonZeroU64, NonZeroUsize};
use std::path::PathBuf;
use std::str::FromStr;
use std::thread::available_parallelism;

use lexopt::{Arg, Parser, ValueExt};

use super::decode::ColumnNames;

/// Each partition is an actor; more than this many is a slip of the finger.
const MOST_PARTITIONS: usize = 65_536;

/// What `--help` prints.
pub(crate) const HELP: &str = "\
Reads CSV records, partitions them by a key column, and has one supervised worker per partition
that keeps count, sum, mean, least and greatest value of a value column per key.

Usage: stream_worker [OPTIONS]

  --input FILE|-         read FILE, or - for standard input (default: flights shipped with the program)
  --key COLUMN           the column that partitions the records (default: carrier)
  --value COLUMN         the column of numbers; NA or empty is a missing value (default: dep_delay)
  --partitions N         how many workers (default: the number of cores)
  --mailbox N            how many records wait in front of a worker; 0 is a rendezvous (default: 64)
  --crash-every N        each worker panics at every N-th of its records; 0 is never (default: 0)
  --restart-limit N      give up when a worker has to be restarted more than N times
                         (default: as many times as --crash-every asks for)
  --rejects FILE         where malformed records are reported by line (default: standard error)
  --format table|json    how the totals are printed (default: table)
  --progress auto|never  a progress bar on standard error where that is a terminal (default: auto)
  --help                 print this and stop

Exit code: 0 done, 1 given up or failed, 2 refused before any work, 128 + signal when interrupted.
";

/// What the command line asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Command {
    Help,
    Run(Options),
}

/// How to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Options {
    pub(crate) input: InputChoice,
    pub(crate) columns: ColumnNames,
    pub(crate) partitions: NonZeroUsize,
    /// How many records wait in front of a worker; 0 is a rendezvous.
    pub(crate) mailbox: usize,
    /// `None`: workers never crash on purpose.
    pub(crate) crash_every: Option<NonZeroU64>,
    /// `None`: as many restarts as `crash_every` asks for.
    pub(crate) restart_limit: Option<u32>,
    /// `None`: standard error.
    pub(crate) rejects: Option<PathBuf>,
    pub(crate) format: Format,
    pub(crate) progress: ProgressMode,
}

/// Where the records come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum InputChoice {
    Shipped,
    StandardInput,
    File(PathBuf),
}

/// How the totals are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Table,
    Json,
}

/// When a progress bar is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ProgressMode {
    Auto,
    Never,
}

/// A command line that is refused.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OptionsError {
    #[error("{option}: {value:?} is not {wanted}")]
    BadValue { option: &'static str, value: OsString, wanted: &'static str },
    #[error("unexpected argument {0:?}; --help lists the options")]
    Unexpected(OsString),
    #[error("{0}; --help lists the options")]
    Syntax(lexopt::Error),
}

impl Default for Options {
    fn default() -> Self {
        Self {
            input: InputChoice::Shipped,
            columns: ColumnNames { key: "carrier".to_owned(), value: "dep_delay".to_owned() },
            partitions: available_parallelism().unwrap_or(NonZeroUsize::MIN),
            mailbox: 64,
            crash_every: None,
            restart_limit: None,
            rejects: None,
            format: Format::Table,
            progress: ProgressMode::Auto,
        }
    }
}

impl Command {
    /// Reads the arguments, without the name of the program. Of an option given twice the last counts.
    pub(crate) fn parse<A: Into<OsString>>(
        arguments: impl IntoIterator<Item = A>,
    ) -> Result<Self, OptionsError> {
        let arguments: Vec<OsString> = arguments.into_iter().map(Into::into).collect();
        let mut parser = Parser::from_args(arguments);
        let mut options = Options::default();
        while let Some(argument) = parser.next().map_err(OptionsError::Syntax)? {
            let name = match argument {
                Arg::Long("help") | Arg::Short('h') => return Ok(Self::Help),
                Arg::Long(name) => name.to_owned(),
                Arg::Value(value) => return Err(OptionsError::Unexpected(value)),
                Arg::Short(_) => return Err(OptionsError::Syntax(argument.unexpected())),
            };
            options.set(&name, &mut parser)?;
        }
        Ok(Self::Run(options))
    }
}

impl Options {
    fn set(&mut self, name: &str, parser: &mut Parser) -> Result<(), OptionsError> {
        match name {
            "input" => self.input = input_choice(value(parser)?),
            "key" => self.columns.key = text("--key", value(parser)?)?,
            "value" => self.columns.value = text("--value", value(parser)?)?,
            "partitions" => self.partitions = partitions(value(parser)?)?,
            "mailbox" => self.mailbox = number("--mailbox", value(parser)?)?,
            "crash-every" => self.crash_every = NonZeroU64::new(number("--crash-every", value(parser)?)?),
            "restart-limit" => self.restart_limit = Some(number("--restart-limit", value(parser)?)?),
            "rejects" => self.rejects = Some(value(parser)?.into()),
            "format" => self.format = format(value(parser)?)?,
            "progress" => self.progress = progress(value(parser)?)?,
            _ => return Err(OptionsError::Unexpected(format!("--{name}").into())),
        }
        Ok(())
    }
}

fn value(parser: &mut Parser) -> Result<OsString, OptionsError> {
    parser.value().map_err(OptionsError::Syntax)
}

fn input_choice(value: OsString) -> InputChoice {
    if value == "-" { InputChoice::StandardInput } else { InputChoice::File(value.into()) }
}

fn text(option: &'static str, value: OsString) -> Result<String, OptionsError> {
    let wanted = "the name of a column in UTF-8";
    value.into_string().map_err(|value| OptionsError::BadValue { option, value, wanted })
}

fn number<N: FromStr<Err: std::error::Error + Send + Sync + 'static>>(
    option: &'static str,
    value: OsString,
) -> Result<N, OptionsError> {
    let wanted = "a whole number in range, 0 or more";
    value.parse().map_err(|_| OptionsError::BadValue { option, value, wanted })
}

fn partitions(value: OsString) -> Result<NonZeroUsize, OptionsError> {
    match value.parse::<NonZeroUsize>() {
        Ok(partitions) if partitions.get() <= MOST_PARTITIONS => Ok(partitions),
        _ => {
            let wanted = "a whole number from 1 to 65536";
            Err(OptionsError::BadValue { option: "--partitions", value, wanted })
        }
    }
}

fn format(value: OsString) -> Result<Format, OptionsError> {
    match value.to_str() {
        Some("table") => Ok(Format::Table),
        Some("json") => Ok(Format::Json),
        _ => Err(OptionsError::BadValue { option: "--format", value, wanted: "table or json" }),
    }
}

fn progress(value: OsString) -> Result<ProgressMode, OptionsError> {
    match value.to_str() {
        Some("auto") => Ok(ProgressMode::Auto),
        Some("never") => Ok(ProgressMode::Never),
        _ => Err(OptionsError::BadValue { option: "--progress", value, wanted: "auto or never" }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(arguments: &[&str]) -> String {
        match Command::parse(arguments.iter().copied()) {
            Err(refused) => refused.to_string(),
            Ok(command) => panic!("{arguments:?} gave {command:?}"),
        }
    }

    fn options(arguments: &[&str]) -> Options {
        match Command::parse(arguments.iter().copied()) {
            Ok(Command::Run(options)) => options,
            other => panic!("{arguments:?} gave {other:?}"),
        }
    }

    #[test]
    fn without_arguments_the_defaults_hold() {
        assert_eq!(options(&[]), Options::default());
    }

    #[test]
    fn every_option_is_read() {
        let read = options(&[
            "--input=-",
            "--key",
            "origin",
            "--value",
            "distance",
            "--partitions=3",
            "--mailbox",
            "0",
            "--crash-every",
            "7",
            "--restart-limit",
            "0",
            "--rejects",
            "bad.txt",
            "--format",
            "json",
            "--progress",
            "never",
        ]);
        let expected = Options {
            input: InputChoice::StandardInput,
            columns: ColumnNames { key: "origin".to_owned(), value: "distance".to_owned() },
            partitions: NonZeroUsize::new(3).unwrap(),
            mailbox: 0,
            crash_every: NonZeroU64::new(7),
            restart_limit: Some(0),
            rejects: Some("bad.txt".into()),
            format: Format::Json,
            progress: ProgressMode::Never,
        };
        assert_eq!(read, expected);
    }

    #[test]
    fn a_dash_after_a_space_is_standard_input_too() {
        assert_eq!(options(&["--input", "-"]).input, InputChoice::StandardInput);
        assert_eq!(options(&["--input", "./-"]).input, InputChoice::File("./-".into()));
    }

    #[test]
    fn a_refusal_names_the_option_and_the_bad_value() {
        for (arguments, message) in [
            (["--partitions", "0"], "--partitions: \"0\" is not a whole number from 1 to 65536"),
            (["--partitions", "65537"], "--partitions: \"65537\" is not a whole number from 1 to 65536"),
            (["--mailbox", "-1"], "--mailbox: \"-1\" is not a whole number in range, 0 or more"),
            (["--crash-every", "x"], "--crash-every: \"x\" is not a whole number in range, 0 or more"),
            (["--restart-limit", ""], "--restart-limit: \"\" is not a whole number in range, 0 or more"),
            (["--format", "xml"], "--format: \"xml\" is not table or json"),
            (["--progress", "always"], "--progress: \"always\" is not auto or never"),
        ] {
            assert_eq!(refusal(&arguments), message);
        }
    }

    #[test]
    fn what_is_no_option_is_refused() {
        assert!(refusal(&["--colour"]).contains("--colour"));
        assert!(refusal(&["data.csv"]).contains("data.csv"));
        assert!(refusal(&["-x"]).contains("-x"));
        assert!(refusal(&["--key"]).contains("--key"));
    }

    #[test]
    fn help_wins_over_what_follows() {
        assert_eq!(Command::parse(["--help", "--colour"]).unwrap(), Command::Help);
        assert_eq!(Command::parse(["-h"]).unwrap(), Command::Help);
    }

    #[test]
    fn never_crashing_can_be_asked_for() {
        assert_eq!(options(&["--crash-every", "0"]).crash_every, None);
    }

    #[test]
    fn help_speaks_of_every_option_and_its_lines_fit_a_terminal() {
        for option in [
            "input",
            "key",
            "value",
            "partitions",
            "mailbox",
            "crash-every",
            "restart-limit",
            "rejects",
            "format",
            "progress",
            "help",
        ] {
            assert!(HELP.contains(&format!("--{option} ")), "{option}");
        }
        assert!(HELP.lines().all(|line| line.len() <= 105));
    }
}
