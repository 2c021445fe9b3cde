//! The header fields of quotas (draft-ietf-httpapi-ratelimit-headers-10): one writer for all of them, so that an
//! answer tells of every quota that it was under.

use axum::http::{HeaderMap, HeaderName, HeaderValue};

use crate::provisioning::invitations::Quota;

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const LEFT: HeaderName = HeaderName::from_static("ratelimit");

/// A quota as it is after a request: what a client plans by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::http) struct Told {
    /// Its name: no two quotas that one answer may tell of have the same.
    pub(in crate::http) name: &'static str,
    /// How much there is of it in all.
    pub(in crate::http) most: u64,
    /// In how many seconds.
    pub(in crate::http) window: i64,
    /// How much is left of it.
    pub(in crate::http) left: u64,
    /// In how many seconds there is more of it, at the latest: `t`, as the draft means it (§4.1.2).
    pub(in crate::http) again: i64,
}

impl Told {
    /// The quota of invitations that is in the way for so many seconds.
    pub(in crate::http) fn of_invitations(quota: &Quota, again: i64) -> Self {
        Self {
            name: quota.name,
            most: quota.most,
            window: quota.window.as_secs(),
            left: quota.left,
            again,
        }
    }

    /// An item of RateLimit-Policy (§3.1).
    fn policy(&self) -> String {
        format!("\"{}\";q={};w={}", self.name, self.most, self.window)
    }

    /// An item of RateLimit (§4.1).
    fn limit(&self) -> String {
        format!("\"{}\";r={};t={}", self.name, self.left, self.again)
    }
}

/// Tells of these quotas, behind those that an answer tells of already.
pub(in crate::http) fn tell(headers: &mut HeaderMap, quotas: &[Told]) {
    if quotas.is_empty() {
        return;
    }
    append(headers, POLICY, quotas.iter().map(Told::policy));
    append(headers, LEFT, quotas.iter().map(Told::limit));
}

/// Puts items behind those of a list field, on one line.
fn append(headers: &mut HeaderMap, field: HeaderName, items: impl Iterator<Item = String>) {
    let lines = headers.get_all(&field).iter();
    let lines = lines.filter_map(|line| line.to_str().ok().map(str::to_owned));
    let all: Vec<String> = lines.chain(items).collect();
    // Names of ours and numbers: it is always a value.
    if let Ok(value) = HeaderValue::try_from(all.join(", ")) {
        headers.insert(field, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotas_stand_behind_those_that_were_told_before() {
        let of = |name, left| Told {
            name,
            most: 600,
            window: 60,
            left,
            again: 1,
        };
        let mut headers = HeaderMap::new();
        tell(&mut headers, &[]);
        assert!(headers.is_empty());
        tell(&mut headers, &[of("a", 0)]);
        tell(&mut headers, &[of("b", 599), of("c", 7)]);
        assert_eq!(
            headers[POLICY],
            "\"a\";q=600;w=60, \"b\";q=600;w=60, \"c\";q=600;w=60"
        );
        assert_eq!(
            headers[LEFT],
            "\"a\";r=0;t=1, \"b\";r=599;t=1, \"c\";r=7;t=1"
        );
    }
}
