//! Refusals (RFC 7644 §3.12): a status, a `scimType` where the table has one, and what to do about it.

use serde_json::{Value, json};

use super::urn;

/// A refusal as a SCIM client reads it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{status}: {detail}")]
pub struct Error {
    /// The HTTP status.
    pub status: u16,
    /// The keyword of RFC 7644 table 9, when one fits.
    pub scim_type: Option<ScimType>,
    /// What was wrong and where, in words that are safe to show.
    pub detail: String,
}

/// The keywords of RFC 7644 table 9 and RFC 9865 §2.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScimType {
    /// The filter cannot be read or asks for what its attribute cannot do.
    InvalidFilter,
    /// The result would be larger than we compute.
    TooMany,
    /// A unique value is taken.
    Uniqueness,
    /// The attribute may not be written so.
    Mutability,
    /// The body is not shaped as its message.
    InvalidSyntax,
    /// The path names nothing in the schema.
    InvalidPath,
    /// The path selects nothing.
    NoTarget,
    /// A value is missing or not of its type.
    InvalidValue,
    /// The version of the protocol is not spoken here.
    InvalidVers,
    /// Personal data does not belong in a URI.
    Sensitive,
    /// The cursor is none of ours, or of another query (RFC 9865 §2.1).
    InvalidCursor,
    /// The cursor was good for too long ago (RFC 9865 §2.1).
    ExpiredCursor,
    /// No page has so many (RFC 9865 §2.1).
    InvalidCount,
}

impl ScimType {
    /// The keyword.
    pub const fn word(self) -> &'static str {
        match self {
            Self::InvalidFilter => "invalidFilter",
            Self::TooMany => "tooMany",
            Self::Uniqueness => "uniqueness",
            Self::Mutability => "mutability",
            Self::InvalidSyntax => "invalidSyntax",
            Self::InvalidPath => "invalidPath",
            Self::NoTarget => "noTarget",
            Self::InvalidValue => "invalidValue",
            Self::InvalidVers => "invalidVers",
            Self::Sensitive => "sensitive",
            Self::InvalidCursor => "invalidCursor",
            Self::ExpiredCursor => "expiredCursor",
            Self::InvalidCount => "invalidCount",
        }
    }
}

macro_rules! refusals {
    ($($(#[$doc:meta])* $name:ident => $status:literal, $scim_type:expr;)*) => {
        impl Error {
            $(
                $(#[$doc])*
                pub fn $name(detail: impl Into<String>) -> Self {
                    Self { status: $status, scim_type: $scim_type, detail: detail.into() }
                }
            )*
        }
    };
}

refusals! {
    /// 400 `invalidFilter`.
    invalid_filter => 400, Some(ScimType::InvalidFilter);
    /// 400 `tooMany`.
    too_many => 400, Some(ScimType::TooMany);
    /// 409 `uniqueness`.
    uniqueness => 409, Some(ScimType::Uniqueness);
    /// 400 `mutability`.
    mutability => 400, Some(ScimType::Mutability);
    /// 409 `mutability`: as things stand, the resource does not change so.
    immutable => 409, Some(ScimType::Mutability);
    /// 400 `invalidSyntax`.
    invalid_syntax => 400, Some(ScimType::InvalidSyntax);
    /// 400 `invalidPath`.
    invalid_path => 400, Some(ScimType::InvalidPath);
    /// 400 `noTarget`.
    no_target => 400, Some(ScimType::NoTarget);
    /// 400 `invalidValue`.
    invalid_value => 400, Some(ScimType::InvalidValue);
    /// 400 `invalidVers`.
    invalid_vers => 400, Some(ScimType::InvalidVers);
    /// 403 `sensitive`; the 404 in the RFC's example is an error of its text.
    sensitive => 403, Some(ScimType::Sensitive);
    /// 400 `invalidCursor`.
    invalid_cursor => 400, Some(ScimType::InvalidCursor);
    /// 400 `expiredCursor`.
    expired_cursor => 400, Some(ScimType::ExpiredCursor);
    /// 400 `invalidCount`.
    invalid_count => 400, Some(ScimType::InvalidCount);
    /// 401: no credentials, or none that are good.
    unauthorized => 401, None;
    /// 403: known, and not allowed.
    forbidden => 403, None;
    /// 404.
    not_found => 404, None;
    /// 405.
    method_not_allowed => 405, None;
    /// 406: no media type that the client takes.
    not_acceptable => 406, None;
    /// 409 without a keyword: the state of the resource forbids it.
    conflict => 409, None;
    /// 412: the version moved on.
    precondition_failed => 412, None;
    /// 413: the detail names the limit.
    payload_too_large => 413, None;
    /// 415.
    unsupported_media_type => 415, None;
    /// 429.
    too_many_requests => 429, None;
    /// 500.
    internal => 500, None;
    /// 501: known to the standard, not built here.
    not_implemented => 501, None;
    /// 503: come back later.
    unavailable => 503, None;
}

impl Error {
    /// The body of RFC 7644 §3.12; the status is text there.
    pub fn to_json(&self) -> Value {
        let mut body = json!({
            "schemas": [urn::ERROR],
            "status": self.status.to_string(),
            "detail": self.detail,
        });
        if let (Some(scim_type), Some(object)) = (self.scim_type, body.as_object_mut()) {
            object.insert("scimType".to_owned(), scim_type.word().into());
        }
        body
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_told_with_its_status_as_text() {
        assert_eq!(
            Error::invalid_filter("no").to_json(),
            json!({"schemas": [urn::ERROR], "status": "400", "scimType": "invalidFilter", "detail": "no"})
        );
        assert_eq!(
            Error::not_found("gone").to_json(),
            json!({"schemas": [urn::ERROR], "status": "404", "detail": "gone"})
        );
        assert_eq!(Error::uniqueness("taken").status, 409);
        assert_eq!(Error::sensitive("no").status, 403);
    }
}
