//! The header fields of a quota that is used up (draft-ietf-httpapi-ratelimit-headers-10).

use axum::http::{HeaderMap, HeaderName, HeaderValue};

use crate::provisioning::invitations::Quota;

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const LEFT: HeaderName = HeaderName::from_static("ratelimit");

/// What a client plans by: the quota that is used up, and when it has something left again
/// (draft-ietf-httpapi-ratelimit-headers-10 §3 and §4).
pub(super) fn tell(headers: &mut HeaderMap, quota: &Quota, seconds: i64) {
    let (name, window) = (quota.name, quota.window.as_secs());
    for (field, value) in [
        (POLICY, format!("\"{name}\";q={};w={window}", quota.most)),
        (LEFT, format!("\"{name}\";r={};t={seconds}", quota.left)),
    ] {
        // A name of ours and three numbers: it is always a value.
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.insert(field, value);
        }
    }
}
