//! The installation: the check value and data keys, and the keys that sign tokens.

use diesel::prelude::*;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};

use super::super::Conn;
use crate::store::rows::{InstanceRow, SigningKeyRow};
use crate::store::schema::{instance, organizations, signing_keys};

pub(crate) async fn load(conn: &mut Conn) -> QueryResult<Option<InstanceRow>> {
    instance::table
        .select(InstanceRow::as_select())
        .first(conn)
        .await
        .optional()
}

pub(crate) async fn insert(conn: &mut Conn, row: &InstanceRow) -> QueryResult<()> {
    let insert = diesel::insert_into(instance::table).values(row.clone());
    insert.execute(conn).await.map(drop)
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
        .select(SigningKeyRow::as_select())
        .order((signing_keys::created_at, signing_keys::kid))
        .load(conn)
        .await
}

pub(crate) async fn insert_signing_key(conn: &mut Conn, row: &SigningKeyRow) -> QueryResult<()> {
    let insert = diesel::insert_into(signing_keys::table).values(row.clone());
    insert.execute(conn).await.map(drop)
}

/// Begins a part of the transaction that can be undone alone.
pub(crate) async fn open_step(conn: &mut Conn) -> QueryResult<()> {
    conn.batch_execute("SAVEPOINT step").await
}

pub(crate) async fn keep_step(conn: &mut Conn) -> QueryResult<()> {
    conn.batch_execute("RELEASE SAVEPOINT step").await
}

pub(crate) async fn undo_step(conn: &mut Conn) -> QueryResult<()> {
    conn.batch_execute("ROLLBACK TO SAVEPOINT step; RELEASE SAVEPOINT step")
        .await
}
