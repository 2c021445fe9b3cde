//! The domains that connections may speak for: those that the operator listed on one, and those
//! that the organization proved, for each of its connections.

use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel_async::RunQueryDsl;

use super::super::{Conn, Db};
use super::kept::kept;
use super::later::Later;
use crate::directory::connection::ConnectionState;
use crate::id::{ConnectionId, LeaseId, OrganizationId};
use crate::store::rows::{ConnectionRow, DomainProofRow, DomainRow};
use crate::store::schema::{connections, domain_proofs, trusted_domains};
use crate::store::types::{IdSql, Time};

/// Connections of one domain that are looked at.
const OF_DOMAIN: i64 = 10;

/// What a connection is trusted with, by name; what is listed and proved, as listed.
pub(crate) async fn trusted(
    conn: &mut Conn,
    org: OrganizationId,
    id: ConnectionId,
) -> QueryResult<Vec<DomainRow>> {
    let listed = trusted_domains::table
        .filter(trusted_domains::org_id.eq(org))
        .filter(trusted_domains::connection_id.eq(id))
        .select(trusted_domains::all_columns);
    let proved = domain_proofs::table
        .filter(domain_proofs::org_id.eq(org))
        .filter(domain_proofs::verified_at.is_not_null())
        .select((
            domain_proofs::org_id,
            id.into_sql::<IdSql>(),
            domain_proofs::domain,
            "dns".into_sql::<Text>(),
            domain_proofs::verified_at.assume_not_null(),
        ));
    let mut rows: Vec<DomainRow> = listed.union_all(proved).load(conn).await?;
    rows.sort_by(|a, b| (&a.domain, &b.source).cmp(&(&b.domain, &a.source)));
    rows.dedup_by(|next, kept| next.domain == kept.domain);
    Ok(rows)
}

pub(crate) async fn list(conn: &mut Conn, row: &DomainRow) -> QueryResult<()> {
    diesel::insert_into(trusted_domains::table)
        .values(row.clone())
        .on_conflict_do_nothing()
        .later(conn)
        .await
}

/// What the operator listed on an organization's connections, by name.
pub(crate) async fn listed(conn: &mut Conn, org: OrganizationId) -> QueryResult<Vec<DomainRow>> {
    trusted_domains::table
        .filter(trusted_domains::org_id.eq(org))
        .select(super::whole::<DomainRow>())
        .order((trusted_domains::domain, trusted_domains::connection_id))
        .load(conn)
        .await
}

pub(crate) async fn unlist(conn: &mut Conn, row: &DomainRow) -> QueryResult<()> {
    let find = (row.org_id, row.connection_id, row.domain.clone());
    diesel::delete(trusted_domains::table.find(find))
        .later(conn)
        .await
}

/// The connections, of every organization, that may speak for a domain and where a sign-in can
/// go.
pub(crate) async fn connections_of(
    conn: &mut Conn,
    domain: &str,
) -> QueryResult<Vec<ConnectionRow>> {
    macro_rules! of {
        ($table:ident, $is_its:expr) => {
            $table::table
                .inner_join(connections::table.on($is_its))
                .filter($table::domain.eq(domain.to_owned()))
                .filter(connections::state.eq(ConnectionState::Active))
                .filter(connections::sso_url.is_not_null())
                .select(super::whole::<ConnectionRow>())
                .order(connections::id)
                .limit(OF_DOMAIN)
        };
    }
    let listed = connections::org_id
        .eq(trusted_domains::org_id)
        .and(connections::id.eq(trusted_domains::connection_id));
    let mut rows: Vec<ConnectionRow> = of!(trusted_domains, listed).load(conn).await?;
    let proved = connections::org_id.eq(domain_proofs::org_id);
    let proved = of!(domain_proofs, proved).filter(domain_proofs::verified_at.is_not_null());
    rows.extend(proved.load(conn).await?);
    rows.sort_by_key(|row| row.id);
    rows.dedup_by_key(|row| row.id);
    rows.truncate(OF_DOMAIN as usize);
    Ok(rows)
}

/// What an organization proves, by name.
pub(crate) async fn proofs(
    conn: &mut Conn,
    org: OrganizationId,
) -> QueryResult<Vec<DomainProofRow>> {
    domain_proofs::table
        .filter(domain_proofs::org_id.eq(org))
        .select(super::whole::<DomainProofRow>())
        .order(domain_proofs::domain)
        .load(conn)
        .await
}

pub(crate) async fn proof(
    conn: &mut Conn,
    org: OrganizationId,
    domain: &str,
) -> QueryResult<Option<DomainProofRow>> {
    domain_proofs::table
        .find((org, domain.to_owned()))
        .select(super::whole::<DomainProofRow>())
        .first(conn)
        .await
        .optional()
}

pub(crate) async fn insert_proof(conn: &mut Conn, row: &DomainProofRow) -> QueryResult<()> {
    diesel::insert_into(domain_proofs::table)
        .values(row.clone())
        .later(conn)
        .await
}

pub(crate) async fn update_proof(conn: &mut Conn, row: &DomainProofRow) -> QueryResult<()> {
    kept(
        diesel::update(domain_proofs::table.find((row.org_id, row.domain.clone())))
            .set(row.clone()),
    )
    .later(conn)
    .await
}

/// What is verified in any organization, to be looked at, and held by nobody, the longest due
/// first.
pub(crate) async fn due(
    conn: &mut Conn,
    now: Time,
    limit: i64,
) -> QueryResult<Vec<DomainProofRow>> {
    let is_due = domain_proofs::due_at
        .is_null()
        .or(domain_proofs::due_at.le(now));
    let is_free = domain_proofs::held_until
        .is_null()
        .or(domain_proofs::held_until.le(now));
    domain_proofs::table
        .filter(domain_proofs::verified_at.is_not_null())
        .filter(is_due)
        .filter(is_free)
        .select(super::whole::<DomainProofRow>())
        .order((
            domain_proofs::due_at,
            domain_proofs::org_id,
            domain_proofs::domain,
        ))
        .limit(limit)
        .load(conn)
        .await
}

/// Takes a proof for a while; `false` where somebody holds it, or looked since it was seen.
pub(crate) async fn claim(
    conn: &mut Conn,
    row: &DomainProofRow,
    lease: LeaseId,
    now: Time,
    until: Time,
) -> QueryResult<bool> {
    let is_free = domain_proofs::held_until
        .is_null()
        .or(domain_proofs::held_until.le(now));
    let update = diesel::update(domain_proofs::table.find((row.org_id, row.domain.clone())))
        .filter(is_free)
        .set((
            domain_proofs::lease.eq(Some(lease)),
            domain_proofs::held_until.eq(Some(until)),
        ))
        .into_boxed::<Db>();
    let update = match row.due_at {
        Some(due) => update.filter(domain_proofs::due_at.eq(due)),
        None => update.filter(domain_proofs::due_at.is_null()),
    };
    Ok(update.execute(conn).await? == 1)
}

pub(crate) async fn delete_proof(
    conn: &mut Conn,
    org: OrganizationId,
    domain: &str,
) -> QueryResult<()> {
    diesel::delete(domain_proofs::table.find((org, domain.to_owned())))
        .later(conn)
        .await
}
