//! The command line.
use std::ffi::OsString;
use std::num::{NonZeroU64, NonZeroUsize};
use std::process;
use std::time::Duration;

use arbour::leases::LeaseName;
use lexopt::{Arg, Parser, ValueExt};

use super::engine::Engine;

/// Each resource is a task; more than this many is a slip of the finger.
const MOST_RESOURCES: usize = 10_000;

/// The group of the resources, which are leases below it.
pub(crate) const RESOURCES: &str = "resource";

/// What `--help` prints.
pub(crate) const HELP: &str = "\
Shares resources between processes: each is worked by one of them at a time, under a lease, and handed
over at once when that one goes. What is written is refused by the store when its lease is no longer the newest.

Usage: lock_worker [OPTIONS]           work until SIGTERM or Ctrl-C: what was begun is finished, then released
       lock_worker status [OPTIONS]    show who has which resource, under which fence, for how long
       lock_worker check [OPTIONS]     read all that was written: nothing lost, out of order, or done by two

  --engine ENGINE        where the leases are (default: memory)
                           memory             in this process, which then shares with nobody
                           sqlite:FILE        in a file that processes of this machine share
                           redis://HOST/...   on a Redis server
  --resources N          how many resources there are (default: 8)
  --lease-ttl TIME       how long a lease outlives a worker that is gone without a word, as 500ms or 15s;
                         all other times follow from it (default: 15s)
  --work-for TIME        how long each piece of work takes (default: 1s)
  --name NAME            what this worker is called, unlike any other (default: worker-PID)
  --verbose              also print each piece of work, begun and written; of check: each record
  --watch                of status: show it every second until Ctrl-C
  --clocks-differ TIME   of check: by how much the clocks of the workers' machines may differ (default: 0s)
  --stop-at-write N      for tests: stop the process (SIGSTOP) in the middle of its N-th write, between its
                         own look at the lease and the store's; SIGCONT lets it go on
  --help                 print this and stop

Exit code: 0 done, 1 failed or found something wrong, 2 refused before any work, 128 + signal when a second
signal cut work short.
";

/// What the command line asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Command {
    Help,
    Run(Options),
    Status { options: Options, watch: bool },
    Check(Options),
}

/// How to work, or at what to look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Options {
    pub(crate) engine: Engine,
    pub(crate) resources: NonZeroUsize,
    pub(crate) lease_ttl: Duration,
    pub(crate) work_for: Duration,
    pub(crate) name: String,
    pub(crate) verbose: bool,
    pub(crate) clocks_differ: Duration,
    /// `None`: at none.
    pub(crate) stop_at_write: Option<NonZeroU64>,
}

/// A command line that is refused.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OptionsError {
    #[error("{option}: {value:?} is not {wanted}")]
    BadValue { option: &'static str, value: OsString, wanted: &'static str },
    #[error("{0} would see nothing of a worker: the engine `memory` is in the worker's own process")]
    NothingToSee(&'static str),
    #[error("unexpected argument {0:?}; --help lists the options")]
    Unexpected(OsString),
    #[error("{0}; --help lists the options")]
    Syntax(lexopt::Error),
}

impl Default for Options {
    fn default() -> Self {
        Self {
            engine: Engine::Memory,
            resources: const { NonZeroUsize::new(8).unwrap() },
            lease_ttl: Duration::from_secs(15),
            work_for: Duration::from_secs(1),
            name: format!("worker-{}", process::id()),
            verbose: false,
            clocks_differ: Duration::ZERO,
            stop_at_write: None,
        }
    }
}

impl Options {
    /// What the resources are called within their group.
    pub(crate) fn numbers(&self) -> impl Iterator<Item = String> + use<> {
        (0..self.resources.get()).map(|number| number.to_string())
    }

    /// The leases that are the resources.
    pub(crate) fn names(&self) -> impl Iterator<Item = LeaseName> + use<> {
        let name = |number| LeaseName::new(format!("{RESOURCES}/{number}"));
        self.numbers().map(name).map(|name| name.expect("a number makes no name bad"))
    }
}

/// What the command line has been read to be so far.
#[derive(Debug, Default)]
struct Reading {
    subject: Option<String>,
    watch: bool,
    options: Options,
}

impl Command {
    /// Reads the arguments, without the name of the program. Of an option given twice the last counts.
    pub(crate) fn parse<A: Into<OsString>>(
        arguments: impl IntoIterator<Item = A>,
    ) -> Result<Self, OptionsError> {
        let arguments: Vec<OsString> = arguments.into_iter().map(Into::into).collect();
        let mut parser = Parser::from_args(arguments);
        let mut reading = Reading::default();
        while let Some(argument) = parser.next().map_err(OptionsError::Syntax)? {
            let name = match argument {
                Arg::Long("help") | Arg::Short('h') => return Ok(Self::Help),
                Arg::Long(name) => name.to_owned(),
                Arg::Value(value) => {
                    reading.choose(value)?;
                    continue;
                }
                Arg::Short(_) => return Err(OptionsError::Syntax(argument.unexpected())),
            };
            reading.set(&name, &mut parser)?;
        }
        reading.command()
    }
}

impl Reading {
    fn choose(&mut self, subject: OsString) -> Result<(), OptionsError> {
        match subject.to_str() {
            Some("status" | "check") if self.subject.is_none() => self.subject = subject.into_string().ok(),
            _ => return Err(OptionsError::Unexpected(subject)),
        }
        Ok(())
    }

    fn set(&mut self, name: &str, parser: &mut Parser) -> Result<(), OptionsError> {
        let options = &mut self.options;
        match name {
            "engine" => options.engine = engine(value(parser)?)?,
            "resources" => options.resources = resources(value(parser)?)?,
            "lease-ttl" => options.lease_ttl = time("--lease-ttl", value(parser)?)?,
            "work-for" => options.work_for = time("--work-for", value(parser)?)?,
            "name" => options.name = worker(value(parser)?)?,
            "verbose" => options.verbose = true,
            "watch" => self.watch = true,
            "clocks-differ" => options.clocks_differ = time("--clocks-differ", value(parser)?)?,
            "stop-at-write" => options.stop_at_write = Some(write(value(parser)?)?),
            _ => return Err(OptionsError::Unexpected(format!("--{name}").into())),
        }
        Ok(())
    }

    fn command(self) -> Result<Command, OptionsError> {
        let Self { subject, watch, options } = self;
        let in_memory = options.engine == Engine::Memory;
        match subject.as_deref() {
            Some("status") if in_memory => Err(OptionsError::NothingToSee("status")),
            Some("check") if in_memory => Err(OptionsError::NothingToSee("check")),
            Some("status") => Ok(Command::Status { options, watch }),
            _ if watch => Err(OptionsError::Unexpected("--watch".into())),
            Some(_) => Ok(Command::Check(options)),
            None => Ok(Command::Run(options)),
        }
    }
}

fn value(parser: &mut Parser) -> Result<OsString, OptionsError> {
    parser.value().map_err(OptionsError::Syntax)
}

fn engine(value: OsString) -> Result<Engine, OptionsError> {
    let wanted = "memory, sqlite:FILE or redis://HOST";
    let engine = value.to_str().and_then(Engine::parse);
    engine.ok_or(OptionsError::BadValue { option: "--engine", value, wanted })
}

fn resources(value: OsString) -> Result<NonZeroUsize, OptionsError> {
    match value.parse::<NonZeroUsize>() {
        Ok(resources) if resources.get() <= MOST_RESOURCES => Ok(resources),
        _ => {
            let wanted = "a whole number from 1 to 10000";
            Err(OptionsError::BadValue { option: "--resources", value, wanted })
        }
    }
}

/// Events and tables are made of words, so the name has to be one.
fn worker(value: OsString) -> Result<String, OptionsError> {
    let is_word =
        |name: &str| !name.is_empty() && !name.contains(|c: char| c.is_whitespace() || c.is_control());
    match value.to_str() {
        Some(name) if is_word(name) => Ok(name.to_owned()),
        _ => Err(OptionsError::BadValue { option: "--name", value, wanted: "one word in UTF-8" }),
    }
}

fn write(value: OsString) -> Result<NonZeroU64, OptionsError> {
    let wanted = "a whole number, 1 or more";
    value.parse().map_err(|_| OptionsError::BadValue { option: "--stop-at-write", value, wanted })
}

fn time(option: &'static str, value: OsString) -> Result<Duration, OptionsError> {
    let time = value.to_str().and_then(duration);
    time.ok_or(OptionsError::BadValue { option, value, wanted: "a time such as 500ms or 15s" })
}

/// A whole number of milliseconds or seconds.
fn duration(text: &str) -> Option<Duration> {
    let (number, unit): (_, fn(u64) -> Duration) = match text.strip_suffix("ms") {
        Some(number) => (number, Duration::from_millis),
        None => (text.strip_suffix('s')?, Duration::from_secs),
    };
    number.parse::<u32>().ok().map(|number| unit(number.into()))
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

    #[test]
    fn without_arguments_the_defaults_hold() {
        assert_eq!(Command::parse::<&str>([]).unwrap(), Command::Run(Options::default()));
    }

    #[test]
    fn every_option_is_read() {
        let line = "--engine sqlite:a.db --resources=3 --lease-ttl 600ms --work-for 2s --name oak --verbose \
                    --clocks-differ 5ms --stop-at-write 7";
        let expected = Options {
            engine: Engine::Sqlite("a.db".into()),
            resources: NonZeroUsize::new(3).unwrap(),
            lease_ttl: Duration::from_millis(600),
            work_for: Duration::from_secs(2),
            name: "oak".to_owned(),
            verbose: true,
            clocks_differ: Duration::from_millis(5),
            stop_at_write: NonZeroU64::new(7),
        };
        assert_eq!(Command::parse(line.split_whitespace()).unwrap(), Command::Run(expected));
    }

    #[test]
    fn what_to_do_may_stand_anywhere() {
        let options = Options { engine: Engine::Sqlite("a.db".into()), ..Options::default() };
        let check = Command::parse(["--engine", "sqlite:a.db", "check"]).unwrap();
        assert_eq!(check, Command::Check(options.clone()));
        let status = Command::parse(["status", "--watch", "--engine", "sqlite:a.db"]).unwrap();
        assert_eq!(status, Command::Status { options, watch: true });
    }

    #[test]
    fn a_refusal_names_the_option_and_the_bad_value() {
        let time = "is not a time such as 500ms or 15s";
        for (arguments, message) in [
            (
                ["--engine", "paper"],
                "--engine: \"paper\" is not memory, sqlite:FILE or redis://HOST".to_owned(),
            ),
            (
                ["--engine", "sqlite:"],
                "--engine: \"sqlite:\" is not memory, sqlite:FILE or redis://HOST".to_owned(),
            ),
            (["--resources", "0"], "--resources: \"0\" is not a whole number from 1 to 10000".to_owned()),
            (
                ["--resources", "10001"],
                "--resources: \"10001\" is not a whole number from 1 to 10000".to_owned(),
            ),
            (["--lease-ttl", "15"], format!("--lease-ttl: \"15\" {time}")),
            (["--work-for", "-1s"], format!("--work-for: \"-1s\" {time}")),
            (["--clocks-differ", "soon"], format!("--clocks-differ: \"soon\" {time}")),
            (["--name", "a b"], "--name: \"a b\" is not one word in UTF-8".to_owned()),
            (["--name", ""], "--name: \"\" is not one word in UTF-8".to_owned()),
            (["--stop-at-write", "0"], "--stop-at-write: \"0\" is not a whole number, 1 or more".to_owned()),
        ] {
            assert_eq!(refusal(&arguments), message);
        }
    }

    #[test]
    fn what_is_no_option_is_refused() {
        assert!(refusal(&["--colour"]).contains("--colour"));
        assert!(refusal(&["start"]).contains("start"));
        assert!(refusal(&["status", "check"]).contains("check"));
        assert!(refusal(&["-x"]).contains("-x"));
        assert!(refusal(&["--watch"]).contains("--watch"));
    }

    #[test]
    fn nobody_looks_into_the_memory_of_another_process() {
        assert!(refusal(&["status"]).starts_with("status would see nothing"));
        assert!(refusal(&["check"]).starts_with("check would see nothing"));
    }

    #[test]
    fn help_wins_over_what_follows_and_speaks_of_every_option() {
        assert_eq!(Command::parse(["--help", "--colour"]).unwrap(), Command::Help);
        for option in
            "engine resources lease-ttl work-for name verbose watch clocks-differ stop-at-write help"
                .split(' ')
        {
            assert!(HELP.contains(&format!("--{option} ")), "{option}");
        }
        assert!(HELP.lines().all(|line| line.len() <= 115));
    }
}
