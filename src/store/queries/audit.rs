//! The chain of an organization's events: where it begins and ends, and its checkpoints.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::super::{Conn, LOCKED};
use super::kept::kept;
use super::later::Later;
use super::taken::Taken;
use crate::id::OrganizationId;
use crate::store::rows::{ChainRow, CheckpointRow};
use crate::store::schema::{audit_checkpoints, events, organizations};
use crate::store::types::Time;

/// Takes the organization's row: whoever holds it is the only one who changes anything of the
/// organization until the transaction ends.
pub(crate) async fn lock(conn: &mut Conn, id: OrganizationId) -> QueryResult<Option<ChainRow>> {
    let find = organizations::table
        .find(id)
        .select(super::whole::<ChainRow>());
    Taken(find, LOCKED).get_result(conn).await.optional()
}

/// The chain, without taking the row.
pub(crate) async fn chain(conn: &mut Conn, id: OrganizationId) -> QueryResult<Option<ChainRow>> {
    let find = organizations::table
        .find(id)
        .select(super::whole::<ChainRow>());
    find.first(conn).await.optional()
}

/// The chains of these organizations, or those that did not begin.
pub(crate) async fn unbegun(conn: &mut Conn) -> QueryResult<Vec<ChainRow>> {
    organizations::table
        .filter(organizations::base_seq.is_null())
        .select(super::whole::<ChainRow>())
        .load(conn)
        .await
}

/// Moves the chain's end.
pub(crate) async fn advance(
    conn: &mut Conn,
    id: OrganizationId,
    seq: i64,
    mac: &[u8],
    seal: &[u8],
) -> QueryResult<()> {
    kept(diesel::update(organizations::table.find(id)).set((
        organizations::event_seq.eq(seq),
        organizations::event_mac.eq(Some(mac.to_vec())),
        organizations::event_seal.eq(Some(seal.to_vec())),
    )))
    .later(conn)
    .await
}

/// Moves the chain's beginning.
pub(crate) async fn rebase(
    conn: &mut Conn,
    id: OrganizationId,
    seq: i64,
    mac: &[u8],
    seal: &[u8],
) -> QueryResult<()> {
    kept(diesel::update(organizations::table.find(id)).set((
        organizations::base_seq.eq(Some(seq)),
        organizations::base_mac.eq(Some(mac.to_vec())),
        organizations::base_seal.eq(Some(seal.to_vec())),
    )))
    .later(conn)
    .await
}

/// Organizations whose last checkpoint leaves out so many events, or any and was made before then. The
/// event that tells of a checkpoint is no news.
pub(crate) async fn due(
    conn: &mut Conn,
    many: i64,
    before: Time,
    limit: i64,
) -> QueryResult<Vec<OrganizationId>> {
    let (seq, told) = (organizations::event_seq, organizations::checkpoint_seq);
    let old = organizations::checkpoint_at.le(before).assume_not_null();
    let never = organizations::checkpoint_at
        .is_null()
        .and(organizations::created_at.le(before));
    let old = organizations::checkpoint_at.is_not_null().and(old);
    organizations::table
        .filter(seq.gt(told + 1))
        .filter(seq.ge(told + many).or(old).or(never))
        .select(organizations::id)
        .order(organizations::id)
        .limit(limit)
        .load(conn)
        .await
}

/// Writes a checkpoint, and that it is the last.
pub(crate) async fn insert_checkpoint(conn: &mut Conn, row: &CheckpointRow) -> QueryResult<()> {
    diesel::insert_into(audit_checkpoints::table)
        .values(row.clone())
        .later(conn)
        .await?;
    kept(diesel::update(organizations::table.find(row.org_id)).set((
        organizations::checkpoint_seq.eq(row.seq),
        organizations::checkpoint_at.eq(Some(row.created_at)),
    )))
    .later(conn)
    .await
}

/// Checkpoints for rows after a number and up to another, in order.
pub(crate) async fn checkpoints(
    conn: &mut Conn,
    org: OrganizationId,
    after: i64,
    through: i64,
    limit: i64,
) -> QueryResult<Vec<CheckpointRow>> {
    audit_checkpoints::table
        .filter(audit_checkpoints::org_id.eq(org))
        .filter(audit_checkpoints::seq.gt(after))
        .filter(audit_checkpoints::seq.le(through))
        .select(super::whole::<CheckpointRow>())
        .order(audit_checkpoints::seq)
        .limit(limit)
        .load(conn)
        .await
}

/// The latest checkpoint of each organization that was made before then.
pub(crate) async fn old_checkpoints(
    conn: &mut Conn,
    before: Time,
) -> QueryResult<Vec<(OrganizationId, Option<i64>)>> {
    audit_checkpoints::table
        .filter(audit_checkpoints::created_at.lt(before))
        .group_by(audit_checkpoints::org_id)
        .select((
            audit_checkpoints::org_id,
            diesel::dsl::max(audit_checkpoints::seq),
        ))
        .load(conn)
        .await
}

/// The number of the first event that is kept, and of the last; none where there is none.
pub(crate) async fn bounds(
    conn: &mut Conn,
    org: OrganizationId,
) -> QueryResult<(Option<i64>, Option<i64>)> {
    events::table
        .filter(events::org_id.eq(org))
        .select((diesel::dsl::min(events::seq), diesel::dsl::max(events::seq)))
        .first(conn)
        .await
}

/// Forgets events up to a number; answers how many.
pub(crate) async fn cut(conn: &mut Conn, org: OrganizationId, through: i64) -> QueryResult<usize> {
    diesel::delete(audit_checkpoints::table)
        .filter(audit_checkpoints::org_id.eq(org))
        .filter(audit_checkpoints::seq.lt(through))
        .later(conn)
        .await?;
    diesel::delete(events::table)
        .filter(events::org_id.eq(org))
        .filter(events::seq.le(through))
        .execute(conn)
        .await
}
