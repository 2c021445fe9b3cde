//! Committed imports.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::super::Conn;
use super::kept::kept;
use super::later::Later;
use crate::id::{ImportId, OrganizationId};
use crate::store::rows::{ImportRow, InvitationRow};
use crate::store::schema::{imports, invitations};
use crate::store::types::{Doc, Time};

pub(crate) async fn insert(conn: &mut Conn, row: &ImportRow) -> QueryResult<()> {
    diesel::insert_into(imports::table)
        .values(row.clone())
        .later(conn)
        .await
}

pub(crate) async fn by_id(
    conn: &mut Conn,
    org: OrganizationId,
    id: ImportId,
) -> QueryResult<Option<ImportRow>> {
    let find = imports::table
        .find((org, id))
        .select(super::whole::<ImportRow>());
    find.first(conn).await.optional()
}

/// Imports, the oldest first.
pub(crate) async fn list(
    conn: &mut Conn,
    org: OrganizationId,
    after: Option<ImportId>,
    limit: i64,
) -> QueryResult<Vec<ImportRow>> {
    let mut query = imports::table
        .filter(imports::org_id.eq(org))
        .select(super::whole::<ImportRow>())
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(imports::id.gt(after));
    }
    query.order(imports::id).limit(limit).load(conn).await
}

/// Forgets the rows of imports of before then, and keeps their counts; answers how many.
pub(crate) async fn forget_results(conn: &mut Conn, before: Time) -> QueryResult<usize> {
    let target = imports::table
        .filter(imports::created_at.lt(before))
        .filter(imports::result.is_not_null());
    kept(diesel::update(target).set(imports::result.eq(None::<Doc>)))
        .execute(conn)
        .await
}

/// All invitations of an import.
pub(crate) async fn invitations(
    conn: &mut Conn,
    org: OrganizationId,
    import: ImportId,
) -> QueryResult<Vec<InvitationRow>> {
    invitations::table
        .filter(invitations::org_id.eq(org))
        .filter(invitations::import_id.eq(import))
        .select(super::whole::<InvitationRow>())
        .order(invitations::id)
        .load(conn)
        .await
}
