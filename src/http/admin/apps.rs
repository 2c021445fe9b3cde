//! The apps behind, which are the operator's.

use std::fmt;

use axum::extract::Path;
use axum::{Extension, Json};
use futures_util::FutureExt;
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::directory::demands::{Said, said};
use crate::directory::oauth_client::AuthMethod;
use crate::directory::scope::Scope;
use crate::http::RequestId;
use crate::http::admin::asked::{Asked, Unread};
use crate::http::admin::conditional::{IfMatch, Seen};
use crate::http::admin::created::Created;
use crate::http::admin::paging::{Listing, Page};
use crate::http::admin::signing_keys::algorithm;
use crate::http::admin::tokens::proof;
use crate::http::auth::admin::Admin;
use crate::http::reply::problem::{Problem, Type};
use crate::id::AppId;
use crate::oidc::keys::Algorithm;
use crate::provisioning::settings::app_changes::{self, Rotated};
use crate::provisioning::settings::app_view::{self, App};
use crate::provisioning::settings::app_wanted::{AppChange, Serves};
use crate::provisioning::settings::apps::{self, Addresses, CreatedApp, NewApp};

/// An app to be. Addresses are https, or http on a loopback address.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct AppWanted {
    /// Its name for people.
    pub(in crate::http) name: String,
    /// Where codes may be sent: at least one.
    pub(in crate::http) redirect_uris: Vec<String>,
    /// Where the app begins a sign-in (OpenID Connect Core §4).
    pub(in crate::http) initiate_login_uri: Option<String>,
    /// Where browsers may be sent that have signed out.
    #[serde(default)]
    pub(in crate::http) post_logout_redirect_uris: Vec<String>,
    /// Where logouts are told (OpenID Connect Back-Channel Logout 1.0 §2.2).
    pub(in crate::http) backchannel_logout_uri: Option<String>,
    /// Places of the app that a sign-in may lead to.
    #[serde(default)]
    pub(in crate::http) launch_urls: Vec<String>,
    /// The slugs of the organizations that it serves; none means all.
    #[serde(default)]
    pub(in crate::http) organizations: Vec<String>,
    /// The audience of its access tokens; the client id unless said.
    pub(in crate::http) audience: Option<String>,
    /// How its ID tokens are signed: `ES256`, which it is unless said, or `RS256`.
    pub(in crate::http) id_token_alg: Option<String>,
    /// How it proves itself; by a secret, in the header or in the form, unless it has keys.
    pub(in crate::http) auth_method: Option<AuthMethod>,
    /// Its public keys: a JWK Set (RFC 7517 §5).
    #[schema(value_type = Option<Object>)]
    pub(in crate::http) jwks: Option<Value>,
    /// Where it publishes its keys, by https.
    pub(in crate::http) jwks_url: Option<String>,
}

impl fmt::Debug for AppWanted {
    /// Keys are shown to nobody before it is known that they are public.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AppWanted")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// What is to change of an app; what is not named stays. A list that is named replaces the one that was.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct AppChanged {
    /// Its name for people.
    pub(in crate::http) name: Option<String>,
    /// Where codes may be sent.
    pub(in crate::http) redirect_uris: Option<Vec<String>>,
    /// Where the app begins a sign-in; null takes it away.
    #[serde(default, deserialize_with = "said")]
    #[schema(value_type = Option<String>)]
    pub(in crate::http) initiate_login_uri: Said<String>,
    /// Where browsers may be sent that have signed out.
    pub(in crate::http) post_logout_redirect_uris: Option<Vec<String>>,
    /// Where logouts are told; null takes it away.
    #[serde(default, deserialize_with = "said")]
    #[schema(value_type = Option<String>)]
    pub(in crate::http) backchannel_logout_uri: Said<String>,
    /// Places of the app that a sign-in may lead to.
    pub(in crate::http) launch_urls: Option<Vec<String>>,
    /// The slugs of the organizations that it serves from now on.
    pub(in crate::http) organizations: Option<Vec<String>>,
    /// Whether it serves every organization from now on.
    #[serde(default)]
    pub(in crate::http) all_organizations: bool,
    /// The audience of its access tokens.
    pub(in crate::http) audience: Option<String>,
    /// How its ID tokens are signed: `ES256` or `RS256`.
    pub(in crate::http) id_token_alg: Option<String>,
    /// Its public keys, by which it proves itself from now on; a secret that it had is over.
    #[schema(value_type = Option<Object>)]
    pub(in crate::http) jwks: Option<Value>,
    /// Where it publishes them, by https.
    pub(in crate::http) jwks_url: Option<String>,
}

/// How a secret is rotated.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct AppRotation {
    /// Whether the secret before is over at once, since others know it; it is taken for a day unless said.
    #[serde(default)]
    pub(in crate::http) now: bool,
}

impl AppWanted {
    fn checked(self) -> Result<NewApp, Problem> {
        let alg = self.id_token_alg.as_deref().map(algorithm).transpose()?;
        Ok(NewApp {
            name: self.name,
            addresses: Addresses {
                redirect_uris: self.redirect_uris,
                initiate_login_uri: self.initiate_login_uri,
                post_logout_redirect_uris: self.post_logout_redirect_uris,
                backchannel_logout_uri: self.backchannel_logout_uri,
                launch_urls: self.launch_urls,
            },
            organizations: self.organizations,
            audience: self.audience,
            id_token_alg: alg.unwrap_or(Algorithm::Es256),
            // Like all addresses of an app those of its keys are the operator's own.
            proof: proof(self.auth_method, (self.jwks, self.jwks_url), true)?,
        })
    }
}

impl AppChanged {
    fn checked(self) -> Result<AppChange, Problem> {
        let serves = match (self.all_organizations, self.organizations) {
            (true, Some(_)) => {
                let why = "organizations or all_organizations, not both";
                return Err(Problem::new(Type::Invalid, why));
            }
            (true, None) => Some(Serves::All),
            (false, these) => these.map(Serves::These),
        };
        let has_keys = self.jwks.is_some() || self.jwks_url.is_some();
        let keys = has_keys.then(|| proof(None, (self.jwks, self.jwks_url), true));
        Ok(AppChange {
            name: self.name,
            redirect_uris: self.redirect_uris,
            initiate_login_uri: self.initiate_login_uri,
            post_logout_redirect_uris: self.post_logout_redirect_uris,
            backchannel_logout_uri: self.backchannel_logout_uri,
            launch_urls: self.launch_urls,
            serves,
            audience: self.audience,
            id_token_alg: self.id_token_alg.as_deref().map(algorithm).transpose()?,
            keys: keys.transpose()?,
        })
    }
}

/// List the apps, those that are revoked too, without their secrets.
///
/// With an operator's key alone.
#[utoipa::path(
    get, path = "/apps", operation_id = "list_apps", tag = "Apps",
    params(Listing), responses((status = 200, body = Page<App>)),
    security(("key" = ["apps:read"])),
)]
pub(in crate::http) async fn list(
    admin: Admin,
    Asked(listing): Asked<Listing>,
) -> Result<Json<Page<App>>, Problem> {
    let place = listing.place::<AppId>()?;
    let read = admin.read_installation(Scope::AppsRead, |tx, now| {
        async move { app_view::list_in(tx, now).await }.boxed()
    });
    Ok(Json(place.cut(read.await?, |app| app.id)))
}

/// Show an app, without its secret.
///
/// With an operator's key alone.
#[utoipa::path(
    get, path = "/apps/{client_id}", operation_id = "show_app", tag = "Apps",
    params(("client_id" = String, Path, description = "The app's client id")),
    responses((status = 200, body = App)),
    security(("key" = ["apps:read"])),
)]
pub(in crate::http) async fn show(
    admin: Admin,
    Path(client_id): Path<String>,
) -> Result<Json<App>, Problem> {
    let read = admin.read_installation(Scope::AppsRead, move |tx, now| {
        let client_id = client_id.clone();
        async move { app_view::show_in(tx, &client_id, now).await }.boxed()
    });
    Ok(Json(read.await?))
}

/// Register an app.
///
/// With an operator's key alone. Its secret is in this answer alone; with keys it has none, and signs
/// (`private_key_jwt`, RFC 7523).
#[utoipa::path(
    post, path = "/apps", operation_id = "create_app", tag = "Apps",
    request_body = AppWanted, responses((status = 201, body = CreatedApp)),
    security(("key" = ["apps:write"])),
)]
pub(in crate::http) async fn create(
    admin: Admin,
    Extension(request): Extension<RequestId>,
    body: Unread,
) -> Result<Created<CreatedApp>, Problem> {
    let scope = Scope::AppsWrite;
    admin.admit_operator(scope).await?;
    let new = body.json::<AppWanted>().await?.checked()?;
    let created = admin.operate(scope, &request, move |tx, context, _| {
        let new = new.clone();
        async move { apps::create_in(tx, &context, new).await }.boxed()
    });
    let created = created.await?;
    let path = format!("/apps/{}", created.client_id);
    Ok(Created::at(&admin, path, created))
}

/// Change an app; it counts at once.
///
/// With an operator's key alone. Organizations that it serves no more lose its tokens.
#[utoipa::path(
    patch, path = "/apps/{client_id}", operation_id = "change_app", tag = "Apps",
    params(("client_id" = String, Path, description = "The app's client id"), IfMatch),
    request_body = AppChanged, responses((status = 200, body = App)),
    security(("key" = ["apps:write"])),
)]
pub(in crate::http) async fn update(
    admin: Admin,
    Extension(request): Extension<RequestId>,
    Path(client_id): Path<String>,
    body: Unread,
) -> Result<Json<App>, Problem> {
    let scope = Scope::AppsWrite;
    admin.admit_operator(scope).await?;
    let wanted = body.json::<AppChanged>().await?.checked()?;
    let admin = admin.if_still(seen(&client_id));
    let updated = admin.operate(scope, &request, move |tx, context, _| {
        let (client_id, wanted) = (client_id.clone(), wanted.clone());
        async move { app_changes::update_in(tx, &context, &client_id, wanted).await }.boxed()
    });
    Ok(Json(updated.await?))
}

/// Give an app a fresh secret, which is in this answer alone.
///
/// With an operator's key alone. The one before is taken for a day more, unless `now` ends it.
#[utoipa::path(
    post, path = "/apps/{client_id}/rotate-secret", operation_id = "rotate_app_secret", tag = "Apps",
    params(("client_id" = String, Path, description = "The app's client id"), IfMatch),
    request_body = Option<AppRotation>, responses((status = 200, body = Rotated)),
    security(("key" = ["apps:write"])),
)]
pub(in crate::http) async fn rotate_secret(
    admin: Admin,
    Extension(request): Extension<RequestId>,
    Path(client_id): Path<String>,
    body: Unread,
) -> Result<Json<Rotated>, Problem> {
    let scope = Scope::AppsWrite;
    admin.admit_operator(scope).await?;
    let AppRotation { now } = body.json().await?;
    let admin = admin.if_still(seen(&client_id));
    let rotated = admin.operate(scope, &request, move |tx, context, _| {
        let client_id = client_id.clone();
        async move { app_changes::rotate_secret_in(tx, &context, &client_id, now).await }.boxed()
    });
    Ok(Json(rotated.await?))
}

/// Revoke an app, for good: it gets no token any more, and nobody is sent to it.
///
/// With an operator's key alone. Doing it again changes nothing.
#[utoipa::path(
    post, path = "/apps/{client_id}/revoke", operation_id = "revoke_app", tag = "Apps",
    params(("client_id" = String, Path, description = "The app's client id"), IfMatch),
    responses((status = 200, body = App)),
    security(("key" = ["apps:write"])),
)]
pub(in crate::http) async fn revoke(
    admin: Admin,
    Extension(request): Extension<RequestId>,
    Path(client_id): Path<String>,
) -> Result<Json<App>, Problem> {
    let admin = admin.if_still(seen(&client_id));
    let revoked = admin.operate(Scope::AppsWrite, &request, move |tx, context, _| {
        let client_id = client_id.clone();
        async move { app_changes::revoke_in(tx, &context, &client_id).await }.boxed()
    });
    Ok(Json(revoked.await?))
}

/// An app, as it is shown. Its row is held from then on.
fn seen(client_id: &str) -> Seen {
    let client_id = client_id.to_owned();
    Seen::of(move |tx, moment| {
        let client_id = client_id.clone();
        async move {
            tx.take_app(&client_id).await?;
            app_view::show_in(tx, &client_id, moment.now).await
        }
        .boxed()
    })
}
