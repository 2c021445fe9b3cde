//! SCIM tokens: the bearers of a connection's SCIM client. A connection owns at most two live
//! ones, so that they can be changed without a gap; each is shown once and kept as a hash.

use futures_util::FutureExt;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde_json::json;

use crate::directory::Violation;
use crate::directory::event::EventKind;
use crate::id::{ConnectionId, ScimTokenId};
use crate::provisioning::settings::connections;
use crate::provisioning::{Change, Context, Error, Kind, change};
use crate::secret::Bearer;
use crate::store::Store;
use crate::store::rows::ScimTokenRow;

/// What every SCIM token begins with.
pub const PREFIX: &str = "scim_";
/// What a token may be allowed, in the order in which it is written.
pub const SCOPES: [&str; 2] = ["read", "write"];
/// Live tokens that a connection has at most.
const LIVE: usize = 2;

/// A SCIM token, without the secret.
#[derive(Clone, Debug, Serialize)]
pub struct Token {
    /// Its id.
    pub id: ScimTokenId,
    /// Its connection.
    pub connection_id: ConnectionId,
    /// What it may do.
    pub scopes: String,
    /// Its last four characters.
    pub last4: String,
    /// Whether it is let in now.
    pub live: bool,
    /// Since when.
    pub created_at: Timestamp,
    /// Until when, if not for good.
    pub expires_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<Timestamp>,
}

/// A fresh SCIM token, with the secret that is shown this once.
#[derive(Clone, Debug, Serialize)]
pub struct Issued {
    /// The token.
    #[serde(flatten)]
    pub row: Token,
    /// The secret.
    pub token: String,
}

fn view(row: ScimTokenRow, now: Timestamp) -> Token {
    Token {
        live: is_live(&row, now),
        id: row.id,
        connection_id: row.connection_id,
        scopes: row.scopes,
        last4: row.last4,
        created_at: row.created_at.0,
        expires_at: row.expires_at.map(|at| at.0),
        revoked_at: row.revoked_at.map(|at| at.0),
        last_used_at: row.last_used_at.map(|at| at.0),
    }
}

fn is_live(row: &ScimTokenRow, now: Timestamp) -> bool {
    row.revoked_at.is_none() && row.expires_at.is_none_or(|at| at.0 > now)
}

/// The scopes of a token, written in one order; all of them where none is named.
fn scopes(words: &[String]) -> Result<String, Error> {
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
        async move { issue_in(change, connection, expires, scopes).await }.boxed()
    })
    .await
}

/// Issues a token that may do everything, within a change.
pub(super) async fn issue_full(
    change: &mut Change<'_>,
    connection: ConnectionId,
) -> Result<Issued, Error> {
    issue_in(change, connection, None, SCOPES.join(" ")).await
}

async fn issue_in(
    change: &mut Change<'_>,
    connection: ConnectionId,
    expires: Option<SignedDuration>,
    scopes: String,
) -> Result<Issued, Error> {
    let (org, now) = (change.org, change.now);
    let known = change.tx.scim_tokens(org, connection).await?;
    if known.iter().filter(|row| is_live(row, now)).count() >= LIVE {
        return Err(Violation::TooManyTokens.into());
    }
    let expires_at = expires.map(|after| now.checked_add(after)).transpose();
    let expires_at = expires_at.map_err(|_| Violation::Invalid("that is too far off".into()))?;
    let bearer = Bearer::new(PREFIX, change.context.ids.entropy());
    let row = ScimTokenRow {
        org_id: org,
        id: change.id(),
        hash: bearer.hash().to_vec(),
        connection_id: connection,
        prefix: PREFIX.to_owned(),
        last4: bearer.last_four(),
        scopes,
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

/// A connection's tokens, the oldest first; `now` tells which live.
pub async fn list(
    store: &Store,
    connection: ConnectionId,
    now: Timestamp,
) -> Result<Vec<Token>, Error> {
    let org = connections::find(store, connection).await?.org_id;
    let all = store.read(move |tx| {
        async move {
            let rows = tx.scim_tokens(org, connection).await?;
            Ok::<_, Error>(rows.into_iter().map(|row| view(row, now)).collect())
        }
        .boxed()
    });
    all.await
}

/// Revokes a token for good. Doing it again changes nothing.
pub async fn revoke(
    store: &Store,
    context: Context,
    connection: ConnectionId,
    token: ScimTokenId,
) -> Result<Token, Error> {
    let org = connections::find(store, connection).await?.org_id;
    change(store, org, context, move |change| {
        async move {
            let (org, now) = (change.org, change.now);
            let known = change.tx.scim_tokens(org, connection).await?;
            let mut row = known
                .into_iter()
                .find(|row| row.id == token)
                .ok_or(Error::NotFound(Kind::Token))?;
            let at = change.time();
            if change.tx.revoke_scim_token(org, token, at).await? > 0 {
                row.revoked_at = Some(at);
                let data = json!({
                    "token_id": token, "connection_id": connection, "last4": row.last4,
                });
                change.record(EventKind::TokenRevoked, data);
            }
            Ok(view(row, now))
        }
        .boxed()
    })
    .await
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
