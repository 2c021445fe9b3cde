//! Links for IT admins who have no account.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::super::Conn;
use super::kept::kept;
use super::later::Later;
use crate::id::{MailCodeId, OrganizationId, SetupLinkId};
use crate::secret::Hash;
use crate::store::rows::{SetupCodeRow, SetupLinkRow};
use crate::store::schema::{setup_codes, setup_links};
use crate::store::types::Time;

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

pub(crate) async fn insert_code(conn: &mut Conn, row: &SetupCodeRow) -> QueryResult<()> {
    diesel::insert_into(setup_codes::table)
        .values(row.clone())
        .later(conn)
        .await
}

pub(crate) async fn update_code(conn: &mut Conn, row: &SetupCodeRow) -> QueryResult<()> {
    let target = setup_codes::table.find((row.org_id, row.id));
    kept(diesel::update(target).set(row.clone()))
        .later(conn)
        .await
}

pub(crate) async fn code(
    conn: &mut Conn,
    org: OrganizationId,
    id: MailCodeId,
) -> QueryResult<Option<SetupCodeRow>> {
    let find = setup_codes::table
        .find((org, id))
        .select(super::whole::<SetupCodeRow>());
    find.first(conn).await.optional()
}

/// What was mailed for a link since then, the latest first.
pub(crate) async fn codes_since(
    conn: &mut Conn,
    org: OrganizationId,
    id: SetupLinkId,
    since: Time,
) -> QueryResult<Vec<SetupCodeRow>> {
    setup_codes::table
        .filter(setup_codes::org_id.eq(org))
        .filter(setup_codes::setup_link_id.eq(id))
        .filter(setup_codes::created_at.gt(since))
        .select(super::whole::<SetupCodeRow>())
        .order((setup_codes::created_at.desc(), setup_codes::id.desc()))
        .load(conn)
        .await
}

/// What was mailed in an organization since then, the latest first, and for whom.
pub(crate) async fn mailed_since(
    conn: &mut Conn,
    org: OrganizationId,
    since: Time,
) -> QueryResult<Vec<(SetupCodeRow, Option<String>)>> {
    let of = setup_links::org_id
        .eq(setup_codes::org_id)
        .and(setup_links::id.eq(setup_codes::setup_link_id));
    setup_codes::table
        .inner_join(setup_links::table.on(of))
        .filter(setup_codes::org_id.eq(org))
        .filter(setup_codes::created_at.gt(since))
        .select((super::whole::<SetupCodeRow>(), setup_links::contact_email))
        .order((setup_codes::created_at.desc(), setup_codes::id.desc()))
        .load(conn)
        .await
}

/// Forgets codes that were over before then, and whom those links were for that were over before that.
pub(crate) async fn forget(conn: &mut Conn, codes: Time, contacts: Time) -> QueryResult<()> {
    let over = setup_codes::table.filter(setup_codes::expires_at.le(codes));
    diesel::delete(over).later(conn).await?;
    let over = setup_links::table
        .filter(setup_links::expires_at.le(contacts))
        .filter(setup_links::contact_email.is_not_null());
    diesel::update(over)
        .set(setup_links::contact_email.eq(None::<String>))
        .later(conn)
        .await
}
