//! SCIM Users: what each connection's directory last said of a person.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Nullable, Text};
use diesel_async::RunQueryDsl;

use super::super::filter::{KeyText, Order, Predicate};
use super::super::{AnyOf, Conn, Db};
use super::CHUNK;
use super::kept::kept;
use super::later::Later;
use super::values::{Rows, Values, pieces};
use crate::id::{ConnectionId, OrganizationId, ScimGroupId, ScimUserId, UserId};
use crate::store::rows::{ScimUserRow, ScimValueRow};
use crate::store::schema::{scim_groups, scim_totals, scim_users, scim_values};
use crate::store::search::Search;
use crate::store::types::{AnyId, DocSql, IdSql};

pub(crate) async fn by_id(
    conn: &mut Conn,
    org: OrganizationId,
    connection: ConnectionId,
    id: ScimUserId,
) -> QueryResult<Option<ScimUserRow>> {
    let find = scim_users::table
        .find((org, id))
        .filter(scim_users::connection_id.eq(connection))
        .select(super::whole::<ScimUserRow>());
    find.first(conn).await.optional()
}

pub(crate) async fn by_ids(
    conn: &mut Conn,
    org: OrganizationId,
    ids: &[ScimUserId],
) -> QueryResult<Vec<ScimUserRow>> {
    let mut rows = Vec::with_capacity(ids.len());
    for ids in ids.chunks(CHUNK) {
        let query = scim_users::table
            .filter(scim_users::org_id.eq(org))
            .filter(scim_users::id.any_of(ids.to_vec()))
            .select(super::whole::<ScimUserRow>());
        rows.extend(query.load::<ScimUserRow>(conn).await?);
    }
    Ok(rows)
}

pub(crate) async fn by_user_name(
    conn: &mut Conn,
    org: OrganizationId,
    connection: ConnectionId,
    folded: &str,
) -> QueryResult<Option<ScimUserRow>> {
    let find = scim_users::table
        .filter(scim_users::org_id.eq(org))
        .filter(scim_users::connection_id.eq(connection))
        .filter(scim_users::user_name_folded.eq(folded.to_owned()))
        .select(super::whole::<ScimUserRow>());
    find.first(conn).await.optional()
}

/// The resources that carry an externalId: two are enough to know that it tells nobody apart.
pub(crate) async fn by_external_id(
    conn: &mut Conn,
    org: OrganizationId,
    connection: ConnectionId,
    external_id: &str,
) -> QueryResult<Vec<ScimUserRow>> {
    scim_users::table
        .filter(scim_users::org_id.eq(org))
        .filter(scim_users::connection_id.eq(connection))
        .filter(scim_users::external_id.eq(external_id.to_owned()))
        .select(super::whole::<ScimUserRow>())
        .order(scim_users::id)
        .limit(2)
        .load(conn)
        .await
}

/// The resources of one person, in every connection.
pub(crate) async fn of_user(
    conn: &mut Conn,
    org: OrganizationId,
    user: UserId,
) -> QueryResult<Vec<ScimUserRow>> {
    scim_users::table
        .filter(scim_users::org_id.eq(org))
        .filter(scim_users::user_id.eq(user))
        .select(super::whole::<ScimUserRow>())
        .order(scim_users::id)
        .load(conn)
        .await
}

/// Which connections hold a resource of which of these people, and the resource.
pub(crate) async fn links_of(
    conn: &mut Conn,
    org: OrganizationId,
    users: &[UserId],
) -> QueryResult<Vec<(UserId, ConnectionId, ScimUserId)>> {
    let mut rows = Vec::new();
    for users in users.chunks(CHUNK) {
        let query = scim_users::table
            .filter(scim_users::org_id.eq(org))
            .filter(scim_users::user_id.any_of(users.to_vec()))
            .select((
                scim_users::user_id.assume_not_null(),
                scim_users::connection_id,
                scim_users::id,
            ));
        rows.extend(
            query
                .load::<(UserId, ConnectionId, ScimUserId)>(conn)
                .await?,
        );
    }
    Ok(rows)
}

/// Which of these ids are Users of the connection, and whose they are.
pub(crate) async fn known(
    conn: &mut Conn,
    org: OrganizationId,
    connection: ConnectionId,
    ids: &[ScimUserId],
) -> QueryResult<Vec<(ScimUserId, Option<UserId>)>> {
    let mut rows = Vec::with_capacity(ids.len());
    for ids in ids.chunks(CHUNK) {
        let query = scim_users::table
            .filter(scim_users::org_id.eq(org))
            .filter(scim_users::connection_id.eq(connection))
            .filter(scim_users::id.any_of(ids.to_vec()))
            .select((scim_users::id, scim_users::user_id));
        rows.extend(query.load::<(ScimUserId, Option<UserId>)>(conn).await?);
    }
    Ok(rows)
}

/// Which of these ids are Users of the connection, and the names that they show.
pub(crate) async fn names(
    conn: &mut Conn,
    org: OrganizationId,
    connection: ConnectionId,
    ids: &[ScimUserId],
) -> QueryResult<Vec<(ScimUserId, Option<String>)>> {
    let mut rows = Vec::with_capacity(ids.len());
    for ids in ids.chunks(CHUNK) {
        let query = scim_users::table
            .filter(scim_users::org_id.eq(org))
            .filter(scim_users::connection_id.eq(connection))
            .filter(scim_users::id.any_of(ids.to_vec()))
            .select((
                scim_users::id,
                sql::<Nullable<Text>>("document ->> 'displayName'"),
            ));
        rows.extend(query.load::<(ScimUserId, Option<String>)>(conn).await?);
    }
    Ok(rows)
}

pub(crate) async fn insert(conn: &mut Conn, row: &ScimUserRow) -> QueryResult<()> {
    diesel::insert_into(scim_users::table)
        .values(row.clone())
        .later(conn)
        .await
}

pub(crate) async fn update(conn: &mut Conn, row: &ScimUserRow) -> QueryResult<()> {
    let target = scim_users::table.find((row.org_id, row.id));
    kept(diesel::update(target).set(row.clone()))
        .later(conn)
        .await
}

/// Writes what a directory said anew, where nothing of it is what resources are looked up by: most of the table's
/// indexes are left alone.
pub(crate) async fn update_said(conn: &mut Conn, row: &ScimUserRow) -> QueryResult<()> {
    let target = scim_users::table.find((row.org_id, row.id));
    let said = (
        scim_users::active.eq(row.active),
        scim_users::document.eq(row.document.clone()),
        scim_users::search.eq(row.search.clone()),
        scim_users::version.eq(row.version),
        scim_users::updated_at.eq(row.updated_at),
    );
    kept(diesel::update(target).set(said)).later(conn).await
}

pub(crate) async fn delete(
    conn: &mut Conn,
    org: OrganizationId,
    id: ScimUserId,
) -> QueryResult<usize> {
    diesel::delete(scim_users::table.find((org, id)))
        .execute(conn)
        .await
}

/// Replaces the rows of the multi-valued attributes.
pub(crate) async fn replace_values(
    conn: &mut Conn,
    org: OrganizationId,
    id: ScimUserId,
    rows: &[ScimValueRow],
) -> QueryResult<()> {
    let target = scim_values::table
        .filter(scim_values::org_id.eq(org))
        .filter(scim_values::scim_user_id.eq(id));
    diesel::delete(target).later(conn).await?;
    insert_values(conn, rows).await
}

pub(crate) async fn insert_values(conn: &mut Conn, rows: &[ScimValueRow]) -> QueryResult<()> {
    for rows in pieces(rows) {
        let insert = Rows {
            head: "INSERT INTO scim_values (org_id, scim_user_id, path, position, folded, \
                element) VALUES",
            lines: rows,
            bind: bind_value,
            tail: "",
        };
        insert.later(conn).await?;
    }
    Ok(())
}

fn bind_value<'b>(row: &'b ScimValueRow, values: &mut Values<'_, '_, 'b>) -> QueryResult<()> {
    values.bind::<IdSql, _>(&row.org_id)?;
    values.bind::<IdSql, _>(&row.scim_user_id)?;
    values.bind::<Text, _>(&row.path)?;
    values.bind::<BigInt, _>(&row.position)?;
    values.bind::<Nullable<Text>, _>(&row.folded)?;
    values.bind::<DocSql, _>(&row.element)
}

/// Whether the connection has more than so many, whatever is searched.
pub(crate) async fn exceed(conn: &mut Conn, search: &Search, limit: i64) -> QueryResult<bool> {
    let one_more = scim_users::table
        .filter(scim_users::org_id.eq(search.org))
        .filter(scim_users::connection_id.eq(search.connection))
        .select(scim_users::id)
        .order(scim_users::id)
        .offset(limit)
        .limit(1);
    let found = one_more.first::<ScimUserId>(conn).await.optional()?;
    Ok(found.is_some())
}

/// How many there are. All of a connection are not counted here: that number is kept.
pub(crate) async fn count(conn: &mut Conn, search: &Search) -> QueryResult<i64> {
    let Some(filter) = &search.filter else {
        let total = scim_totals::table
            .find((search.org, search.connection))
            .select(scim_totals::users);
        let total: Option<i64> = total.first(conn).await.optional()?;
        return Ok(total.unwrap_or_default());
    };
    let query = scim_users::table
        .filter(scim_users::org_id.eq(search.org))
        .filter(scim_users::connection_id.eq(search.connection))
        .filter(Predicate::users(search, filter));
    query.count().get_result(conn).await
}

/// What a search finds behind its place in the order, in that order.
pub(super) fn found<'a, Shown: 'a>(
    query: scim_users::BoxedQuery<'a, Db, Shown>,
    search: &Search,
) -> scim_users::BoxedQuery<'a, Db, Shown> {
    let mut query = query
        .filter(scim_users::org_id.eq(search.org))
        .filter(scim_users::connection_id.eq(search.connection));
    if let Some(filter) = &search.filter {
        query = query.filter(Predicate::users(search, filter));
    }
    if let Some(after) = &search.after {
        query = query.filter(Predicate::users_after(search, after));
    }
    if let Some((path, direction)) = &search.sort {
        query = query.order(Order::users(search, *path, *direction));
    }
    query.then_order_by(scim_users::id)
}

/// The ids and sort keys of the first behind the search's place in the order.
pub(crate) async fn keys(
    conn: &mut Conn,
    search: &Search,
    limit: i64,
) -> QueryResult<Vec<(AnyId, Option<String>)>> {
    let query = scim_users::table
        .select((scim_users::id, KeyText::users(search)))
        .into_boxed::<Db>();
    found(query, search).limit(limit).load(conn).await
}

/// The sort key of one of them.
pub(crate) async fn key(
    conn: &mut Conn,
    search: &Search,
    id: ScimUserId,
) -> QueryResult<Option<String>> {
    let key = scim_users::table
        .find((search.org, id))
        .select(KeyText::users(search))
        .first(conn)
        .await
        .optional()?;
    Ok(key.flatten())
}

/// Whether a user or a group of the organization carries an extension, whose URN is folded.
pub(crate) async fn schema_in_use(
    conn: &mut Conn,
    org: OrganizationId,
    urn: &str,
) -> QueryResult<bool> {
    let key = format!("schemas:{urn}");
    let users = scim_users::table.filter(scim_users::org_id.eq(org)).filter(
        sql::<Bool>("search ->> ")
            .bind::<Text, _>(key.clone())
            .sql(" IS NOT NULL"),
    );
    let groups = scim_groups::table
        .filter(scim_groups::org_id.eq(org))
        .filter(
            sql::<Bool>("search ->> ")
                .bind::<Text, _>(key)
                .sql(" IS NOT NULL"),
        );
    let user = users.select(scim_users::id).limit(1);
    if user.first::<ScimUserId>(conn).await.optional()?.is_some() {
        return Ok(true);
    }
    let group = groups.select(scim_groups::id).limit(1);
    Ok(group.first::<ScimGroupId>(conn).await.optional()?.is_some())
}

/// The people whom a connection's resources stand for.
pub(crate) async fn people_of(
    conn: &mut Conn,
    org: OrganizationId,
    connection: ConnectionId,
) -> QueryResult<Vec<UserId>> {
    scim_users::table
        .filter(scim_users::org_id.eq(org))
        .filter(scim_users::connection_id.eq(connection))
        .select(scim_users::user_id.assume_not_null())
        .filter(scim_users::user_id.is_not_null())
        .load(conn)
        .await
}
