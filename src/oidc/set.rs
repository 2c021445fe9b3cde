//! Security event tokens (RFC 8417), as they are pushed to a receiver (RFC 8935): that somebody's
//! sessions are over, in the words of the Continuous Access Evaluation Profile 1.0.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::claims::Issue;

/// The `typ` of a security event token (RFC 8417 §2.3).
pub const SET_TYPE: &str = "secevent+jwt";

/// Somebody's sessions are over (CAEP 1.0 §3.1).
const SESSION_REVOKED: &str = "https://schemas.openid.net/secevent/caep/event-type/session-revoked";
/// Nothing happened: the receiver sees that tokens arrive (Shared Signals Framework 1.0 §8.1.4).
const VERIFICATION: &str = "https://schemas.openid.net/secevent/ssf/event-type/verification";

/// The claims of a security event token. It has neither `sub`, so that nobody takes it for an ID
/// token, nor `exp`: what happened stays so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SecurityEvent {
    iss: String,
    aud: String,
    iat: i64,
    jti: Uuid,
    #[serde(skip_serializing_if = "Option::is_none")]
    txn: Option<String>,
    sub_id: Value,
    events: Value,
}

impl SecurityEvent {
    /// A token that a person may come in no more since then, by an admin's word or a directory's.
    pub fn session_revoked(
        issue: Issue<'_>,
        jti: Uuid,
        (user, at, by_admin): (Uuid, Timestamp, bool),
        cause: Option<&str>,
    ) -> Self {
        let (entity, reason) = if by_admin {
            ("admin", "an admin suspended or removed the person")
        } else {
            ("policy", "the directory suspended or removed the person")
        };
        let event = json!({
            "event_timestamp": at.as_second(),
            "initiating_entity": entity,
            "reason_admin": {"en": reason},
        });
        let sub_id = json!({"format": "iss_sub", "iss": issue.issuer, "sub": user});
        Self {
            txn: cause.map(str::to_owned),
            ..Self::of(issue, jti, sub_id, json!({SESSION_REVOKED: event}))
        }
    }

    /// A token that only shows that tokens of this stream arrive.
    pub fn verification(issue: Issue<'_>, jti: Uuid, stream: Uuid) -> Self {
        let sub_id = json!({"format": "opaque", "id": stream});
        Self::of(issue, jti, sub_id, json!({VERIFICATION: {}}))
    }

    fn of(issue: Issue<'_>, jti: Uuid, sub_id: Value, events: Value) -> Self {
        Self {
            iss: issue.issuer.to_owned(),
            aud: issue.client_id.to_owned(),
            iat: issue.at.as_second(),
            jti,
            txn: None,
            sub_id,
            events,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_tells_who_may_come_in_no_more() {
        let issue = || Issue {
            issuer: "https://usher.example",
            client_id: "https://app.example",
            at: "2026-11-22T10:00:00Z".parse().unwrap(),
        };
        let at = "2026-11-22T09:00:00Z".parse().unwrap();
        let (jti, user) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let told = SecurityEvent::session_revoked(issue(), jti, (user, at, false), Some("cause"));
        let told = serde_json::to_value(told).unwrap();
        let event = &told["events"][SESSION_REVOKED];
        assert_eq!(event["event_timestamp"], 1_795_338_000);
        assert_eq!(event["initiating_entity"], "policy");
        assert_eq!(
            told["sub_id"],
            json!({"format": "iss_sub", "iss": "https://usher.example", "sub": user})
        );
        assert_eq!(
            (&told["txn"], told.get("sub"), told.get("exp")),
            (&json!("cause"), None, None)
        );
        let tried = SecurityEvent::verification(issue(), jti, user);
        let tried = serde_json::to_value(tried).unwrap();
        assert_eq!(tried["sub_id"], json!({"format": "opaque", "id": user}));
        assert_eq!(tried["events"], json!({VERIFICATION: {}}));
        assert_eq!(tried.get("txn"), None);
    }
}
