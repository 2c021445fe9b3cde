//! Our requests to identity providers: each is for one browser, and good for one answer.

use futures_util::FutureExt;
use jiff::SignedDuration;

use crate::id::{ConnectionId, Ids, OrganizationId};
use crate::limits;
use crate::provisioning::sign_in::Attempt;
use crate::provisioning::{Change, Error, Refusal};
use crate::secret::{Bearer, Hash};
use crate::store::rows::{ConnectionRow, SamlRequestRow};
use crate::store::types::Time;
use crate::store::{Reach, Store};

/// A request that is about to be made.
#[derive(Clone, Debug)]
pub struct NewRequest {
    /// The organization.
    pub org: OrganizationId,
    /// The connection.
    pub connection: ConnectionId,
    /// The hash of the cookie that the answer must come with.
    pub browser: Hash,
    /// The path and query of ours where the person goes once signed in.
    pub continue_at: Option<String>,
    /// How long ago the person may have authenticated at most; no time at all where it must be
    /// afresh.
    pub max_age: Option<SignedDuration>,
}

/// Remembers a request, so that its answer can be told from others.
pub async fn begin(store: &Store, ids: &Ids, new: NewRequest) -> Result<SamlRequestRow, Error> {
    let now = ids.clock().now();
    let row = SamlRequestRow {
        org_id: new.org,
        id: Bearer::new("_", ids.entropy()).reveal().to_owned(),
        connection_id: new.connection,
        browser_hash: new.browser.to_vec(),
        relay: new.continue_at,
        created_at: now.into(),
        expires_at: (now + limits::SAML_REQUEST_LIFE).into(),
        used_at: None,
        fresh_since: new.max_age.map(|age| (now - age).into()),
    };
    let kept = row.clone();
    store
        .write(move |tx| {
            let row = kept.clone();
            async move { Ok::<_, Error>(tx.insert_saml_request(&row).await?) }.boxed()
        })
        .await?;
    Ok(row)
}

/// The ids of the requests that a browser may bring an answer to.
pub async fn open(
    store: &Store,
    ids: &Ids,
    (org, connection): (OrganizationId, ConnectionId),
    browser: Hash,
) -> Result<Vec<String>, Error> {
    let now = ids.clock().now().into();
    store
        .read_of(Reach::Few, move |tx| {
            async move {
                let open = tx
                    .open_saml_requests(org, connection, &browser, now)
                    .await?;
                Ok(open)
            }
            .boxed()
        })
        .await
}

/// The path and query of ours where the person was to go whose browser waits for the answer to a
/// request.
pub async fn relay(
    store: &Store,
    (org, connection): (OrganizationId, ConnectionId),
    id: String,
    browser: Hash,
) -> Result<Option<String>, Error> {
    store
        .read_of(Reach::Few, move |tx| {
            let id = id.clone();
            async move {
                let relay = tx.relay_of_saml_request(org, connection, &id, &browser);
                Ok(relay.await?)
            }
            .boxed()
        })
        .await
}

const UNASKED: Error = Error::SignIn(Refusal::IdpInitiatedOff);

/// Takes the request that a message answers; none where nobody asked, if the connection lets its
/// identity provider start sign-ins. What was asked for must have been done: a person who was to
/// authenticate afresh did so.
pub(super) async fn answered(
    change: &mut Change<'_>,
    connection: &ConnectionRow,
    attempt: &Attempt,
) -> Result<Option<SamlRequestRow>, Error> {
    let Some(id) = &attempt.assertion.in_response_to else {
        let may = connection.idp_initiated;
        return may.then_some(None).ok_or(UNASKED);
    };
    let over = Error::SignIn(Refusal::RequestOver);
    let Some(browser) = &attempt.asking else {
        return Err(over);
    };
    let (org, now) = (change.org, change.time());
    let taken = change
        .tx
        .take_saml_request(org, connection.id, id, browser, now);
    let row = taken.await?.ok_or(over)?;
    let skew = SignedDuration::from_secs(connection.demands.skew_seconds());
    let authenticated = attempt.assertion.authn_instant;
    let is_fresh = |since: Time| authenticated.is_some_and(|at| at >= since.0 - skew);
    if row.fresh_since.is_some_and(|since| !is_fresh(since)) {
        return Err(Error::SignIn(Refusal::NotAfresh));
    }
    Ok(Some(row))
}
