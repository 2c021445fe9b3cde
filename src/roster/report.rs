//! What becomes of each row, and of the file: either every row is imported or skipped, or nothing
//! is done. The digest binds a plan that was shown to the one that is carried out.

use std::collections::HashMap;

use serde::Serialize;
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use super::file::{Dialect, File};
use super::finding::{Code, Finding};
use super::row::RawRow;

/// Why a row is skipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SkipReason {
    /// The person is there.
    AlreadyMember,
    /// The person is there, and a directory manages them.
    AlreadyMemberDirectoryManaged,
    /// A directory deprovisioned the person.
    DeprovisionedByDirectory,
    /// The address came in an earlier row.
    DuplicateInFile,
    /// An invitation to the address is live.
    InvitationExists,
    /// An admin suspended the person.
    MemberSuspended,
}

impl SkipReason {
    /// The stable name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AlreadyMember => "already_member",
            Self::AlreadyMemberDirectoryManaged => "already_member_directory_managed",
            Self::DeprovisionedByDirectory => "deprovisioned_by_directory",
            Self::DuplicateInFile => "duplicate_in_file",
            Self::InvitationExists => "invitation_exists",
            Self::MemberSuspended => "member_suspended",
        }
    }

    /// The code of the warning that such a skip carries, if any.
    fn warning(self) -> Option<(Code, &'static str)> {
        match self {
            Self::DeprovisionedByDirectory => Some((
                Code::DeprovisionedByDirectory,
                "the directory deprovisioned this person; reactivate them at the identity provider",
            )),
            Self::MemberSuspended => Some((
                Code::MemberSuspended,
                "this person is suspended; reactivate them instead of inviting",
            )),
            _ => None,
        }
    }
}

/// What becomes of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// An invitation.
    Create,
    /// Nothing, and the whole file with it.
    Error,
    /// Nothing, and that is right.
    Skip {
        /// Why.
        reason: SkipReason,
        /// The earlier row that it repeats.
        of: Option<u64>,
    },
}

impl Outcome {
    /// One word.
    pub fn status(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Error => "error",
            Self::Skip { .. } => "skip",
        }
    }
}

/// A row that was judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Judged {
    /// The line of the file on which it begins.
    pub row: u64,
    /// The address as it came.
    pub email: String,
    /// The role: its slug where it is known, else as it came.
    pub role: String,
    /// The projects' slugs; none means the whole organization.
    pub projects: Vec<String>,
    /// `create`, `skip` or `error`.
    pub status: &'static str,
    /// Why it is skipped.
    pub reason: Option<SkipReason>,
    /// What becomes of it, in words; empty where there is nothing to say.
    pub detail: String,
    /// What becomes of it.
    #[serde(skip)]
    pub outcome: Outcome,
    /// What was found in it.
    #[serde(skip)]
    pub findings: Vec<Finding>,
}

impl Judged {
    /// The row with these findings, its own among them; what is not wrong becomes `outcome`.
    pub fn new(row: &RawRow, outcome: Outcome, more: Vec<Finding>) -> Self {
        let mut findings = row.findings.clone();
        findings.extend(more);
        let skip = match outcome {
            Outcome::Skip { reason, .. } => reason.warning(),
            _ => None,
        };
        if let Some((code, message)) = skip {
            let finding = Finding::of_cell(code, row.line, "email", message);
            findings.push(finding.showing(&row.email));
        }
        let wrong = findings.iter().any(Finding::is_error);
        let outcome = if wrong { Outcome::Error } else { outcome };
        Self {
            row: row.line,
            email: row.email.clone(),
            role: row.role.clone(),
            projects: row.projects.clone(),
            status: outcome.status(),
            reason: match outcome {
                Outcome::Skip { reason, .. } => Some(reason),
                _ => None,
            },
            detail: detail(outcome, &findings),
            outcome,
            findings,
        }
    }

    /// The same, with the role's slug in place of how the file names the role.
    #[must_use]
    pub fn of_role(mut self, slug: &str) -> Self {
        slug.clone_into(&mut self.role);
        self
    }
}

/// The reason of a skip, then the messages of the findings.
fn detail(outcome: Outcome, findings: &[Finding]) -> String {
    let reason = match outcome {
        Outcome::Skip { reason, of: None } => Some(reason.as_str().to_owned()),
        Outcome::Skip { reason, of } => of.map(|row| format!("{} (row {row})", reason.as_str())),
        Outcome::Create | Outcome::Error => None,
    };
    let said = findings.iter().map(|finding| match &finding.suggestion {
        Some(meant) => format!("{}: {} ({meant})", finding.code.as_str(), finding.message),
        None => format!("{}: {}", finding.code.as_str(), finding.message),
    });
    reason
        .into_iter()
        .chain(said)
        .collect::<Vec<_>>()
        .join("; ")
}

/// The addresses of a file so far: the first row of each wins.
#[derive(Debug, Default)]
pub struct Seen<'a>(HashMap<String, &'a RawRow>);

impl<'a> Seen<'a> {
    /// Takes note of a row under the form in which addresses are compared. For an address that
    /// came before: the skip, and where role or projects differ a warning; `strict` makes that an
    /// error. `role` is compared as the caller resolved it.
    pub fn again(
        &mut self,
        norm: &str,
        row: &'a RawRow,
        strict: bool,
        same_role: impl Fn(&str, &str) -> bool,
    ) -> Option<(Outcome, Vec<Finding>)> {
        let Some(first) = self.0.get(norm) else {
            self.0.insert(norm.to_owned(), row);
            return None;
        };
        let skip = Outcome::Skip {
            reason: SkipReason::DuplicateInFile,
            of: Some(first.line),
        };
        let agrees = same_role(&first.role, &row.role) && same_set(&first.projects, &row.projects);
        let conflict = || {
            let message = format!(
                "the address came in row {} with another role or other projects; that row counts",
                first.line
            );
            let finding = Finding::of_cell(Code::ConflictingDuplicate, row.line, "email", message)
                .showing(&row.email);
            if strict { finding.grave() } else { finding }
        };
        let findings = (!agrees).then(conflict).into_iter().collect();
        Some((skip, findings))
    }
}

fn same_set(a: &[String], b: &[String]) -> bool {
    a.len() == b.len() && a.iter().all(|slug| b.contains(slug))
}

/// What becomes of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Report {
    /// What separates its cells; `null` where it could not be read.
    pub dialect: Option<Dialect>,
    /// How many rows it has, without blank ones.
    pub total: usize,
    /// How many invitations it makes: none as long as there is an error.
    pub created: usize,
    /// How many rows are skipped.
    pub skipped: usize,
    /// How many rows have an error.
    pub failed: usize,
    /// What to send back for just this plan to be carried out; `null` where there is an error.
    pub plan_digest: Option<String>,
    /// The rows, in the order of the file.
    pub rows: Vec<Judged>,
    /// All that stops the import.
    pub errors: Vec<Finding>,
    /// All that does not.
    pub warnings: Vec<Finding>,
}

impl Report {
    /// The report on a file that cannot be read.
    pub fn unreadable(findings: Vec<Finding>) -> Self {
        Self::of(None, Vec::new(), findings, &[])
    }

    /// The report on a file whose rows were judged. `settings` is what else the plan consists of:
    /// expiry, message, and whatever the same file must not be carried out without.
    pub fn new(file: &File, rows: Vec<Judged>, settings: &[u8]) -> Self {
        Self::of(Some(file.dialect), rows, file.warnings.clone(), settings)
    }

    fn of(
        dialect: Option<Dialect>,
        rows: Vec<Judged>,
        mut findings: Vec<Finding>,
        settings: &[u8],
    ) -> Self {
        let count = |status: &str| rows.iter().filter(|row| row.status == status).count();
        findings.extend(rows.iter().flat_map(|row| row.findings.iter().cloned()));
        let (errors, warnings): (Vec<_>, _) = findings.into_iter().partition(Finding::is_error);
        let good = errors.is_empty();
        Self {
            dialect,
            total: rows.len(),
            created: if good { count("create") } else { 0 },
            skipped: count("skip"),
            failed: count("error"),
            plan_digest: good.then(|| plan_digest(&rows, settings)),
            rows,
            errors,
            warnings,
        }
    }

    /// Whether nothing may be imported.
    pub fn is_refused(&self) -> bool {
        !self.errors.is_empty()
    }
}

/// The digest of a plan, SHA-256 in hexadecimal: it changes with what becomes of any row, with its
/// role or projects, and with the settings.
pub fn plan_digest(rows: &[Judged], settings: &[u8]) -> String {
    let mut hash = Sha256::new();
    let mut part = |bytes: &[u8]| {
        hash.update((bytes.len() as u64).to_be_bytes());
        hash.update(bytes);
    };
    part(b"usher import plan 1");
    part(settings);
    for row in rows {
        part(&row.row.to_be_bytes());
        for text in [row.status, row.reason.map_or("", SkipReason::as_str)] {
            part(text.as_bytes());
        }
        for text in [&row.email, &row.role] {
            part(text.as_bytes());
        }
        part(&(row.projects.len() as u64).to_be_bytes());
        for project in &row.projects {
            part(project.as_bytes());
        }
    }
    format!("{:x}", hash.finalize())
}
