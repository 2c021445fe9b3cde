//! What a connection's SCIM client comes with: bearer tokens, and OAuth clients that get
//! short-lived access tokens from `/oauth/token`. Secrets are in the answer that makes them alone.

use std::fmt;

use axum::extract::Path;
use axum::{Extension, Json};
use futures_util::FutureExt;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::directory::oauth_client::{AuthMethod, TokenKind};
use crate::directory::scope::Scope;
use crate::http::RequestId;
use crate::http::admin::asked::{Asked, Unread};
use crate::http::admin::created::Created;
use crate::http::admin::paging::{Listing, Page};
use crate::http::auth::admin::Admin;
use crate::http::reply::problem::{Problem, Type};
use crate::id::{ConnectionId, ScimTokenId};
use crate::oidc::jwks::PublicKeys;
use crate::outbound;
use crate::provisioning::settings::oauth_clients::{self, IssuedClient, NewClient, Proof};
use crate::provisioning::settings::tokens::{self, Issued, Token};
use crate::provisioning::{Error, Kind};

/// Days in ten years: the longest life that can be asked for.
const DAYS: u16 = 3650;

/// A token, or an OAuth client, to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewToken {
    /// Which of the two; `bearer` unless said.
    pub(in crate::http) kind: Option<TokenKind>,
    /// How many days it lives, 1 to 3650; until it is revoked unless said.
    #[schema(minimum = 1, maximum = 3650)]
    pub(in crate::http) expires_in_days: Option<u16>,
    /// What it may do: `read`, `write`; both unless said.
    #[serde(default)]
    pub(in crate::http) scopes: Vec<String>,
    /// How an OAuth client proves itself; by a secret, in the header or in the form, unless it has
    /// keys.
    pub(in crate::http) auth_method: Option<AuthMethod>,
    /// An OAuth client's public keys: a JWK Set (RFC 7517 §5).
    #[schema(value_type = Option<Object>)]
    pub(in crate::http) jwks: Option<Value>,
    /// Where an OAuth client publishes its keys, by https.
    pub(in crate::http) jwks_url: Option<String>,
}

impl fmt::Debug for NewToken {
    /// Keys are shown to nobody before it is known that they are public.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewToken")
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

/// What was issued, with the secret that is shown this once.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum Fresh {
    /// An OAuth client.
    Client(Box<IssuedClient>),
    /// A token.
    Token(Box<Issued>),
}

/// What was asked for, once it holds together.
#[derive(Clone)]
enum Wanted {
    Client(NewClient),
    Token(Option<SignedDuration>, String),
}

/// List the SCIM tokens and OAuth clients of a connection, without their secrets.
#[utoipa::path(
    get, path = "/organizations/{slug}/connections/{id}/tokens", operation_id = "list_tokens",
    tag = "Connections",
    params(
        ("slug" = String, Path, description = "The organization's slug"),
        ("id" = String, Path, description = "The connection's id"),
        Listing,
    ),
    responses((status = 200, body = Page<Token>)),
    security(("key" = ["connections:read"])),
)]
pub(in crate::http) async fn list(
    admin: Admin,
    Path((slug, id)): Path<(String, String)>,
    Asked(listing): Asked<Listing>,
) -> Result<Json<Page<Token>>, Problem> {
    let place = listing.place::<ScimTokenId>()?;
    let all = all(&admin, &slug, &id).await?;
    Ok(Json(
        place.cut(all, |token| ScimTokenId::from(token.id.uuid())),
    ))
}

/// All of a connection.
async fn all(admin: &Admin, slug: &str, id: &str) -> Result<Vec<Token>, Problem> {
    let connection = id.parse::<ConnectionId>().ok();
    let read = admin.read(slug, Scope::ConnectionsRead, move |tx, admitted| {
        async move {
            let (org, now) = (admitted.organization.id, admitted.now);
            tokens::list_in(tx, org, connection.ok_or(NO_CONNECTION)?, now).await
        }
        .boxed()
    });
    read.await
}

/// Issue a SCIM token, or an OAuth client.
///
/// The secret is in this answer alone. A connection has at most two live ones of each kind.
#[utoipa::path(
    post, path = "/organizations/{slug}/connections/{id}/tokens", operation_id = "issue_token",
    tag = "Connections",
    params(
        ("slug" = String, Path, description = "The organization's slug"),
        ("id" = String, Path, description = "The connection's id"),
    ),
    request_body = NewToken, responses((status = 201, body = Fresh)),
    security(("key" = ["connections:write"])),
)]
pub(in crate::http) async fn issue(
    admin: Admin,
    Extension(request): Extension<RequestId>,
    Path((slug, id)): Path<(String, String)>,
    body: Unread,
) -> Result<Created<Fresh>, Problem> {
    let scope = Scope::ConnectionsWrite;
    admin.admit(&slug, scope).await?;
    let wanted = wanted(body.json().await?, admin.gateway().private_targets)?;
    let (connection, public_url) = (
        id.parse::<ConnectionId>().ok(),
        admin.gateway().public_url.clone(),
    );
    let issued = admin.change(&slug, scope, &request, move |change, _| {
        let (wanted, public_url) = (wanted.clone(), public_url.clone());
        async move {
            let id = connection.ok_or(NO_CONNECTION)?;
            Ok(match wanted {
                Wanted::Client(new) => {
                    let issued = oauth_clients::issue_in(change, id, new, &public_url).await?;
                    Fresh::Client(Box::new(issued))
                }
                Wanted::Token(expires, scopes) => {
                    let issued = tokens::issue_in(change, id, expires, &scopes).await?;
                    Fresh::Token(Box::new(issued))
                }
            })
        }
        .boxed()
    });
    let issued = issued.await?;
    let token = match &issued {
        Fresh::Client(client) => client.row.id.uuid(),
        Fresh::Token(token) => token.row.id.uuid(),
    };
    let path = format!("/organizations/{slug}/connections/{id}/tokens/{token}");
    Ok(Created::at(&admin, path, issued))
}

/// Show a SCIM token, or an OAuth client, without its secret.
#[utoipa::path(
    get, path = "/organizations/{slug}/connections/{id}/tokens/{token}",
    operation_id = "show_token", tag = "Connections",
    params(
        ("slug" = String, Path, description = "The organization's slug"),
        ("id" = String, Path, description = "The connection's id"),
        ("token" = String, Path, description = "The token's id, or the client id"),
    ),
    responses((status = 200, body = Token)),
    security(("key" = ["connections:read"])),
)]
pub(in crate::http) async fn show(
    admin: Admin,
    Path((slug, id, token)): Path<(String, String, String)>,
) -> Result<Json<Token>, Problem> {
    let token = token.parse::<ScimTokenId>().ok().map(ScimTokenId::uuid);
    let mut all = all(&admin, &slug, &id).await?.into_iter();
    let found = all.find(|it| Some(it.id.uuid()) == token);
    Ok(Json(found.ok_or(Error::NotFound(Kind::Token))?))
}

/// Revoke a SCIM token, or an OAuth client with all its access tokens, for good.
///
/// Doing it again changes nothing.
#[utoipa::path(
    post, path = "/organizations/{slug}/connections/{id}/tokens/{token}/revoke",
    operation_id = "revoke_token", tag = "Connections",
    params(
        ("slug" = String, Path, description = "The organization's slug"),
        ("id" = String, Path, description = "The connection's id"),
        ("token" = String, Path, description = "The token's id, or the client id"),
    ),
    responses((status = 200, body = Token)),
    security(("key" = ["connections:write"])),
)]
pub(in crate::http) async fn revoke(
    admin: Admin,
    Extension(request): Extension<RequestId>,
    Path((slug, id, token)): Path<(String, String, String)>,
) -> Result<Json<Token>, Problem> {
    let connection = id.parse::<ConnectionId>().ok();
    let token = token.parse::<ScimTokenId>().ok();
    let revoked = admin.change(
        &slug,
        Scope::ConnectionsWrite,
        &request,
        move |change, _| {
            async move {
                let connection = connection.ok_or(NO_CONNECTION)?;
                let token = token.ok_or(Error::NotFound(Kind::Token))?;
                tokens::revoke_in(change, connection, token).await
            }
            .boxed()
        },
    );
    Ok(Json(revoked.await?))
}

/// What a path leads to that names something else than an id.
const NO_CONNECTION: Error = Error::NotFound(Kind::Connection);

fn wanted(new: NewToken, private: bool) -> Result<Wanted, Problem> {
    let invalid = |why: &str| Problem::new(Type::Invalid, why);
    if new
        .expires_in_days
        .is_some_and(|days| !(1..=DAYS).contains(&days))
    {
        return Err(invalid("expires_in_days: 1 to 3650 is possible"));
    }
    let expires = new
        .expires_in_days
        .map(|days| SignedDuration::from_hours(24 * i64::from(days)));
    let scopes = tokens::scopes(&new.scopes)?;
    if new.kind != Some(TokenKind::OauthClient) {
        if new.auth_method.is_some() || new.jwks.is_some() || new.jwks_url.is_some() {
            let why = "auth_method, jwks and jwks_url are for the kind oauth_client alone";
            return Err(invalid(why));
        }
        return Ok(Wanted::Token(expires, scopes));
    }
    let proof = proof(new.auth_method, (new.jwks, new.jwks_url), private)?;
    Ok(Wanted::Client(NewClient {
        proof,
        expires,
        scopes,
    }))
}

/// By what a client, or an app, is to prove itself: keys that are named, keys that are published, or a secret.
pub(in crate::http) fn proof(
    method: Option<AuthMethod>,
    (jwks, jwks_url): (Option<Value>, Option<String>),
    private: bool,
) -> Result<Proof, Problem> {
    let invalid = |why: &str| Problem::new(Type::Invalid, why);
    oauth_clients::secret_method(method, jwks.is_some() || jwks_url.is_some())?;
    Ok(match (jwks, jwks_url) {
        (Some(_), Some(_)) => return Err(invalid("jwks or jwks_url, not both")),
        (Some(jwks), None) => {
            let keys = PublicKeys::registered(&jwks.to_string());
            Proof::Keys(keys.map_err(|why| invalid(&format!("jwks: {why}")))?)
        }
        (None, Some(url)) => {
            let url = outbound::settable(&url, private);
            Proof::KeysAt(url.map_err(|why| invalid(&format!("jwks_url: {why}")))?)
        }
        (None, None) => Proof::Secret(method),
    })
}
