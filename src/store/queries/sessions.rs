//! Sessions and the authorization codes made from them; what else hangs on a session ends with it.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::super::{AnyOf, Conn, Db};
use super::CHUNK;
use super::kept::kept;
use super::later::Later;
use crate::id::{AppId, CodeId, ConnectionId, OrganizationId, SessionId, UserId};
use crate::secret::Hash;
use crate::store::rows::{CodeRow, SessionRow};
use crate::store::schema::{apps, codes, refresh_families, sessions};
use crate::store::types::{Time, Whose};

diesel::define_sql_function! {
    /// ASCII letters in lower case, on both engines.
    fn lower(text: diesel::sql_types::Nullable<diesel::sql_types::Text>) -> diesel::sql_types::Nullable<diesel::sql_types::Text>;
}

pub(crate) async fn insert(conn: &mut Conn, row: &SessionRow) -> QueryResult<()> {
    diesel::insert_into(sessions::table)
        .values(row.clone())
        .later(conn)
        .await
}

/// The session of this cookie, in whichever organization: the credential tells it.
pub(crate) async fn by_hash(conn: &mut Conn, hash: &Hash) -> QueryResult<Option<SessionRow>> {
    let find = sessions::table
        .filter(sessions::hash.eq(hash.to_vec()))
        .select(super::whole::<SessionRow>());
    find.first(conn).await.optional()
}

pub(crate) async fn by_id(
    conn: &mut Conn,
    org: OrganizationId,
    id: SessionId,
) -> QueryResult<Option<SessionRow>> {
    let find = sessions::table
        .find((org, id))
        .select(super::whole::<SessionRow>());
    find.first(conn).await.optional()
}

pub(crate) async fn live_of(
    conn: &mut Conn,
    org: OrganizationId,
    user: UserId,
    now: Time,
) -> QueryResult<Vec<SessionRow>> {
    sessions::table
        .filter(sessions::org_id.eq(org))
        .filter(sessions::user_id.eq(user))
        .filter(sessions::ended_at.is_null())
        .filter(sessions::expires_at.gt(now))
        .select(super::whole::<SessionRow>())
        .order(sessions::id)
        .load(conn)
        .await
}

/// The live sessions that were made through a connection.
pub(crate) async fn live_through(
    conn: &mut Conn,
    org: OrganizationId,
    connection: ConnectionId,
    now: Time,
) -> QueryResult<Vec<SessionRow>> {
    sessions::table
        .filter(sessions::org_id.eq(org))
        .filter(sessions::connection_id.eq(connection))
        .filter(sessions::ended_at.is_null())
        .filter(sessions::expires_at.gt(now))
        .select(super::whole::<SessionRow>())
        .order(sessions::id)
        .load(conn)
        .await
}

/// The live sessions of these chains.
pub(crate) async fn live_chained(
    conn: &mut Conn,
    org: OrganizationId,
    chains: &[SessionId],
    now: Time,
) -> QueryResult<Vec<SessionRow>> {
    let mut all = Vec::new();
    for chains in chains.chunks(CHUNK) {
        let chains: Vec<_> = chains.iter().copied().map(Some).collect();
        let found = sessions::table
            .filter(sessions::org_id.eq(org))
            .filter(sessions::chain_id.any_of(chains))
            .filter(sessions::ended_at.is_null())
            .filter(sessions::expires_at.gt(now))
            .select(super::whole::<SessionRow>())
            .order(sessions::id);
        all.extend(found.load(conn).await?);
    }
    Ok(all)
}

/// Takes a session out of its browser: from now on only this hash, which no cookie has, means it; and
/// it is of a chain.
pub(crate) async fn retire(
    conn: &mut Conn,
    org: OrganizationId,
    id: SessionId,
    hash: &Hash,
    chain: SessionId,
) -> QueryResult<()> {
    let set = (
        sessions::hash.eq(hash.to_vec()),
        sessions::chain_id.eq(Some(chain)),
    );
    kept(diesel::update(sessions::table.find((org, id))).set(set))
        .later(conn)
        .await
}

/// The live sessions that were made through a connection for whom it calls by this name, in whatever
/// case.
pub(crate) async fn live_named(
    conn: &mut Conn,
    org: OrganizationId,
    connection: ConnectionId,
    name_id: &str,
    now: Time,
) -> QueryResult<Vec<SessionRow>> {
    sessions::table
        .filter(sessions::org_id.eq(org))
        .filter(sessions::connection_id.eq(connection))
        .filter(lower(sessions::name_id).eq(Some(name_id.to_ascii_lowercase())))
        .filter(sessions::ended_at.is_null())
        .filter(sessions::expires_at.gt(now))
        .select(super::whole::<SessionRow>())
        .order(sessions::id)
        .load(conn)
        .await
}

/// The sessions since then for whom it calls by this name that wait for their person's yes: they have
/// ended of one of these.
pub(crate) async fn waiting_named(
    conn: &mut Conn,
    org: OrganizationId,
    connection: ConnectionId,
    name_id: &str,
    since: Time,
    waiting: &[&str],
) -> QueryResult<Vec<SessionRow>> {
    let waiting: Vec<_> = waiting.iter().map(|it| Some((*it).to_owned())).collect();
    sessions::table
        .filter(sessions::org_id.eq(org))
        .filter(sessions::connection_id.eq(connection))
        .filter(lower(sessions::name_id).eq(Some(name_id.to_ascii_lowercase())))
        .filter(sessions::ended_cause.any_of(waiting))
        .filter(sessions::created_at.gt(since))
        .select(super::whole::<SessionRow>())
        .order(sessions::id)
        .load(conn)
        .await
}

pub(crate) async fn touch(
    conn: &mut Conn,
    org: OrganizationId,
    id: SessionId,
    at: Time,
) -> QueryResult<()> {
    let target = sessions::table.find((org, id));
    kept(diesel::update(target).set(sessions::last_seen_at.eq(at)))
        .later(conn)
        .await
}

/// Starts a session that waited for its person's yes: it gets the secret of its cookie only now.
/// `false` where it waits no longer.
pub(crate) async fn start(
    conn: &mut Conn,
    org: OrganizationId,
    id: SessionId,
    hash: &Hash,
    at: Time,
    waiting: &str,
    chain: Option<SessionId>,
) -> QueryResult<bool> {
    let target = sessions::table
        .filter(sessions::org_id.eq(org))
        .filter(sessions::id.eq(id))
        .filter(sessions::ended_cause.eq(waiting.to_owned()));
    let set = (
        sessions::hash.eq(hash.to_vec()),
        sessions::last_seen_at.eq(at),
        sessions::ended_at.eq(None::<Time>),
        sessions::ended_cause.eq(None::<String>),
        sessions::chain_id.eq(chain),
    );
    Ok(kept(diesel::update(target).set(set)).execute(conn).await? == 1)
}

/// Gives up sessions that wait for their person's yes: they have ended of one of these words.
pub(crate) async fn give_up(
    conn: &mut Conn,
    org: OrganizationId,
    whose: Whose,
    waiting: &[&str],
    cause: &str,
) -> QueryResult<()> {
    let waiting: Vec<_> = waiting.iter().map(|it| Some((*it).to_owned())).collect();
    let waiting = diesel::update(sessions::table)
        .filter(sessions::org_id.eq(org))
        .filter(sessions::ended_cause.any_of(waiting))
        .set(sessions::ended_cause.eq(Some(cause.to_owned())))
        .into_boxed::<Db>();
    let meant = match whose {
        Whose::Connection(id) => waiting.filter(sessions::connection_id.eq(id)),
        Whose::Session(id) => waiting.filter(sessions::id.eq(id)),
        Whose::User(id) => waiting.filter(sessions::user_id.eq(id)),
    };
    meant.later(conn).await
}

/// Ends sessions, and with them every code made from them that was not used yet and every refresh
/// token.
pub(crate) async fn end(
    conn: &mut Conn,
    org: OrganizationId,
    ids: &[SessionId],
    at: Time,
    cause: &str,
) -> QueryResult<()> {
    for ids in ids.chunks(CHUNK) {
        let target = sessions::table
            .filter(sessions::org_id.eq(org))
            .filter(sessions::id.any_of(ids.to_vec()))
            .filter(sessions::ended_at.is_null());
        let set = (
            sessions::ended_at.eq(Some(at)),
            sessions::ended_cause.eq(Some(cause.to_owned())),
            sessions::name_id.eq(None::<String>),
            sessions::name_id_format.eq(None::<String>),
            sessions::name_qualifier.eq(None::<String>),
            sessions::sp_name_qualifier.eq(None::<String>),
        );
        diesel::update(target).set(set).later(conn).await?;
        let target = codes::table
            .filter(codes::org_id.eq(org))
            .filter(codes::session_id.any_of(ids.to_vec()))
            .filter(codes::used_at.is_null());
        diesel::update(target)
            .set(codes::used_at.eq(Some(at)))
            .later(conn)
            .await?;
        let target = refresh_families::table
            .filter(refresh_families::org_id.eq(org))
            .filter(refresh_families::session_id.any_of(ids.to_vec()))
            .filter(refresh_families::ended_at.is_null());
        let set = (
            refresh_families::ended_at.eq(Some(at)),
            refresh_families::ended_cause.eq(Some(cause.to_owned())),
        );
        diesel::update(target).set(set).later(conn).await?;
    }
    Ok(())
}

/// The apps that got a code of one of these sessions and are to hear of its end: each session with
/// each of its apps once, and the app's client id.
pub(crate) async fn apps_to_tell(
    conn: &mut Conn,
    org: OrganizationId,
    ids: &[SessionId],
) -> QueryResult<Vec<(SessionId, AppId, String)>> {
    let mut all = Vec::new();
    for ids in ids.chunks(CHUNK) {
        let found = codes::table
            .inner_join(apps::table.on(apps::id.eq(codes::app_id)))
            .filter(codes::org_id.eq(org))
            .filter(codes::session_id.any_of(ids.to_vec()))
            .filter(apps::backchannel_logout_uri.is_not_null())
            .filter(apps::revoked_at.is_null())
            .select((codes::session_id, apps::id, apps::client_id))
            .distinct()
            .order((codes::session_id, apps::id));
        all.extend(found.load::<(SessionId, AppId, String)>(conn).await?);
    }
    Ok(all)
}

pub(crate) async fn insert_code(conn: &mut Conn, row: &CodeRow) -> QueryResult<()> {
    diesel::insert_into(codes::table)
        .values(row.clone())
        .later(conn)
        .await
}

/// The code of this hash, in whichever organization.
pub(crate) async fn code_by_hash(conn: &mut Conn, hash: &Hash) -> QueryResult<Option<CodeRow>> {
    let find = codes::table
        .filter(codes::hash.eq(hash.to_vec()))
        .select(super::whole::<CodeRow>());
    find.first(conn).await.optional()
}

/// Uses a code up; `false` where it was used before.
pub(crate) async fn use_code(
    conn: &mut Conn,
    org: OrganizationId,
    id: CodeId,
    at: Time,
) -> QueryResult<bool> {
    let target = codes::table
        .filter(codes::org_id.eq(org))
        .filter(codes::id.eq(id))
        .filter(codes::used_at.is_null());
    Ok(
        kept(diesel::update(target).set(codes::used_at.eq(Some(at))))
            .execute(conn)
            .await?
            == 1,
    )
}
