//! What lets SCIM clients in and ends soon: tokens and OAuth clients of connections.

use futures_util::FutureExt;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use uuid::Uuid;

use crate::directory::event::EventKind;
use crate::directory::metadata::{THRESHOLDS, Warning, WarningKind, horizon, threshold};
use crate::directory::oauth_client::TokenKind;
use crate::id::{ConnectionId, OrganizationId};
use crate::provisioning::metadata::expiry;
use crate::provisioning::{Change, Error};
use crate::store::rows::{ConnectionRow, OauthClientRow, ScimTokenRow};
use crate::store::types::Time;
use crate::store::{Store, Tx};

/// Rows that are read at once.
const PAGE: i64 = 200;

/// A token, or a client, of whose end somebody is to be told.
#[derive(Clone, Debug)]
pub(super) struct Bearer {
    pub(super) org: OrganizationId,
    connection: ConnectionId,
    id: Uuid,
    kind: TokenKind,
    last4: Option<String>,
    expires_at: Timestamp,
    /// The threshold that was passed.
    days: i64,
}

impl Bearer {
    /// One of whose end there is something to tell: a threshold that is longer than its whole life is none.
    fn of(
        (org, connection, id): (OrganizationId, ConnectionId, Uuid),
        (created_at, expires_at): (Time, Option<Time>),
        (kind, last4): (TokenKind, Option<String>),
        now: Timestamp,
    ) -> Option<Self> {
        let expires_at = expires_at?.0;
        let days = threshold(expires_at, now)?;
        let life = expires_at.duration_since(created_at.0);
        (life > SignedDuration::from_hours(24 * days)).then_some(Self {
            org,
            connection,
            id,
            kind,
            last4,
            expires_at,
            days,
        })
    }

    fn of_token(row: ScimTokenRow, now: Timestamp) -> Option<Self> {
        let whose = (row.org_id, row.connection_id, row.id.uuid());
        let what = (TokenKind::Bearer, Some(row.last4));
        Self::of(whose, (row.created_at, row.expires_at), what, now)
    }

    fn of_client(row: OauthClientRow, now: Timestamp) -> Option<Self> {
        let whose = (row.org_id, row.connection_id, row.id.uuid());
        let what = (TokenKind::OauthClient, row.last4);
        Self::of(whose, (row.created_at, row.expires_at), what, now)
    }

    fn subject(&self) -> String {
        format!("token {}", self.id)
    }
}

/// What ends, of which nobody was told yet.
pub(super) async fn ending(store: &Store, now: Timestamp) -> Result<Vec<Bearer>, Error> {
    let farthest = THRESHOLDS.into_iter().max().unwrap_or_default();
    let before = Time(horizon(farthest, now));
    let found = store.read(move |tx| {
        async move {
            let mut found = Vec::new();
            let mut after = None;
            loop {
                let page = tx.scim_tokens_ending(before, after, PAGE).await?;
                let Some(last) = page.last() else { break };
                after = Some(last.id);
                let page = page.into_iter();
                let page = page.filter_map(|row| Bearer::of_token(row, now));
                keep_unsaid(tx, page.collect(), &mut found).await?;
            }
            let mut after = None;
            loop {
                let page = tx.oauth_clients_ending(before, after, PAGE).await?;
                let Some(last) = page.last() else { break };
                after = Some(last.id);
                let page = page.into_iter();
                let page = page.filter_map(|row| Bearer::of_client(row, now));
                keep_unsaid(tx, page.collect(), &mut found).await?;
            }
            Ok(found)
        }
        .boxed()
    });
    found.await
}

async fn keep_unsaid(tx: &mut Tx, page: Vec<Bearer>, found: &mut Vec<Bearer>) -> Result<(), Error> {
    for it in page {
        let subject = it.subject();
        let noted = tx.is_expiry_noted(it.org, it.connection, &subject, it.days);
        if !noted.await? {
            found.push(it);
        }
    }
    Ok(())
}

/// How long it is said of a token that it ended.
const OVER: SignedDuration = SignedDuration::from_hours(30 * 24);

/// What is to be said of a connection's tokens and clients.
pub(super) async fn warnings(
    tx: &mut Tx,
    connection: &ConnectionRow,
    now: Timestamp,
) -> Result<Vec<Warning>, Error> {
    let (tokens, clients) = unrevoked(tx, connection.org_id, connection.id).await?;
    let tokens = tokens
        .into_iter()
        .filter_map(|row| Bearer::of_token(row, now));
    let clients = clients
        .into_iter()
        .filter_map(|row| Bearer::of_client(row, now));
    let ending = tokens
        .chain(clients)
        .filter(|it| now.duration_since(it.expires_at) < OVER);
    let warning = |it: Bearer| Warning {
        kind: if it.expires_at <= now {
            WarningKind::TokenExpired
        } else {
            WarningKind::TokenExpires
        },
        fingerprint: None,
        token_id: Some(it.id),
        at: it.expires_at,
        days: Some(it.days),
    };
    Ok(ending.map(warning).collect())
}

/// What a connection's token or client of this id is, and when it ends; none where it was revoked or is gone.
pub(in crate::provisioning) async fn standing(
    tx: &mut Tx,
    org: OrganizationId,
    connection: ConnectionId,
    id: Uuid,
) -> Result<Option<(TokenKind, Option<Time>)>, Error> {
    let (tokens, clients) = unrevoked(tx, org, connection).await?;
    let token = tokens.iter().find(|it| it.id.uuid() == id);
    let client = clients.iter().find(|it| it.id.uuid() == id);
    let token = token.map(|row| (TokenKind::Bearer, row.expires_at));
    Ok(token.or(client.map(|row| (TokenKind::OauthClient, row.expires_at))))
}

/// A connection's tokens and clients that nobody revoked.
async fn unrevoked(
    tx: &mut Tx,
    org: OrganizationId,
    connection: ConnectionId,
) -> Result<(Vec<ScimTokenRow>, Vec<OauthClientRow>), Error> {
    let mut tokens = tx.scim_tokens(org, connection).await?;
    tokens.retain(|it| it.revoked_at.is_none());
    let mut clients = tx.oauth_clients(org, connection).await?;
    clients.retain(|it| it.revoked_at.is_none());
    Ok((tokens, clients))
}

/// Tells of an end; `false` where somebody was faster, or nothing is left that ends.
pub(super) async fn tell(change: &mut Change<'_>, bearer: &Bearer) -> Result<bool, Error> {
    // It may have been revoked since the look, or the connection be gone.
    let connection = bearer.connection;
    let there = standing(change.tx, change.org, connection, bearer.id);
    if there.await?.is_none() {
        return Ok(false);
    }
    let is_news = expiry::note(change, connection, &bearer.subject(), bearer.days).await?;
    if is_news {
        let data = json!({
            "connection_id": connection,
            "token_id": bearer.id,
            "kind": bearer.kind,
            "last4": bearer.last4,
            "expires_at": bearer.expires_at,
            "days": bearer.days,
        });
        change.record(EventKind::ConnectionTokenEnding, data);
    }
    Ok(is_news)
}
