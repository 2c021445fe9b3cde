//! Where each record of the text begins and ends (RFC 4180 §2), and which quotation mark has no
//! partner. The cells themselves are the csv crate's to read; it forgives every quotation mark and
//! does not say on which line a record began, so both are found here.

use std::iter::Peekable;
use std::str::CharIndices;

/// A record that is not blank: the line it begins on, and its text without the line's end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Record<'a> {
    pub(super) line: u64,
    pub(super) text: &'a str,
}

/// A place in the text, both counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) line: u64,
    pub(super) character: u64,
}

/// A quotation mark that should not be where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// It stands in a cell that does not begin with one.
    Inside(Place),
    /// It opens a cell that is never closed.
    Open(Place),
    /// Text follows the one that closes the cell.
    TextAfter(Place),
}

#[derive(Clone, Copy)]
enum Within {
    Bare,
    CellStart,
    Closed,
    Quoted,
}

/// Walks the text record by record; after a fault it ends.
pub(super) struct Scanner<'a> {
    text: &'a str,
    rest: Peekable<CharIndices<'a>>,
    delimiter: char,
    place: Place,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a str, delimiter: char) -> Self {
        Self {
            text,
            rest: text.char_indices().peekable(),
            delimiter,
            place: START,
        }
    }

    fn advance(&mut self, c: char) {
        let pair = c == '\r' && matches!(self.rest.peek(), Some((_, '\n')));
        self.place = after(self.place, c, pair);
    }

    /// The next record's bounds, or `None` at the end of the text.
    fn record(&mut self) -> Result<Option<(usize, usize)>, Fault> {
        let Some(&(start, _)) = self.rest.peek() else {
            return Ok(None);
        };
        let (mut within, mut opened) = (Within::CellStart, self.place);
        while let Some((at, c)) = self.rest.next() {
            let here = self.place;
            within = match (within, c) {
                (Within::Quoted, '"') => Within::Closed,
                (Within::Closed, '"') | (Within::Quoted, _) => Within::Quoted,
                (_, '\r' | '\n') => {
                    self.advance(c);
                    if c == '\r' && self.rest.next_if(|(_, c)| *c == '\n').is_some() {
                        self.advance('\n');
                    }
                    return Ok(Some((start, at)));
                }
                (Within::CellStart, '"') => {
                    opened = here;
                    Within::Quoted
                }
                (_, c) if c == self.delimiter => Within::CellStart,
                (Within::Bare, '"') => return Err(Fault::Inside(here)),
                (Within::Closed, _) => return Err(Fault::TextAfter(here)),
                (Within::Bare | Within::CellStart, _) => Within::Bare,
            };
            self.advance(c);
        }
        match within {
            Within::Quoted => Err(Fault::Open(opened)),
            _ => Ok(Some((start, self.text.len()))),
        }
    }
}

impl<'a> Iterator for Scanner<'a> {
    type Item = Result<Record<'a>, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let line = self.place.line;
            match self.record() {
                Ok(None) => return None,
                Ok(Some((start, end))) => {
                    let text = self.text.get(start..end).unwrap_or_default();
                    if !is_blank(text, self.delimiter) {
                        return Some(Ok(Record { line, text }));
                    }
                }
                Err(fault) => {
                    self.rest = "".char_indices().peekable();
                    return Some(Err(fault));
                }
            }
        }
    }
}

/// A line with nothing but separators is what a spreadsheet leaves of a deleted row.
fn is_blank(text: &str, delimiter: char) -> bool {
    let nothing = |c: char| c.is_whitespace() || c == delimiter || c == '"';
    text.chars().all(nothing)
}

const START: Place = Place {
    line: 1,
    character: 1,
};

/// The place after a character; a line ends with LF, CR LF, or CR alone.
fn after(place: Place, c: char, pair: bool) -> Place {
    match c {
        '\n' => Place {
            line: place.line + 1,
            character: 1,
        },
        '\r' if !pair => Place {
            line: place.line + 1,
            character: 1,
        },
        _ => Place {
            line: place.line,
            character: place.character + 1,
        },
    }
}

/// Where a text that is followed by something ends: the place of what comes next.
pub(super) fn end_of(text: &str) -> Place {
    let mut rest = text.chars().peekable();
    let mut place = START;
    while let Some(c) = rest.next() {
        place = after(place, c, rest.peek() == Some(&'\n'));
    }
    place
}
