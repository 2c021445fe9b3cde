//! From what is owed to what is posted, at the time of the post: the event as the feed shows it, signed
//! by the secrets that are good now.

use std::fmt;

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use url::Url;

use crate::directory::webhook::{Format, TEST};
use crate::id::{EventId, OrganizationId, UserId, WebhookId};
use crate::limits;
use crate::provisioning::Error;
use crate::provisioning::webhooks::{Owed, signature};
use crate::secret::{Bearer, DataKeys};
use crate::store::rows::WebhookRow;

/// A post that is ready. Where it goes is a secret.
#[derive(Clone)]
pub struct Call {
    /// Where it goes.
    pub url: Url,
    /// The headers beside `Content-Type`.
    pub headers: [(&'static str, String); 3],
    /// The JSON.
    pub body: String,
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut call = f.debug_struct("Call");
        call.field("host", &self.url.host_str());
        call.finish_non_exhaustive()
    }
}

/// What a security event token tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// That somebody may come in no more.
    Deactivated {
        /// Who.
        user: UserId,
        /// Whether an admin said so, or else a directory.
        by_admin: bool,
    },
    /// Nothing but that tokens arrive.
    Verification {
        /// At this webhook.
        webhook: WebhookId,
    },
}

/// A security event token that is to be signed and posted.
#[derive(Clone)]
pub struct Token {
    /// Where it goes.
    pub url: Url,
    /// Its id: the event's.
    pub id: EventId,
    /// When it happened.
    pub at: Timestamp,
    /// The request or command that caused it.
    pub cause: Option<String>,
    /// What it tells.
    pub told: Told,
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut token = f.debug_struct("Token");
        token.field("id", &self.id).field("told", &self.told);
        token.finish_non_exhaustive()
    }
}

/// What became of composing.
#[derive(Clone, Debug)]
pub enum Composed {
    /// The post.
    Call(Box<Call>),
    /// What is posted signed as a token.
    Token(Box<Token>),
    /// Nothing can be made of it, ever.
    Impossible(&'static str),
}

/// Where a secret of a webhook is sealed for.
pub(in crate::provisioning) fn place(column: &str, org: OrganizationId, id: WebhookId) -> String {
    format!("webhooks|{column}|{org}|{id}")
}

/// What was sealed for a column of a webhook.
pub(in crate::provisioning) fn opened(
    keys: &DataKeys,
    column: &'static str,
    hook: &WebhookRow,
    sealed: &[u8],
) -> Result<Bearer, Error> {
    let table = "webhooks";
    let corrupt = || Error::Store(crate::store::Error::Corrupt { table, column });
    let plain = keys.open(&place(column, hook.org_id, hook.id), sealed);
    let text = String::from_utf8(plain.map_err(|_| corrupt())?);
    Ok(Bearer::kept(text.map_err(|_| corrupt())?))
}

/// Where a webhook's events are posted to: a secret.
pub fn url(keys: &DataKeys, hook: &WebhookRow) -> Result<Bearer, Error> {
    opened(keys, "url", hook, &hook.url_sealed)
}

/// The secrets that sign now: the present one, and while it is new, the one before.
fn secrets(keys: &DataKeys, hook: &WebhookRow, now: Timestamp) -> Result<Vec<Bearer>, Error> {
    let mut secrets = vec![opened(keys, "secret", hook, &hook.secret_sealed)?];
    let lives = hook.former_until.is_some_and(|until| until.0 > now);
    if let Some(former) = hook.former_secret_sealed.as_deref().filter(|_| lives) {
        secrets.push(opened(keys, "former_secret", hook, former)?);
    }
    Ok(secrets)
}

/// Composes what a webhook is owed.
pub fn compose(
    keys: &DataKeys,
    hook: &WebhookRow,
    owed: &Owed,
    now: Timestamp,
) -> Result<Composed, Error> {
    let url = opened(keys, "url", hook, &hook.url_sealed)?;
    let corrupt = |_| crate::store::Error::Corrupt {
        table: "webhooks",
        column: "url",
    };
    let url: Url = url.reveal().parse().map_err(corrupt)?;
    let row = &owed.row;
    if owed.event.is_none() && row.kind != TEST {
        let reason = "not posted: the event is not kept any more";
        return Ok(Composed::Impossible(reason));
    }
    if hook.format == Format::Caep {
        return Ok(token(url, owed));
    }
    let body = body(hook, owed)?;
    let (id, at) = (row.event_id.to_string(), now.as_second());
    let secrets = secrets(keys, hook, now)?;
    let Some(signature) = signature::sign(&secrets, &id, at, &body) else {
        let (table, column) = ("webhooks", "secret");
        return Err(crate::store::Error::Corrupt { table, column }.into());
    };
    let headers = [
        ("webhook-id", id),
        ("webhook-timestamp", at.to_string()),
        ("webhook-signature", signature),
    ];
    Ok(Composed::Call(Box::new(Call { url, headers, body })))
}

fn token(url: Url, owed: &Owed) -> Composed {
    let told = match &owed.event {
        None => Told::Verification {
            webhook: owed.row.webhook_id,
        },
        Some(event) => {
            let data: Value = serde_json::from_str(&event.data.0).unwrap_or_default();
            let user = data.get("user_id").and_then(Value::as_str);
            let user = user.and_then(|id| id.parse().ok());
            let Some(user) = user else {
                return Composed::Impossible("not posted: the event names nobody");
            };
            let by_admin = !["scim:", "saml:", "system"]
                .iter()
                .any(|it| event.actor.starts_with(it));
            Told::Deactivated { user, by_admin }
        }
    };
    Composed::Token(Box::new(Token {
        url,
        id: owed.row.event_id,
        at: owed.at(),
        cause: owed.event.as_ref().map(|event| event.cause.clone()),
        told,
    }))
}

/// The event as the feed shows it, or what only tries the webhook.
fn body(hook: &WebhookRow, owed: &Owed) -> Result<String, Error> {
    let corrupt = |_| crate::store::Error::Corrupt {
        table: "events",
        column: "data",
    };
    let data = match &owed.event {
        Some(event) => serde_json::from_str(&event.data.0).map_err(corrupt)?,
        None => json!({"webhook_id": hook.id}),
    };
    let event = owed.event.as_ref();
    let frame = |data: &Value| {
        json!({
            "type": owed.row.kind,
            "timestamp": owed.at(),
            "organization_id": hook.org_id,
            "seq": event.map(|it| it.seq),
            "cause": event.map(|it| &it.cause),
            "data": data,
        })
        .to_string()
    };
    let whole = frame(&data);
    let Value::Object(mut members) = data else {
        return Ok(whole);
    };
    let mut cut = whole;
    let mut shorter = Vec::new();
    while cut.len() > limits::WEBHOOK_BODY {
        let Some(name) = shorten(&mut members) else {
            break;
        };
        if !shorter.contains(&name) {
            shorter.push(name);
        }
        let mut data = members.clone();
        data.insert("truncated".to_owned(), json!(shorter));
        cut = frame(&Value::Object(data));
    }
    Ok(cut)
}

/// Cuts the longest list in half, or takes the longest text away; answers its name.
fn shorten(members: &mut Map<String, Value>) -> Option<String> {
    let longest = members
        .iter_mut()
        .filter(|(_, value)| !value.is_null())
        .max_by_key(|(_, value)| value.to_string().len())?;
    let (name, value) = longest;
    match value {
        Value::Array(items) if items.len() > 1 => items.truncate(items.len() / 2),
        other => *other = Value::Null,
    }
    Some(name.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::event::{EventKind, Visibility};
    use crate::directory::webhook::{Posting, WebhookState};
    use crate::store::rows::{EventRow, WebhookDeliveryRow};
    use crate::store::types::{Doc, Time};
    use uuid::Uuid;

    fn time() -> Time {
        Time("2026-11-22T10:00:00Z".parse().unwrap())
    }

    fn hook() -> WebhookRow {
        WebhookRow {
            org_id: Uuid::from_u128(1).into(),
            id: Uuid::from_u128(2).into(),
            name: "App".to_owned(),
            url_sealed: Vec::new(),
            host: "app.example".to_owned(),
            types: None,
            format: Format::Standard,
            by_operator: false,
            secret_sealed: Vec::new(),
            former_secret_sealed: None,
            former_until: None,
            state: WebhookState::Active,
            disabled_at: None,
            disabled_cause: None,
            failing_since: None,
            last_success_at: None,
            lease: None,
            leased_until: time(),
            created_at: time(),
            updated_at: time(),
        }
    }

    fn owed(data: &Value) -> Owed {
        let (org_id, event_id) = (Uuid::from_u128(1).into(), Uuid::from_u128(3).into());
        let event = EventRow {
            org_id,
            seq: 7,
            id: event_id,
            kind: EventKind::GroupMemberAdded,
            visibility: Visibility::Feed,
            time: time(),
            actor: "command".to_owned(),
            cause: "test".to_owned(),
            data: Doc(data.to_string()),
            salts: None,
            mac: None,
        };
        let row = WebhookDeliveryRow {
            org_id,
            webhook_id: Uuid::from_u128(2).into(),
            event_id,
            seq: 7,
            kind: "group.member_added".to_owned(),
            state: Posting::Waiting,
            attempts: 0,
            due_at: time(),
            last_status: None,
            last_reply: None,
            last_tried_at: None,
            created_at: time(),
            finished_at: None,
        };
        Owed {
            row,
            event: Some(event),
        }
    }

    #[test]
    fn a_body_is_short_and_says_what_was_cut() {
        let people = |count: usize| json!(vec![Uuid::from_u128(9).to_string(); count]);
        for (data, cut) in [
            (json!({"a": "b", "members_added": people(100)}), None),
            (
                json!({"a": "b", "members_added": people(1_000), "members_added_count": 1_000}),
                Some(json!(["members_added"])),
            ),
            (
                json!({"members_added": people(1_000), "members_removed": people(1_000)}),
                Some(json!(["members_added", "members_removed"])),
            ),
            (
                json!({"text": "x".repeat(50_000), "a": "b"}),
                Some(json!(["text"])),
            ),
            (
                json!({"changes": [{"old": "x".repeat(50_000)}]}),
                Some(json!(["changes"])),
            ),
        ] {
            let written = body(&hook(), &owed(&data)).unwrap();
            assert!(written.len() <= limits::WEBHOOK_BODY, "{}", written.len());
            let read: Value = serde_json::from_str(&written).unwrap();
            let said = read["data"].get("truncated").cloned();
            let sorted = said.map(|it| {
                let mut names: Vec<String> = serde_json::from_value(it).unwrap();
                names.sort();
                json!(names)
            });
            assert_eq!(sorted, cut);
            if cut.is_none() {
                assert_eq!(read["data"], data);
            }
            for name in ["a", "members_added_count"] {
                assert_eq!(read["data"].get(name), data.get(name));
            }
            assert_eq!(
                (&read["seq"], &read["type"]),
                (&json!(7), &json!("group.member_added"))
            );
            assert_eq!(read["timestamp"], "2026-11-22T10:00:00Z");
        }
    }
}
