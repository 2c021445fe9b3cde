//! Where an organization's shared links are posted to: an incoming webhook as Slack has them. Its
//! URL is a secret, since whoever knows it can post there: it is sealed, and only its host is shown.

use futures_util::FutureExt;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use url::Url;
use utoipa::ToSchema;

use crate::directory::Violation;
use crate::directory::delivery::{Delivery, MailKind};
use crate::directory::event::EventKind;
use crate::directory::invitation::may_go_again;
use crate::id::{InvitationId, OrganizationId};
use crate::provisioning::invitations::{Links, Obstacle, find, owe};
use crate::provisioning::{Change, Context, Error, change};
use crate::store::rows::ShareHookRow;
use crate::store::{Store, Tx};

/// Where shared links are posted to.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct ShareHook {
    /// The webhook's host; null where there is none.
    pub host: Option<String>,
    /// When it was set.
    #[schema(value_type = Option<String>, format = "date-time")]
    pub updated_at: Option<Timestamp>,
}

/// How a post is written once it is sent.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Posted {
    /// Whether its link leads to the organization's alternate public URL.
    #[serde(default)]
    pub alternate: bool,
}

fn place(org: OrganizationId) -> String {
    format!("share_hooks|sealed|{org}|")
}

/// The organization's webhook, without its secret.
pub async fn shown(tx: &mut Tx, org: OrganizationId) -> Result<ShareHook, Error> {
    let row = tx.share_hook(org).await?;
    Ok(row.map_or_else(ShareHook::default, |row| ShareHook {
        host: Some(row.host),
        updated_at: Some(row.updated_at.0),
    }))
}

/// The organization's webhook, read by itself.
pub async fn show(store: &Store, org: OrganizationId) -> Result<ShareHook, Error> {
    store
        .read(move |tx| async move { shown(tx, org).await }.boxed())
        .await
}

/// Sets the organization's webhook, or takes it away.
pub async fn set(
    store: &Store,
    context: Context,
    links: &Links,
    org: OrganizationId,
    url: Option<Url>,
) -> Result<ShareHook, Error> {
    let links = links.clone();
    change(store, org, context, move |change| {
        let (links, url) = (links.clone(), url.clone());
        async move { set_in(change, &links, url.as_ref()).await }.boxed()
    })
    .await
}

/// The same within a change.
pub async fn set_in(
    change: &mut Change<'_>,
    links: &Links,
    url: Option<&Url>,
) -> Result<ShareHook, Error> {
    let old = shown(change.tx, change.org).await?;
    change.tx.forget_share_hook(change.org).await?;
    if let Some(url) = url {
        let host = url.host_str().unwrap_or_default();
        let entropy = change.context.ids.entropy();
        let sealed = links
            .secrets
            .seal(&place(change.org), url.as_str().as_bytes(), entropy);
        let row = ShareHookRow {
            org_id: change.org,
            sealed: sealed.map_err(|_| corrupt())?,
            host: host.to_owned(),
            updated_at: change.time(),
        };
        change.tx.insert_share_hook(&row).await?;
    }
    let new = shown(change.tx, change.org).await?;
    if old.host.is_some() || new.host.is_some() {
        let changed = json!({"attribute": "share_webhook", "old": old.host, "new": new.host});
        change.record(
            EventKind::OrganizationUpdated,
            json!({"changes": [changed]}),
        );
    }
    Ok(new)
}

/// Owes the organization's webhook the message about an invitation that was just shared; answers
/// the host that it goes to.
pub async fn post(
    change: &mut Change<'_>,
    id: InvitationId,
    alternate: bool,
) -> Result<String, Error> {
    let Some(hook) = change.tx.share_hook(change.org).await? else {
        let rule = "this organization has no share webhook yet; set it first";
        return Err(Violation::Invalid(rule.to_owned()).into());
    };
    make_way(change, id).await?;
    let row = find(change, id).await?;
    let detail = json!(Posted { alternate });
    owe(change, &row, MailKind::WebhookPost, &hook.host, detail).await?;
    Ok(hook.host)
}

/// Takes back what still waits to be posted about an invitation, for the one that takes its place.
/// What was tried counts like a mail that was sent again: its gap and its daily bound hold.
async fn make_way(change: &mut Change<'_>, id: InvitationId) -> Result<(), Error> {
    let ids = [id];
    let owed = change.tx.deliveries_of_invitations(change.org, &ids);
    let tried: Vec<_> = owed
        .await?
        .into_iter()
        .filter(|it| it.kind == MailKind::WebhookPost)
        .filter(|it| it.attempts > 0 || !matches!(it.state, Delivery::Cancelled | Delivery::Queued))
        .map(|it| it.created_at.0)
        .collect();
    may_go_again(&tried, change.now).map_err(Obstacle::Rule)?;
    let now = change.time();
    Ok(change.tx.cancel_posts(change.org, id, now).await?)
}

/// The URL to post to.
pub async fn url(tx: &mut Tx, links: &Links, org: OrganizationId) -> Result<Option<Url>, Error> {
    let Some(row) = tx.share_hook(org).await? else {
        return Ok(None);
    };
    let opened = links.secrets.open(&place(org), &row.sealed);
    let opened = opened.map_err(|_| corrupt())?;
    let text = String::from_utf8(opened).map_err(|_| corrupt())?;
    Ok(Some(text.parse().map_err(|_| corrupt())?))
}

fn corrupt() -> Error {
    let (table, column) = ("share_hooks", "sealed");
    Error::Store(crate::store::Error::Corrupt { table, column })
}
