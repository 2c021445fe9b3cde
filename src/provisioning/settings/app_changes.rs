//! What becomes of an app after it is registered: it is looked at, its addresses, keys and organizations
//! change, its secret is rotated, it is revoked. All of it counts from the transaction on.
//!
//! Whom it serves no more, and whom it served when it was revoked, it keeps nothing of: its refresh tokens
//! end, its access tokens are worth nothing where they are asked about. People's sessions go on, since
//! they are not the app's.

use futures_util::FutureExt;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use crate::directory::Violation;
use crate::directory::event::EventKind;
use crate::directory::oauth_client::AuthMethod;
use crate::id::{AppId, OrganizationId};
use crate::limits;
use crate::oidc::keys::Algorithm;
use crate::provisioning::settings::app_view::{App, addresses, any, live, view};
use crate::provisioning::settings::apps::{Addresses, audience, served};
use crate::provisioning::settings::name;
use crate::provisioning::settings::oauth_clients::{Proof, Registered};
use crate::provisioning::{Change, Context, Error};
use crate::store::rows::AppRow;
use crate::store::types::{AppList, Time};
use crate::store::{Store, Tx};

/// What is to change; what is not named stays. A list that is named replaces the one that was.
#[derive(Clone, Debug, Default)]
pub struct AppChange {
    /// Its name for people.
    pub name: Option<String>,
    /// Where codes may be sent.
    pub redirect_uris: Option<Vec<String>>,
    /// Where the app begins a sign-in; nothing takes the address away.
    pub initiate_login_uri: Option<Option<String>>,
    /// Where browsers may be sent that have signed out.
    pub post_logout_redirect_uris: Option<Vec<String>>,
    /// Where logouts are told; nothing takes the address away.
    pub backchannel_logout_uri: Option<Option<String>>,
    /// Places of the app that a sign-in may lead to.
    pub launch_urls: Option<Vec<String>>,
    /// Whom it serves.
    pub serves: Option<Serves>,
    /// The audience of its access tokens.
    pub audience: Option<String>,
    /// How its ID tokens are signed.
    pub id_token_alg: Option<Algorithm>,
    /// Keys by which it is to prove itself from now on; a secret is rotated instead.
    pub keys: Option<Proof>,
}

/// Whom an app serves.
#[derive(Clone, Debug)]
pub enum Serves {
    /// Every organization.
    All,
    /// Those of these slugs, and no others.
    These(Vec<String>),
}

/// A fresh secret, which is shown this once.
#[derive(Clone, Serialize)]
pub struct Rotated {
    /// The app.
    pub client_id: String,
    /// Its new secret.
    pub client_secret: String,
    /// Until when the one before is taken; none where it is over at once.
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
        async move {
            let mut row = live(tx, &client_id).await?;
            let secret = Proof::Secret(Some(row.auth_method)).registered(&context).secret;
            let Some(secret) = secret.filter(|_| row.auth_method != AuthMethod::PrivateKeyJwt)
            else {
                let rule = "the app has no secret: it signs with keys of its own; give it others with `usher app update`";
                return Err(Violation::Invalid(rule.to_owned()).into());
            };
            let until = overlap(&context, at_once).map(Time);
            let former = std::mem::replace(&mut row.secret_hash, secret.hash().to_vec());
            row.former_secret_hash = until.map(|_| former);
            row.former_secret_until = until;
            tx.update_app(&row).await?;
            let orgs = listed(tx, row.id).await?;
            let data = told(&row, &["client_secret"]);
            tell(tx, &context, orgs, EventKind::AppUpdated, &data).await?;
            Ok(Rotated {
                client_id: row.client_id,
                client_secret: secret.reveal().to_owned(),
                former_secret_until: until.map(|at| at.0),
            })
        }
        .boxed()
    });
    rotated.await
}

/// Revokes an app for good. Doing it again changes nothing.
pub async fn revoke(store: &Store, context: Context, client_id: &str) -> Result<App, Error> {
    let client_id = client_id.to_owned();
    let revoked = store.write(move |tx| {
        let (context, client_id) = (context.clone(), client_id.clone());
        async move {
            let now = context.ids.clock().now();
            let mut row = any(tx, &client_id).await?;
            if row.revoked_at.is_none() {
                row.revoked_at = Some(Time(now));
                row.secret_hash = Vec::new();
                row.former_secret_hash = None;
                row.former_secret_until = None;
                tx.update_app(&row).await?;
                tx.end_refresh_families_of_app(row.id, &[], Time(now), "app_revoked")
                    .await?;
                let orgs = listed(tx, row.id).await?;
                let data = told(&row, &[]);
                tell(tx, &context, orgs, EventKind::AppRevoked, &data).await?;
                tracing::info!(app.id = %row.id, "An app is revoked");
            }
            view(tx, row, now).await
        }
        .boxed()
    });
    revoked.await
}

/// How long the former secret is taken.
fn overlap(context: &Context, at_once: bool) -> Option<Timestamp> {
    let now = context.ids.clock().now();
    let until = now.checked_add(limits::APP_SECRET_OVERLAP);
    until.ok().filter(|_| !at_once)
}

async fn update_in(
    tx: &mut Tx,
    context: &Context,
    client_id: &str,
    wanted: AppChange,
) -> Result<App, Error> {
    let now = context.ids.clock().now();
    let mut row = live(tx, client_id).await?;
    let (mut changed, before) = (Vec::new(), addresses(tx, &row).await?);
    let after = wanted.addresses(before.clone());
    after.check()?;
    for (what, list, old, new) in [
        (
            "launch_urls",
            AppList::LaunchUrls,
            &before.launch_urls,
            &after.launch_urls,
        ),
        (
            "post_logout_redirect_uris",
            AppList::PostLogoutRedirectUris,
            &before.post_logout_redirect_uris,
            &after.post_logout_redirect_uris,
        ),
        (
            "redirect_uris",
            AppList::RedirectUris,
            &before.redirect_uris,
            &after.redirect_uris,
        ),
    ] {
        if old != new {
            changed.push(what);
            write_list(tx, row.id, list, new).await?;
        }
    }
    let mut set = |what, is_new: bool| {
        if is_new {
            changed.push(what);
        }
    };
    set(
        "initiate_login_uri",
        row.initiate_login_uri != after.initiate_login_uri,
    );
    set(
        "backchannel_logout_uri",
        row.backchannel_logout_uri != after.backchannel_logout_uri,
    );
    row.initiate_login_uri = after.initiate_login_uri;
    row.backchannel_logout_uri = after.backchannel_logout_uri;
    if let Some(new) = wanted.name {
        let new = name(&new)?;
        set("name", row.name != new);
        row.name = new;
    }
    if let Some(new) = wanted.audience {
        audience(Some(&new))?;
        set("audience", row.audience != new);
        row.audience = new;
    }
    if let Some(new) = wanted.id_token_alg {
        set("id_token_alg", row.id_token_alg != new.as_str());
        new.as_str().clone_into(&mut row.id_token_alg);
    }
    if let Some(proof) = wanted.keys {
        set("keys", true);
        sign_by(&mut row, proof, context)?;
    }
    let mut orgs = listed(tx, row.id).await?;
    if let Some(serves) = wanted.serves {
        set("organizations", true);
        let kept = serve(tx, &mut row, serves, now).await?;
        orgs.extend(kept);
        orgs.sort_unstable();
        orgs.dedup();
    }
    if changed.is_empty() {
        return view(tx, row, now).await;
    }
    tx.update_app(&row).await?;
    let data = told(&row, &changed);
    tell(tx, context, orgs, EventKind::AppUpdated, &data).await?;
    view(tx, row, now).await
}

impl AppChange {
    /// The addresses as they are to be.
    fn addresses(&self, before: Addresses) -> Addresses {
        let list = |wanted: &Option<Vec<String>>, known: Vec<String>| {
            let mut list = wanted.clone().unwrap_or(known);
            list.sort();
            list.dedup();
            list
        };
        let one = |wanted: &Option<Option<String>>, known| wanted.clone().unwrap_or(known);
        Addresses {
            redirect_uris: list(&self.redirect_uris, before.redirect_uris),
            initiate_login_uri: one(&self.initiate_login_uri, before.initiate_login_uri),
            post_logout_redirect_uris: list(
                &self.post_logout_redirect_uris,
                before.post_logout_redirect_uris,
            ),
            backchannel_logout_uri: one(
                &self.backchannel_logout_uri,
                before.backchannel_logout_uri,
            ),
            launch_urls: list(&self.launch_urls, before.launch_urls),
        }
    }
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
    row.jwks = jwks;
    row.jwks_url = jwks_url;
    row.secret_hash = Vec::new();
    row.former_secret_hash = None;
    row.former_secret_until = None;
    Ok(())
}

/// Writes whom the app serves; of whom it serves no more it keeps nothing. Answers whom it serves by name.
async fn serve(
    tx: &mut Tx,
    row: &mut AppRow,
    serves: Serves,
    now: Timestamp,
) -> Result<Vec<OrganizationId>, Error> {
    let slugs = match serves {
        Serves::All => Vec::new(),
        Serves::These(slugs) if slugs.is_empty() => {
            let rule = "an app serves at least one organization; revoke one that serves none";
            return Err(Violation::Invalid(rule.to_owned()).into());
        }
        Serves::These(slugs) => slugs,
    };
    let orgs: Vec<_> = served(tx, &slugs).await?;
    let orgs: Vec<_> = orgs.into_iter().map(|(org, _)| org).collect();
    row.all_organizations = orgs.is_empty();
    tx.clear_app_list(row.id, AppList::Organizations).await?;
    for org in &orgs {
        tx.add_app_organization(row.id, *org).await?;
    }
    if !row.all_organizations {
        tx.end_refresh_families_of_app(row.id, &orgs, Time(now), "not_served")
            .await?;
    }
    Ok(orgs)
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

/// Tells these organizations.
async fn tell(
    tx: &mut Tx,
    context: &Context,
    orgs: Vec<OrganizationId>,
    kind: EventKind,
    data: &Value,
) -> Result<(), Error> {
    for org in orgs {
        let mut change = Change::begin(tx, org, context).await?;
        change.record(kind, data.clone());
        change.settle().await?;
    }
    Ok(())
}

fn told(row: &AppRow, changed: &[&str]) -> Value {
    let mut data = json!({"app_id": row.id, "client_id": row.client_id, "name": row.name});
    if !changed.is_empty() {
        data["changed"] = json!(changed);
    }
    data
}

/// The organizations on its list, in one order.
async fn listed(tx: &mut Tx, id: AppId) -> Result<Vec<OrganizationId>, Error> {
    let listed = tx.app_organizations(id).await?;
    Ok(listed.into_iter().map(|(org, _)| org).collect())
}
