//! OAuth clients: SCIM clients of one connection that ask `/oauth/token` for short-lived access
//! tokens. One proves itself by a secret, which is shown once and kept as a hash, or signs with a
//! key of its own, of which only the public half is known here. A connection owns at most
//! [`limits::OAUTH_CLIENTS`] live ones, beside its tokens.

use std::fmt;

use futures_util::FutureExt;
use jiff::SignedDuration;
use serde::Serialize;
use serde_json::json;
use url::Url;
use utoipa::ToSchema;

use crate::directory::Violation;
use crate::directory::event::EventKind;
use crate::directory::oauth_client::AuthMethod;
use crate::id::{ConnectionId, OauthClientId};
use crate::limits;
use crate::oidc::jwks::PublicKeys;
use crate::provisioning::settings::connections;
use crate::provisioning::settings::tokens::{Token, end, of_connection, tell_revoked, view_client};
use crate::provisioning::{Change, Context, Error, Kind, change};
use crate::secret::Bearer;
use crate::store::Store;
use crate::store::rows::OauthClientRow;
use crate::store::types::Doc;

/// What every client secret begins with.
const SECRET_PREFIX: &str = "cs_";

/// By what a client is to prove itself.
#[derive(Clone, Debug)]
pub enum Proof {
    /// By these keys.
    Keys(PublicKeys),
    /// By keys that are published here.
    KeysAt(Url),
    /// By a secret; sent in whichever way, or in this one alone.
    Secret(Option<AuthMethod>),
}

/// What is kept of the proof.
pub(super) struct Registered {
    /// How the client proves itself.
    pub(super) auth_method: AuthMethod,
    /// The fresh secret, of which the hash is kept.
    pub(super) secret: Option<Bearer>,
    /// The public keys.
    pub(super) jwks: Option<Doc>,
    /// Where they are published.
    pub(super) jwks_url: Option<String>,
}

impl Proof {
    /// What is kept of it; a secret is made here.
    pub(super) fn registered(self, context: &Context) -> Registered {
        let signs = Registered {
            auth_method: AuthMethod::PrivateKeyJwt,
            secret: None,
            jwks: None,
            jwks_url: None,
        };
        match self {
            Self::Keys(keys) => Registered {
                jwks: Some(Doc(keys.document().to_string())),
                ..signs
            },
            Self::KeysAt(url) => Registered {
                jwks_url: Some(url.to_string()),
                ..signs
            },
            Self::Secret(method) => Registered {
                auth_method: method.unwrap_or(AuthMethod::ClientSecret),
                secret: Some(Bearer::new(SECRET_PREFIX, context.ids.entropy())),
                ..signs
            },
        }
    }
}

/// A client to be.
#[derive(Clone, Debug)]
pub struct NewClient {
    /// By what it is to prove itself.
    pub proof: Proof,
    /// How long it lives; for good where nothing is said.
    pub expires: Option<SignedDuration>,
    /// What its access tokens may do, as [`scopes`](super::tokens::scopes) writes it.
    pub scopes: String,
}

/// A fresh client, with the secret that is shown this once.
#[derive(Clone, Serialize, ToSchema)]
pub struct IssuedClient {
    /// The client.
    #[serde(flatten)]
    pub row: Token,
    /// The client id.
    #[schema(value_type = String, format = "uuid")]
    pub client_id: OauthClientId,
    /// The client secret; a client that signs has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<String>,
    /// The scope to ask for.
    pub scope: &'static str,
    /// Where it asks for its access tokens.
    pub token_endpoint: String,
}

impl fmt::Debug for IssuedClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IssuedClient")
            .field("row", &self.row)
            .finish_non_exhaustive()
    }
}

/// A secret's method that was asked for, or none; keys are no secret.
pub fn secret_method(asked: Option<AuthMethod>, has_keys: bool) -> Result<(), Error> {
    let signs = asked == Some(AuthMethod::PrivateKeyJwt);
    let wrong = match (has_keys, asked) {
        (true, Some(_)) if !signs => "a client with keys proves itself by private_key_jwt alone",
        (false, Some(_)) if signs => "private_key_jwt needs the client's keys, or where they are",
        _ => return Ok(()),
    };
    Err(Violation::Invalid(wrong.to_owned()).into())
}

/// Issues a client.
pub async fn issue(
    store: &Store,
    context: Context,
    connection: ConnectionId,
    new: NewClient,
    public_url: &str,
) -> Result<IssuedClient, Error> {
    let org = connections::find(store, connection).await?.org_id;
    let public_url = public_url.to_owned();
    change(store, org, context, move |change| {
        let (new, public_url) = (new.clone(), public_url.clone());
        async move { issue_in(change, connection, new, &public_url).await }.boxed()
    })
    .await
}

/// Issues a client within a change.
pub async fn issue_in(
    change: &mut Change<'_>,
    connection: ConnectionId,
    new: NewClient,
    public_url: &str,
) -> Result<IssuedClient, Error> {
    let (org, now) = (change.org, change.now);
    of_connection(change.tx, org, connection).await?;
    let known = change.tx.oauth_clients(org, connection).await?;
    let live = known.iter().filter(|row| row.is_live(now.into())).count();
    if live >= limits::OAUTH_CLIENTS {
        return Err(Violation::TooManyClients.into());
    }
    let expires_at = end(now, new.expires)?;
    let Registered {
        auth_method,
        secret,
        jwks,
        jwks_url,
    } = new.proof.registered(&change.context);
    let row = OauthClientRow {
        org_id: org,
        id: change.id(),
        connection_id: connection,
        auth_method,
        secret_hash: secret.as_ref().map(|secret| secret.hash().to_vec()),
        last4: secret.as_ref().map(Bearer::last_four),
        jwks,
        jwks_url,
        scopes: new.scopes,
        created_at: change.time(),
        expires_at: expires_at.map(Into::into),
        revoked_at: None,
        last_used_at: None,
    };
    change.tx.insert_oauth_client(&row).await?;
    let data = json!({
        "token_id": row.id,
        "connection_id": connection,
        "scopes": row.scopes,
        "last4": row.last4,
        "expires_at": expires_at,
        "auth_method": row.auth_method,
        "jwks_url": row.jwks_url,
    });
    change.record(EventKind::TokenIssued, data);
    Ok(IssuedClient {
        client_id: row.id,
        row: view_client(row, now),
        client_secret: secret.map(|secret| secret.reveal().to_owned()),
        scope: crate::oidc::token::SCIM_SCOPE,
        token_endpoint: crate::oidc::discovery::token_endpoint(public_url),
    })
}

/// Revokes a client for good, and its access tokens with it. Doing it again changes nothing.
pub(super) async fn revoke_in(
    change: &mut Change<'_>,
    connection: ConnectionId,
    client: OauthClientId,
) -> Result<Token, Error> {
    let (org, now, at) = (change.org, change.now, change.time());
    let known = change.tx.oauth_clients(org, connection).await?;
    let found = known.into_iter().find(|row| row.id == client);
    let mut row = found.ok_or(Error::NotFound(Kind::Token))?;
    let revoked = change.tx.revoke_oauth_client(org, client, at).await? > 0;
    if revoked {
        row.revoked_at = Some(at);
    }
    let token = view_client(row, now);
    if revoked {
        tell_revoked(change, &token);
    }
    Ok(token)
}
