//! Where shared links are posted to: one place an organization at most.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::super::Conn;
use super::later::Later;
use crate::id::OrganizationId;
use crate::store::rows::ShareHookRow;
use crate::store::schema::share_hooks;

pub(crate) async fn of(conn: &mut Conn, org: OrganizationId) -> QueryResult<Option<ShareHookRow>> {
    let find = share_hooks::table
        .find(org)
        .select(super::whole::<ShareHookRow>());
    find.first(conn).await.optional()
}

pub(crate) async fn insert(conn: &mut Conn, row: &ShareHookRow) -> QueryResult<()> {
    diesel::insert_into(share_hooks::table)
        .values(row.clone())
        .later(conn)
        .await
}

pub(crate) async fn forget(conn: &mut Conn, org: OrganizationId) -> QueryResult<()> {
    diesel::delete(share_hooks::table.find(org))
        .later(conn)
        .await
}
