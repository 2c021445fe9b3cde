//! The file that goes back: the columns as they came, then `status` and `detail`. No cell of it
//! is a formula to a spreadsheet, and reading it gives the same cells again.

use super::file::Dialect;
use super::formula::guarded;

const ADDED: [&str; 2] = ["status", "detail"];

/// A row of it.
#[derive(Clone, Copy, Debug)]
pub struct ResultRow<'a> {
    /// The cells as they came.
    pub cells: &'a [String],
    /// What became of the row, in a word.
    pub status: &'a str,
    /// The same in words.
    pub detail: &'a str,
}

/// Writes it, in UTF-8 with the mark by which a spreadsheet knows that.
pub fn write(dialect: Dialect, header: &[String], rows: &[ResultRow<'_>]) -> Vec<u8> {
    let all = rows.iter().flat_map(|row| row.cells).chain(header);
    // What is no separator here may be one where the file is opened, and then a cell is two.
    let ambiguous = all.clone().any(|cell| cell.contains([',', ';', '\t']))
        || rows.iter().any(|row| row.detail.contains([',', ';', '\t']));
    let style = if ambiguous {
        csv::QuoteStyle::Always
    } else {
        csv::QuoteStyle::Necessary
    };
    let mut writer = csv::WriterBuilder::new()
        .delimiter(dialect.delimiter())
        .terminator(csv::Terminator::CRLF)
        .quote_style(style)
        .flexible(true)
        .from_writer("\u{feff}".as_bytes().to_vec());
    let widest = rows.iter().map(|row| row.cells.len()).max().unwrap_or(0);
    let kept: Vec<usize> = (0..header.len().max(widest))
        .filter(|index| !header.get(*index).is_some_and(|name| is_added(name)))
        .collect();
    let mut line = |cells: &[String], status: &str, detail: &str| {
        let cells = kept
            .iter()
            .map(|index| cells.get(*index).map_or("", String::as_str));
        let cells = cells.chain([status, detail]).map(guarded);
        writer
            .write_record(cells)
            .expect("a vector takes whatever is written, and the widths are free");
    };
    let [status, detail] = ADDED;
    line(header, status, detail);
    for row in rows {
        line(row.cells, row.status, row.detail);
    }
    writer.into_inner().expect("a vector can be flushed")
}

/// The columns of an earlier result make way for those of this one.
fn is_added(name: &str) -> bool {
    ADDED
        .iter()
        .any(|added| name.trim().eq_ignore_ascii_case(added))
}
