//! The installation: the check value and data keys, and the keys that sign tokens.

use diesel::prelude::*;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};

use super::super::Conn;
use super::kept::kept;
use super::later::Later;
use crate::store::rows::{InstanceRow, SigningKeyRow};
use crate::store::schema::{instance, organizations, signing_keys};
use crate::store::types::Time;

pub(crate) async fn load(conn: &mut Conn) -> QueryResult<Option<InstanceRow>> {
    instance::table
        .select(super::whole::<InstanceRow>())
        .first(conn)
        .await
        .optional()
}

pub(crate) async fn insert(conn: &mut Conn, row: &InstanceRow) -> QueryResult<()> {
    let insert = diesel::insert_into(instance::table).values(row.clone());
    insert.later(conn).await
}

/// Replaces the data keys, where they are still these; whether they were.
pub(crate) async fn replace_data_keys(
    conn: &mut Conn,
    old: &[u8],
    new: &[u8],
) -> QueryResult<bool> {
    let same = instance::table.filter(instance::data_keys.eq(old.to_vec()));
    let update = diesel::update(same).set(instance::data_keys.eq(new.to_vec()));
    Ok(update.execute(conn).await? > 0)
}

pub(crate) async fn is_empty(conn: &mut Conn) -> QueryResult<bool> {
    let first = organizations::table
        .select(organizations::slug)
        .limit(1)
        .load::<String>(conn);
    Ok(first.await?.is_empty())
}

pub(crate) async fn signing_keys(conn: &mut Conn) -> QueryResult<Vec<SigningKeyRow>> {
    signing_keys::table
        .select(super::whole::<SigningKeyRow>())
        .order((signing_keys::created_at, signing_keys::kid))
        .load(conn)
        .await
}

/// Adds a key; where there is one of its algorithm in its state already, nothing is done.
pub(crate) async fn insert_signing_key(conn: &mut Conn, row: &SigningKeyRow) -> QueryResult<()> {
    let insert = diesel::insert_into(signing_keys::table).values(row.clone());
    insert.on_conflict_do_nothing().later(conn).await
}

/// Each key's name, state, and until when it is published if it has retired.
pub(crate) async fn signing_key_states(
    conn: &mut Conn,
) -> QueryResult<Vec<(String, String, Option<Time>)>> {
    signing_keys::table
        .select((
            signing_keys::kid,
            signing_keys::state,
            signing_keys::published_until,
        ))
        .order((signing_keys::created_at, signing_keys::kid))
        .load(conn)
        .await
}

pub(crate) async fn set_signing_key(
    conn: &mut Conn,
    kid: &str,
    state: &str,
    until: Option<Time>,
) -> QueryResult<()> {
    kept(
        diesel::update(signing_keys::table.find(kid.to_owned())).set((
            signing_keys::state.eq(state.to_owned()),
            signing_keys::published_until.eq(until),
        )),
    )
    .later(conn)
    .await
}

pub(crate) async fn forget_signing_key(conn: &mut Conn, kid: &str) -> QueryResult<()> {
    diesel::delete(signing_keys::table.find(kid.to_owned()))
        .later(conn)
        .await
}

/// Forgets keys that were published until before then.
pub(crate) async fn forget_signing_keys(conn: &mut Conn, before: Time) -> QueryResult<usize> {
    let over = signing_keys::published_until.lt(before);
    diesel::delete(signing_keys::table.filter(over.assume_not_null()))
        .execute(conn)
        .await
}

/// Begins a part of the transaction that can be undone alone.
pub(crate) async fn open_step(conn: &mut Conn) -> QueryResult<()> {
    conn.batch_execute("SAVEPOINT step").await
}

pub(crate) async fn keep_step(conn: &mut Conn) -> QueryResult<()> {
    conn.batch_execute("RELEASE SAVEPOINT step").await
}

pub(crate) async fn undo_step(conn: &mut Conn) -> QueryResult<()> {
    conn.undo("ROLLBACK TO SAVEPOINT step; RELEASE SAVEPOINT step")
        .await
}
