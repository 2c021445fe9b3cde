//! Cells that a spreadsheet would run: one that begins with `= + - @`, a tab or a line's end is a
//! formula to it. Such a cell is written with `'` before it, and read without; a cell that looks
//! as if that had been done already gets another, so that reading gives back what was written.

const MARK: char = '\'';

fn would_run(cell: &str) -> bool {
    cell.trim_start_matches(MARK)
        .starts_with(['=', '+', '-', '@', '\t', '\r', '\n'])
}

/// The cell as it is written.
pub(super) fn guarded(cell: &str) -> String {
    if would_run(cell) {
        format!("{MARK}{cell}")
    } else {
        cell.to_owned()
    }
}

/// The cell that was meant.
pub(super) fn unguarded(cell: &str) -> &str {
    match cell.strip_prefix(MARK) {
        Some(rest) if would_run(rest) => rest,
        _ => cell,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_written_cell_is_a_formula_and_each_reads_back() {
        for (cell, written) in [
            ("ada@acme.example", "ada@acme.example"),
            ("=1+1", "'=1+1"),
            ("+tag@acme.example", "'+tag@acme.example"),
            ("-", "'-"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\t=1"),
            ("\r=1", "'\r=1"),
            ("'=1", "''=1"),
            ("o'neill", "o'neill"),
            ("'quoted'", "'quoted'"),
            ("", ""),
        ] {
            assert_eq!(guarded(cell), written, "{cell:?}");
            assert_eq!(unguarded(written), cell, "{cell:?}");
        }
    }
}
