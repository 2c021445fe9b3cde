//! Which operators a type has, and the form in which values are compared (RFC 7644 §3.4.2.2,
//! table 3).

use serde_json::Value;

use super::Operator;
use crate::scim::Error;
use crate::scim::path::AttributePath;
use crate::scim::schema::Type;
use crate::scim::text::{comparable, comparable_text};

/// Which operators a type has (RFC 7644 §3.4.2.2, table 3).
pub(super) fn check_operator(path: AttributePath, operator: Operator) -> Result<(), Error> {
    use Operator::{Co, Eq, Ew, Ge, Gt, Le, Lt, Ne, Sw};
    let allowed = match path.leaf().data_type {
        Type::String | Type::Reference => true,
        Type::Boolean => matches!(operator, Eq | Ne),
        Type::Binary => matches!(operator, Eq | Ne | Co | Sw | Ew),
        Type::DateTime | Type::Integer | Type::Decimal => {
            matches!(operator, Eq | Ne | Gt | Ge | Lt | Le)
        }
        Type::Complex => false,
    };
    if allowed {
        return Ok(());
    }
    let (word, of) = (operator.word(), path.leaf().data_type.word());
    Err(Error::invalid_filter(format!(
        "{word} cannot be used on {path}, which is {of}"
    )))
}

/// The comparable form of a value that a filter names.
pub(super) fn comparable_part(path: AttributePath, value: &Value) -> Option<String> {
    match (path.leaf().data_type, value) {
        (Type::String | Type::Reference | Type::Binary, Value::String(text)) => {
            Some(comparable_text(path.leaf(), text))
        }
        _ => comparable(path.leaf(), value),
    }
}
