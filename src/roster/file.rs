//! Bytes become rows: size, encoding, separator, header and the number of rows are looked at in
//! this order, and the first that is wrong ends it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::finding::{Code, Finding};
use super::header;
use super::row::RawRow;
use super::scan::{Fault, Place, Record, Scanner, end_of};
use crate::limits;

const SAVE_AS_UTF8: &str = "in Excel: File, Save As, file type \"CSV UTF-8 (Comma delimited)\"";

/// What separates the cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Dialect {
    /// `,`, as RFC 4180 has it.
    Comma,
    /// `;`, as spreadsheets write where the comma is the decimal mark.
    Semicolon,
    /// The tab.
    Tab,
}

impl Dialect {
    const ALL: [Self; 3] = [Self::Comma, Self::Semicolon, Self::Tab];

    /// The character.
    pub fn delimiter(self) -> u8 {
        match self {
            Self::Comma => b',',
            Self::Semicolon => b';',
            Self::Tab => b'\t',
        }
    }
}

/// A file whose header is understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// What separates its cells.
    pub dialect: Dialect,
    /// The names in its header, as they came.
    pub header: Vec<String>,
    /// Its rows; blank ones are left out.
    pub rows: Vec<RawRow>,
    /// What is odd about it: columns that are ignored.
    pub warnings: Vec<Finding>,
}

type Found<T> = Result<T, Vec<Finding>>;

/// Reads a file, or says why it cannot be read.
pub fn read(bytes: &[u8]) -> Found<File> {
    let text = text(bytes)?;
    let Header {
        dialect,
        line,
        names,
    } = header_row(text)?;
    let (columns, warnings) = header::columns(line, &names)?;
    let rows = data(text, dialect)?
        .iter()
        .map(|record| RawRow::read(record.line, &columns, &cells(record.text, dialect)))
        .collect();
    Ok(File {
        dialect,
        header: names,
        rows,
        warnings,
    })
}

/// The text, of a size and in an encoding that are taken, without the mark at its beginning.
fn text(bytes: &[u8]) -> Found<&str> {
    if bytes.len() > limits::CSV_BYTES {
        let (came, most) = (bytes.len(), limits::CSV_BYTES);
        let message = format!("the file has {came} bytes; an import takes at most {most}");
        return Err(vec![too_much(Code::TooLarge, message)]);
    }
    let wide = bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]);
    if wide || is_unmarked_utf16(bytes) {
        let message = "the file is in UTF-16; save it as UTF-8";
        return Err(vec![encoding(message)]);
    }
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let good = bytes.get(..error.valid_up_to()).unwrap_or_default();
            let place = end_of(std::str::from_utf8(good).unwrap_or_default());
            let message = "the file is not in UTF-8 but perhaps in Latin-1; save it as UTF-8";
            return Err(vec![at(encoding(message), place)]);
        }
    };
    if let Some((before, _)) = text.split_once('\0') {
        let message = "the file holds a NUL character; it is no text";
        let finding = Finding::of_file(Code::Nul, message);
        return Err(vec![at(finding, end_of(before))]);
    }
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

/// Latin letters in UTF-16 without its mark: every other byte is zero.
fn is_unmarked_utf16(bytes: &[u8]) -> bool {
    let zero = |offset: usize| {
        let mut some = bytes.iter().skip(offset).step_by(2).take(8);
        bytes.len() >= 16 && some.all(|byte| *byte == 0)
    };
    zero(0) != zero(1)
}

fn encoding(message: &str) -> Finding {
    Finding::of_file(Code::Encoding, message).suggesting(Some(SAVE_AS_UTF8))
}

fn at(finding: Finding, place: Place) -> Finding {
    finding.at(place.line).at_character(place.character)
}

fn too_much(code: Code, message: String) -> Finding {
    Finding::of_file(code, message).suggesting(Some("split it into several files"))
}

/// The header row, as one dialect has it.
struct Header {
    dialect: Dialect,
    line: u64,
    names: Vec<String>,
}

impl Header {
    fn read(text: &str, dialect: Dialect) -> Option<Result<Self, Fault>> {
        let first = Scanner::new(text, dialect.delimiter().into()).next()?;
        Some(first.map(|record| Self {
            dialect,
            line: record.line,
            names: cells(record.text, dialect),
        }))
    }
}

/// The header row in the dialect in which it can be read: with commas where that is possible,
/// else as it fits best.
fn header_row(text: &str) -> Found<Header> {
    let mut best = None;
    for dialect in Dialect::ALL {
        let Some(header) = Header::read(text, dialect) else {
            return Err(vec![empty("the file is empty")]);
        };
        let names = header.as_ref().map_or(&[][..], |header| &header.names);
        let fitness = (header::fitness(names), names.len());
        if best.as_ref().is_none_or(|(other, _)| fitness > *other) {
            best = Some((fitness, header));
        }
        if fitness.0.0 {
            break;
        }
    }
    match best {
        None => Err(vec![empty("the file is empty")]),
        Some((_, header)) => header.map_err(|fault| vec![unbalanced(fault)]),
    }
}

/// The rows below the header that are not blank, counted before any is looked into.
fn data(text: &str, dialect: Dialect) -> Found<Vec<Record<'_>>> {
    let mut records = Vec::new();
    let mut count = 0;
    for record in Scanner::new(text, dialect.delimiter().into()).skip(1) {
        let record = record.map_err(|fault| vec![unbalanced(fault)])?;
        count += 1;
        if count <= limits::CSV_ROWS {
            records.push(record);
        }
    }
    if count > limits::CSV_ROWS {
        let most = limits::CSV_ROWS;
        let message = format!("the file has {count} rows; an import takes at most {most}");
        return Err(vec![too_much(Code::TooManyRows, message)]);
    }
    if records.is_empty() {
        return Err(vec![empty("the file has a header and no row below it")]);
    }
    Ok(records)
}

fn empty(message: &str) -> Finding {
    Finding::of_file(Code::EmptyFile, message)
        .suggesting(Some("start from the template; each row names one person"))
}

fn unbalanced(fault: Fault) -> Finding {
    let (place, message, suggestion) = match fault {
        Fault::Inside(place) => (
            place,
            "a quotation mark stands in a cell that does not begin with one",
            "put the whole cell in quotation marks and double those inside it",
        ),
        Fault::Open(place) => (
            place,
            "the cell that this quotation mark opens is never closed",
            "close it, or double the mark if it is part of the text",
        ),
        Fault::TextAfter(place) => (
            place,
            "text follows the quotation mark that closes the cell",
            "double the quotation marks that are part of the text",
        ),
    };
    let finding = Finding::of_file(Code::UnbalancedQuote, message);
    at(finding.suggesting(Some(suggestion)), place)
}

/// The cells of one record.
fn cells(record: &str, dialect: Dialect) -> Vec<String> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(dialect.delimiter())
        .from_reader(record.as_bytes());
    let mut cells = csv::StringRecord::new();
    match reader.read_record(&mut cells) {
        Ok(true) => cells.iter().map(str::to_owned).collect(),
        // A record is UTF-8 and not blank: there is nothing that the reader could refuse.
        Ok(false) | Err(_) => Vec::new(),
    }
}
