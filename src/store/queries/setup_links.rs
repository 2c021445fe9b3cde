//! Links for IT admins who have no account.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::super::Conn;
use super::kept::kept;
use super::later::Later;
use crate::id::{OrganizationId, SetupLinkId};
use crate::secret::Hash;
use crate::store::rows::SetupLinkRow;
use crate::store::schema::setup_links;

pub(crate) async fn insert(conn: &mut Conn, row: &SetupLinkRow) -> QueryResult<()> {
    diesel::insert_into(setup_links::table)
        .values(row.clone())
        .later(conn)
        .await
}

pub(crate) async fn update(conn: &mut Conn, row: &SetupLinkRow) -> QueryResult<()> {
    let target = setup_links::table.find((row.org_id, row.id));
    kept(diesel::update(target).set(row.clone()))
        .later(conn)
        .await
}

pub(crate) async fn by_id(
    conn: &mut Conn,
    org: OrganizationId,
    id: SetupLinkId,
) -> QueryResult<Option<SetupLinkRow>> {
    let find = setup_links::table
        .find((org, id))
        .select(super::whole::<SetupLinkRow>());
    find.first(conn).await.optional()
}

/// The link of this token: the token is what tells the organization.
pub(crate) async fn by_hash(conn: &mut Conn, hash: &Hash) -> QueryResult<Option<SetupLinkRow>> {
    let find = setup_links::table
        .filter(setup_links::hash.eq(hash.to_vec()))
        .select(super::whole::<SetupLinkRow>());
    find.first(conn).await.optional()
}

/// The links of an organization, in the order of ids.
pub(crate) async fn all(conn: &mut Conn, org: OrganizationId) -> QueryResult<Vec<SetupLinkRow>> {
    setup_links::table
        .filter(setup_links::org_id.eq(org))
        .select(super::whole::<SetupLinkRow>())
        .order(setup_links::id)
        .load(conn)
        .await
}
