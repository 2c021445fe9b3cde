//! Webhooks as admins set them. A webhook's URL and its secrets are sealed: of the URL the host is shown,
//! a secret is shown once.

use std::fmt;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};
use url::Url;
use utoipa::ToSchema;

use crate::directory::Violation;
use crate::directory::event::EventKind;
use crate::directory::webhook::{self, Disabling, Format, WebhookState};
use crate::id::{OrganizationId, WebhookId};
use crate::limits;
use crate::provisioning::webhooks::compose::{opened, place};
use crate::provisioning::webhooks::signature;
use crate::provisioning::{Change, Error, Kind};
use crate::secret::{Bearer, DataKeys};
use crate::store::Tx;
use crate::store::rows::WebhookRow;
use crate::store::types::Time;

/// A webhook, without its secrets.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Webhook {
    /// Its id.
    #[schema(value_type = String, format = "uuid")]
    pub id: WebhookId,
    /// Its name for people: the host unless it was said.
    pub name: String,
    /// The host of its URL, which is not shown.
    pub host: String,
    /// The types of events that it hears of; null means all.
    pub types: Option<Vec<String>>,
    /// How it hears of them: `standard`, or `caep`.
    pub format: Format,
    /// `active`, or `disabled`: then nothing is posted.
    pub state: WebhookState,
    /// Since when it is disabled.
    #[schema(value_type = Option<String>, format = "date-time")]
    pub disabled_at: Option<Timestamp>,
    /// Why it is: `failing`, or `gone` (it answered 410).
    pub disabled_cause: Option<Disabling>,
    /// Since when every post fails: null where the last one was good.
    #[schema(value_type = Option<String>, format = "date-time")]
    pub failing_since: Option<Timestamp>,
    /// When it last took an event.
    #[schema(value_type = Option<String>, format = "date-time")]
    pub last_success_at: Option<Timestamp>,
    /// Until when the secret before the present one signs, too.
    #[schema(value_type = Option<String>, format = "date-time")]
    pub former_secret_until: Option<Timestamp>,
    /// When it was set up.
    #[schema(value_type = String, format = "date-time")]
    pub created_at: Timestamp,
    /// When it was changed last.
    #[schema(value_type = String, format = "date-time")]
    pub updated_at: Timestamp,
}

/// A webhook with its fresh secret, which is shown this once.
#[derive(Clone, Serialize, ToSchema)]
pub struct WebhookSecret {
    /// The webhook.
    #[serde(flatten)]
    pub webhook: Webhook,
    /// The secret by which whoever is behind it knows posts to be ours: `whsec_...`.
    pub secret: String,
}

impl fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut secret = f.debug_struct("WebhookSecret");
        secret
            .field("webhook", &self.webhook)
            .finish_non_exhaustive()
    }
}

/// A webhook to be. Where it goes has passed the guard.
#[derive(Clone)]
pub struct NewWebhook {
    /// Where events are posted to.
    pub url: Url,
    /// Whether the operator says so.
    pub by_operator: bool,
    /// Its name for people.
    pub name: Option<String>,
    /// The types of events; none means all.
    pub types: Option<Vec<String>>,
    /// How it hears of them.
    pub format: Format,
}

/// The types of events that a webhook is to hear of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Types {
    /// All of the feed.
    All,
    /// These.
    These(Vec<String>),
}

/// What is to change of a webhook; what is none stays.
#[derive(Clone, Default)]
pub struct WebhookChange {
    /// Where events are posted to, and whether the operator says so.
    pub url: Option<(Url, bool)>,
    /// Its name.
    pub name: Option<String>,
    /// The types of events.
    pub types: Option<Types>,
}

fn shown(row: WebhookRow, now: Timestamp) -> Webhook {
    let at = |time: Option<Time>| time.map(|it| it.0);
    let types = row.types.as_deref().map(|words| {
        let words = words.split_whitespace().map(str::to_owned);
        words.collect()
    });
    Webhook {
        id: row.id,
        name: row.name,
        host: row.host,
        types,
        format: row.format,
        state: row.state,
        disabled_at: at(row.disabled_at),
        disabled_cause: row.disabled_cause,
        failing_since: at(row.failing_since),
        last_success_at: at(row.last_success_at),
        former_secret_until: at(row.former_until).filter(|until| *until > now),
        created_at: row.created_at.0,
        updated_at: row.updated_at.0,
    }
}

pub(super) fn invalid(rule: impl fmt::Display) -> Error {
    Violation::Invalid(rule.to_string()).into()
}

/// The organization's webhooks, the oldest first.
pub async fn list(tx: &mut Tx, org: OrganizationId, now: Timestamp) -> Result<Vec<Webhook>, Error> {
    let rows = tx.webhooks(org).await?;
    Ok(rows.into_iter().map(|row| shown(row, now)).collect())
}

pub(super) async fn row(
    tx: &mut Tx,
    org: OrganizationId,
    id: WebhookId,
) -> Result<WebhookRow, Error> {
    let row = tx.webhook(org, id).await?;
    row.ok_or(Error::NotFound(Kind::Webhook))
}

/// One webhook.
pub async fn show(
    tx: &mut Tx,
    org: OrganizationId,
    id: WebhookId,
    now: Timestamp,
) -> Result<Webhook, Error> {
    Ok(shown(row(tx, org, id).await?, now))
}

fn name(text: &str) -> Result<String, Error> {
    let text = text.trim();
    let most = limits::WEBHOOK_NAME;
    if text.is_empty() || text.chars().count() > most || text.contains(char::is_control) {
        return Err(invalid(format_args!(
            "name: 1 to {most} characters in one line"
        )));
    }
    Ok(text.to_owned())
}

/// The host of a URL, with its port where that is another one than its scheme's.
fn host(url: &Url) -> Result<String, Error> {
    if url.as_str().len() > limits::WEBHOOK_URL {
        let most = limits::WEBHOOK_URL;
        return Err(invalid(format_args!("url: {most} characters at most")));
    }
    let host = url.host_str().unwrap_or_default();
    Ok(match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    })
}

/// Seals something of a webhook.
fn sealed(
    change: &Change<'_>,
    keys: &DataKeys,
    (column, id): (&'static str, WebhookId),
    plain: &str,
) -> Result<Vec<u8>, Error> {
    let place = place(column, change.org, id);
    let sealed = keys.seal(&place, plain.as_bytes(), change.context.ids.entropy());
    let table = "webhooks";
    sealed.map_err(|_| crate::store::Error::Corrupt { table, column }.into())
}

/// The types that a webhook hears of; none means all.
fn types(row: &WebhookRow) -> Option<Vec<&str>> {
    let words = row.types.as_deref()?;
    Some(words.split_whitespace().collect())
}

fn told(row: &WebhookRow) -> Value {
    json!({
        "webhook_id": row.id,
        "name": row.name,
        "host": row.host,
        "types": types(row),
        "format": row.format,
    })
}

/// Sets up a webhook.
pub async fn create(
    change: &mut Change<'_>,
    keys: &DataKeys,
    new: NewWebhook,
) -> Result<WebhookSecret, Error> {
    let most = limits::WEBHOOKS;
    if change.tx.webhooks(change.org).await?.len() >= most {
        return Err(invalid(format_args!(
            "an organization has {most} webhooks at most"
        )));
    }
    let types = webhook::types(new.types.as_deref(), new.format);
    let types = types.map_err(|why| invalid(format_args!("types: {why}")))?;
    let (id, host) = (change.id::<WebhookId>(), host(&new.url)?);
    let secret = signature::fresh(change.context.ids.entropy());
    let row = WebhookRow {
        org_id: change.org,
        id,
        name: new.name.as_deref().map_or_else(|| Ok(host.clone()), name)?,
        url_sealed: sealed(change, keys, ("url", id), new.url.as_str())?,
        host,
        types,
        format: new.format,
        by_operator: new.by_operator,
        secret_sealed: sealed(change, keys, ("secret", id), secret.reveal())?,
        former_secret_sealed: None,
        former_until: None,
        state: WebhookState::Active,
        disabled_at: None,
        disabled_cause: None,
        failing_since: None,
        last_success_at: None,
        lease: None,
        leased_until: change.time(),
        created_at: change.time(),
        updated_at: change.time(),
    };
    change.tx.insert_webhook(&row).await?;
    change.record(EventKind::WebhookCreated, told(&row));
    Ok(with_secret(row, &secret, change.now))
}

fn with_secret(row: WebhookRow, secret: &Bearer, now: Timestamp) -> WebhookSecret {
    WebhookSecret {
        webhook: shown(row, now),
        secret: secret.reveal().to_owned(),
    }
}

/// Changes a webhook. What waits goes where it is to go now; with another URL its failures are forgotten.
pub async fn update(
    change: &mut Change<'_>,
    keys: &DataKeys,
    id: WebhookId,
    wanted: WebhookChange,
) -> Result<Webhook, Error> {
    let old = row(change.tx, change.org, id).await?;
    let (mut new, mut changes) = (old.clone(), Vec::new());
    let mut differs = |attribute: &str, old: Value, new: Value| {
        if old != new {
            changes.push(json!({"attribute": attribute, "old": old, "new": new}));
        }
    };
    if let Some(wanted) = wanted.name.as_deref() {
        new.name = name(wanted)?;
    }
    if let Some(types) = &wanted.types {
        let asked = match types {
            Types::All => None,
            Types::These(types) => Some(&**types),
        };
        let types = webhook::types(asked, old.format);
        new.types = types.map_err(|why| invalid(format_args!("types: {why}")))?;
    }
    let mut moved = false;
    if let Some((url, by_operator)) = &wanted.url {
        let known = opened(keys, "url", &old, &old.url_sealed)?;
        moved = known.reveal() != url.as_str() || old.by_operator != *by_operator;
        new.host = host(url)?;
        new.url_sealed = sealed(change, keys, ("url", id), url.as_str())?;
        new.by_operator = *by_operator;
    }
    differs("name", json!(old.name), json!(new.name));
    differs("types", json!(types(&old)), json!(types(&new)));
    if moved {
        // Another path at the same host is not told, but that it is another one.
        changes.push(json!({"attribute": "url", "old": old.host, "new": new.host}));
    }
    if changes.is_empty() {
        return Ok(shown(old, change.now));
    }
    new.updated_at = change.time();
    change.tx.update_webhook(&new).await?;
    if moved && old.state == WebhookState::Active {
        change.tx.renew_webhook(change.org, id).await?;
    }
    tell(change, &new, changes);
    show(change.tx, change.org, id, change.now).await
}

fn tell(change: &mut Change<'_>, row: &WebhookRow, changes: Vec<Value>) {
    let data =
        json!({"webhook_id": row.id, "name": row.name, "host": row.host, "changes": changes});
    change.record(EventKind::WebhookUpdated, data);
}

/// Deletes a webhook, with all that it is owed.
pub async fn delete(change: &mut Change<'_>, id: WebhookId) -> Result<Webhook, Error> {
    let row = row(change.tx, change.org, id).await?;
    change.tx.delete_webhook(change.org, id).await?;
    change.record(EventKind::WebhookDeleted, told(&row));
    Ok(shown(row, change.now))
}

/// Gives a webhook a fresh secret. The one before signs, too, for [`limits::WEBHOOK_SECRET_OVERLAP`],
/// or no more where it is over at once. While two sign, only that is possible: a receiver may still have
/// the older one alone.
pub async fn rotate_secret(
    change: &mut Change<'_>,
    keys: &DataKeys,
    id: WebhookId,
    at_once: bool,
) -> Result<WebhookSecret, Error> {
    let mut row = row(change.tx, change.org, id).await?;
    let signs = |until: &Time| change.now < until.0;
    if let Some(until) = row.former_until.filter(|it| signs(it) && !at_once) {
        let rule = format!(
            "the secret before the present one signs until {}: rotate after that, or at once (`now`), which ends both",
            until.0
        );
        return Err(Violation::Invalid(rule).into());
    }
    let secret = signature::fresh(change.context.ids.entropy());
    let until = change.now.checked_add(limits::WEBHOOK_SECRET_OVERLAP).ok();
    row.former_until = until.filter(|_| !at_once).map(Time);
    row.former_secret_sealed = if at_once {
        None
    } else {
        let former = opened(keys, "secret", &row, &row.secret_sealed)?;
        Some(sealed(
            change,
            keys,
            ("former_secret", id),
            former.reveal(),
        )?)
    };
    row.secret_sealed = sealed(change, keys, ("secret", id), secret.reveal())?;
    row.updated_at = change.time();
    change.tx.update_webhook(&row).await?;
    let until = row.former_until.map(|it| it.0);
    let rotated = json!({"attribute": "secret", "former_until": until});
    tell(change, &row, vec![rotated]);
    Ok(with_secret(row, &secret, change.now))
}

/// Posts to a webhook again that was disabled. What it missed is not posted by itself: see
/// [`redeliver`](super::webhook_deliveries::redeliver).
pub async fn enable(change: &mut Change<'_>, id: WebhookId) -> Result<Webhook, Error> {
    let row = row(change.tx, change.org, id).await?;
    if row.state == WebhookState::Active {
        return Ok(shown(row, change.now));
    }
    change.tx.renew_webhook(change.org, id).await?;
    let enabled = json!({"attribute": "state", "old": row.state, "new": WebhookState::Active});
    tell(change, &row, vec![enabled]);
    show(change.tx, change.org, id, change.now).await
}
