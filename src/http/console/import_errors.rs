//! The rows of a file that was looked at, to be downloaded: as they came, and what is wrong with each in a last column.
//! No cell of it is a formula to a spreadsheet.

use axum::http::header;
use axum::response::{IntoResponse, Response};

use crate::roster::people::separated;
use crate::roster::{File, Finding, Judged, Report, read};

/// The column that is added. One of that name that came makes way for it.
const ADDED: &str = "errors";

/// The file to download; none of one that cannot be read, which has no rows.
pub(super) fn file(bytes: &[u8], report: &Report) -> Option<Response> {
    let written = written(&read(bytes).ok()?, &report.rows);
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (
            header::CONTENT_DISPOSITION,
            "attachment; filename=\"people-errors.csv\"",
        ),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Some((headers, written).into_response())
}

fn written(file: &File, judged: &[Judged]) -> Vec<u8> {
    let is_added = |name: &String| name.trim().eq_ignore_ascii_case(ADDED);
    let widest = file.rows.iter().map(|row| row.cells.len()).max();
    let width = file.header.len().max(widest.unwrap_or(0));
    let kept: Vec<usize> = (0..width)
        .filter(|index| !file.header.get(*index).is_some_and(is_added))
        .collect();
    let line = |cells: &[String], last: String| {
        let cells = kept.iter().map(|index| cells.get(*index).cloned());
        let cells = cells.map(Option::unwrap_or_default);
        cells.chain([last]).collect::<Vec<_>>()
    };
    let rows = file.rows.iter().zip(judged);
    let rows = rows.map(|(raw, judged)| line(&raw.cells, told(&judged.findings)));
    let all = std::iter::once(line(&file.header, ADDED.to_owned())).chain(rows);
    // The mark is what a spreadsheet knows UTF-8 by.
    let mut bytes = "\u{feff}".as_bytes().to_vec();
    bytes.extend(separated(file.dialect.delimiter(), all));
    bytes
}

/// What was found in a row: what is wrong, and then what should be known.
fn told(findings: &[Finding]) -> String {
    let (wrong, other): (Vec<_>, Vec<_>) = findings.iter().partition(|it| it.is_error());
    let other = other
        .into_iter()
        .map(|it| format!("warning: {}", sentence(it)));
    let all: Vec<String> = wrong.into_iter().map(sentence).chain(other).collect();
    all.join("; ")
}

fn sentence(finding: &Finding) -> String {
    let column = finding.column.as_deref();
    let place = column.map_or_else(String::new, |name| format!("{name}: "));
    match &finding.suggestion {
        Some(meant) => format!("{place}{} ({meant})", finding.message),
        None => format!("{place}{}", finding.message),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::roster::{Code, Outcome};

    fn judged(file: &File) -> Vec<Judged> {
        let finding = |line| {
            let wrong = Finding::of_cell(Code::UnknownRole, line, "role", "there is no such role");
            wrong.suggesting(Some("viewer"))
        };
        let rows = file.rows.iter();
        rows.map(|row| Judged::new(row, Outcome::Create, vec![finding(row.line)]))
            .collect()
    }

    #[test]
    fn rows_go_back_with_what_is_wrong_and_run_nothing() {
        let text = "email;role;errors\n=1+1;viewr;old\n\"a;b\";viewr\n";
        let file = read(text.as_bytes()).unwrap();
        let back = String::from_utf8(written(&file, &judged(&file))).unwrap();
        let lines: Vec<&str> = back.split("\r\n").collect();
        assert_eq!(lines[0], "\u{feff}\"email\";\"role\";\"errors\"");
        let said = "role: there is no such role (viewer)";
        assert_eq!(lines[1], format!("\"'=1+1\";\"viewr\";\"{said}\""));
        assert!(lines[2].starts_with("\"a;b\";\"viewr\";\""), "{back}");
        assert_eq!((lines.len(), lines[3]), (4, ""));
        // It can be read again, and says the same.
        let again = read(back.as_bytes()).unwrap();
        assert_eq!(again.rows[0].email, "=1+1");
    }
}
