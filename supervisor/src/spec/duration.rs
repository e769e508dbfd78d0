//! Durations as people write them: `250ms`, `5s`, `1m 30s`.

use std::time::Duration;

/// From the largest, in nanoseconds.
const UNITS: [(&str, u64); 7] = [
    ("d", 86_400_000_000_000),
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("ns", 1),
];

/// Numbers with units, with or without blanks between; `None` for anything else, and for what is too long.
pub(super) fn parse(text: &str) -> Option<Duration> {
    let mut total: u128 = 0;
    let mut rest = text.trim();
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let (number, behind) = split(rest, |c| c.is_ascii_digit());
        let (unit, behind) = split(behind, char::is_alphabetic);
        let (_, nanos) = UNITS.iter().find(|(name, _)| *name == unit)?;
        let nanos = number.parse::<u128>().ok()?.checked_mul(u128::from(*nanos))?;
        total = total.checked_add(nanos)?;
        rest = behind.trim_start();
    }
    let seconds = u64::try_from(total / 1_000_000_000).ok()?;
    let nanos = u32::try_from(total % 1_000_000_000).ok()?;
    Some(Duration::new(seconds, nanos))
}

fn split(text: &str, is_inside: fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|c| !is_inside(c)).unwrap_or(text.len()))
}

/// In the largest unit that leaves no rest.
pub(super) fn print(duration: Duration) -> String {
    let nanos = duration.as_nanos();
    let seconds_or_less = UNITS.iter().filter(|(_, unit)| *unit <= 1_000_000_000);
    let (unit, size) = seconds_or_less
        .copied()
        .find(|(_, size)| nanos.is_multiple_of(u128::from(*size)))
        .unwrap_or(("ns", 1));
    format!("{}{unit}", nanos / u128::from(size))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write_is_read() {
        let read = [
            ("250ms", Duration::from_millis(250)),
            ("5s", Duration::from_secs(5)),
            ("1m 30s", Duration::from_secs(90)),
            ("1h30m", Duration::from_secs(5_400)),
            (" 2d ", Duration::from_secs(172_800)),
            ("7us 3ns", Duration::from_nanos(7_003)),
            ("0s", Duration::ZERO),
        ];
        for (text, duration) in read {
            assert_eq!(parse(text), Some(duration), "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in
            ["", " ", "5", "s", "5 s", "-5s", "1.5s", "5sec", "5s,", "s5", "99999999999999999999d", "5S"]
        {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn what_is_printed_reads_back_the_same() {
        let longest = Duration::MAX;
        for duration in [longest, Duration::ZERO, Duration::from_nanos(1), Duration::from_millis(1_500)] {
            assert_eq!(parse(&print(duration)), Some(duration));
        }
        assert_eq!(print(Duration::from_millis(1_500)), "1500ms");
        assert_eq!(print(Duration::from_secs(90)), "90s");
    }
}
