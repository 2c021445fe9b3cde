//! The CSV of a bulk import (RFC 4180), pure: bytes become rows, or findings that say by row and
//! column what is wrong; judged rows become a report.
//!
//! - [`template`]: the file to start from
//! - [`file`](mod@file): bytes to rows; encoding, separator, header, limits
//! - [`row`]: one row's cells
//! - [`finding`]: what is wrong, as data
//! - [`report`]: what becomes of each row, the counts, the digest of the plan
//! - [`result`]: the file that goes back
//! - [`nearest`]: what somebody may have meant
//!
//! Whether an address, a role or a project is good is not known here: the caller asks the
//! organization and puts what it learns into the same findings.

pub mod file;
pub mod finding;
mod formula;
mod header;
pub mod nearest;
pub mod people;
pub mod report;
pub mod result;
pub mod row;
mod scan;
pub mod template;
#[cfg(test)]
mod tests;

pub use file::{Dialect, File, read};
pub use finding::{Code, Finding, Severity};
pub use report::{Judged, Outcome, Report, SkipReason};
pub use row::RawRow;
