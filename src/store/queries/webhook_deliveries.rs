//! What webhooks are owed: rows written in the change's own transaction, by one statement for all
//! events and all webhooks of the organization.

use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::BigInt;
use diesel_async::RunQueryDsl;

use super::super::{AnyOf, Conn, Db, POSITION};
use super::kept::kept;
use super::later::Later;
use crate::directory::webhook::Posting;
use crate::id::{EventId, OrganizationId, WebhookId};
use crate::store::rows::{EventRow, WebhookDeliveryRow};
use crate::store::schema::{events, webhook_deliveries};
use crate::store::types::{IdSql, Time, TimeSql};
use crate::store::wakeups;

/// Whose events are owed to which webhooks.
struct Owing {
    org: OrganizationId,
    /// After this number.
    after: i64,
    /// Up to this number, to this webhook alone and as new from then on: once more.
    again: Option<(WebhookId, i64, Time)>,
}

impl QueryFragment<Db> for Owing {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Db>) -> QueryResult<()> {
        out.push_sql(
            "INSERT INTO webhook_deliveries (org_id, webhook_id, event_id, seq, type, state, \
             attempts, due_at, created_at) \
             SELECT e.org_id, w.id, e.id, e.seq, e.type, 'waiting', 0, ",
        );
        match &self.again {
            Some((_, _, now)) => out.push_bind_param::<TimeSql, _>(now)?,
            None => out.push_sql("0"),
        }
        out.push_sql(", e.time FROM events e JOIN webhooks w ON w.org_id = e.org_id WHERE ");
        out.push_sql("e.visibility = 'feed' AND w.state = 'active' AND (w.types IS NULL OR ");
        out.push_sql(POSITION);
        out.push_sql("(w.types, ' ' || e.type || ' ') > 0) AND e.org_id = ");
        out.push_bind_param::<IdSql, _>(&self.org)?;
        out.push_sql(" AND e.seq > ");
        out.push_bind_param::<BigInt, _>(&self.after)?;
        if let Some((id, to, _)) = &self.again {
            out.push_sql(" AND e.seq <= ");
            out.push_bind_param::<BigInt, _>(to)?;
            out.push_sql(" AND w.id = ");
            out.push_bind_param::<IdSql, _>(id)?;
            out.push_sql(
                " ON CONFLICT (org_id, webhook_id, event_id) DO UPDATE SET state = 'waiting', \
                 attempts = 0, due_at = excluded.due_at, finished_at = NULL",
            );
        }
        Ok(())
    }
}

impl QueryId for Owing {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for Owing {
    type SqlType = IdSql;
}

impl diesel::RunQueryDsl<Conn> for Owing {}

async fn owed(conn: &mut Conn, owing: Owing) -> QueryResult<usize> {
    let count = owing.execute(conn).await?;
    if count > 0 {
        wakeups::tell_webhooks();
    }
    Ok(count)
}

pub(crate) async fn owe(conn: &mut Conn, org: OrganizationId, after: i64) -> QueryResult<usize> {
    let owing = Owing {
        org,
        after,
        again: None,
    };
    owed(conn, owing).await
}

/// What was owed before is owed as if it had never been tried.
pub(crate) async fn owe_again(
    conn: &mut Conn,
    org: OrganizationId,
    id: WebhookId,
    from: i64,
    to: i64,
    now: Time,
) -> QueryResult<usize> {
    let owing = Owing {
        org,
        after: from.saturating_sub(1),
        again: Some((id, to, now)),
    };
    owed(conn, owing).await
}

pub(crate) async fn insert(conn: &mut Conn, row: &WebhookDeliveryRow) -> QueryResult<()> {
    diesel::insert_into(webhook_deliveries::table)
        .values(row.clone())
        .later(conn)
        .await?;
    wakeups::tell_webhooks();
    Ok(())
}

pub(crate) async fn due(
    conn: &mut Conn,
    org: OrganizationId,
    id: WebhookId,
    now: Time,
    limit: i64,
) -> QueryResult<Vec<WebhookDeliveryRow>> {
    webhook_deliveries::table
        .filter(webhook_deliveries::org_id.eq(org))
        .filter(webhook_deliveries::webhook_id.eq(id))
        .filter(webhook_deliveries::finished_at.is_null())
        .filter(webhook_deliveries::due_at.le(now))
        .select(super::whole::<WebhookDeliveryRow>())
        .order((webhook_deliveries::due_at, webhook_deliveries::seq))
        .limit(limit)
        .load(conn)
        .await
}

pub(crate) async fn events(
    conn: &mut Conn,
    org: OrganizationId,
    seqs: &[i64],
) -> QueryResult<Vec<EventRow>> {
    events::table
        .filter(events::org_id.eq(org))
        .filter(events::seq.any_of(seqs.to_vec()))
        .select(super::whole::<EventRow>())
        .load(conn)
        .await
}

pub(crate) async fn update(conn: &mut Conn, row: &WebhookDeliveryRow) -> QueryResult<bool> {
    let target = webhook_deliveries::table
        .find((row.org_id, row.webhook_id, row.event_id))
        .filter(webhook_deliveries::finished_at.is_null());
    let set = (
        webhook_deliveries::state.eq(row.state),
        webhook_deliveries::attempts.eq(row.attempts),
        webhook_deliveries::due_at.eq(row.due_at),
        webhook_deliveries::last_status.eq(row.last_status),
        webhook_deliveries::last_reply.eq(row.last_reply.clone()),
        webhook_deliveries::last_tried_at.eq(row.last_tried_at),
        webhook_deliveries::finished_at.eq(row.finished_at),
    );
    Ok(kept(diesel::update(target).set(set)).execute(conn).await? == 1)
}

/// Ends all that a webhook is owed.
pub(super) async fn give_up(
    conn: &mut Conn,
    org: OrganizationId,
    id: WebhookId,
    at: Time,
    reply: &str,
) -> QueryResult<()> {
    let target = webhook_deliveries::table
        .filter(webhook_deliveries::org_id.eq(org))
        .filter(webhook_deliveries::webhook_id.eq(id))
        .filter(webhook_deliveries::finished_at.is_null());
    let set = (
        webhook_deliveries::state.eq(Posting::Failed),
        webhook_deliveries::last_reply.eq(Some(reply.to_owned())),
        webhook_deliveries::finished_at.eq(Some(at)),
    );
    kept(diesel::update(target).set(set)).later(conn).await
}

pub(super) async fn delete_all(
    conn: &mut Conn,
    org: OrganizationId,
    id: WebhookId,
) -> QueryResult<()> {
    let target = webhook_deliveries::table
        .filter(webhook_deliveries::org_id.eq(org))
        .filter(webhook_deliveries::webhook_id.eq(id));
    diesel::delete(target).later(conn).await
}

pub(crate) async fn page(
    conn: &mut Conn,
    org: OrganizationId,
    id: WebhookId,
    state: Option<Posting>,
    after: Option<EventId>,
    limit: i64,
) -> QueryResult<Vec<WebhookDeliveryRow>> {
    let mut query = webhook_deliveries::table
        .filter(webhook_deliveries::org_id.eq(org))
        .filter(webhook_deliveries::webhook_id.eq(id))
        .select(super::whole::<WebhookDeliveryRow>())
        .into_boxed();
    if let Some(state) = state {
        query = query.filter(webhook_deliveries::state.eq(state));
    }
    if let Some(after) = after {
        query = query.filter(webhook_deliveries::event_id.lt(after));
    }
    query
        .order(webhook_deliveries::event_id.desc())
        .limit(limit)
        .load(conn)
        .await
}

pub(crate) async fn forget(
    conn: &mut Conn,
    state: Posting,
    before: Time,
    limit: i64,
) -> QueryResult<usize> {
    let over: Vec<EventId> = webhook_deliveries::table
        .filter(webhook_deliveries::state.eq(state))
        .filter(webhook_deliveries::finished_at.lt(before))
        .order(webhook_deliveries::finished_at)
        .limit(limit)
        .select(webhook_deliveries::event_id)
        .load(conn)
        .await?;
    if over.is_empty() {
        return Ok(0);
    }
    let target = webhook_deliveries::table
        .filter(webhook_deliveries::state.eq(state))
        .filter(webhook_deliveries::event_id.any_of(over))
        .filter(webhook_deliveries::finished_at.lt(before).assume_not_null());
    diesel::delete(target).execute(conn).await
}
