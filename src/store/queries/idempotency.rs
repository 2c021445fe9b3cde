//! Requests that carried an `Idempotency-Key`.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::super::Conn;
use super::kept::kept;
use super::later::Later;
use crate::id::ApiKeyId;
use crate::store::rows::IdempotencyRow;
use crate::store::schema::idempotency;
use crate::store::types::Time;

pub(crate) async fn by_name(
    conn: &mut Conn,
    key: ApiKeyId,
    name: &str,
) -> QueryResult<Option<IdempotencyRow>> {
    let find = idempotency::table
        .find((key, name))
        .select(super::whole::<IdempotencyRow>());
    find.first(conn).await.optional()
}

/// Writes a claim; `false` where there is one already.
pub(crate) async fn claim(conn: &mut Conn, row: &IdempotencyRow) -> QueryResult<bool> {
    let insert = diesel::insert_into(idempotency::table)
        .values(row.clone())
        .on_conflict_do_nothing();
    Ok(insert.execute(conn).await? == 1)
}

pub(crate) async fn answer(
    conn: &mut Conn,
    key: ApiKeyId,
    name: &str,
    sealed: &[u8],
) -> QueryResult<()> {
    kept(
        diesel::update(idempotency::table.find((key, name)))
            .set(idempotency::sealed.eq(Some(sealed.to_vec()))),
    )
    .later(conn)
    .await
}

pub(crate) async fn forget(conn: &mut Conn, key: ApiKeyId, name: &str) -> QueryResult<()> {
    diesel::delete(idempotency::table.find((key, name)))
        .later(conn)
        .await
}

/// Forgets what was asked up to then; answers how many.
pub(crate) async fn forget_old(conn: &mut Conn, until: Time) -> QueryResult<usize> {
    let target = idempotency::table.filter(idempotency::created_at.le(until));
    diesel::delete(target).execute(conn).await
}
