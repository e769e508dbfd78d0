//! What the value column may say: a finite number, or that there is none.

/// A value that is there and cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BadValue {
    NotANumber,
    NotFinite,
}

/// Reads one field of the value column: `None` when it is `NA` or empty.
///
/// Numbers are written as Rust reads an `f64`: an optional sign, decimal digits, an optional exponent.
/// Spaces are not trimmed. Numbers that overflow to infinity are refused, not rounded.
pub(crate) fn parse_value(field: &str) -> Result<Option<f64>, BadValue> {
    if field.is_empty() || field == "NA" {
        return Ok(None);
    }
    match field.parse::<f64>() {
        Ok(value) if value.is_finite() => Ok(Some(value)),
        Ok(_) => Err(BadValue::NotFinite),
        Err(_) => Err(BadValue::NotANumber),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn na_and_nothing_are_missing_values() {
        assert_eq!(parse_value(""), Ok(None));
        assert_eq!(parse_value("NA"), Ok(None));
    }

    #[test]
    fn finite_numbers_are_read_to_the_last_bit() {
        for (field, value) in
            [("-13", -13.0), ("+0.1", 0.1), ("5e-324", 5e-324), (".5", 0.5), ("1.", 1.0), ("1E3", 1000.0)]
        {
            assert_eq!(parse_value(field), Ok(Some(value)), "{field}");
        }
        assert_eq!(parse_value("-0").map(|value| value.map(f64::to_bits)), Ok(Some((-0.0_f64).to_bits())));
    }

    #[test]
    fn infinity_and_nan_are_refused_however_they_are_written() {
        for field in ["inf", "-inf", "Infinity", "NaN", "nan", "1e999", "-1e999"] {
            assert_eq!(parse_value(field), Err(BadValue::NotFinite), "{field}");
        }
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for field in ["na", "n/a", " 5", "5 ", "0x10", "1,5", "1_000", "-", "é"] {
            assert_eq!(parse_value(field), Err(BadValue::NotANumber), "{field}");
        }
    }
}
