//! What becomes of an app after it is registered: it is looked at, its addresses, keys and organizations
//! change, its secret is rotated, it is revoked. All of it counts from the transaction on.
//!
//! Whom it serves no more, and whom it served when it was revoked, it keeps nothing of: its refresh tokens
//! end, its access tokens are worth nothing where they are asked about, and it is told of no logout any
//! more. People's sessions go on, since they are not the app's.
//!
//! The app's row is taken first, then the rows of the organizations that are told, and what the app holds
//! last, as everybody else takes them. Organizations are told that are on the app's list, before or after;
//! an app that serves all is the operator's alone, and told to none.

use std::collections::BTreeSet;

use futures_util::FutureExt;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::directory::Violation;
use crate::directory::event::EventKind;
use crate::directory::oauth_client::AuthMethod;
use crate::id::{AppId, OrganizationId};
use crate::limits;
use crate::provisioning::settings::app_view::{App, addresses, any, live, view};
use crate::provisioning::settings::app_wanted::{AppChange, Serves};
use crate::provisioning::settings::apps::{Addresses, audience, served};
use crate::provisioning::settings::name;
use crate::provisioning::settings::oauth_clients::{Proof, Registered};
use crate::provisioning::{Change, Context, Error};
use crate::secret::Bearer;
use crate::store::rows::AppRow;
use crate::store::types::{AppList, Time};
use crate::store::{Store, Tx};

/// A fresh secret, which is shown this once.
#[derive(Clone, Serialize, ToSchema)]
#[schema(as = RotatedAppSecret)]
pub struct Rotated {
    /// The app.
    pub client_id: String,
    /// Its new secret.
    pub client_secret: String,
    /// Until when the one before is taken; none where it is over at once.
    #[schema(value_type = Option<String>, format = "date-time")]
    pub former_secret_until: Option<Timestamp>,
}

impl std::fmt::Debug for Rotated {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rotated")
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}

/// Changes an app, from now on: codes, tokens and answers are made by what it is then.
pub async fn update(
    store: &Store,
    context: Context,
    client_id: &str,
    wanted: AppChange,
) -> Result<App, Error> {
    let client_id = client_id.to_owned();
    let changed = store.write(move |tx| {
        let (context, client_id, wanted) = (context.clone(), client_id.clone(), wanted.clone());
        async move { update_in(tx, &context, &client_id, wanted).await }.boxed()
    });
    changed.await
}

/// Gives an app a fresh secret. The one before is taken for a day, so that the app can be given the new
/// one without a gap, or not from now on, where it is known to others.
pub async fn rotate_secret(
    store: &Store,
    context: Context,
    client_id: &str,
    at_once: bool,
) -> Result<Rotated, Error> {
    let client_id = client_id.to_owned();
    let rotated = store.write(move |tx| {
        let (context, client_id) = (context.clone(), client_id.clone());
        async move { rotate_secret_in(tx, &context, &client_id, at_once).await }.boxed()
    });
    rotated.await
}

/// The same, within a transaction.
pub async fn rotate_secret_in(
    tx: &mut Tx,
    context: &Context,
    client_id: &str,
    at_once: bool,
) -> Result<Rotated, Error> {
    let mut row = live(tx, client_id).await?;
    let secret = fresh_secret(&row, context, at_once)?;
    let until = overlap(context, at_once).map(Time);
    let former = std::mem::replace(&mut row.secret_hash, secret.hash().to_vec());
    row.former_secret_hash = until.map(|_| former);
    row.former_secret_until = until;
    let orgs = listed(tx, row.id).await?;
    let actor = context.source.actor();
    tracing::info!(app.id = %row.id, actor, cause = context.cause, "An app has a fresh secret");
    let (kind, what) = (EventKind::AppUpdated, ["client_secret"]);
    tell(tx, context, &row, orgs, kind, &what).await?;
    tx.update_app(&row).await?;
    Ok(Rotated {
        client_id: row.client_id,
        client_secret: secret.reveal().to_owned(),
        former_secret_until: until.map(|at| at.0),
    })
}

/// Revokes an app for good. Doing it again changes nothing.
pub async fn revoke(store: &Store, context: Context, client_id: &str) -> Result<App, Error> {
    let client_id = client_id.to_owned();
    let revoked = store.write(move |tx| {
        let (context, client_id) = (context.clone(), client_id.clone());
        async move { revoke_in(tx, &context, &client_id).await }.boxed()
    });
    revoked.await
}

/// The same, within a transaction.
pub async fn revoke_in(tx: &mut Tx, context: &Context, client_id: &str) -> Result<App, Error> {
    let now = context.ids.clock().now();
    let mut row = any(tx, client_id).await?;
    if row.revoked_at.is_none() {
        row.revoked_at = Some(Time(now));
        row.secret_hash = Vec::new();
        row.former_secret_hash = None;
        row.former_secret_until = None;
        let orgs = listed(tx, row.id).await?;
        tell(tx, context, &row, orgs, EventKind::AppRevoked, &[]).await?;
        tx.update_app(&row).await?;
        tx.end_refresh_families_of_app(row.id, &[], Time(now), "app_revoked")
            .await?;
        let actor = context.source.actor();
        tracing::info!(app.id = %row.id, actor, cause = context.cause, "An app is revoked");
    }
    view(tx, row, now).await
}

/// A secret for an app that has one; two are taken at most.
fn fresh_secret(row: &AppRow, context: &Context, at_once: bool) -> Result<Bearer, Error> {
    let now = context.ids.clock().now();
    let refuse = |rule: String| Err(Violation::Invalid(rule).into());
    if let Some(until) = row
        .former_secret_until
        .filter(|until| now < until.0 && !at_once)
    {
        return refuse(format!(
            "the secret before the present one is taken until {}: rotate after that, or with --now, which ends both",
            until.0
        ));
    }
    let secret = Proof::Secret(Some(row.auth_method))
        .registered(context)
        .secret;
    match secret.filter(|_| row.auth_method != AuthMethod::PrivateKeyJwt) {
        Some(secret) => Ok(secret),
        None => refuse("the app has no secret: it signs with keys of its own; give it others with `usher app update`".to_owned()),
    }
}

/// How long the former secret is taken.
fn overlap(context: &Context, at_once: bool) -> Option<Timestamp> {
    let now = context.ids.clock().now();
    let until = now.checked_add(limits::APP_SECRET_OVERLAP);
    until.ok().filter(|_| !at_once)
}

/// The same as [`update`], within a transaction.
pub async fn update_in(
    tx: &mut Tx,
    context: &Context,
    client_id: &str,
    wanted: AppChange,
) -> Result<App, Error> {
    let now = context.ids.clock().now();
    let mut row = live(tx, client_id).await?;
    let before = addresses(tx, &row).await?;
    let after = wanted.addresses(before.clone());
    after.check()?;
    let lists = [
        (AppList::LaunchUrls, &before.launch_urls, &after.launch_urls),
        (
            AppList::PostLogoutRedirectUris,
            &before.post_logout_redirect_uris,
            &after.post_logout_redirect_uris,
        ),
        (
            AppList::RedirectUris,
            &before.redirect_uris,
            &after.redirect_uris,
        ),
    ];
    let lists = lists.into_iter().filter(|(_, old, new)| old != new);
    let lists: Vec<_> = lists.map(|(list, _, new)| (list, new.clone())).collect();
    let mut changed: Vec<_> = lists.iter().map(|(list, _)| list.as_str()).collect();
    let listed = listed(tx, row.id).await?;
    let serves = match &wanted.serves {
        Some(serves) => Some(named(tx, serves).await?),
        None => None,
    };
    let serves = serves.filter(|orgs| *orgs != listed || orgs.is_empty() != row.all_organizations);
    changed.extend(serves.as_ref().map(|_| AppList::Organizations.as_str()));
    changed.extend(describe(&mut row, wanted, &after, context)?);
    if changed.is_empty() {
        return view(tx, row, now).await;
    }
    if let Some(orgs) = &serves {
        row.all_organizations = orgs.is_empty();
    }
    let still = serves.clone().unwrap_or_else(|| listed.clone());
    let told = still.into_iter().chain(listed).collect::<BTreeSet<_>>();
    let told = told.into_iter().collect();
    if let Some(orgs) = &serves {
        write_organizations(tx, row.id, orgs).await?;
    }
    let actor = context.source.actor();
    tracing::info!(app.id = %row.id, actor, cause = context.cause, "An app is changed");
    tell(tx, context, &row, told, EventKind::AppUpdated, &changed).await?;
    tx.update_app(&row).await?;
    for (list, values) in &lists {
        write_list(tx, row.id, *list, values).await?;
    }
    if let Some(orgs) = serves.filter(|orgs| !orgs.is_empty()) {
        tx.end_refresh_families_of_app(row.id, &orgs, Time(now), "not_served")
            .await?;
    }
    view(tx, row, now).await
}

/// Writes what is in the app's own row; answers what of it changed.
fn describe(
    row: &mut AppRow,
    wanted: AppChange,
    addresses: &Addresses,
    context: &Context,
) -> Result<Vec<&'static str>, Error> {
    let (before, has_keys) = (row.clone(), wanted.keys.is_some());
    row.initiate_login_uri
        .clone_from(&addresses.initiate_login_uri);
    row.backchannel_logout_uri
        .clone_from(&addresses.backchannel_logout_uri);
    if let Some(new) = wanted.name {
        row.name = name(&new)?;
    }
    if let Some(new) = wanted.audience {
        audience(Some(&new))?;
        row.audience = new;
    }
    if let Some(new) = wanted.id_token_alg {
        new.as_str().clone_into(&mut row.id_token_alg);
    }
    if let Some(proof) = wanted.keys {
        sign_by(row, proof, context)?;
    }
    let changes = [
        (
            "initiate_login_uri",
            before.initiate_login_uri != row.initiate_login_uri,
        ),
        (
            "backchannel_logout_uri",
            before.backchannel_logout_uri != row.backchannel_logout_uri,
        ),
        ("name", before.name != row.name),
        ("audience", before.audience != row.audience),
        ("id_token_alg", before.id_token_alg != row.id_token_alg),
        ("keys", has_keys),
    ];
    let changed = changes.into_iter().filter(|(_, is_new)| *is_new);
    Ok(changed.map(|(what, _)| what).collect())
}

/// From now on these keys are the app's proof; a secret that it had is over.
fn sign_by(row: &mut AppRow, proof: Proof, context: &Context) -> Result<(), Error> {
    if let Proof::KeysAt(url) = &proof {
        Addresses::check_jwks_url(url)?;
    }
    let Registered {
        auth_method,
        secret,
        jwks,
        jwks_url,
    } = proof.registered(context);
    if secret.is_some() {
        let rule = "a secret is rotated by a call of its own";
        return Err(Violation::Invalid(rule.to_owned()).into());
    }
    row.auth_method = auth_method;
    row.keys_since = Some(Time(context.ids.clock().now()));
    row.jwks = jwks;
    row.jwks_url = jwks_url;
    row.secret_hash = Vec::new();
    row.former_secret_hash = None;
    row.former_secret_until = None;
    Ok(())
}

/// The organizations that are named; all is none.
async fn named(tx: &mut Tx, serves: &Serves) -> Result<Vec<OrganizationId>, Error> {
    let slugs = match serves {
        Serves::All => return Ok(Vec::new()),
        Serves::These(slugs) if slugs.is_empty() => {
            let rule = "an app serves at least one organization; revoke one that serves none";
            return Err(Violation::Invalid(rule.to_owned()).into());
        }
        Serves::These(slugs) => slugs,
    };
    let orgs = served(tx, slugs).await?;
    Ok(orgs.into_iter().map(|(org, _)| org).collect())
}

async fn write_organizations(tx: &mut Tx, id: AppId, orgs: &[OrganizationId]) -> Result<(), Error> {
    tx.clear_app_list(id, AppList::Organizations).await?;
    for org in orgs {
        tx.add_app_organization(id, *org).await?;
    }
    Ok(())
}

async fn write_list(tx: &mut Tx, id: AppId, list: AppList, values: &[String]) -> Result<(), Error> {
    tx.clear_app_list(id, list).await?;
    for value in values {
        match list {
            AppList::LaunchUrls => tx.add_launch_url(id, value).await?,
            AppList::PostLogoutRedirectUris => tx.add_post_logout_redirect_uri(id, value).await?,
            AppList::RedirectUris => tx.add_redirect_uri(id, value).await?,
            AppList::Organizations => {}
        }
    }
    Ok(())
}

/// Tells these organizations, each whether the app serves it now.
async fn tell(
    tx: &mut Tx,
    context: &Context,
    row: &AppRow,
    orgs: Vec<OrganizationId>,
    kind: EventKind,
    changed: &[&str],
) -> Result<(), Error> {
    let served = listed(tx, row.id).await?;
    for org in orgs {
        let mut change = Change::begin(tx, org, context).await?;
        let is_served = row.all_organizations || served.contains(&org);
        let serves = row.revoked_at.is_none() && is_served;
        let data = json!({
            "app_id": row.id,
            "client_id": row.client_id,
            "name": row.name,
            "serves": serves,
            "changed": changed,
        });
        change.record(kind, data);
        change.settle().await?;
    }
    Ok(())
}

/// The organizations on its list, in one order.
async fn listed(tx: &mut Tx, id: AppId) -> Result<Vec<OrganizationId>, Error> {
    let listed = tx.app_organizations(id).await?;
    Ok(listed.into_iter().map(|(org, _)| org).collect())
}
