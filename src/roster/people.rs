//! The people of an organization as a file, a line each. No cell of it is a formula to a spreadsheet.

use super::formula::guarded;

/// The columns. The first two are those of an import, so that a file of people can be made of it.
pub const HEADER: [&str; 10] = [
    "email",
    "role",
    "projects",
    "state",
    "suspended_by",
    "name",
    "owner",
    "managed_by",
    "id",
    "created_at",
];

/// The mark of UTF-8, by which a spreadsheet knows it, and the header.
pub fn begin() -> Vec<u8> {
    let mut bytes = "\u{feff}".as_bytes().to_vec();
    bytes.extend(lines([HEADER.map(str::to_owned)]));
    bytes
}

/// Lines of it, each cell quoted: what is no separator here may be one where the file is opened.
pub fn lines<const N: usize>(rows: impl IntoIterator<Item = [String; N]>) -> Vec<u8> {
    separated(b',', rows)
}

/// The same, with another separator.
pub fn separated<R>(separator: u8, rows: impl IntoIterator<Item = R>) -> Vec<u8>
where
    R: AsRef<[String]>,
{
    let mut writer = csv::WriterBuilder::new()
        .delimiter(separator)
        .terminator(csv::Terminator::CRLF)
        .quote_style(csv::QuoteStyle::Always)
        .from_writer(Vec::new());
    for row in rows {
        writer
            .write_record(row.as_ref().iter().map(|cell| guarded(cell)))
            .expect("a vector takes whatever is written");
    }
    writer.into_inner().expect("a vector can be flushed")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_quoted_and_no_formula() {
        let line = lines([["=1+1".to_owned(), "a\"b;c".to_owned()]]);
        let text = String::from_utf8(line).unwrap();
        assert_eq!(text, "\"'=1+1\",\"a\"\"b;c\"\r\n");
    }
}
