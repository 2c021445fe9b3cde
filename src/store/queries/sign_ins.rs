//! Sign-ins, as they are told to admins.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::super::Conn;
use super::later::Later;
use crate::id::{OrganizationId, SignInId};
use crate::store::rows::{SignInRow, WantedSignIns};
use crate::store::schema::sign_ins;
use crate::store::types::Time;

pub(crate) async fn insert(conn: &mut Conn, row: &SignInRow) -> QueryResult<()> {
    diesel::insert_into(sign_ins::table)
        .values(row.clone())
        .later(conn)
        .await
}

pub(crate) async fn list(
    conn: &mut Conn,
    org: OrganizationId,
    wanted: &WantedSignIns,
    limit: i64,
) -> QueryResult<Vec<SignInRow>> {
    let mut query = sign_ins::table
        .filter(sign_ins::org_id.eq(org))
        .select(super::whole::<SignInRow>())
        .order(sign_ins::id.desc())
        .limit(limit)
        .into_boxed();
    if let Some(connection) = wanted.connection {
        query = query.filter(sign_ins::connection_id.eq(connection));
    }
    if let Some(outcome) = wanted.outcome {
        query = query.filter(sign_ins::outcome.eq(outcome));
    }
    if let Some(reason) = &wanted.reason {
        query = query.filter(sign_ins::reason.eq(reason.clone()));
    }
    if let Some(after) = wanted.after {
        query = query.filter(sign_ins::id.lt(after));
    }
    query.load(conn).await
}

pub(crate) async fn by_id(
    conn: &mut Conn,
    org: OrganizationId,
    id: SignInId,
) -> QueryResult<Option<SignInRow>> {
    sign_ins::table
        .find((org, id))
        .select(super::whole::<SignInRow>())
        .first(conn)
        .await
        .optional()
}

/// Forgets sign-ins from before then, of every organization, so many at most: those whose signature
/// was found good, or the others.
pub(crate) async fn forget(
    conn: &mut Conn,
    verified: bool,
    before: Time,
    most: i64,
) -> QueryResult<usize> {
    let old: Vec<(OrganizationId, SignInId)> = sign_ins::table
        .filter(sign_ins::verified.eq(verified))
        .filter(sign_ins::created_at.lt(before))
        .order(sign_ins::created_at)
        .limit(most)
        .select((sign_ins::org_id, sign_ins::id))
        .load(conn)
        .await?;
    let mut forgotten = 0;
    for (org, id) in old {
        let target = sign_ins::table.find((org, id));
        forgotten += diesel::delete(target).execute(conn).await?;
    }
    Ok(forgotten)
}
