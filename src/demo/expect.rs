//! What a step expects, and how it says that it got something else.

use serde_json::Value;

/// What came was not what had to come.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(super) struct Unexpected(pub(super) String);

macro_rules! unexpected {
    ($($error:ty),+ $(,)?) => {
        $(impl From<$error> for Unexpected {
            fn from(error: $error) -> Self {
                Self(error.to_string())
            }
        })+
    };
}

unexpected!(
    crate::provisioning::Error,
    axum::http::Error,
    axum::http::header::InvalidHeaderValue,
    jsonwebtoken::errors::Error,
    openssl::error::ErrorStack,
    serde_json::Error,
    std::io::Error,
    url::ParseError,
);

/// Whether something holds.
pub(super) fn ensure(holds: bool, otherwise: impl Into<String>) -> Result<(), Unexpected> {
    if holds {
        Ok(())
    } else {
        Err(Unexpected(otherwise.into()))
    }
}

/// Whether a document says this at this place (RFC 6901).
pub(super) fn says(
    document: &Value,
    pointer: &str,
    expected: impl Into<Value>,
) -> Result<(), Unexpected> {
    let (found, expected) = (
        document.pointer(pointer).unwrap_or(&Value::Null),
        expected.into(),
    );
    ensure(
        *found == expected,
        format!("expected {pointer} to be {expected}, it is {found}"),
    )
}

/// The text at a place of a document.
pub(super) fn text(document: &Value, pointer: &str) -> Result<String, Unexpected> {
    let found = document.pointer(pointer).and_then(Value::as_str);
    found
        .map(str::to_owned)
        .ok_or_else(|| Unexpected(format!("expected a text at {pointer}")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_difference_is_told() {
        let document = json!({"a": {"b": 1}, "c": "x"});
        assert_eq!(says(&document, "/a/b", 1), Ok(()));
        assert_eq!(
            says(&document, "/a/b", 2),
            Err(Unexpected("expected /a/b to be 2, it is 1".to_owned()))
        );
        assert_eq!(
            says(&document, "/d", false),
            Err(Unexpected("expected /d to be false, it is null".to_owned()))
        );
        assert_eq!(text(&document, "/c"), Ok("x".to_owned()));
        assert!(text(&document, "/a").is_err());
    }
}
