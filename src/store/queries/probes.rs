//! Probes: whether anything is there at all, of many kinds, asked in one statement. Where most people have nothing of
//! most, that spares the questions that find nothing.

use diesel::expression::{AppearsOnTable, Expression, SelectableExpression, ValidGrouping};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Bool, Text};
use diesel_async::RunQueryDsl;

use super::super::{AnyOf, Conn, Db};
use super::CHUNK;
use super::has::{
    HasConsole, HasEnded, HasGrants, HasIdentities, HasProjects, HasSessions, HasWaivers, IsMember,
    IsWaived, Membership,
};
use crate::directory::safeguard::Danger;
use crate::id::{ConnectionId, OrganizationId, ScimUserId, UserId};
use crate::store::memory::Stamp;
use crate::store::rows::{
    Bearing, HeldUser, Meeting, Openings, SafeguardSettingsRow, SafeguardTallyRow, ScimUserRow,
    ShownUser, UserRow, Watched,
};
use crate::store::schema::{connections, safeguard_settings, safeguard_tallies, scim_users, users};
use crate::store::search::Search;
use crate::store::types::IdSql;

const BELONGINGS: (HasGrants, HasIdentities, HasProjects, HasWaivers) =
    (HasGrants, HasIdentities, HasProjects, HasWaivers);

/// The stamp of an organization's settings, beside whatever else is asked of it.
#[derive(QueryId, ValidGrouping)]
struct SettingsStamp(OrganizationId);

impl Expression for SettingsStamp {
    type SqlType = BigInt;
}

impl QueryFragment<Db> for SettingsStamp {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Db>) -> QueryResult<()> {
        out.push_sql("(SELECT o.settings_stamp FROM organizations AS o WHERE o.id = ");
        out.push_bind_param::<IdSql, _>(&self.0)?;
        out.push_sql(")");
        Ok(())
    }
}

impl<T> AppearsOnTable<T> for SettingsStamp {}
impl<T> SelectableExpression<T> for SettingsStamp {}

/// What bears on the roles of these people.
pub(crate) async fn bearings(
    conn: &mut Conn,
    org: OrganizationId,
    ids: &[UserId],
) -> QueryResult<Vec<Bearing>> {
    let mut rows = Vec::with_capacity(ids.len());
    for ids in ids.chunks(CHUNK) {
        let theirs = scim_users::org_id
            .eq(users::org_id)
            .and(scim_users::user_id.eq(users::id.nullable()));
        let query = users::table
            .left_join(scim_users::table.on(theirs))
            .filter(users::org_id.eq(org))
            .filter(users::id.any_of(ids.to_vec()))
            .select((
                super::whole::<UserRow>(),
                BELONGINGS,
                scim_users::connection_id.nullable(),
                SettingsStamp(org),
            ));
        rows.extend(query.load::<Bearing>(conn).await?);
    }
    Ok(rows)
}

/// By what a person is in, or about to be.
pub(crate) async fn openings(
    conn: &mut Conn,
    org: OrganizationId,
    user: UserId,
) -> QueryResult<Option<Openings>> {
    let find = users::table
        .find((org, user))
        .select((HasSessions, HasConsole, HasEnded));
    find.first(conn).await.optional()
}

/// A User, and the stamp of its organization's settings.
pub(crate) async fn shown_user(
    conn: &mut Conn,
    org: OrganizationId,
    connection: ConnectionId,
    id: ScimUserId,
) -> QueryResult<Option<(ShownUser, Stamp)>> {
    let find = scim_users::table
        .find((org, id))
        .filter(scim_users::connection_id.eq(connection))
        .select((super::whole::<ScimUserRow>(), IsMember, SettingsStamp(org)));
    let found: Option<(ScimUserRow, bool, i64)> = find.first(conn).await.optional()?;
    Ok(found.map(|(row, is_member, stamp)| (ShownUser { row, is_member }, Stamp(stamp))))
}

/// A page of Users behind the search's place in the order; with the stamp of the organization's settings, where there
/// is anybody on it.
pub(crate) async fn shown_users(
    conn: &mut Conn,
    search: &Search,
    offset: i64,
    limit: i64,
) -> QueryResult<(Vec<ShownUser>, Option<Stamp>)> {
    let query = scim_users::table
        .select((
            super::whole::<ScimUserRow>(),
            Membership(search.tells_members),
            SettingsStamp(search.org),
        ))
        .into_boxed::<Db>();
    let query = super::scim_users::found(query, search).offset(offset);
    let found: Vec<(ScimUserRow, bool, i64)> = query.limit(limit).load(conn).await?;
    let stamp = found.last().map(|(_, _, stamp)| Stamp(*stamp));
    let shown = found.into_iter();
    let shown = shown.map(|(row, is_member, _)| ShownUser { row, is_member });
    Ok((shown.collect(), stamp))
}

/// A User that is to be changed.
pub(crate) async fn held_user(
    conn: &mut Conn,
    org: OrganizationId,
    connection: ConnectionId,
    id: ScimUserId,
) -> QueryResult<Option<HeldUser>> {
    let whose = users::org_id
        .eq(scim_users::org_id)
        .and(users::id.nullable().eq(scim_users::user_id));
    let find = scim_users::table
        .left_join(users::table.on(whose))
        .filter(scim_users::org_id.eq(org))
        .filter(scim_users::id.eq(id))
        .filter(scim_users::connection_id.eq(connection))
        .select((
            super::whole::<ScimUserRow>(),
            super::whole::<Option<UserRow>>(),
            IsMember,
            IsWaived,
        ));
    find.first(conn).await.optional()
}

/// What is set of a connection's safeguard, and what it counted last of a kind.
pub(crate) async fn watched(
    conn: &mut Conn,
    org: OrganizationId,
    connection: ConnectionId,
    kind: Danger,
) -> QueryResult<Option<Watched>> {
    let set = safeguard_settings::org_id
        .eq(connections::org_id)
        .and(safeguard_settings::connection_id.eq(connections::id));
    let counted = safeguard_tallies::org_id
        .eq(connections::org_id)
        .and(safeguard_tallies::connection_id.eq(connections::id))
        .and(safeguard_tallies::kind.eq(kind));
    let find = connections::table
        .left_join(safeguard_settings::table.on(set))
        .left_join(safeguard_tallies::table.on(counted))
        .filter(connections::org_id.eq(org))
        .filter(connections::id.eq(connection))
        .select((
            super::whole::<Option<SafeguardSettingsRow>>(),
            super::whole::<Option<SafeguardTallyRow>>(),
        ));
    find.first(conn).await.optional()
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
    type QueryId = Newcomer<'static>;
    const HAS_STATIC_QUERY_ID: bool = true;
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
