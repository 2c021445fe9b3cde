//! Probes: whether anything is there at all, of many kinds, asked in one statement. Where most people have nothing of
//! most, that spares the questions that find nothing.

use diesel::expression::{
    AppearsOnTable, Expression, SelectableExpression, ValidGrouping, is_aggregate,
};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{Bool, Text};
use diesel_async::RunQueryDsl;

use super::super::{AnyOf, Conn, Db};
use super::CHUNK;
use crate::id::{ConnectionId, OrganizationId, UserId};
use crate::store::rows::{Belongings, Meeting, UserRow};
use crate::store::schema::users;
use crate::store::types::IdSql;

/// Whether a person has any row of a table: which are theirs is said in SQL.
struct Has(&'static str);

const HAS: (Has, Has, Has, Has) = (
    Has(
        "EXISTS (SELECT 1 FROM grants AS g WHERE g.org_id = users.org_id AND g.user_id = users.id \
         AND g.retired_at IS NULL)",
    ),
    Has(
        "EXISTS (SELECT 1 FROM identities AS i WHERE i.org_id = users.org_id AND i.user_id = users.id)",
    ),
    Has(
        "EXISTS (SELECT 1 FROM user_projects AS p WHERE p.org_id = users.org_id AND p.user_id = users.id)",
    ),
    Has(
        "EXISTS (SELECT 1 FROM waivers AS w WHERE w.org_id = users.org_id AND w.user_id = users.id)",
    ),
);

impl Expression for Has {
    type SqlType = Bool;
}

impl QueryFragment<Db> for Has {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Db>) -> QueryResult<()> {
        out.push_sql(self.0);
        Ok(())
    }
}

impl QueryId for Has {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl AppearsOnTable<users::table> for Has {}
impl SelectableExpression<users::table> for Has {}
impl<G> ValidGrouping<G> for Has {
    type IsAggregate = is_aggregate::Never;
}

/// These people, and of what kinds each has anything.
pub(crate) async fn people(
    conn: &mut Conn,
    org: OrganizationId,
    ids: &[UserId],
) -> QueryResult<Vec<(UserRow, Belongings)>> {
    let mut rows = Vec::with_capacity(ids.len());
    for ids in ids.chunks(CHUNK) {
        let query = users::table
            .filter(users::org_id.eq(org))
            .filter(users::id.any_of(ids.to_vec()))
            .select((super::whole::<UserRow>(), HAS));
        rows.extend(query.load::<(UserRow, Belongings)>(conn).await?);
    }
    Ok(rows)
}

/// What a new resource says of whom it is.
struct Newcomer<'a> {
    org: OrganizationId,
    connection: ConnectionId,
    user_name: &'a str,
    external_id: &'a str,
    email_norm: &'a str,
}

impl QueryFragment<Db> for Newcomer<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Db>) -> QueryResult<()> {
        out.push_sql("SELECT EXISTS (SELECT 1 FROM scim_users WHERE ");
        self.here("connection_id", &mut out)?;
        out.push_sql(" AND user_name_folded = ");
        out.push_bind_param::<Text, _>(self.user_name)?;
        out.push_sql("), EXISTS (SELECT 1 FROM users WHERE ");
        self.here("last_connection_id", &mut out)?;
        out.push_sql(" AND last_external_id = ");
        out.push_bind_param::<Text, _>(self.external_id)?;
        out.push_sql(" AND deleted_at IS NOT NULL AND erased_at IS NULL), EXISTS (SELECT 1 FROM users WHERE org_id = ");
        out.push_bind_param::<IdSql, _>(&self.org)?;
        out.push_sql(" AND email_norm = ");
        out.push_bind_param::<Text, _>(self.email_norm)?;
        out.push_sql(" AND deleted_at IS NULL AND erased_at IS NULL");
        out.push_sql("), EXISTS (SELECT 1 FROM invitations WHERE org_id = ");
        out.push_bind_param::<IdSql, _>(&self.org)?;
        out.push_sql(" AND email_norm = ");
        out.push_bind_param::<Text, _>(self.email_norm)?;
        out.push_sql(" AND closed_at IS NULL)");
        Ok(())
    }
}

impl Newcomer<'_> {
    fn here<'b>(&'b self, column: &str, out: &mut AstPass<'_, 'b, Db>) -> QueryResult<()> {
        out.push_sql("org_id = ");
        out.push_bind_param::<IdSql, _>(&self.org)?;
        out.push_sql(" AND ");
        out.push_sql(column);
        out.push_sql(" = ");
        out.push_bind_param::<IdSql, _>(&self.connection)
    }
}

impl QueryId for Newcomer<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for Newcomer<'_> {
    type SqlType = (Bool, Bool, Bool, Bool);
}

impl diesel::RunQueryDsl<Conn> for Newcomer<'_> {}

/// Of what kinds anything is there already that a new resource of this name, externalId and address could be about.
pub(crate) async fn meeting(
    conn: &mut Conn,
    org: OrganizationId,
    connection: ConnectionId,
    user_name: &str,
    external_id: &str,
    email_norm: &str,
) -> QueryResult<Meeting> {
    let newcomer = Newcomer {
        org,
        connection,
        user_name,
        external_id,
        email_norm,
    };
    newcomer.get_result(conn).await
}
