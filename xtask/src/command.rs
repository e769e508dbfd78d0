//! What was asked for on the command line.

use crate::ci::Section;

/// What `help` prints, and what a mistake prints after its line.
pub(crate) const USAGE: &str = "\
Usage: cargo xtask <command>

  check                   format, clippy, tidy laws: fit for a pre-commit hook
  test                    every test but the benches', then doctests and the book's chapters
  tools                   what tests of interoperability run, installed where that is allowed; `test` does it first
  loom [filter]           the loom models, one process each, then their twins with a planted fault
  stress                  ten million items a stream and a million restarts, with optimisations
  bench [name] [-- args]  all benches, or the one of this name
  ci [--skip section]...  all of it: check test loom stress docs features benches deny book
  help                    this text
";

/// A command and its arguments.
#[derive(Debug, PartialEq)]
pub(crate) enum Command {
    Check,
    Test,
    Tools,
    Loom { filter: Option<String> },
    Stress,
    Bench { name: Option<String>, args: Vec<String> },
    Ci { skip: Vec<Section> },
    Help,
}

impl Command {
    /// Reads the arguments that follow the program's name; the error names the one it refuses.
    pub(crate) fn parse(args: impl IntoIterator<Item = String>) -> Result<Self, String> {
        let mut args = args.into_iter();
        let name = args.next().ok_or("a command is missing")?;
        let command = match name.as_str() {
            "check" => Self::Check,
            "test" => Self::Test,
            "tools" => Self::Tools,
            "loom" => Self::Loom { filter: args.next() },
            "stress" => Self::Stress,
            "bench" => bench(&mut args)?,
            "ci" => Self::Ci { skip: skipped(&mut args)? },
            "help" | "--help" | "-h" => Self::Help,
            _ => return Err(format!("there is no command `{name}`")),
        };
        match args.next() {
            None => Ok(command),
            Some(extra) => Err(format!("`{name}` does not take `{extra}`")),
        }
    }
}

fn bench(args: &mut impl Iterator<Item = String>) -> Result<Command, String> {
    let mut name = None;
    while let Some(arg) = args.next() {
        match name {
            _ if arg == "--" => return Ok(Command::Bench { name, args: args.collect() }),
            None => name = Some(arg),
            Some(_) => return Err(format!("`bench` does not take `{arg}`")),
        }
    }
    Ok(Command::Bench { name, args: Vec::new() })
}

fn skipped(args: &mut impl Iterator<Item = String>) -> Result<Vec<Section>, String> {
    let mut skip = Vec::new();
    while let Some(arg) = args.next() {
        if arg != "--skip" {
            return Err(format!("`ci` does not take `{arg}`"));
        }
        let name = args.next().ok_or("`--skip` wants the name of a section")?;
        skip.push(Section::named(&name).ok_or(format!("there is no section `{name}` to skip"))?);
    }
    Ok(skip)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Command, String> {
        Command::parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn an_unknown_command_is_refused_by_name() {
        assert_eq!(parse("polish"), Err("there is no command `polish`".to_owned()));
    }

    #[test]
    fn a_missing_command_is_refused() {
        assert_eq!(parse(""), Err("a command is missing".to_owned()));
    }

    #[test]
    fn an_extra_argument_is_refused_by_name() {
        assert_eq!(parse("loom close now"), Err("`loom` does not take `now`".to_owned()));
    }

    #[test]
    fn two_bench_names_are_refused() {
        assert_eq!(parse("bench streams worker"), Err("`bench` does not take `worker`".to_owned()));
    }

    #[test]
    fn a_bench_gets_what_follows_the_dashes() {
        let name = Some("streams".to_owned());
        assert_eq!(
            parse("bench streams -- --json"),
            Ok(Command::Bench { name, args: vec!["--json".into()] })
        );
        assert_eq!(parse("bench -- --json"), Ok(Command::Bench { name: None, args: vec!["--json".into()] }));
    }

    #[test]
    fn sections_of_ci_can_be_skipped() {
        let skip = vec![Section::Test, Section::Loom];
        assert_eq!(parse("ci --skip test --skip loom"), Ok(Command::Ci { skip }));
        assert_eq!(parse("ci --skip tests"), Err("there is no section `tests` to skip".to_owned()));
        assert_eq!(parse("ci test"), Err("`ci` does not take `test`".to_owned()));
    }
}
