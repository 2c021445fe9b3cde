//! Whether a recorded request can be played again as it was: only where nothing of it is missing.

use crate::provisioning::Error;
use crate::provisioning::request_log::view;
use crate::store;
use crate::store::rows::ScimRequestRow;

/// Why a request cannot be played again; `None` where it can.
pub fn obstacle(row: &ScimRequestRow, has_body: bool) -> Result<Option<String>, Error> {
    let dropped: Vec<String> = serde_json::from_str(&row.dropped).map_err(|_| {
        let (table, column) = ("scim_requests", "dropped");
        Error::Store(store::Error::Corrupt { table, column })
    })?;
    if row.token_id.is_none() {
        return Ok(Some("it had no good token".to_owned()));
    }
    Ok(match row.omitted.as_deref() {
        Some(view::TOO_LARGE) => Some("its body was too large to be kept".to_owned()),
        Some(view::NOT_JSON) => Some("its body is no JSON, and was not kept".to_owned()),
        Some(other) => Some(format!("its body was not kept: {other}")),
        None if !dropped.is_empty() => Some(format!("not kept: {}", dropped.join(", "))),
        None if row.body_bytes > 0 && !has_body => Some("its body was not kept".to_owned()),
        None => None,
    })
}
