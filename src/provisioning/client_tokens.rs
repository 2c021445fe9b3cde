//! Clients at the token endpoint, and the access tokens of SCIM clients by client credentials (RFC
//! 6749 §4.4). They are opaque and kept
//! as hashes, so that one is worth nothing from the transaction on that revokes its client.
//!
//! Whose secret it is is told in the same words and the same time for a client that is unknown and
//! for one whose secret is another.

use futures_util::FutureExt;
use jiff::Timestamp;

use crate::directory::oauth_client::AuthMethod;
use crate::id::OauthClientId;
use crate::limits;
use crate::oidc::assertion::Proven;
use crate::oidc::client::{Method, REFUSED};
use crate::oidc::{self, Code};
use crate::provisioning::hand_off::Failure;
use crate::provisioning::{Context, Error};
use crate::secret::{self, Bearer};
use crate::store::rows::{AccessTokenRow, AppRow, OauthClientRow};
use crate::store::types::Time;
use crate::store::{Reach, Store, Tx};

/// What every access token of a SCIM client begins with.
pub const PREFIX: &str = "scim_at_";

/// An assertion is good once (RFC 7523 §3).
const USED: oidc::Error = Code::InvalidClient.because("the assertion was used before");

/// Whoever may come to the token endpoint.
#[derive(Clone, Debug)]
pub enum Client {
    /// An application behind.
    App(Box<AppRow>),
    /// An OAuth client of a connection.
    Scim(Box<OauthClientRow>),
}

/// A client that proved who it is, and what must be remembered of the proof.
#[derive(Clone, Debug)]
pub struct Authenticated {
    /// The client.
    pub client: Client,
    /// The assertion of a SCIM client, which the token that it asks for uses up.
    pub proven: Option<Proven>,
}

/// The client of this id, if there is one: an OAuth client's id is a UUID, an app's is none.
pub async fn find(store: &Store, client_id: &str) -> Result<Option<Client>, Error> {
    let client_id = client_id.to_owned();
    let found = store.read_of(Reach::Few, move |tx| {
        let client_id = client_id.clone();
        async move {
            if let Ok(id) = client_id.parse::<OauthClientId>() {
                let row = tx.oauth_client(id).await?;
                return Ok(row.map(|row| Client::Scim(Box::new(row))));
            }
            let row = tx.app_by_client_id(&client_id).await?;
            Ok::<_, Error>(row.map(|row| Client::App(Box::new(row))))
        }
        .boxed()
    });
    found.await
}

/// The client, if this is its secret and it may present one so (RFC 6749 §2.3.1).
pub fn by_secret(
    found: Option<Client>,
    secret: &str,
    method: Method,
    now: Timestamp,
) -> Result<Authenticated, Failure> {
    let nobody = None;
    let (kept, former, may) = match &found {
        Some(Client::App(app)) => {
            let may = app.auth_method.takes(method.as_str());
            (Some(&app.secret_hash), former(app, now), may)
        }
        Some(Client::Scim(row)) => {
            let may = row.auth_method.takes(method.as_str()) && row.is_live(Time(now));
            (row.secret_hash.as_ref(), nobody, may)
        }
        None => (None, nobody, false),
    };
    let hash = secret::hash(secret);
    let is =
        |kept: Option<&Vec<u8>>| secret::equal(&hash, kept.map_or(&[0; 32][..], Vec::as_slice));
    // Both are compared, whatever the first says.
    let good = is(kept) | is(former);
    let client = found.filter(|_| good && may).ok_or(REFUSED)?;
    let proven = None;
    Ok(Authenticated { client, proven })
}

/// The secret that an app had before its present one, while that is taken.
fn former(app: &AppRow, now: Timestamp) -> Option<&Vec<u8>> {
    let until = app.former_secret_until?;
    app.former_secret_hash.as_ref().filter(|_| now < until.0)
}

/// The client that signs, if it is one that does (OpenID Connect Core §9).
pub fn that_signs(found: Option<Client>, now: Timestamp) -> Result<Client, Failure> {
    let signs = |client: &Client| match client {
        Client::App(row) => row.auth_method == AuthMethod::PrivateKeyJwt,
        Client::Scim(row) => row.auth_method == AuthMethod::PrivateKeyJwt && row.is_live(Time(now)),
    };
    Ok(found.filter(signs).ok_or(REFUSED)?)
}

/// The client, whose assertion was verified. An app's is used up here, whatever comes of the request;
/// a SCIM client's by the token that it asks for.
pub async fn by_key(
    store: &Store,
    client: Client,
    proven: Proven,
) -> Result<Authenticated, Failure> {
    let Client::App(app) = &client else {
        let proven = Some(proven);
        return Ok(Authenticated { client, proven });
    };
    let (id, Proven { jti, until }) = (app.id, proven);
    let used = store.write(move |tx| {
        async move { Ok::<_, Error>(tx.use_app_assertion(id, &jti, Time(until)).await?) }.boxed()
    });
    if !used.await? {
        return Err(USED.into());
    }
    let proven = None;
    Ok(Authenticated { client, proven })
}

/// A fresh access token, and for how many seconds it is good. What it was asked with is used up
/// in the same transaction.
pub async fn issue(
    store: &Store,
    context: &Context,
    client: OauthClientId,
    proven: Option<Proven>,
) -> Result<(Bearer, i64), Failure> {
    let now = context.ids.clock().now();
    let bearer = Bearer::new(PREFIX, context.ids.entropy());
    let hash = bearer.hash().to_vec();
    let issued = store.write(move |tx| {
        let hash = hash.clone();
        async move { issue_in(tx, client, proven, hash, now).await }.boxed()
    });
    Ok((bearer, issued.await?))
}

async fn issue_in(
    tx: &mut Tx,
    client: OauthClientId,
    proven: Option<Proven>,
    hash: Vec<u8>,
    now: Timestamp,
) -> Result<i64, Failure> {
    // It may have been revoked since it was found.
    let row = tx.oauth_client(client).await?;
    let row = row.filter(|row| row.is_live(Time(now))).ok_or(REFUSED)?;
    if let Some(Proven { jti, until }) = proven {
        let first = tx.use_assertion(row.org_id, row.id, &jti, Time(until));
        if !first.await? {
            return Err(USED.into());
        }
    }
    let longest = now + limits::SCIM_ACCESS_TOKEN;
    let expires_at = row.expires_at.map_or(longest, |at| at.0.min(longest));
    let token = AccessTokenRow {
        org_id: row.org_id,
        hash,
        client_id: row.id,
        created_at: Time(now),
        expires_at: Time(expires_at),
    };
    let most = limits::SCIM_ACCESS_TOKENS;
    tx.insert_access_token(&token, most).await?;
    tx.touch_oauth_client(row.org_id, row.id, Time(now)).await?;
    Ok(expires_at.duration_since(now).as_secs())
}
