//! What a problem looks like when it is written down (RFC 9457 §3).

use serde::Serialize;

use crate::provisioning::import::ImportReport;
use crate::provisioning::settings::plan::Plan;
use crate::roster::Finding;

/// One thing that is wrong with a request.
#[derive(Clone, Debug, Default, Serialize, utoipa::ToSchema)]
pub struct Fault {
    /// The query parameter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameter: Option<&'static str>,
    /// Where in the body, as a JSON Pointer (RFC 6901).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    /// The line of the file on which the row begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub row: Option<u64>,
    /// The column of the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// The value that is wrong, cut where it is long.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// A stable word for what is wrong.
    pub code: &'static str,
    /// What is wrong, for people.
    pub message: String,
    /// What may have been meant, or what to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suggestion: Option<String>,
}

impl Fault {
    /// The field of a form that it is about: the first step of its pointer.
    pub fn field(&self) -> Option<&str> {
        let pointer = self.pointer.as_deref()?;
        pointer.trim_start_matches('#').split('/').nth(1)
    }
}

impl From<&Finding> for Fault {
    fn from(finding: &Finding) -> Self {
        Self {
            row: finding.row,
            column: finding.column.clone(),
            value: finding.value.clone(),
            code: finding.code.as_str(),
            message: finding.message.clone(),
            suggestion: finding.suggestion.clone(),
            ..Self::default()
        }
    }
}

/// A problem (RFC 9457 §3).
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = Problem)]
pub struct Document<'a> {
    /// The type: a stable URL.
    #[serde(rename = "type")]
    pub(super) kind: String,
    /// The type in a few words.
    pub(super) title: &'a str,
    /// The status of the answer.
    pub(super) status: u16,
    /// What happened this time.
    pub(super) detail: &'a str,
    /// The request's id, as `X-Request-Id` and the log have it.
    pub(super) trace_id: &'a str,
    /// What exactly is wrong, where there is more to say.
    #[serde(skip_serializing_if = "<[Fault]>::is_empty")]
    pub(super) errors: &'a [Fault],
    /// The id of what is there already and stands in the way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) existing_id: Option<&'a str>,
    /// What became of each row of a file that is not imported.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) report: Option<&'a ImportReport>,
    /// What a change of the rules would do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) plan: Option<&'a Plan>,
}
