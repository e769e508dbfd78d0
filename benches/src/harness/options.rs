//! What the command line asks for.

/// Fewer pairs cannot give a 95 % interval that leaves out a wild one at each end.
const FEWEST_PAIRS: usize = 11;

const USAGE: &str = "options:
  --pairs N          pairs per cell, at least 11 (default 11)
  --filter TEXT      only cells whose name contains TEXT
  --quick            samples of a third of the time
  --json             one JSON object per cell and line
  --list             the names of the cells
  --instructions     count instructions per operation instead of time (needs valgrind)
  --callgrind CELL   print the commands that profile the two rows of a cell
  --row NAME --times N   run one row so many times, under a profiler";

#[derive(Debug, PartialEq)]
pub(super) struct Options {
    pub(super) mode: Mode,
    pub(super) pairs: usize,
    pub(super) filter: String,
    /// Whether samples are shorter than each bench wants them.
    pub(super) quick: bool,
    pub(super) json: bool,
}

#[derive(Debug, PartialEq)]
pub(super) enum Mode {
    Measure,
    Instructions,
    List,
    Callgrind(String),
    Row { name: String, times: u64 },
}

/// Why nothing was run.
#[derive(Debug, PartialEq, thiserror::Error)]
pub(super) enum Refusal {
    #[error("{0} is not an option\n{USAGE}")]
    Unknown(String),
    #[error("{0} needs a value\n{USAGE}")]
    NoValue(String),
    #[error("{0} needs a number, not {1:?}")]
    NotANumber(&'static str, String),
    #[error("--pairs {0} is too few: with fewer than {FEWEST_PAIRS} the interval says nothing")]
    TooFewPairs(usize),
    #[error("there is no cell {0:?}; --list names them")]
    UnknownCell(String),
    #[error("there is no row {0:?}; --callgrind CELL names the two rows of a cell")]
    UnknownRow(String),
    #[error("instructions are counted with valgrind, which could not be run: {0}")]
    NoValgrind(String),
    #[error("callgrind gave no count for {row:?}; it said:\n{said}")]
    NotCounted { row: String, said: String },
}

impl Options {
    pub(super) fn parse(mut words: impl Iterator<Item = String>) -> Result<Self, Refusal> {
        let mut options = Self {
            mode: Mode::Measure,
            pairs: FEWEST_PAIRS,
            filter: String::new(),
            quick: false,
            json: false,
        };
        let mut times = 1;
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or_else(|| Refusal::NoValue(word.clone()));
            match word.as_str() {
                "--pairs" => options.pairs = pairs(value()?)?,
                "--filter" => options.filter = value()?,
                "--quick" => options.quick = true,
                "--json" => options.json = true,
                "--list" => options.mode = Mode::List,
                "--instructions" => options.mode = Mode::Instructions,
                "--callgrind" => options.mode = Mode::Callgrind(value()?),
                "--row" => options.mode = Mode::Row { name: value()?, times },
                "--times" => times = number("--times", value()?)?,
                _ => return Err(Refusal::Unknown(word)),
            }
        }
        if let Mode::Row { times: wanted, .. } = &mut options.mode {
            *wanted = times;
        }
        Ok(options)
    }
}

fn pairs(value: String) -> Result<usize, Refusal> {
    match number("--pairs", value)? {
        few if few < FEWEST_PAIRS => Err(Refusal::TooFewPairs(few)),
        pairs => Ok(pairs),
    }
}

fn number<N: std::str::FromStr>(option: &'static str, value: String) -> Result<N, Refusal> {
    value.parse().map_err(|_| Refusal::NotANumber(option, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Options, Refusal> {
        Options::parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn without_options_eleven_pairs_of_full_length_are_measured() {
        let options = parse("").unwrap();
        assert_eq!((options.mode, options.pairs, options.quick), (Mode::Measure, 11, false));
    }

    #[test]
    fn ten_pairs_are_refused() {
        assert_eq!(parse("--pairs 10"), Err(Refusal::TooFewPairs(10)));
    }

    #[test]
    fn a_value_that_is_missing_or_no_number_is_named() {
        assert_eq!(parse("--filter"), Err(Refusal::NoValue("--filter".into())));
        assert_eq!(parse("--pairs many"), Err(Refusal::NotANumber("--pairs", "many".into())));
        assert_eq!(parse("--fast"), Err(Refusal::Unknown("--fast".into())));
    }

    #[test]
    fn the_times_of_a_row_may_stand_before_or_after_its_name() {
        let mode = Mode::Row { name: "a/b".into(), times: 3 };
        assert_eq!(parse("--row a/b --times 3").unwrap().mode, mode);
        assert_eq!(parse("--times 3 --row a/b").unwrap().mode, mode);
    }
}
