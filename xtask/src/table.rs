//! Rows of text in columns: the first column to the left, the others to the right.

/// Lays out the rows; each has as many cells as the first.
pub(crate) fn columns<const N: usize>(rows: &[[String; N]]) -> String {
    let widths: [usize; N] =
        std::array::from_fn(|column| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0));
    rows.iter().map(|row| line(row, &widths)).collect()
}

fn line<const N: usize>(row: &[String; N], widths: &[usize; N]) -> String {
    let mut line = format!("{:<width$}", row[0], width = widths[0]);
    for (cell, width) in row.iter().zip(widths).skip(1) {
        line.push_str(&format!("  {cell:>width$}"));
    }
    format!("{}\n", line.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_last_cell_leaves_no_blanks_behind() {
        assert_eq!(columns(&[["a", "bc"], ["d", ""]].map(|row| row.map(str::to_owned))), "a  bc\nd\n");
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [["step", "seconds"], ["a longer name", "0.1"]].map(|row| row.map(str::to_owned));
        assert_eq!(columns(&rows), "step           seconds\na longer name      0.1\n");
    }
}
