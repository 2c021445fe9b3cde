//! What an admin does to a connection that is there: pause, resume, let the owner in, trust a
//! domain.

use futures_util::FutureExt;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;

use crate::directory::Violation;
use crate::directory::connection::ConnectionState;
use crate::directory::email::domain_form;
use crate::directory::event::EventKind;
use crate::id::{ConnectionId, OrganizationId};
use crate::provisioning::settings::connection_view::{Connection, described, find, row};
use crate::provisioning::settings::connections;
use crate::provisioning::settings::{differences, domains};
use crate::provisioning::{Change, Context, Error, Kind, admission, change};
use crate::store::Store;
use crate::store::rows::{ConnectionRow, DomainProofRow, DomainRow};

/// A domain whose addresses a connection may speak for.
#[derive(Clone, Debug, Serialize)]
pub struct TrustedDomain {
    /// The domain, in the form in which domains are compared.
    pub domain: String,
    /// The connection; each of the organization's where there is none.
    pub connection_id: Option<ConnectionId>,
    /// Who vouched for it: the operator, or the domain's own name server (dns).
    pub source: String,
    /// `trusted`, or `pending` until its record is found; `removed` where that is what was done.
    pub state: &'static str,
    /// Since when.
    pub created_at: Timestamp,
    /// Since when the record by which it is trusted is gone.
    pub missing_since: Option<Timestamp>,
}

/// Stops a connection: no SCIM, no sign-in, and the sessions made through it end.
pub async fn pause(store: &Store, context: Context, id: ConnectionId) -> Result<Connection, Error> {
    set_state(store, context, id, ConnectionState::Paused).await
}

/// Lets a paused connection work again.
pub async fn resume(
    store: &Store,
    context: Context,
    id: ConnectionId,
) -> Result<Connection, Error> {
    set_state(store, context, id, ConnectionState::Active).await
}

async fn set_state(
    store: &Store,
    context: Context,
    id: ConnectionId,
    state: ConnectionState,
) -> Result<Connection, Error> {
    let org = find(store, id).await?.org_id;
    change(store, org, context, move |change| {
        async move { set_state_in(change, id, state).await }.boxed()
    })
    .await
}

/// Stops a connection, or lets it work again, within a change.
pub async fn set_state_in(
    change: &mut Change<'_>,
    id: ConnectionId,
    state: ConnectionState,
) -> Result<Connection, Error> {
    let mut row = row(change, id).await?;
    if row.state != state {
        let changes = [json!({"attribute": "state", "old": row.state, "new": state})];
        row.state = state;
        write(change, &mut row).await?;
        let data = json!({"connection_id": id, "changes": changes});
        match state {
            ConnectionState::Active => {
                change.record(EventKind::ConnectionResumed, data);
            }
            ConnectionState::Paused => {
                change.record(EventKind::ConnectionPaused, data);
                admission::end_sessions_through(change, id, "connection_paused").await?;
            }
        }
    }
    described(change.tx, &row, change.now).await
}

async fn write(change: &mut Change<'_>, row: &mut ConnectionRow) -> Result<(), Error> {
    row.updated_at = change.time();
    Ok(change.tx.update_connection(row).await?)
}

/// Confirms that the owner may sign in through a connection. Doing it again changes nothing.
pub async fn confirm_owner(
    store: &Store,
    context: Context,
    id: ConnectionId,
) -> Result<Connection, Error> {
    let org = find(store, id).await?.org_id;
    change(store, org, context, move |change| {
        async move { confirm_owner_in(change, id).await }.boxed()
    })
    .await
}

/// The same, within a change.
pub async fn confirm_owner_in(
    change: &mut Change<'_>,
    id: ConnectionId,
) -> Result<Connection, Error> {
    let mut row = row(change, id).await?;
    if row.owner_confirmed_at.is_none() {
        let now = change.time();
        row.owner_confirmed_at = Some(now);
        write(change, &mut row).await?;
        let confirmed = json!({"attribute": "owner_confirmed_at", "old": null, "new": now.0});
        let data = json!({"connection_id": id, "changes": [confirmed]});
        change.record(EventKind::ConnectionUpdated, data);
    }
    described(change.tx, &row, change.now).await
}

/// Takes back that the owner may sign in through a connection.
pub(super) async fn unconfirm_owner(
    change: &mut Change<'_>,
    id: ConnectionId,
) -> Result<Connection, Error> {
    let mut row = row(change, id).await?;
    if let Some(was) = row.owner_confirmed_at.take() {
        write(change, &mut row).await?;
        let undone = json!({"attribute": "owner_confirmed_at", "old": was.0, "new": null});
        let data = json!({"connection_id": id, "changes": [undone]});
        change.record(EventKind::ConnectionUpdated, data);
    }
    described(change.tx, &row, change.now).await
}

/// Trusts a domain for a connection; without one, for the organization's only connection.
pub async fn trust_domain(
    store: &Store,
    org: OrganizationId,
    context: Context,
    connection: Option<ConnectionId>,
    domain: &str,
) -> Result<Vec<TrustedDomain>, Error> {
    let domain = domain.to_owned();
    change(store, org, context, move |change| {
        let domain = domain.clone();
        async move {
            let row = match connection {
                Some(id) => row(change, id).await?,
                None => only(change).await?,
            };
            let old = described(change.tx, &row, change.now).await?;
            connections::trust(change, row.id, &[domain]).await?;
            let new = described(change.tx, &row, change.now).await?;
            tell_differences(change, row.id, (&old, &new));
            let rows = change.tx.domains(change.org, row.id).await?;
            Ok(rows.into_iter().map(TrustedDomain::from).collect())
        }
        .boxed()
    })
    .await
}

/// Trusts a domain no more: what the operator listed on the connection goes, and without one what
/// is listed on any, and the proof. Answers what went.
pub async fn untrust_domain(
    store: &Store,
    org: OrganizationId,
    context: Context,
    connection: Option<ConnectionId>,
    domain: &str,
) -> Result<Vec<TrustedDomain>, Error> {
    let form = domain_form(domain).ok_or(Error::NotFound(Kind::Domain))?;
    change(store, org, context, move |change| {
        let form = form.clone();
        async move {
            if let Some(id) = connection {
                row(change, id).await?;
            }
            let mut gone: Vec<TrustedDomain> = Vec::new();
            let proof = change.tx.domain_proof(change.org, &form).await?;
            if let Some(proof) = proof.filter(|_| connection.is_none()) {
                domains::remove(change, &form).await?;
                gone.push(proof.into());
            }
            let its = |it: &DomainRow| {
                it.domain == form && connection.is_none_or(|id| id == it.connection_id)
            };
            let listed = change.tx.listed_domains(change.org).await?;
            for listed in listed.into_iter().filter(its) {
                unlist(change, &listed).await?;
                gone.push(listed.into());
            }
            if gone.is_empty() {
                return Err(Error::NotFound(Kind::Domain));
            }
            for it in &mut gone {
                it.state = "removed";
            }
            Ok(gone)
        }
        .boxed()
    })
    .await
}

async fn unlist(change: &mut Change<'_>, listed: &DomainRow) -> Result<(), Error> {
    let id = listed.connection_id;
    let row = row(change, id).await?;
    let old = described(change.tx, &row, change.now).await?;
    change.tx.delete_domain(listed).await?;
    let data = json!({"domain": listed.domain, "connection_id": id});
    change.record(EventKind::DomainRemoved, data);
    let new = described(change.tx, &row, change.now).await?;
    tell_differences(change, id, (&old, &new));
    Ok(())
}

fn tell_differences(
    change: &mut Change<'_>,
    id: ConnectionId,
    (old, new): (&Connection, &Connection),
) {
    let changes = differences(&json!(old), &json!(new));
    if !changes.is_empty() {
        let data = json!({"connection_id": id, "changes": changes});
        change.record(EventKind::ConnectionUpdated, data);
    }
}

async fn only(change: &mut Change<'_>) -> Result<ConnectionRow, Error> {
    let mut all = change.tx.connections(change.org).await?;
    if let (Some(row), true) = (all.pop(), all.is_empty()) {
        return Ok(row);
    }
    let rule = "name the connection: the organization has none or several";
    Err(Violation::Invalid(rule.into()).into())
}

/// The domains that the operator listed for an organization, and those that it proves, by name.
pub async fn domains(store: &Store, org: OrganizationId) -> Result<Vec<TrustedDomain>, Error> {
    let all = store.read(move |tx| {
        async move {
            let listed = tx.listed_domains(org).await?;
            let mut all: Vec<_> = listed.into_iter().map(TrustedDomain::from).collect();
            let proofs = tx.domain_proofs(org).await?;
            all.extend(proofs.into_iter().map(TrustedDomain::from));
            Ok::<_, Error>(all)
        }
        .boxed()
    });
    all.await
}

impl From<DomainRow> for TrustedDomain {
    fn from(row: DomainRow) -> Self {
        Self {
            domain: row.domain,
            connection_id: Some(row.connection_id),
            source: row.source,
            state: "trusted",
            created_at: row.created_at.0,
            missing_since: None,
        }
    }
}

impl From<DomainProofRow> for TrustedDomain {
    fn from(row: DomainProofRow) -> Self {
        Self {
            domain: row.domain,
            connection_id: None,
            source: "dns".to_owned(),
            state: row.verified_at.map_or("pending", |_| "trusted"),
            created_at: row.created_at.0,
            missing_since: row.missing_since.map(|it| it.0),
        }
    }
}
