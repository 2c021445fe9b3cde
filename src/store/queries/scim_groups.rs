//! SCIM Groups: what each connection's directory last said of a group, without its members.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::super::filter::{KeyText, Order, Predicate};
use super::super::{AnyOf, Conn, Db};
use super::CHUNK;
use super::kept::kept;
use super::later::Later;
use crate::id::{ConnectionId, OrganizationId, ScimGroupId};
use crate::store::rows::ScimGroupRow;
use crate::store::schema::{scim_groups, scim_totals};
use crate::store::search::Search;
use crate::store::types::{AnyId, Time};

pub(crate) async fn by_id(
    conn: &mut Conn,
    org: OrganizationId,
    connection: ConnectionId,
    id: ScimGroupId,
) -> QueryResult<Option<ScimGroupRow>> {
    let find = scim_groups::table
        .find((org, id))
        .filter(scim_groups::connection_id.eq(connection))
        .select(super::whole::<ScimGroupRow>());
    find.first(conn).await.optional()
}

pub(crate) async fn by_name(
    conn: &mut Conn,
    org: OrganizationId,
    connection: ConnectionId,
    folded: &str,
) -> QueryResult<Option<ScimGroupRow>> {
    let find = scim_groups::table
        .filter(scim_groups::org_id.eq(org))
        .filter(scim_groups::connection_id.eq(connection))
        .filter(scim_groups::display_name_folded.eq(folded.to_owned()))
        .select(super::whole::<ScimGroupRow>());
    find.first(conn).await.optional()
}

/// The groups that carry an externalId: two are enough to know that it tells none apart.
pub(crate) async fn by_external_id(
    conn: &mut Conn,
    org: OrganizationId,
    connection: ConnectionId,
    external_id: &str,
) -> QueryResult<Vec<ScimGroupRow>> {
    scim_groups::table
        .filter(scim_groups::org_id.eq(org))
        .filter(scim_groups::connection_id.eq(connection))
        .filter(scim_groups::external_id.eq(external_id.to_owned()))
        .select(super::whole::<ScimGroupRow>())
        .order(scim_groups::id)
        .limit(2)
        .load(conn)
        .await
}

/// The groups of these ids, of whichever connection.
pub(crate) async fn by_ids(
    conn: &mut Conn,
    org: OrganizationId,
    ids: &[ScimGroupId],
) -> QueryResult<Vec<ScimGroupRow>> {
    let mut rows = Vec::new();
    for ids in ids.chunks(CHUNK) {
        let query = scim_groups::table
            .filter(scim_groups::org_id.eq(org))
            .filter(scim_groups::id.any_of(ids.to_vec()))
            .select(super::whole::<ScimGroupRow>());
        rows.extend(query.load::<ScimGroupRow>(conn).await?);
    }
    Ok(rows)
}

/// Which of these ids are Groups of the connection.
pub(crate) async fn known(
    conn: &mut Conn,
    org: OrganizationId,
    connection: ConnectionId,
    ids: &[ScimGroupId],
) -> QueryResult<Vec<ScimGroupId>> {
    let mut rows = Vec::new();
    for ids in ids.chunks(CHUNK) {
        let query = scim_groups::table
            .filter(scim_groups::org_id.eq(org))
            .filter(scim_groups::connection_id.eq(connection))
            .filter(scim_groups::id.any_of(ids.to_vec()))
            .select(scim_groups::id);
        rows.extend(query.load::<ScimGroupId>(conn).await?);
    }
    Ok(rows)
}

pub(crate) async fn insert(conn: &mut Conn, row: &ScimGroupRow) -> QueryResult<()> {
    diesel::insert_into(scim_groups::table)
        .values(row.clone())
        .later(conn)
        .await
}

pub(crate) async fn update(conn: &mut Conn, row: &ScimGroupRow) -> QueryResult<()> {
    let target = scim_groups::table.find((row.org_id, row.id));
    kept(diesel::update(target).set(row.clone()))
        .later(conn)
        .await
}

/// Raises the version of groups whose members changed from outside.
pub(crate) async fn bump(
    conn: &mut Conn,
    org: OrganizationId,
    ids: &[ScimGroupId],
    at: Time,
) -> QueryResult<()> {
    for ids in ids.chunks(CHUNK) {
        let target = scim_groups::table
            .filter(scim_groups::org_id.eq(org))
            .filter(scim_groups::id.any_of(ids.to_vec()));
        diesel::update(target)
            .set((
                scim_groups::version.eq(scim_groups::version + 1),
                scim_groups::updated_at.eq(at),
            ))
            .later(conn)
            .await?;
    }
    Ok(())
}

pub(crate) async fn delete(
    conn: &mut Conn,
    org: OrganizationId,
    id: ScimGroupId,
) -> QueryResult<usize> {
    diesel::delete(scim_groups::table.find((org, id)))
        .execute(conn)
        .await
}

/// Whether the connection has more than so many, whatever is searched.
pub(crate) async fn exceed(conn: &mut Conn, search: &Search, limit: i64) -> QueryResult<bool> {
    let one_more = scim_groups::table
        .filter(scim_groups::org_id.eq(search.org))
        .filter(scim_groups::connection_id.eq(search.connection))
        .select(scim_groups::id)
        .order(scim_groups::id)
        .offset(limit)
        .limit(1);
    let found = one_more.first::<ScimGroupId>(conn).await.optional()?;
    Ok(found.is_some())
}

/// How many there are. All of a connection are not counted here: that number is kept.
pub(crate) async fn count(conn: &mut Conn, search: &Search) -> QueryResult<i64> {
    let Some(filter) = &search.filter else {
        let total = scim_totals::table
            .find((search.org, search.connection))
            .select(scim_totals::groups);
        let total: Option<i64> = total.first(conn).await.optional()?;
        return Ok(total.unwrap_or_default());
    };
    let query = scim_groups::table
        .filter(scim_groups::org_id.eq(search.org))
        .filter(scim_groups::connection_id.eq(search.connection))
        .filter(Predicate::groups(search, filter));
    query.count().get_result(conn).await
}

/// What a search finds behind its place in the order, in that order.
fn found<'a, Shown: 'a>(
    query: scim_groups::BoxedQuery<'a, Db, Shown>,
    search: &Search,
) -> scim_groups::BoxedQuery<'a, Db, Shown> {
    let mut query = query
        .filter(scim_groups::org_id.eq(search.org))
        .filter(scim_groups::connection_id.eq(search.connection));
    if let Some(filter) = &search.filter {
        query = query.filter(Predicate::groups(search, filter));
    }
    if let Some(after) = &search.after {
        query = query.filter(Predicate::groups_after(search, after));
    }
    if let Some((path, direction)) = &search.sort {
        query = query.order(Order::groups(search, *path, *direction));
    }
    query.then_order_by(scim_groups::id)
}

/// A page of those behind the search's place in the order.
pub(crate) async fn page(
    conn: &mut Conn,
    search: &Search,
    offset: i64,
    limit: i64,
) -> QueryResult<Vec<ScimGroupRow>> {
    let query = scim_groups::table
        .select(super::whole::<ScimGroupRow>())
        .into_boxed::<Db>();
    let query = found(query, search).offset(offset);
    query.limit(limit).load(conn).await
}

/// The ids and sort keys of the first behind the search's place in the order.
pub(crate) async fn keys(
    conn: &mut Conn,
    search: &Search,
    limit: i64,
) -> QueryResult<Vec<(AnyId, Option<String>)>> {
    let query = scim_groups::table
        .select((scim_groups::id, KeyText::groups(search)))
        .into_boxed::<Db>();
    found(query, search).limit(limit).load(conn).await
}

/// The sort key of one of them.
pub(crate) async fn key(
    conn: &mut Conn,
    search: &Search,
    id: ScimGroupId,
) -> QueryResult<Option<String>> {
    let key = scim_groups::table
        .find((search.org, id))
        .select(KeyText::groups(search))
        .first(conn)
        .await
        .optional()?;
    Ok(key.flatten())
}

/// All groups of a connection.
pub(crate) async fn of_connection(
    conn: &mut Conn,
    org: OrganizationId,
    connection: ConnectionId,
) -> QueryResult<Vec<ScimGroupRow>> {
    scim_groups::table
        .filter(scim_groups::org_id.eq(org))
        .filter(scim_groups::connection_id.eq(connection))
        .select(super::whole::<ScimGroupRow>())
        .order(scim_groups::id)
        .load(conn)
        .await
}

/// The groups of an organization, or of one of its connections, in the order of their ids.
pub(crate) async fn listed(
    conn: &mut Conn,
    org: OrganizationId,
    connection: Option<ConnectionId>,
    after: Option<ScimGroupId>,
    limit: i64,
) -> QueryResult<Vec<ScimGroupRow>> {
    let mut query = scim_groups::table
        .filter(scim_groups::org_id.eq(org))
        .select(super::whole::<ScimGroupRow>())
        .into_boxed::<Db>();
    if let Some(connection) = connection {
        query = query.filter(scim_groups::connection_id.eq(connection));
    }
    if let Some(after) = after {
        query = query.filter(scim_groups::id.gt(after));
    }
    query.order(scim_groups::id).limit(limit).load(conn).await
}
