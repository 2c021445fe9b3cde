//! Identities: the SAML subjects that are linked to people, and the messages seen before.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel::sql_types::{Binary, Nullable, Text};
use diesel_async::RunQueryDsl;

use super::super::{AnyOf, Conn};
use super::CHUNK;
use super::kept::kept;
use super::later::Later;
use super::values::Rows;
use crate::id::{ConnectionId, IdentityId, OrganizationId, UserId};
use crate::secret::Hash;
use crate::store::rows::IdentityRow;
use crate::store::schema::{identities, saml_replays};
use crate::store::types::{Doc, IdSql, Time, TimeSql};

pub(crate) async fn by_id(
    conn: &mut Conn,
    org: OrganizationId,
    id: IdentityId,
) -> QueryResult<Option<IdentityRow>> {
    let find = identities::table
        .find((org, id))
        .select(super::whole::<IdentityRow>());
    find.first(conn).await.optional()
}

pub(crate) async fn of_user(
    conn: &mut Conn,
    org: OrganizationId,
    user: UserId,
) -> QueryResult<Vec<IdentityRow>> {
    identities::table
        .filter(identities::org_id.eq(org))
        .filter(identities::user_id.eq(user))
        .select(super::whole::<IdentityRow>())
        .order(identities::id)
        .load(conn)
        .await
}

/// The identities of these people.
pub(crate) async fn of_users(
    conn: &mut Conn,
    org: OrganizationId,
    users: &[UserId],
) -> QueryResult<Vec<IdentityRow>> {
    let mut rows = Vec::new();
    for users in users.chunks(CHUNK) {
        let query = identities::table
            .filter(identities::org_id.eq(org))
            .filter(identities::user_id.any_of(users.to_vec()))
            .select(super::whole::<IdentityRow>())
            .order(identities::id);
        rows.extend(query.load::<IdentityRow>(conn).await?);
    }
    Ok(rows)
}

/// The people who once signed in through a connection.
pub(crate) async fn people_of(
    conn: &mut Conn,
    org: OrganizationId,
    connection: ConnectionId,
) -> QueryResult<Vec<UserId>> {
    identities::table
        .filter(identities::org_id.eq(org))
        .filter(identities::connection_id.eq(connection))
        .select(identities::user_id)
        .distinct()
        .load(conn)
        .await
}

pub(crate) async fn insert(conn: &mut Conn, row: &IdentityRow) -> QueryResult<()> {
    diesel::insert_into(identities::table)
        .values(row.clone())
        .later(conn)
        .await
}

/// Notes a sign-in; `groups` are kept as they were where they are unknown this time.
pub(crate) async fn touch(
    conn: &mut Conn,
    org: OrganizationId,
    id: IdentityId,
    at: Time,
    groups: Option<Doc>,
) -> QueryResult<()> {
    let target = identities::table.find((org, id));
    let seen = identities::last_seen_at.eq(at);
    let Some(groups) = groups else {
        return kept(diesel::update(target).set(seen)).later(conn).await;
    };
    let named = identities::group_values.eq(Some(groups));
    let set = (
        seen,
        named,
        identities::groups_known_at.eq(Some(at)),
        identities::groups_stale_since.eq(None::<Time>),
        identities::groups_stale_why.eq(None::<String>),
    );
    kept(diesel::update(target).set(set)).later(conn).await
}

/// Gives a subject whose person is gone to another person, with nothing of what was known of the
/// first.
pub(crate) async fn relink(
    conn: &mut Conn,
    org: OrganizationId,
    id: IdentityId,
    user: UserId,
    email_norm: Option<&str>,
    at: Time,
) -> QueryResult<()> {
    let set = (
        identities::user_id.eq(user),
        identities::email_norm.eq(email_norm.map(str::to_owned)),
        identities::group_values.eq(None::<Doc>),
        identities::groups_known_at.eq(None::<Time>),
        identities::groups_stale_since.eq(None::<Time>),
        identities::groups_stale_why.eq(None::<String>),
        identities::confirmed_by.eq(None::<UserId>),
        identities::created_at.eq(at),
    );
    let target = identities::table.find((org, id));
    kept(diesel::update(target).set(set)).later(conn).await
}

/// Notes the address under which a subject is known from now on.
pub(crate) async fn readdress(
    conn: &mut Conn,
    org: OrganizationId,
    id: IdentityId,
    email_norm: &str,
) -> QueryResult<()> {
    let set = identities::email_norm.eq(Some(email_norm.to_owned()));
    let target = identities::table.find((org, id));
    kept(diesel::update(target).set(set)).later(conn).await
}

/// Forgets the groups that a person's other subjects of a connection named: the last sign-in
/// alone tells.
pub(crate) async fn forget_groups(
    conn: &mut Conn,
    org: OrganizationId,
    connection: ConnectionId,
    user: UserId,
    except: IdentityId,
) -> QueryResult<()> {
    let target = identities::table
        .filter(identities::org_id.eq(org))
        .filter(identities::user_id.eq(user))
        .filter(identities::connection_id.eq(connection))
        .filter(identities::id.ne(except))
        .filter(
            identities::group_values
                .is_not_null()
                .or(identities::groups_stale_since.is_not_null()),
        );
    let set = (
        identities::group_values.eq(None::<Doc>),
        identities::groups_stale_since.eq(None::<Time>),
        identities::groups_stale_why.eq(None::<String>),
    );
    kept(diesel::update(target).set(set)).later(conn).await
}

/// Notes that sign-ins by these links say nothing of groups: since when, the first time, and why.
pub(crate) async fn mark_stale(
    conn: &mut Conn,
    org: OrganizationId,
    ids: &[IdentityId],
    at: Time,
    why: &str,
) -> QueryResult<()> {
    let target = || {
        identities::table
            .filter(identities::org_id.eq(org))
            .filter(identities::id.any_of(ids.to_vec()))
    };
    diesel::update(target().filter(identities::groups_stale_since.is_null()))
        .set(identities::groups_stale_since.eq(Some(at)))
        .later(conn)
        .await?;
    diesel::update(target())
        .set(identities::groups_stale_why.eq(Some(why.to_owned())))
        .later(conn)
        .await
}

/// What is remembered of a message.
struct Remembered<'a> {
    org: OrganizationId,
    connection: ConnectionId,
    message_id: &'a str,
    expires_at: Time,
    session: Option<Vec<u8>>,
}

/// Remembers messages; a second time is a unique violation. The session is the one that they made, so that a re-post
/// by the same browser can be told from a replay.
pub(crate) async fn remember(
    conn: &mut Conn,
    org: OrganizationId,
    connection: ConnectionId,
    message_ids: &[&str],
    (expires_at, session): (Time, Option<Hash>),
) -> QueryResult<()> {
    let of = |message_id| Remembered {
        org,
        connection,
        message_id,
        expires_at,
        session: session.map(|hash| hash.to_vec()),
    };
    let lines: Vec<_> = message_ids.iter().copied().map(of).collect();
    Rows {
        head: "INSERT INTO saml_replays (org_id, connection_id, message_id, expires_at, \
            session_hash) VALUES",
        lines: &lines,
        bind: |row, to| {
            to.bind::<IdSql, _>(&row.org)?;
            to.bind::<IdSql, _>(&row.connection)?;
            to.bind::<Text, _>(row.message_id)?;
            to.bind::<TimeSql, _>(&row.expires_at)?;
            to.bind::<Nullable<Binary>, _>(&row.session)
        },
        tail: "",
    }
    .later(conn)
    .await
}

/// The sessions that messages made, of those that are remembered.
pub(crate) async fn remembered(
    conn: &mut Conn,
    org: OrganizationId,
    connection: ConnectionId,
    message_ids: &[&str],
) -> QueryResult<HashMap<String, Option<Vec<u8>>>> {
    let ids: Vec<_> = message_ids.iter().map(ToString::to_string).collect();
    let found = saml_replays::table
        .filter(saml_replays::org_id.eq(org))
        .filter(saml_replays::connection_id.eq(connection))
        .filter(saml_replays::message_id.any_of(ids))
        .select((saml_replays::message_id, saml_replays::session_hash))
        .load(conn)
        .await?;
    Ok(found.into_iter().collect())
}

/// Forgets messages whose time is over, of every organization.
pub(crate) async fn forget(conn: &mut Conn, before: Time) -> QueryResult<usize> {
    let target = saml_replays::table.filter(saml_replays::expires_at.lt(before));
    diesel::delete(target).execute(conn).await
}
