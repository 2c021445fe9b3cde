//! One row: its cells as they came, what they say, and what is wrong with it by itself.

use super::finding::{Code, Finding};
use super::formula::unguarded;
use super::header::Columns;
use super::template;
use crate::limits;

/// Characters of an address (RFC 5321 §4.5.3.1.3) and of a role's name.
const LONGEST: usize = 254;

/// A row of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawRow {
    /// The line of the file on which it begins.
    pub line: u64,
    /// The address, trimmed.
    pub email: String,
    /// The role's slug or name, trimmed.
    pub role: String,
    /// The projects' slugs, trimmed, each once, in the order in which they came. None means the
    /// whole organization.
    pub projects: Vec<String>,
    /// All its cells.
    pub cells: Vec<String>,
    /// What is wrong with it. A row with an error here need not be judged further.
    pub findings: Vec<Finding>,
}

impl RawRow {
    /// Reads the cells of a row by the header's columns.
    pub(super) fn read(line: u64, columns: &Columns, cells: &[String]) -> Self {
        let cells: Vec<_> = cells
            .iter()
            .map(|cell| unguarded(cell).to_owned())
            .collect();
        let cell = |index: usize| cells.get(index).map_or("", |cell| cell.trim());
        let projects = columns.projects.map_or("", cell);
        let row = Self {
            line,
            email: cell(columns.email).to_owned(),
            role: cell(columns.role).to_owned(),
            projects: split(projects),
            cells: cells.clone(),
            findings: Vec::new(),
        };
        let findings = if cells.len() == columns.count {
            let email = cells.get(columns.email).map_or("", String::as_str);
            row.of_email(email)
                .into_iter()
                .chain(row.of_role())
                .chain(row.of_projects(projects))
                .chain(row.of_nameless(columns))
                .collect()
        } else {
            vec![row.ragged(columns.count)]
        };
        Self { findings, ..row }
    }

    /// Whether the row is wrong by itself.
    pub fn has_error(&self) -> bool {
        self.findings.iter().any(Finding::is_error)
    }

    fn ragged(&self, expected: usize) -> Finding {
        let came = self.cells.len();
        let message = format!("the row has {came} cells, the header {expected}");
        let suggestion = if came > expected {
            "put quotation marks around a cell that holds a separator: \"one,two\""
        } else {
            "keep the separators of cells that stay empty"
        };
        Finding::of_file(Code::RaggedRow, message)
            .at(self.line)
            .suggesting(Some(suggestion))
    }

    fn of_email(&self, untrimmed: &str) -> Option<Finding> {
        let (code, message) = if self.email.is_empty() {
            (Code::InvalidEmail, "the address is missing")
        } else if untrimmed.chars().any(is_unseen) {
            (
                Code::InvalidEmail,
                "the address holds a character that is not seen",
            )
        } else if self.email.chars().count() > LONGEST {
            (Code::TooLong, "an address has at most 254 characters")
        } else if template::is_example(&self.email) {
            (Code::ExampleRow, "this is a row of the template; remove it")
        } else {
            return None;
        };
        Some(Finding::of_cell(code, self.line, "email", message).showing(&self.email))
    }

    fn of_role(&self) -> Option<Finding> {
        let (code, message) = if self.role.is_empty() {
            (
                Code::RoleRequired,
                "the role is missing; a file has no default",
            )
        } else if self.role.chars().count() > LONGEST {
            (Code::TooLong, "a role's name has at most 254 characters")
        } else {
            return None;
        };
        Some(Finding::of_cell(code, self.line, "role", message).showing(&self.role))
    }

    /// A cell that holds something but names nothing is wrong: nothing named means everything.
    fn of_projects(&self, cell: &str) -> Option<Finding> {
        let most = limits::INVITATION_PROJECTS;
        let (code, message) = if self.projects.is_empty() && !cell.is_empty() {
            let message = "the cell names no project; leave it empty for the whole organization";
            (Code::UnknownProject, message.to_owned())
        } else if self.projects.len() > most {
            let message = format!("an invitation is for at most {most} projects");
            (Code::TooLong, message)
        } else {
            return None;
        };
        Some(Finding::of_cell(code, self.line, "projects", message).showing(cell))
    }

    fn of_nameless(&self, columns: &Columns) -> Option<Finding> {
        let cells = columns.nameless.iter().map(|index| self.cells.get(*index));
        let cell = cells.flatten().find(|cell| !cell.trim().is_empty())?;
        let message = "this cell stands in a column without a name";
        Some(
            Finding::of_file(Code::UnnamedColumn, message)
                .at(self.line)
                .showing(cell)
                .suggesting(Some("name the column in the header, or empty the cell")),
        )
    }
}

/// The projects that a cell names.
fn split(cell: &str) -> Vec<String> {
    let mut projects: Vec<String> = Vec::new();
    let mut known = std::collections::HashSet::new();
    for slug in cell.split(',').map(str::trim) {
        if !slug.is_empty() && known.insert(slug) {
            projects.push(slug.to_owned());
        }
    }
    projects
}

/// Control characters, and those that have no width or turn the direction of writing.
fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
        || matches!(c, '\u{2060}'..='\u{206f}' | '\u{feff}')
}
