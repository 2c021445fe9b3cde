//! SCIM clients: who calls `/scim/{connection}/v2`, told by the bearer token alone and checked in
//! the same store job as what the client asks for. The bearer is a token that was issued with the
//! connection, or an access token of one of its OAuth clients.

use crate::directory::connection::{ConnectionState, Profile, Strictness};
use crate::id::{ConnectionId, OauthClientId, OrganizationId, ScimTokenId};
use crate::provisioning::request_log::{Met, Witness};
use crate::provisioning::{Error, Kind};
use crate::scim::catalog::custom::Types;
use crate::secret::Hash;
use crate::store::Tx;
use crate::store::rows::ConnectionRow;
use crate::store::types::Time;
use crate::{scim, store};

/// A credential of a connection's SCIM client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(untagged)]
pub enum Credential {
    /// An OAuth client, by whichever of its access tokens.
    Client(OauthClientId),
    /// A token that was issued with the connection.
    Token(ScimTokenId),
}

impl Credential {
    /// The bare id.
    pub fn uuid(self) -> uuid::Uuid {
        match self {
            Self::Client(id) => id.uuid(),
            Self::Token(id) => id.uuid(),
        }
    }

    /// Notes that it was used.
    pub async fn touch(
        self,
        tx: &mut Tx,
        org: OrganizationId,
        at: Time,
    ) -> Result<(), store::Error> {
        match self {
            Self::Client(id) => tx.touch_oauth_client(org, id, at).await,
            Self::Token(id) => tx.touch_scim_token(org, id, at).await,
        }
    }
}

/// What a bearer that is good at this moment opens.
struct Pass {
    org: OrganizationId,
    connection: ConnectionId,
    credential: Credential,
    scopes: String,
    last_used_at: Option<Time>,
}

/// The pass behind a bearer; none where nobody has it, or it is over.
async fn pass(tx: &mut Tx, hash: &Hash, now: Time) -> Result<Option<Pass>, Error> {
    if let Some(row) = tx.scim_token(hash).await? {
        return Ok(row.is_live(now).then_some(Pass {
            org: row.org_id,
            connection: row.connection_id,
            credential: Credential::Token(row.id),
            scopes: row.scopes,
            last_used_at: row.last_used_at,
        }));
    }
    let client = tx.oauth_client_by_token(hash, now).await?;
    let client = client.filter(|row| row.is_live(now));
    Ok(client.map(|row| Pass {
        org: row.org_id,
        connection: row.connection_id,
        credential: Credential::Client(row.id),
        scopes: row.scopes,
        last_used_at: row.last_used_at,
    }))
}

/// What a request brought: the connection that its path names, and the hash of its bearer.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// The connection's id as the path has it; anything but an id leads nowhere.
    pub connection: String,
    /// The hash of the bearer, if there was one.
    pub bearer: Option<Hash>,
    /// The public URL, without a trailing slash.
    pub public_url: std::sync::Arc<str>,
    /// What is told to the request log of who was let in and what was done.
    pub witness: Witness,
    /// Whether no safeguard is to hold what is asked: `Usher-Apply: now`.
    pub apply_now: bool,
}

/// A caller that was let in.
#[derive(Clone, Debug)]
pub struct ScimClient {
    /// The organization, from the token.
    pub org: OrganizationId,
    /// The connection, from the token.
    pub connection: ConnectionRow,
    /// What let it in.
    pub credential: Credential,
    /// The connection's SCIM base URL.
    pub base: String,
    /// What users and groups of the organization are.
    pub types: Types,
    /// Whether the credential was last seen more than a minute ago.
    pub is_stale: bool,
}

/// Tokens' last use is kept to the minute.
const COALESCED_SECONDS: i64 = 60;

/// Lets a caller in: first the token (401), then the path (404 for any connection but the
/// token's own, existing or not), then the connection's state (403).
pub async fn authenticate(
    tx: &mut Tx,
    credentials: &Credentials,
    now: Time,
    writes: bool,
) -> Result<ScimClient, Error> {
    let hash = credentials.bearer.ok_or(Error::Unauthorized)?;
    let token = pass(tx, &hash, now).await?.ok_or(Error::Unauthorized)?;
    let named = credentials.connection.parse::<ConnectionId>().ok();
    if named != Some(token.connection) {
        return Err(Error::NotFound(Kind::Connection));
    }
    let connection = tx
        .connection(token.org, token.connection)
        .await?
        .ok_or(Error::NotFound(Kind::Connection))?;
    credentials.witness.meet(Met {
        org: token.org,
        connection: token.connection,
        credential: token.credential,
    });
    if connection.state == ConnectionState::Paused {
        return Err(Error::Paused);
    }
    // It may read meanwhile, so that whoever sets it up sees that address and token are right.
    if writes && connection.awaits_operator {
        return Err(Error::Forbidden(
            "this connection is not live yet: an admin at the console, or the operator, is to take it out of testing \
             first",
        ));
    }
    if writes && !may_write(&token.scopes) {
        return Err(Error::Forbidden("this token may only read"));
    }
    let types = types_of(&connection)?;
    let base = format!("{}/scim/{}/v2", credentials.public_url, connection.id);
    let is_stale = token
        .last_used_at
        .is_none_or(|at| now.0.duration_since(at.0).as_secs() >= COALESCED_SECONDS);
    Ok(ScimClient {
        org: token.org,
        connection,
        credential: token.credential,
        base,
        types,
        is_stale,
    })
}

fn may_write(scopes: &str) -> bool {
    scopes.split_whitespace().any(|scope| scope != "read")
}

impl ScimClient {
    /// How strictly the connection reads requests.
    pub fn strictness(&self) -> scim::Strictness {
        match self.connection.strictness {
            Strictness::Lenient => scim::Strictness::Lenient,
            Strictness::Rfc => scim::Strictness::Rfc,
        }
    }

    /// Whether a PATCH of this resource type is answered without a body unless attributes are
    /// asked for: groups in general, everything for Entra; nothing where the RFC is the letter.
    pub fn patch_is_silent(&self, kind: &scim::ResourceType) -> bool {
        self.connection.strictness == Strictness::Lenient
            && (kind.name == "Group" || self.connection.profile == Profile::Entra)
    }

    /// The absolute URL of one of the connection's resources.
    pub fn location(&self, kind: &scim::ResourceType, id: impl std::fmt::Display) -> String {
        format!("{}{}/{id}", self.base, kind.endpoint)
    }
}

/// The conditions of a request (RFC 7644 §3.14, RFC 9110 §13.1).
#[derive(Clone, Debug, Default)]
pub struct Conditions {
    /// `If-Match`.
    pub if_match: Option<String>,
    /// `If-None-Match`.
    pub if_none_match: Option<String>,
}

impl Conditions {
    /// Whether a write to a resource of this version may go on; else 412.
    pub fn check(&self, version: i64) -> Result<(), Error> {
        let stale = |header: &String| !scim::etag::matches_if_match(header, version);
        let same = |header: &String| scim::etag::matches_if_none_match(header, version);
        if self.if_match.as_ref().is_some_and(stale)
            || self.if_none_match.as_ref().is_some_and(same)
        {
            let current = scim::etag::of(version);
            return Err(Error::Scim(scim::Error::precondition_failed(format!(
                "the resource is at version {current}"
            ))));
        }
        Ok(())
    }
}

/// The resource types that a connection's directory may push, with the schemas that were registered for it.
pub(super) fn types_of(connection: &ConnectionRow) -> Result<Types, Error> {
    Types::stored(&connection.schemas.0).ok_or({
        let (table, column) = ("connections", "schemas");
        Error::Store(store::Error::Corrupt { table, column })
    })
}
