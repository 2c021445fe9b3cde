//! Members: one row a membership. No list of members is ever read, changed and written back.

use std::collections::BTreeSet;

use diesel::dsl::{exists, sql};
use diesel::expression::SqlLiteral;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Nullable, Text};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::super::{AnyOf, Conn};
use super::CHUNK;
use super::values::{Rows, Values, pieces};
use crate::id::{OrganizationId, ScimGroupId, ScimUserId, UserId};
use crate::store::schema::{mappings, scim_groups, scim_members, scim_users};
use crate::store::types::{AnyId, IdSql, Time, TimeSql};

/// A membership, as it is inserted.
type Member = (OrganizationId, ScimGroupId, AnyId, bool, Time);

/// Adds members; answers those that were not there before.
pub(crate) async fn add(
    conn: &mut Conn,
    org: OrganizationId,
    group: ScimGroupId,
    members: &[(AnyId, bool)],
    at: Time,
) -> QueryResult<Vec<AnyId>> {
    let rows: Vec<Member> = members
        .iter()
        .map(|(id, is_group)| (org, group, *id, *is_group, at))
        .collect();
    let mut added = Vec::new();
    for rows in pieces(&rows) {
        let insert = Rows {
            head: "INSERT INTO scim_members (org_id, group_id, member_id, member_is_group, \
                created_at) VALUES",
            lines: rows,
            bind: bind_member,
            tail: "ON CONFLICT DO NOTHING RETURNING member_id",
        };
        added.extend(insert.load::<AnyId>(conn).await?);
    }
    Ok(added)
}

fn bind_member<'b>(row: &'b Member, values: &mut Values<'_, '_, 'b>) -> QueryResult<()> {
    values.bind::<IdSql, _>(&row.0)?;
    values.bind::<IdSql, _>(&row.1)?;
    values.bind::<IdSql, _>(&row.2)?;
    values.bind::<Bool, _>(&row.3)?;
    values.bind::<TimeSql, _>(&row.4)
}

/// Removes members; answers those that were there.
pub(crate) async fn remove(
    conn: &mut Conn,
    org: OrganizationId,
    group: ScimGroupId,
    members: &[AnyId],
) -> QueryResult<Vec<AnyId>> {
    let mut removed = Vec::new();
    for members in members.chunks(CHUNK) {
        let target = scim_members::table
            .filter(scim_members::org_id.eq(org))
            .filter(scim_members::group_id.eq(group))
            .filter(scim_members::member_id.any_of(members.to_vec()));
        let gone = diesel::delete(target).returning(scim_members::member_id);
        removed.extend(gone.get_results::<AnyId>(conn).await?);
    }
    Ok(removed)
}

/// Removes every member; answers who they were.
pub(crate) async fn remove_all(
    conn: &mut Conn,
    org: OrganizationId,
    group: ScimGroupId,
) -> QueryResult<Vec<AnyId>> {
    let target = scim_members::table
        .filter(scim_members::org_id.eq(org))
        .filter(scim_members::group_id.eq(group));
    diesel::delete(target)
        .returning(scim_members::member_id)
        .get_results(conn)
        .await
}

/// A group's members, in the order of their ids.
pub(crate) async fn of_group(
    conn: &mut Conn,
    org: OrganizationId,
    group: ScimGroupId,
) -> QueryResult<Vec<(AnyId, bool)>> {
    scim_members::table
        .filter(scim_members::org_id.eq(org))
        .filter(scim_members::group_id.eq(group))
        .select((scim_members::member_id, scim_members::member_is_group))
        .order(scim_members::member_id)
        .load(conn)
        .await
}

/// Members, each with its own resource, which is a user or a group.
#[diesel::dsl::auto_type]
fn named() -> _ {
    scim_members::table
        .left_join(
            scim_users::table.on(scim_users::org_id
                .eq(scim_members::org_id)
                .and(scim_users::id.eq(scim_members::member_id))),
        )
        .left_join(
            scim_groups::table.on(scim_groups::org_id
                .eq(scim_members::org_id)
                .and(scim_groups::id.eq(scim_members::member_id))),
        )
}

/// The name that a member's resource shows.
fn shown_name() -> SqlLiteral<Nullable<Text>> {
    sql("COALESCE(scim_users.document ->> 'displayName', scim_groups.display_name)")
}

/// The members of several groups, each with the name that its resource shows.
pub(crate) async fn of_groups(
    conn: &mut Conn,
    org: OrganizationId,
    groups: &[ScimGroupId],
) -> QueryResult<Vec<(ScimGroupId, AnyId, bool, Option<String>)>> {
    let mut rows = Vec::new();
    for groups in groups.chunks(CHUNK) {
        let query = named()
            .filter(scim_members::org_id.eq(org))
            .filter(scim_members::group_id.any_of(groups.to_vec()))
            .select((
                scim_members::group_id,
                scim_members::member_id,
                scim_members::member_is_group,
                shown_name(),
            ))
            .order((scim_members::group_id, scim_members::member_id));
        rows.extend(
            query
                .load::<(ScimGroupId, AnyId, bool, Option<String>)>(conn)
                .await?,
        );
    }
    Ok(rows)
}

/// A page of a group's members in the order of their ids: whether each is a group, its person, and the name that its
/// resource shows.
pub(crate) async fn page(
    conn: &mut Conn,
    org: OrganizationId,
    group: ScimGroupId,
    after: Option<AnyId>,
    limit: i64,
) -> QueryResult<Vec<(AnyId, bool, Option<UserId>, Option<String>)>> {
    let after = after.unwrap_or_else(|| AnyId::from(Uuid::nil()));
    named()
        .filter(scim_members::org_id.eq(org))
        .filter(scim_members::group_id.eq(group))
        .filter(scim_members::member_id.gt(after))
        .select((
            scim_members::member_id,
            scim_members::member_is_group,
            scim_users::user_id.nullable(),
            shown_name(),
        ))
        .order(scim_members::member_id)
        .limit(limit)
        .load(conn)
        .await
}

/// How many members each of these groups has; one without members is not told.
pub(crate) async fn counts(
    conn: &mut Conn,
    org: OrganizationId,
    groups: &[ScimGroupId],
) -> QueryResult<Vec<(ScimGroupId, i64)>> {
    let mut rows = Vec::new();
    for groups in groups.chunks(CHUNK) {
        let query = scim_members::table
            .filter(scim_members::org_id.eq(org))
            .filter(scim_members::group_id.any_of(groups.to_vec()))
            .group_by(scim_members::group_id)
            .select((scim_members::group_id, diesel::dsl::count_star()));
        rows.extend(query.load::<(ScimGroupId, i64)>(conn).await?);
    }
    Ok(rows)
}

/// Groups in which any of these is a member, each with the member.
pub(crate) async fn groups_of(
    conn: &mut Conn,
    org: OrganizationId,
    members: &[AnyId],
) -> QueryResult<Vec<(AnyId, ScimGroupId, String)>> {
    let mut rows = Vec::new();
    for members in members.chunks(CHUNK) {
        let query = scim_members::table
            .inner_join(
                scim_groups::table.on(scim_groups::org_id
                    .eq(scim_members::org_id)
                    .and(scim_groups::id.eq(scim_members::group_id))),
            )
            .filter(scim_members::org_id.eq(org))
            .filter(scim_members::member_id.any_of(members.to_vec()))
            .select((
                scim_members::member_id,
                scim_members::group_id,
                scim_groups::display_name,
            ))
            .order((scim_members::member_id, scim_members::group_id));
        rows.extend(query.load::<(AnyId, ScimGroupId, String)>(conn).await?);
    }
    Ok(rows)
}

/// Takes a resource out of every group; answers the groups it was in.
pub(crate) async fn leave_all(
    conn: &mut Conn,
    org: OrganizationId,
    member: AnyId,
) -> QueryResult<Vec<ScimGroupId>> {
    let target = scim_members::table
        .filter(scim_members::org_id.eq(org))
        .filter(scim_members::member_id.eq(member));
    diesel::delete(target)
        .returning(scim_members::group_id)
        .get_results(conn)
        .await
}

/// The people who are direct members of a group.
pub(crate) async fn people_of(
    conn: &mut Conn,
    org: OrganizationId,
    group: ScimGroupId,
) -> QueryResult<Vec<(ScimUserId, UserId)>> {
    scim_members::table
        .inner_join(
            scim_users::table.on(scim_users::org_id
                .eq(scim_members::org_id)
                .and(scim_users::id.eq(scim_members::member_id))),
        )
        .filter(scim_members::org_id.eq(org))
        .filter(scim_members::group_id.eq(group))
        .filter(scim_users::user_id.is_not_null())
        .select((scim_users::id, scim_users::user_id.assume_not_null()))
        .load(conn)
        .await
}

/// The groups that are members of these groups: an index of theirs alone leads to them.
pub(crate) async fn groups_in(
    conn: &mut Conn,
    org: OrganizationId,
    groups: &[ScimGroupId],
) -> QueryResult<BTreeSet<AnyId>> {
    let mut found = BTreeSet::new();
    for groups in groups.chunks(CHUNK) {
        let query = scim_members::table
            .filter(scim_members::org_id.eq(org))
            .filter(scim_members::group_id.any_of(groups.to_vec()))
            .filter(sql::<Bool>("scim_members.member_is_group"))
            .select(scim_members::member_id);
        found.extend(query.load::<AnyId>(conn).await?);
    }
    Ok(found)
}

/// Which of the groups that a rule is bound to, or that are named here, people are in.
pub(crate) async fn ruled(
    conn: &mut Conn,
    org: OrganizationId,
    users: &[UserId],
    groups: &[ScimGroupId],
) -> QueryResult<Vec<(UserId, ScimGroupId)>> {
    let bound = mappings::table
        .filter(mappings::org_id.eq(scim_members::org_id))
        .filter(mappings::bound_group_id.eq(scim_members::group_id.nullable()));
    let mut rows = Vec::new();
    for users in users.chunks(CHUNK) {
        let theirs = scim_members::org_id
            .eq(scim_users::org_id)
            .and(scim_members::member_id.eq(scim_users::id));
        let query = scim_users::table
            .inner_join(scim_members::table.on(theirs))
            .filter(scim_users::org_id.eq(org))
            .filter(scim_users::user_id.any_of(users.to_vec()))
            .filter(exists(bound).or(scim_members::group_id.any_of(groups.to_vec())))
            .select((
                scim_users::user_id.assume_not_null(),
                scim_members::group_id,
            ));
        rows.extend(query.load::<(UserId, ScimGroupId)>(conn).await?);
    }
    Ok(rows)
}
