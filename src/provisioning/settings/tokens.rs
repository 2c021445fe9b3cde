//! SCIM tokens: the bearers of a connection's SCIM client. A connection owns at most two live
//! ones, so that they can be changed without a gap; each is shown once and kept as a hash. Its
//! OAuth clients are listed and revoked with them.

use std::fmt;

use futures_util::FutureExt;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde_json::json;

use utoipa::ToSchema;

use crate::directory::Violation;
use crate::directory::event::EventKind;
use crate::directory::oauth_client::{AuthMethod, TokenKind};
use crate::id::{ConnectionId, OrganizationId, ScimTokenId};
use crate::provisioning::scim_client::Credential;
use crate::provisioning::settings::{connections, oauth_clients};
use crate::provisioning::{Change, Context, Error, Kind, change};
use crate::secret::Bearer;
use crate::store::rows::{OauthClientRow, ScimTokenRow};
use crate::store::{Store, Tx};

/// What every SCIM token begins with.
pub const PREFIX: &str = "scim_";
/// What a token may be allowed, in the order in which it is written.
pub const SCOPES: [&str; 2] = ["read", "write"];
/// Live tokens that a connection has at most.
const LIVE: usize = 2;

/// A SCIM token, or an OAuth client, without the secret.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Token {
    /// Its id; an OAuth client's is its client id.
    #[schema(value_type = String, format = "uuid")]
    pub id: Credential,
    /// Its connection.
    #[schema(value_type = String, format = "uuid")]
    pub connection_id: ConnectionId,
    /// Which of the two it is.
    pub kind: TokenKind,
    /// What it may do: `read`, `write`, or both.
    pub scopes: String,
    /// The last four characters of its secret; a client that signs has none.
    pub last4: Option<String>,
    /// How an OAuth client proves itself.
    pub auth_method: Option<AuthMethod>,
    /// Where an OAuth client's keys are fetched from.
    pub jwks_url: Option<String>,
    /// Whether it is let in now.
    pub live: bool,
    /// Since when.
    #[schema(value_type = String, format = "date-time")]
    pub created_at: Timestamp,
    /// Until when, if not for good.
    #[schema(value_type = Option<String>, format = "date-time")]
    pub expires_at: Option<Timestamp>,
    /// When it was revoked.
    #[schema(value_type = Option<String>, format = "date-time")]
    pub revoked_at: Option<Timestamp>,
    /// When it was last used, to the minute.
    #[schema(value_type = Option<String>, format = "date-time")]
    pub last_used_at: Option<Timestamp>,
}

/// A fresh SCIM token, with the secret that is shown this once.
#[derive(Clone, Serialize, ToSchema)]
#[schema(as = IssuedToken)]
pub struct Issued {
    /// The token.
    #[serde(flatten)]
    pub row: Token,
    /// The secret.
    pub token: String,
}

impl fmt::Debug for Issued {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Issued")
            .field("row", &self.row)
            .finish_non_exhaustive()
    }
}

fn view(row: ScimTokenRow, now: Timestamp) -> Token {
    Token {
        live: row.is_live(now.into()),
        id: Credential::Token(row.id),
        connection_id: row.connection_id,
        kind: TokenKind::Bearer,
        scopes: row.scopes,
        last4: Some(row.last4),
        auth_method: None,
        jwks_url: None,
        created_at: row.created_at.0,
        expires_at: row.expires_at.map(|at| at.0),
        revoked_at: row.revoked_at.map(|at| at.0),
        last_used_at: row.last_used_at.map(|at| at.0),
    }
}

/// An OAuth client among the tokens.
pub(super) fn view_client(row: OauthClientRow, now: Timestamp) -> Token {
    Token {
        live: row.is_live(now.into()),
        id: Credential::Client(row.id),
        connection_id: row.connection_id,
        kind: TokenKind::OauthClient,
        scopes: row.scopes,
        last4: row.last4,
        auth_method: Some(row.auth_method),
        jwks_url: row.jwks_url,
        created_at: row.created_at.0,
        expires_at: row.expires_at.map(|at| at.0),
        revoked_at: row.revoked_at.map(|at| at.0),
        last_used_at: row.last_used_at.map(|at| at.0),
    }
}

/// The scopes of a token, written in one order; all of them where none is named.
pub fn scopes(words: &[String]) -> Result<String, Error> {
    if let Some(unknown) = words.iter().find(|word| !SCOPES.contains(&word.as_str())) {
        let rule = format!("{unknown} is no scope of a SCIM token; they are read and write");
        return Err(Violation::Invalid(rule).into());
    }
    let named = |scope: &&str| words.is_empty() || words.iter().any(|word| word == *scope);
    Ok(SCOPES
        .into_iter()
        .filter(|scope| named(scope))
        .collect::<Vec<_>>()
        .join(" "))
}

/// Issues a token.
pub async fn issue(
    store: &Store,
    context: Context,
    connection: ConnectionId,
    expires: Option<SignedDuration>,
    words: &[String],
) -> Result<Issued, Error> {
    let scopes = scopes(words)?;
    let org = connections::find(store, connection).await?.org_id;
    change(store, org, context, move |change| {
        let scopes = scopes.clone();
        async move { issue_in(change, connection, expires, &scopes).await }.boxed()
    })
    .await
}

/// Issues a token that may do everything, within a change.
pub(super) async fn issue_full(
    change: &mut Change<'_>,
    connection: ConnectionId,
) -> Result<Issued, Error> {
    issue_in(change, connection, None, &SCOPES.join(" ")).await
}

/// Whether a change's organization has the connection; it may be new in the same change.
pub(super) async fn of_connection(
    tx: &mut Tx,
    org: OrganizationId,
    connection: ConnectionId,
) -> Result<(), Error> {
    let row = tx.connection(org, connection).await?;
    row.map(drop).ok_or(Error::NotFound(Kind::Connection))
}

/// Until when something lives that lives so long.
pub(super) fn end(
    now: Timestamp,
    expires: Option<SignedDuration>,
) -> Result<Option<Timestamp>, Error> {
    let ends = expires.map(|after| now.checked_add(after)).transpose();
    ends.map_err(|_| Violation::Invalid("that is too far off".into()).into())
}

/// Issues a token within a change, with [`scopes`].
pub async fn issue_in(
    change: &mut Change<'_>,
    connection: ConnectionId,
    expires: Option<SignedDuration>,
    scopes: &str,
) -> Result<Issued, Error> {
    let (org, now) = (change.org, change.now);
    of_connection(change.tx, org, connection).await?;
    let known = change.tx.scim_tokens(org, connection).await?;
    let live = known.iter().filter(|row| row.is_live(now.into())).count();
    if live >= LIVE {
        return Err(Violation::TooManyTokens.into());
    }
    let expires_at = end(now, expires)?;
    let bearer = Bearer::new(PREFIX, change.context.ids.entropy());
    let row = ScimTokenRow {
        org_id: org,
        id: change.id(),
        hash: bearer.hash().to_vec(),
        connection_id: connection,
        prefix: PREFIX.to_owned(),
        last4: bearer.last_four(),
        scopes: scopes.to_owned(),
        created_at: change.time(),
        expires_at: expires_at.map(Into::into),
        revoked_at: None,
        last_used_at: None,
    };
    change.tx.insert_scim_token(&row).await?;
    let data = json!({
        "token_id": row.id,
        "connection_id": connection,
        "scopes": row.scopes,
        "last4": row.last4,
        "expires_at": expires_at,
    });
    change.record(EventKind::TokenIssued, data);
    Ok(Issued {
        row: view(row, now),
        token: bearer.reveal().to_owned(),
    })
}

/// A connection's tokens and OAuth clients, the oldest first; `now` tells which live.
pub async fn list(
    store: &Store,
    connection: ConnectionId,
    now: Timestamp,
) -> Result<Vec<Token>, Error> {
    let org = connections::find(store, connection).await?.org_id;
    let all = store.read(move |tx| async move { list_in(tx, org, connection, now).await }.boxed());
    all.await
}

/// The same, of a connection of this organization.
pub async fn list_in(
    tx: &mut Tx,
    org: OrganizationId,
    connection: ConnectionId,
    now: Timestamp,
) -> Result<Vec<Token>, Error> {
    of_connection(tx, org, connection).await?;
    let tokens = tx.scim_tokens(org, connection).await?.into_iter();
    let clients = tx.oauth_clients(org, connection).await?.into_iter();
    let tokens = tokens.map(|row| view(row, now));
    let mut all: Vec<_> = tokens
        .chain(clients.map(|row| view_client(row, now)))
        .collect();
    all.sort_by_key(|token| token.id.uuid());
    Ok(all)
}

/// Revokes a token, or an OAuth client with all its access tokens, for good. Doing it again changes
/// nothing.
pub async fn revoke(
    store: &Store,
    context: Context,
    connection: ConnectionId,
    token: ScimTokenId,
) -> Result<Token, Error> {
    let org = connections::find(store, connection).await?.org_id;
    change(store, org, context, move |change| {
        async move { revoke_in(change, connection, token).await }.boxed()
    })
    .await
}

/// The same, within a change.
pub async fn revoke_in(
    change: &mut Change<'_>,
    connection: ConnectionId,
    token: ScimTokenId,
) -> Result<Token, Error> {
    let (org, now) = (change.org, change.now);
    of_connection(change.tx, org, connection).await?;
    let known = change.tx.scim_tokens(org, connection).await?;
    let Some(mut row) = known.into_iter().find(|row| row.id == token) else {
        return oauth_clients::revoke_in(change, connection, token.uuid().into()).await;
    };
    let at = change.time();
    let revoked = change.tx.revoke_scim_token(org, token, at).await? > 0;
    if revoked {
        row.revoked_at = Some(at);
    }
    let token = view(row, now);
    if revoked {
        tell_revoked(change, &token);
    }
    Ok(token)
}

/// Tells that a token, or an OAuth client, was revoked.
pub(super) fn tell_revoked(change: &mut Change<'_>, token: &Token) {
    let data = json!({
        "token_id": token.id,
        "connection_id": token.connection_id,
        "last4": token.last4,
    });
    change.record(EventKind::TokenRevoked, data);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_known_words_in_one_order() {
        for (words, expected) in [
            (&[][..], Some("read write")),
            (&["write", "read"], Some("read write")),
            (&["read"], Some("read")),
            (&["read", "read"], Some("read")),
            (&["delete"], None),
            (&[""], None),
        ] {
            let words: Vec<String> = words.iter().map(|word| String::from(*word)).collect();
            assert_eq!(scopes(&words).ok().as_deref(), expected, "{words:?}");
        }
    }
}
