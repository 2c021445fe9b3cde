//! What commands print: one JSON document with `--json`, else lines and tables for people.

use std::fmt;
use std::io::{self, IsTerminal, Write};

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::cli::failure::Failure;

/// Where a command's answer goes, and in which form.
#[derive(Clone, Copy, Debug)]
pub(super) struct Output {
    json: bool,
    colour: bool,
}

impl Output {
    /// Standard output: as JSON, or for people, with colours on a terminal that wants them.
    pub(super) fn new(json: bool) -> Self {
        let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        Self {
            json,
            colour: wanted && io::stdout().is_terminal(),
        }
    }

    /// Whether the answer is JSON.
    pub(super) fn is_json(self) -> bool {
        self.json
    }

    /// Whether text may have colours.
    pub(super) fn has_colour(self) -> bool {
        self.colour
    }

    /// One thing.
    pub(super) fn record<T: Serialize>(self, value: &T) -> Result<(), Failure> {
        let text = document(value)?;
        if self.json {
            return Self::print(&text);
        }
        let members: Members = serde_json::from_str(&text).map_err(unwritable)?;
        Self::print(&record(&members.0, self.colour))
    }

    /// Many things; people are shown these columns.
    pub(super) fn rows<T: Serialize>(self, rows: &[T], columns: &[&str]) -> Result<(), Failure> {
        let text = document(&rows)?;
        if self.json {
            return Self::print(&text);
        }
        let rows: Vec<Value> = serde_json::from_str(&text).map_err(unwritable)?;
        Self::print(&table(&rows, columns, self.colour))
    }

    /// A line for people, beside the answer; with `--json` it is left out.
    pub(super) fn note(self, text: &str) -> Result<(), Failure> {
        if self.json {
            return Ok(());
        }
        Ok(writeln!(io::stderr(), "{text}")?)
    }

    /// One JSON document on a line of its own, in either form.
    pub(super) fn line<T: Serialize>(value: &T) -> Result<(), Failure> {
        Self::print(&document(value)?)
    }

    /// Text as it is.
    pub(super) fn print(text: &str) -> Result<(), Failure> {
        let mut out = io::stdout().lock();
        out.write_all(text.as_bytes())?;
        Ok(out.flush()?)
    }
}

/// A value as JSON, in a line of its own.
fn document<T: Serialize>(value: &T) -> Result<String, Failure> {
    Ok(serde_json::to_string(value).map_err(unwritable)? + "\n")
}

fn unwritable(error: serde_json::Error) -> Failure {
    Failure::File(format!("cannot write the output: {error}"))
}

/// An object's members in the order in which they were written.
#[derive(Debug)]
struct Members(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Written)
    }
}

struct Written;

impl<'de> Visitor<'de> for Written {
    type Value = Members;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Members(members))
    }
}

fn bold(text: &str, colour: bool) -> String {
    if colour {
        format!("\u{1b}[1m{text}\u{1b}[0m")
    } else {
        text.to_owned()
    }
}

/// A value in one line. What came from outside cannot move the terminal's cursor.
fn cell(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::String(text) => text.replace(char::is_control, "\u{fffd}"),
        Value::Array(items) if items.is_empty() => "-".to_owned(),
        Value::Array(items) => items.iter().map(cell).collect::<Vec<_>>().join(", "),
        Value::Object(members) => {
            let said = members.iter().filter(|(_, value)| !value.is_null());
            let said = said.map(|(name, value)| format!("{name}={}", cell(value)));
            said.collect::<Vec<_>>().join(" ")
        }
        Value::Number(number) => number.to_string(),
    }
}

fn padding(text: &str, width: usize) -> String {
    " ".repeat(width.saturating_sub(text.chars().count()))
}

/// `name  value`, a line a member.
fn record(members: &[(String, Value)], colour: bool) -> String {
    let width = members
        .iter()
        .map(|(name, _)| name.chars().count())
        .max()
        .unwrap_or(0);
    let line = |(name, value): &(String, Value)| {
        let shown = match value {
            Value::Array(items) if items.iter().any(Value::is_object) => {
                let items = items.iter().map(cell);
                items.fold(String::new(), |shown, item| shown + "\n  - " + &item)
            }
            value => format!("{}  {}", padding(name, width), cell(value)),
        };
        format!("{}{shown}\n", bold(name, colour))
    };
    members.iter().map(line).collect()
}

/// A heading and a line a row, in columns.
fn table(rows: &[Value], columns: &[&str], colour: bool) -> String {
    let cells = |row: &Value| -> Vec<String> {
        columns
            .iter()
            .map(|name| cell(row.get(name).unwrap_or(&Value::Null)))
            .collect()
    };
    let rows: Vec<Vec<String>> = rows.iter().map(cells).collect();
    let heading: Vec<String> = columns
        .iter()
        .map(|name| name.replace('_', " ").to_uppercase())
        .collect();
    let width = |column: usize| {
        let lines = rows.iter().chain([&heading]);
        lines
            .filter_map(|row| Some(row.get(column)?.chars().count()))
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns.len()).map(width).collect();
    let line = |row: &Vec<String>, heading: bool| {
        let padded = row.iter().zip(&widths).map(|(text, width)| {
            format!("{}{}", bold(text, heading && colour), padding(text, *width))
        });
        format!("{}\n", padded.collect::<Vec<_>>().join("  ").trim_end())
    };
    let body: String = rows.iter().map(|row| line(row, false)).collect();
    line(&heading, true) + &body
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_table_stands_in_columns() {
        let rows = [
            json!({"slug": "acme", "n": 1}),
            json!({"slug": "b\u{1b}c", "n": null}),
        ];
        let shown = table(&rows, &["slug", "n"], false);
        assert_eq!(shown, "SLUG  N\nacme  1\nb\u{fffd}c   -\n");
    }

    #[test]
    fn a_record_is_a_line_a_member() {
        let text = r#"{"id": "x", "empty": [], "list": ["a", "b"], "on": true,
            "rows": [{"a": 1, "b": null}], "abc": null}"#;
        let Members(members) = serde_json::from_str(text).unwrap();
        let shown = record(&members, false);
        let expected = "id     x\nempty  -\nlist   a, b\non     yes\nrows\n  - a=1\nabc    -\n";
        assert_eq!(shown, expected);
    }
}
