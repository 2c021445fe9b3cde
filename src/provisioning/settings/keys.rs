//! Keys of the admin API: bearers for programs, of one organization or of the operator.
//!
//! A key that issues another gives no more than it has: no scope beside its own, no organization beside its own,
//! and nothing that outlives it.

use futures_util::FutureExt;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use crate::directory::Violation;
use crate::directory::event::EventKind;
use crate::directory::scope::{EVERYTHING, Scopes};
use crate::id::{ApiKeyId, OrganizationId};
use crate::limits;
use crate::provisioning::access::Access;
use crate::provisioning::settings::name;
use crate::provisioning::{Change, Context, Error, Kind, Source, change};
use crate::secret::Bearer;
use crate::store::rows::ApiKeyRow;
use crate::store::types::Time;
use crate::store::{Store, Tx};

/// What every key begins with.
pub const PREFIX: &str = "sk_";
/// The longest life that can be asked for: ten years.
const LONGEST: u16 = 3_650;

/// A key to be.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewKey {
    /// What people call it.
    pub name: Option<String>,
    /// What it may do: scopes, or `*` for all of them, which it is unless said.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// How many days it lives, 1 to 3650; until it is revoked unless said.
    #[schema(minimum = 1, maximum = 3650)]
    pub expires_in_days: Option<u16>,
}

/// A key, without its secret.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Key {
    /// Its id.
    #[schema(value_type = String, format = "uuid")]
    pub id: ApiKeyId,
    /// What people call it.
    pub name: Option<String>,
    /// Whether it is good: `active`, `expired` or `revoked`.
    pub state: &'static str,
    /// Its organization; null for a key of the operator, which is good for all.
    #[schema(value_type = Option<String>, format = "uuid")]
    pub organization_id: Option<OrganizationId>,
    /// What it may do, as words between spaces.
    pub scopes: String,
    /// What it begins with.
    pub prefix: String,
    /// Its last four characters.
    pub last4: String,
    /// Who issued it, as events name actors.
    pub issued_by: Option<String>,
    /// When it was issued.
    #[schema(value_type = String, format = "date-time")]
    pub created_at: Timestamp,
    /// When it ends by itself.
    #[schema(value_type = Option<String>, format = "date-time")]
    pub expires_at: Option<Timestamp>,
    /// When it was last used, to the minute.
    #[schema(value_type = Option<String>, format = "date-time")]
    pub last_used_at: Option<Timestamp>,
    /// When it was revoked.
    #[schema(value_type = Option<String>, format = "date-time")]
    pub revoked_at: Option<Timestamp>,
}

/// A fresh key, with the secret that is shown this once.
#[derive(Clone, Serialize, ToSchema)]
pub struct IssuedKey {
    /// The secret.
    pub key: String,
    /// The key.
    #[serde(flatten)]
    pub of: Key,
}

impl std::fmt::Debug for IssuedKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("IssuedKey")
            .field("id", &self.of.id)
            .finish_non_exhaustive()
    }
}

/// Whether a key is good, and else why not.
fn state(row: &ApiKeyRow, now: Timestamp) -> &'static str {
    match (row.revoked_at, row.expires_at) {
        (Some(_), _) => "revoked",
        (None, Some(end)) if end.0 <= now => "expired",
        (None, _) => "active",
    }
}

fn view(row: ApiKeyRow, now: Timestamp) -> Key {
    let state = state(&row, now);
    Key {
        id: row.id,
        name: row.name,
        state,
        organization_id: row.org_id,
        scopes: row.scopes,
        prefix: row.prefix,
        last4: row.last4,
        issued_by: row.actor,
        created_at: row.created_at.0,
        expires_at: row.expires_at.map(|at| at.0),
        last_used_at: row.last_used_at.map(|at| at.0),
        revoked_at: row.revoked_at.map(|at| at.0),
    }
}

/// What a key is to be, once it holds together.
fn wanted(new: &NewKey) -> Result<(Option<String>, Scopes), Error> {
    let invalid = |rule: String| Error::Rule(Violation::Invalid(rule));
    let called = new.name.as_deref().map(name).transpose()?;
    let words = if new.scopes.is_empty() {
        EVERYTHING.to_owned()
    } else {
        new.scopes.join(" ")
    };
    let scopes: Scopes = words.parse().map_err(|error| {
        invalid(format!(
            "the scopes {words} are not all known: {error}, or *"
        ))
    })?;
    if scopes.is_nothing() {
        return Err(invalid("a key is for something: name a scope".to_owned()));
    }
    let days = new.expires_in_days.unwrap_or(1);
    if !(1..=LONGEST).contains(&days) {
        return Err(invalid(format!("a key lives for 1 to {LONGEST} days")));
    }
    Ok((called, scopes))
}

/// Issues a key within a transaction: of the organization that is being changed, or of the operator. By whom
/// another key asks, that key's access is given, too.
fn fresh(
    context: &Context,
    org: Option<OrganizationId>,
    new: &NewKey,
    issuer: Option<&Access>,
) -> Result<(ApiKeyRow, String), Error> {
    let (called, scopes) = wanted(new)?;
    let now = context.ids.clock().now();
    let days = new.expires_in_days.map(i64::from);
    let expires_at = days.map(|days| now + SignedDuration::from_hours(24 * days));
    if let Some(issuer) = issuer {
        if !issuer.scopes.cover(&scopes) {
            return Err(Error::Forbidden(
                "a key issues none that may do more than it may itself",
            ));
        }
        let outlives = |end: &Timestamp| expires_at.is_none_or(|it| it > *end);
        if issuer.expires_at.as_ref().is_some_and(outlives) {
            return Err(Error::Forbidden(
                "a key that ends issues none that outlives it: say expires_in_days",
            ));
        }
    }
    let bearer = Bearer::new(PREFIX, context.ids.entropy());
    let row = ApiKeyRow {
        id: context.ids.next(),
        hash: bearer.hash().to_vec(),
        org_id: org,
        scopes: scopes.to_string(),
        prefix: PREFIX.to_owned(),
        last4: bearer.last_four(),
        created_at: Time(now),
        expires_at: expires_at.map(Time),
        revoked_at: None,
        last_used_at: None,
        name: called,
        actor: Some(context.source.actor()),
    };
    Ok((row, bearer.reveal().to_owned()))
}

/// Refuses where there are as many good keys as there may be.
async fn room(tx: &mut Tx, org: Option<OrganizationId>, now: Timestamp) -> Result<(), Error> {
    let all = tx.api_keys(org).await?.into_iter();
    let good = all.filter(|row| state(row, now) == "active");
    if good.count() < limits::KEYS {
        return Ok(());
    }
    let rule = format!(
        "there are {} good keys already; revoke one first",
        limits::KEYS
    );
    Err(Violation::Invalid(rule).into())
}

fn issued(row: ApiKeyRow, key: String, now: Timestamp) -> IssuedKey {
    IssuedKey {
        key,
        of: view(row, now),
    }
}

/// Issues a key of the organization that is being changed.
pub async fn issue_in(change: &mut Change<'_>, new: &NewKey) -> Result<IssuedKey, Error> {
    room(change.tx, Some(change.org), change.now).await?;
    change.may_issue().await?;
    let issuer = change.access.clone();
    let (row, key) = fresh(&change.context, Some(change.org), new, issuer.as_ref())?;
    change.tx.insert_api_key(&row).await?;
    let data = json!({
        "key_id": row.id,
        "name": row.name,
        "scopes": row.scopes,
        "last4": row.last4,
        "expires_at": row.expires_at.map(|at| at.0),
    });
    change.record(EventKind::KeyIssued, data);
    Ok(issued(row, key, change.now))
}

/// Issues a key of the operator.
pub async fn issue_operator(
    tx: &mut Tx,
    context: &Context,
    new: &NewKey,
    issuer: Option<&Access>,
) -> Result<IssuedKey, Error> {
    room(tx, None, context.ids.clock().now()).await?;
    let (row, key) = fresh(context, None, new, issuer)?;
    tx.insert_api_key(&row).await?;
    tracing::info!(key.id = %row.id, actor = row.actor, "A key of the operator was issued");
    Ok(issued(row, key, context.ids.clock().now()))
}

/// Issues a key: of the organization, or of the operator where there is none.
pub async fn issue(
    store: &Store,
    context: Context,
    org: Option<OrganizationId>,
    new: NewKey,
) -> Result<IssuedKey, Error> {
    if let Some(org) = org {
        let issued = change(store, org, context, move |change| {
            let new = new.clone();
            async move { issue_in(change, &new).await }.boxed()
        });
        return issued.await;
    }
    let issued = store.write(move |tx| {
        let (context, new) = (context.clone(), new.clone());
        async move { issue_operator(tx, &context, &new, None).await }.boxed()
    });
    issued.await
}

/// The keys of an organization, or of the operator, in the order of ids.
pub async fn list(
    tx: &mut Tx,
    org: Option<OrganizationId>,
    now: Timestamp,
) -> Result<Vec<Key>, Error> {
    let rows = tx.api_keys(org).await?;
    Ok(rows.into_iter().map(|row| view(row, now)).collect())
}

/// Whether the keys that a key issued, and theirs in turn, are revoked with it.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyRevocation {
    /// They are: for a key that is in somebody else's hands.
    #[serde(default)]
    pub with_issued: bool,
}

/// The key, and with it those that came of it, where they are meant.
fn lineage(all: &[ApiKeyRow], id: ApiKeyId, how: KeyRevocation) -> Vec<ApiKeyId> {
    let mut meant = vec![id];
    let mut next = 0;
    while let Some(issuer) = meant.get(next).filter(|_| how.with_issued) {
        let actor = Source::Key(*issuer).actor();
        let issued = all.iter().filter(|row| row.actor.as_ref() == Some(&actor));
        meant.extend(issued.map(|row| row.id).collect::<Vec<_>>());
        next += 1;
    }
    meant
}

/// Ends keys; answers the one as it is then, and those that were good until now.
async fn end(
    tx: &mut Tx,
    (org, at): (Option<OrganizationId>, Time),
    (id, how): (ApiKeyId, KeyRevocation),
) -> Result<(Key, Vec<ApiKeyRow>), Error> {
    let mut all = tx.api_keys(org).await?;
    let meant = lineage(&all, id, how);
    all.retain(|row| meant.contains(&row.id));
    let (mut asked, mut ended) = (None, Vec::new());
    for mut row in all {
        if row.revoked_at.is_none() {
            row.revoked_at = Some(at);
            tx.revoke_api_key(row.id, at).await?;
            ended.push(row.clone());
        }
        if row.id == id {
            asked = Some(view(row, at.0));
        }
    }
    Ok((asked.ok_or(Error::NotFound(Kind::Key))?, ended))
}

/// Revokes a key of the organization that is being changed. Doing it again changes nothing.
pub async fn revoke_in(
    change: &mut Change<'_>,
    id: ApiKeyId,
    how: KeyRevocation,
) -> Result<Key, Error> {
    let of = (Some(change.org), change.time());
    let (key, ended) = end(change.tx, of, (id, how)).await?;
    for row in ended {
        let data = json!({"key_id": row.id, "name": row.name, "last4": row.last4});
        change.record(EventKind::KeyRevoked, data);
    }
    Ok(key)
}

/// Revokes a key of the operator. Doing it again changes nothing.
pub async fn revoke_operator(
    tx: &mut Tx,
    context: &Context,
    id: ApiKeyId,
    how: KeyRevocation,
) -> Result<Key, Error> {
    let at = Time(context.ids.clock().now());
    let (key, ended) = end(tx, (None, at), (id, how)).await?;
    let actor = context.source.actor();
    for row in ended {
        tracing::info!(key.id = %row.id, actor, "A key of the operator was revoked");
    }
    Ok(key)
}

/// Revokes a key: of the organization, or of the operator where there is none.
pub async fn revoke(
    store: &Store,
    context: Context,
    org: Option<OrganizationId>,
    (id, how): (ApiKeyId, KeyRevocation),
) -> Result<Key, Error> {
    if let Some(org) = org {
        let revoked = change(store, org, context, move |change| {
            async move { revoke_in(change, id, how).await }.boxed()
        });
        return revoked.await;
    }
    let revoked = store.write(move |tx| {
        let context = context.clone();
        async move { revoke_operator(tx, &context, id, how).await }.boxed()
    });
    revoked.await
}
