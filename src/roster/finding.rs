//! Findings: what is wrong with a file or one of its rows. Not errors but data, each with its
//! place, a stable code, and where possible what was meant.

use serde::Serialize;
use utoipa::ToSchema;

/// Characters of an offending value that a finding repeats.
const SHOWN: usize = 100;

/// Whether a finding stops the import.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Nothing of the file is imported.
    Error,
    /// Said, but the import goes on.
    Warning,
}

/// Declares the codes: each with its stable name, which is taken as a token so that the description of the API sees
/// it, and how grave it is unless said otherwise.
macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $word:tt, $severity:ident;)+) => {
        /// What a finding is about; its name is stable and public.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, ToSchema)]
        pub enum Code { $($(#[$doc])* #[serde(rename = $word)] $variant,)+ }

        impl Code {
            /// Every code, in the order of names.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The stable name.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }

            /// How grave it is; [`Finding::grave`] makes a warning an error.
            pub fn severity(self) -> Severity {
                match self { $(Self::$variant => Severity::$severity,)+ }
            }
        }
    };
}

codes! {
    /// The project is archived.
    ArchivedProject = "archived_project", Error;
    /// The address came before, with another role or other projects.
    ConflictingDuplicate = "conflicting_duplicate", Warning;
    /// The directory deprovisioned the person.
    DeprovisionedByDirectory = "deprovisioned_by_directory", Warning;
    /// A connection's directory manages the address's domain.
    DirectoryManagedDomain = "directory_managed_domain", Warning;
    /// The organization invites into other domains only.
    DomainNotAllowed = "domain_not_allowed", Error;
    /// Two columns have one name.
    DuplicateColumn = "duplicate_column", Error;
    /// The file has no header, or nothing below it.
    EmptyFile = "empty_file", Error;
    /// The file is not UTF-8.
    Encoding = "encoding", Error;
    /// The row is one of the template's examples.
    ExampleRow = "example_row", Error;
    /// The cell holds no e-mail address.
    InvalidEmail = "invalid_email", Error;
    /// An admin suspended the person.
    MemberSuspended = "member_suspended", Warning;
    /// A column's name is nearly one that is known.
    MisspelledColumn = "misspelled_column", Error;
    /// A required column is not there.
    MissingColumn = "missing_column", Error;
    /// The file holds a NUL character.
    Nul = "nul", Error;
    /// Nobody is made owner by an import.
    OwnerNotGrantable = "owner_not_grantable", Error;
    /// The row has more or fewer cells than the header.
    RaggedRow = "ragged_row", Error;
    /// The role is above the inviter's.
    RoleAboveInviter = "role_above_inviter", Error;
    /// The role cell is empty.
    RoleRequired = "role_required", Error;
    /// The role covers the whole organization and takes no projects.
    ScopeNotAllowed = "scope_not_allowed", Error;
    /// The cell is longer than what it may hold.
    TooLong = "too_long", Error;
    /// The file is larger than an import may be.
    TooLarge = "too_large", Error;
    /// The file has more rows than an import may have.
    TooManyRows = "too_many_rows", Error;
    /// A quotation mark has no partner, or stands in the middle of a cell.
    UnbalancedQuote = "unbalanced_quote", Error;
    /// A column is not read.
    UnknownColumn = "unknown_column", Warning;
    /// There is no such project.
    UnknownProject = "unknown_project", Error;
    /// There is no such role.
    UnknownRole = "unknown_role", Error;
    /// A cell stands in a column without a name.
    UnnamedColumn = "unnamed_column", Error;
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ImportFinding)]
pub struct Finding {
    /// The line of the file on which the row begins; the header is on line 1 as a rule.
    pub row: Option<u64>,
    /// The column's name as known here (`email`, `role`, `projects`), or as the file spells it.
    pub column: Option<String>,
    /// The character of the line, where a place within the text is meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<u64>,
    /// What it is about.
    pub code: Code,
    /// Whether it stops the import.
    pub severity: Severity,
    /// The offending value, cut where it is long.
    pub value: Option<String>,
    /// What is wrong, in a sentence.
    pub message: String,
    /// What may have been meant, or what to do.
    pub suggestion: Option<String>,
}

impl Finding {
    /// A finding about the file as a whole.
    pub fn of_file(code: Code, message: impl Into<String>) -> Self {
        Self {
            row: None,
            column: None,
            position: None,
            code,
            severity: code.severity(),
            value: None,
            message: message.into(),
            suggestion: None,
        }
    }

    /// A finding about one cell of one row.
    pub fn of_cell(code: Code, row: u64, column: &str, message: impl Into<String>) -> Self {
        Self::of_file(code, message).at(row).of_column(column)
    }

    /// The same, in a row.
    #[must_use]
    pub fn at(mut self, row: u64) -> Self {
        self.row = Some(row);
        self
    }

    /// The same, at a character of its line.
    #[must_use]
    pub fn at_character(mut self, position: u64) -> Self {
        self.position = Some(position);
        self
    }

    /// The same, in a column.
    #[must_use]
    pub fn of_column(mut self, column: &str) -> Self {
        self.column = Some(shown(column));
        self
    }

    /// The same, with the value that is wrong.
    #[must_use]
    pub fn showing(mut self, value: &str) -> Self {
        self.value = Some(shown(value));
        self
    }

    /// The same, with what may have been meant.
    #[must_use]
    pub fn suggesting(mut self, suggestion: Option<impl Into<String>>) -> Self {
        self.suggestion = suggestion.map(Into::into);
        self
    }

    /// The same, as an error: `strict` lets no doubt pass.
    #[must_use]
    pub fn grave(mut self) -> Self {
        self.severity = Severity::Error;
        self
    }

    /// Whether it stops the import.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// A text as a message repeats it: one line, and not endless.
pub(super) fn shown(text: &str) -> String {
    let plain = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    let mut short: String = text.trim().chars().take(SHOWN).map(plain).collect();
    if text.trim().chars().count() > SHOWN {
        short.push_str("...");
    }
    short
}
