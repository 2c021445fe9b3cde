//! SCIM clients: who calls `/scim/{connection}/v2`, told by the bearer token alone and checked in
//! the same store job as what the client asks for. The bearer is a token that was issued with the
//! connection, or an access token of one of its OAuth clients.

use std::sync::Arc;

use crate::directory::connection::{ConnectionState, Profile, Strictness};
use crate::id::{ConnectionId, Ids, OauthClientId, OrganizationId, ScimTokenId};
use crate::provisioning::request_log::{Met, Witness};
use crate::provisioning::{Change, Context, Error, Kind, Source};
use crate::scim::catalog::custom::Types;
use crate::secret::Hash;
use crate::store::memory::{Stamp, Subject};
use crate::store::rows::ConnectionRow;
use crate::store::types::Time;
use crate::store::{Store, Tx};
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

/// What a bearer opens.
#[derive(Clone, Debug)]
struct Pass {
    org: OrganizationId,
    connection: ConnectionId,
    credential: Credential,
    scopes: String,
    expires_at: Option<Time>,
    last_used_at: Option<Time>,
}

impl Pass {
    /// Whether it was last seen more than a minute ago.
    fn is_stale(&self, now: Time) -> bool {
        let long = |at: Time| now.0.duration_since(at.0).as_secs() >= COALESCED_SECONDS;
        self.last_used_at.is_none_or(long)
    }
}

/// Whom a bearer lets in, as it was read once.
#[derive(Debug)]
struct Admitted {
    pass: Pass,
    connection: Arc<ConnectionRow>,
    types: Types,
}

/// Whom a bearer let in that was looked up within the last minute, and the stamp of the organization's settings then.
fn remembered(tx: &Tx, hash: &Hash, now: Time) -> Option<(Stamp, Arc<Admitted>)> {
    let (stamp, kept) = tx.memory().recall::<Admitted>(Subject::Bearer(*hash))?;
    let is_over = kept.pass.expires_at.is_some_and(|at| at <= now);
    // Who was not seen for a minute is looked up, so that their last use is told of anew.
    (!is_over && !kept.pass.is_stale(now)).then_some((stamp, kept))
}

/// The organization that a bearer let somebody into a while ago: whose turn it is, and no more, whatever its settings
/// are now.
struct Turn(OrganizationId);

/// Whose turn a request is that brings this bearer, where it was seen before. Whether it lets anybody in is judged in
/// the transaction.
pub(super) fn org_of(store: &Store, credentials: &Credentials) -> Option<OrganizationId> {
    let subject = Subject::Bearer(credentials.bearer?);
    let (_, turn) = store.memory().recall::<Turn>(subject)?;
    Some(turn.0)
}

/// Whom a bearer lets in; 401 where nobody has it, or it is over.
async fn look_up(tx: &mut Tx, hash: &Hash, now: Time) -> Result<Arc<Admitted>, Error> {
    // The stamp is read with the token, in one statement: had it come later, it could tell of a change that the
    // token read before does not have.
    let (pass, stamp) = match tx.scim_token(hash).await? {
        Some((row, stamp)) if row.is_live(now) => {
            let pass = Pass {
                org: row.org_id,
                connection: row.connection_id,
                credential: Credential::Token(row.id),
                scopes: row.scopes,
                expires_at: row.expires_at,
                last_used_at: row.last_used_at,
            };
            (pass, Some(stamp))
        }
        Some(_) => return Err(Error::Unauthorized),
        None => (client_pass(tx, hash, now).await?, None),
    };
    let turn = Arc::new(Turn(pass.org));
    tx.memory().keep(Subject::Bearer(*hash), Stamp(0), turn);
    let connection = tx
        .connection(pass.org, pass.connection)
        .await?
        .ok_or(Error::NotFound(Kind::Connection))?;
    let admitted = Arc::new(Admitted {
        pass,
        types: types_of(&connection)?,
        connection: Arc::new(connection),
    });
    if let Some(stamp) = stamp {
        let kept = Arc::clone(&admitted);
        tx.memory().keep(Subject::Bearer(*hash), stamp, kept);
    }
    Ok(admitted)
}

/// The pass of an OAuth client's access token.
async fn client_pass(tx: &mut Tx, hash: &Hash, now: Time) -> Result<Pass, Error> {
    let client = tx.oauth_client_by_token(hash, now).await?;
    let client = client.filter(|row| row.is_live(now));
    let row = client.ok_or(Error::Unauthorized)?;
    Ok(Pass {
        org: row.org_id,
        connection: row.connection_id,
        credential: Credential::Client(row.id),
        scopes: row.scopes,
        expires_at: row.expires_at,
        last_used_at: row.last_used_at,
    })
}

/// What a request brought: the connection that its path names, and the hash of its bearer.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// The connection's id as the path has it; anything but an id leads nowhere.
    pub connection: String,
    /// The hash of the bearer, if there was one.
    pub bearer: Option<Hash>,
    /// The public URL, without a trailing slash.
    pub public_url: Arc<str>,
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
    pub connection: Arc<ConnectionRow>,
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
    if let Some((stamp, kept)) = remembered(tx, &hash, now)
        && tx.settings_stamp(kept.pass.org).await? == Some(stamp)
    {
        return judge((credentials, &credentials.witness), &kept, now, writes);
    }
    let admitted = look_up(tx, &hash, now).await?;
    judge((credentials, &credentials.witness), &admitted, now, writes)
}

/// Lets a reader in by what is remembered of their bearer, which is to be shown to hold still: by the stamp that is
/// answered with it. None where nothing is.
pub(super) fn believe(
    tx: &Tx,
    (credentials, witness): (&Credentials, &Witness),
    now: Time,
) -> Option<(Result<ScimClient, Error>, OrganizationId, Stamp)> {
    let (stamp, kept) = remembered(tx, &credentials.bearer?, now)?;
    let client = judge((credentials, witness), &kept, now, false);
    Some((client, kept.pass.org, stamp))
}

/// Forgets whom a bearer let in: it does not hold any more.
pub(super) fn forget(tx: &Tx, credentials: &Credentials) {
    if let Some(bearer) = credentials.bearer {
        tx.memory().forget::<Admitted>(Subject::Bearer(bearer));
    }
}

/// Lets a caller in who wants to change something, and takes the organization's row. Who waited for the row is judged
/// by what holds since: a token that was revoked, or a connection that was paused meanwhile, changes nothing any more.
pub(super) async fn begin<'t>(
    tx: &'t mut Tx,
    ids: &Ids,
    (credentials, cause): (&Credentials, &str),
) -> Result<(Change<'t>, ScimClient), Error> {
    let now = Time(ids.clock().now());
    let hash = credentials.bearer.ok_or(Error::Unauthorized)?;
    let context = |connection| Context {
        ids: ids.clone(),
        source: Source::Scim(connection),
        cause: cause.to_owned(),
    };
    if let Some((stamp, kept)) = remembered(tx, &hash, now) {
        let context = context(kept.pass.connection);
        let change = Change::begin(tx, kept.pass.org, &context).await?;
        let now = change.time();
        let client = if change.stamp() == stamp {
            judge((credentials, &credentials.witness), &kept, now, true)?
        } else {
            authenticate(change.tx, credentials, now, true).await?
        };
        return Ok((change, client));
    }
    let client = authenticate(tx, credentials, now, true).await?;
    let change = Change::begin(tx, client.org, &context(client.connection.id)).await?;
    if change.tx.writes_alone() {
        return Ok((change, client));
    }
    let now = change.time();
    let client = authenticate(change.tx, credentials, now, true).await?;
    Ok((change, client))
}

/// Whether somebody may do what they ask for; who is known is told to the witness.
fn judge(
    (credentials, witness): (&Credentials, &Witness),
    admitted: &Admitted,
    now: Time,
    writes: bool,
) -> Result<ScimClient, Error> {
    let Admitted {
        pass,
        connection,
        types,
    } = admitted;
    let named = credentials.connection.parse::<ConnectionId>().ok();
    if named != Some(pass.connection) {
        return Err(Error::NotFound(Kind::Connection));
    }
    witness.meet(Met {
        org: pass.org,
        connection: pass.connection,
        credential: pass.credential,
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
    if writes && !may_write(&pass.scopes) {
        return Err(Error::Forbidden("this token may only read"));
    }
    Ok(ScimClient {
        org: pass.org,
        connection: Arc::clone(connection),
        credential: pass.credential,
        base: format!("{}/scim/{}/v2", credentials.public_url, connection.id),
        types: *types,
        is_stale: pass.is_stale(now),
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
