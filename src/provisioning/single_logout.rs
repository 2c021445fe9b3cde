//! Single logout by SAML (SAML Profiles 4.4). The identity provider ends sessions by the name that
//! it gave their person; and whoever signs out here is sent there, with a request that waits for
//! its answer. A session here is over before anything is asked of anybody else.

use std::sync::Arc;

use futures_util::FutureExt;
use serde_json::json;

use crate::id::{ConnectionId, Ids, OrganizationId};
use crate::limits;
use crate::provisioning::{Change, Context, Error, Refusal, change, sign_in, sign_out};
use crate::saml::Assertion;
use crate::saml::assertion::NameId;
use crate::saml::logout::{self, LogoutRequest};
use crate::secret::{self, Bearer, Hash};
use crate::store::Store;
use crate::store::rows::{SamlLogoutHeardRow, SamlLogoutRow, SessionRow};
use crate::store::types::Doc;

/// A connection, and its organization.
type Of = (OrganizationId, ConnectionId);

/// What a session ended of.
const CAUSE: &str = "saml_logout";

/// Ends the live sessions of a connection that a request of its identity provider means, in one
/// transaction that takes the request's id, too; answers how many. Those that still wait for their
/// person's yes will not start. None is no fault: somebody may
/// have signed out before.
pub async fn demanded(
    store: &Store,
    context: Context,
    (org, connection): Of,
    sp_entity_id: &str,
    request: LogoutRequest,
) -> Result<usize, Error> {
    let demand = Arc::new((request, sp_entity_id.to_owned()));
    change(store, org, context, move |change| {
        let demand = Arc::clone(&demand);
        async move {
            let (request, us) = &*demand;
            end(change, connection, us, request).await
        }
        .boxed()
    })
    .await
}

async fn end(
    change: &mut Change<'_>,
    id: ConnectionId,
    us: &str,
    request: &LogoutRequest,
) -> Result<usize, Error> {
    let peer = sign_in::open(change, id).await?;
    peer.must_trust(&request.issuer, &request.certificate)?;
    let (org, message) = (change.org, message_id(&request.id));
    let before = change.tx.remembered_messages(org, id, &[&message]).await?;
    if !before.is_empty() {
        return Err(Error::SignIn(Refusal::Replayed));
    }
    let until = request.replay_until.into();
    change
        .tx
        .remember_messages(org, id, &[&message], (until, None))
        .await?;
    change
        .tx
        .insert_heard_logout(&heard(change.org, id, message, request))
        .await?;
    let (name, now) = (&request.name_id, change.time());
    let mut sessions = change
        .tx
        .live_sessions_named(org, id, &name.value, now)
        .await?;
    sessions.retain(|session| is_meant(session, request, us));
    sign_out::end(change, &sessions, CAUSE).await?;
    let is_meant = |session: &SessionRow| is_meant(session, request, us);
    sign_in::withdraw(change, id, &name.value, is_meant).await?;
    Ok(sessions.len())
}

/// A logout, as it is remembered: for as long as its message, and no older assertion is taken later.
fn heard(
    org: OrganizationId,
    connection: ConnectionId,
    message_id: String,
    request: &LogoutRequest,
) -> SamlLogoutHeardRow {
    SamlLogoutHeardRow {
        org_id: org,
        connection_id: connection,
        message_id,
        name_hash: name_hash(&request.name_id).to_vec(),
        session_indexes: Doc(json!(request.session_indexes).to_string()),
        issued_at: request.issue_instant.into(),
        until: request.replay_until.into(),
    }
}

/// Refuses an assertion that the identity provider made before it asked for the logout of the very
/// session: it may come later (Core 3.7.3.1). Both times are that provider's.
pub(super) async fn not_over(
    change: &mut Change<'_>,
    connection: ConnectionId,
    assertion: &Assertion,
) -> Result<(), Error> {
    let Some(name) = &assertion.name_id else {
        return Ok(());
    };
    let (org, since, name) = (change.org, assertion.issue_instant.into(), name_hash(name));
    let heard = change.tx.heard_logouts(org, connection, &name, since);
    for row in heard.await? {
        let corrupt = |_| crate::store::Error::Corrupt {
            table: "saml_logouts_heard",
            column: "session_indexes",
        };
        let named: Vec<String> = serde_json::from_str(&row.session_indexes.0).map_err(corrupt)?;
        if logout::means(&named, assertion.session_index.as_deref()) {
            return Err(Error::SignIn(Refusal::SignedOut));
        }
    }
    Ok(())
}

/// A name in whatever case: that one too many is meant costs one more sign-in.
fn name_hash(name: &NameId) -> Hash {
    secret::hash(&name.value.trim().to_lowercase())
}

/// Whether a request of the identity provider means a session.
fn is_meant(session: &SessionRow, request: &LogoutRequest, us: &str) -> bool {
    let (wanted, idp) = (&request.name_id, &request.issuer);
    let named = name_of(session).is_some_and(|name| name.names_the_same(wanted, idp, us));
    named && request.means(session.session_index.as_deref())
}

/// The name by which the identity provider knows a session's person, while the session lives.
pub fn name_of(session: &SessionRow) -> Option<NameId> {
    Some(NameId {
        value: session.name_id.clone()?,
        format: session.name_id_format.clone(),
        name_qualifier: session.name_qualifier.clone(),
        sp_name_qualifier: session.sp_name_qualifier.clone(),
    })
}

/// What a request is remembered by: of one length, whatever the sender chose for an id.
fn message_id(id: &str) -> String {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    format!("logout:{}", URL_SAFE_NO_PAD.encode(secret::hash(id)))
}

/// The id of a message of ours: an NCName with 256 random bits (Core 1.3.4).
pub fn message(ids: &Ids) -> String {
    Bearer::new("_", ids.entropy()).reveal().to_owned()
}

/// Remembers a request of ours, and where the browser goes once it is answered.
pub async fn begin(
    store: &Store,
    ids: &Ids,
    (org, connection): Of,
    back: Option<String>,
) -> Result<SamlLogoutRow, Error> {
    let now = ids.clock().now();
    let row = SamlLogoutRow {
        org_id: org,
        id: message(ids),
        connection_id: connection,
        back,
        created_at: now.into(),
        expires_at: (now + limits::SAML_REQUEST_LIFE).into(),
    };
    let kept = row.clone();
    let written = store.write(move |tx| {
        let row = kept.clone();
        async move { Ok::<_, Error>(tx.insert_saml_logout(&row).await?) }.boxed()
    });
    written.await?;
    Ok(row)
}

/// Takes the request of ours that is answered; none where it is none of ours, is answered already,
/// or its time is over.
pub async fn answered(
    store: &Store,
    ids: &Ids,
    (org, connection): Of,
    id: &str,
) -> Result<Option<SamlLogoutRow>, Error> {
    let (id, now) = (id.to_owned(), ids.clock().now().into());
    let taken = store.write(move |tx| {
        let id = id.clone();
        async move { Ok(tx.take_saml_logout(org, connection, &id, now).await?) }.boxed()
    });
    taken.await
}
