//! Webhooks: what admins set of them, and who posts for them now. One process at a time posts for a
//! webhook, under a lease, so that its events arrive in their order and none goes out twice at once.

use diesel::dsl::exists;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::super::{Conn, Db, SKIP_LOCKED};
use super::kept::kept;
use super::later::Later;
use super::taken::Taken;
use super::webhook_deliveries;
use crate::directory::webhook::{Disabling, WebhookState};
use crate::id::{LeaseId, OrganizationId, WebhookId};
use crate::store::rows::WebhookRow;
use crate::store::schema::{webhook_deliveries as owed, webhooks};
use crate::store::types::Time;

pub(crate) async fn insert(conn: &mut Conn, row: &WebhookRow) -> QueryResult<()> {
    diesel::insert_into(webhooks::table)
        .values(row.clone())
        .later(conn)
        .await
}

pub(crate) async fn by_id(
    conn: &mut Conn,
    org: OrganizationId,
    id: WebhookId,
) -> QueryResult<Option<WebhookRow>> {
    let find = webhooks::table
        .find((org, id))
        .select(super::whole::<WebhookRow>());
    find.first(conn).await.optional()
}

pub(crate) async fn list(conn: &mut Conn, org: OrganizationId) -> QueryResult<Vec<WebhookRow>> {
    webhooks::table
        .filter(webhooks::org_id.eq(org))
        .select(super::whole::<WebhookRow>())
        .order(webhooks::id)
        .load(conn)
        .await
}

/// Whether there are any, in whichever state.
pub(crate) async fn any(conn: &mut Conn, org: OrganizationId) -> QueryResult<bool> {
    let any = webhooks::table.filter(webhooks::org_id.eq(org));
    diesel::select(exists(any)).get_result(conn).await
}

/// Writes what admins set; how posting goes is written by those who post.
pub(crate) async fn update(conn: &mut Conn, row: &WebhookRow) -> QueryResult<()> {
    let set = (
        webhooks::name.eq(row.name.clone()),
        webhooks::url_sealed.eq(row.url_sealed.clone()),
        webhooks::host.eq(row.host.clone()),
        webhooks::types.eq(row.types.clone()),
        webhooks::by_operator.eq(row.by_operator),
        webhooks::secret_sealed.eq(row.secret_sealed.clone()),
        webhooks::former_secret_sealed.eq(row.former_secret_sealed.clone()),
        webhooks::former_until.eq(row.former_until),
        webhooks::updated_at.eq(row.updated_at),
    );
    kept(diesel::update(webhooks::table.find((row.org_id, row.id))).set(set))
        .later(conn)
        .await
}

pub(crate) async fn renew(conn: &mut Conn, org: OrganizationId, id: WebhookId) -> QueryResult<()> {
    let set = (
        webhooks::state.eq(WebhookState::Active),
        webhooks::disabled_at.eq(None::<Time>),
        webhooks::disabled_cause.eq(None::<Disabling>),
        webhooks::failing_since.eq(None::<Time>),
    );
    kept(diesel::update(webhooks::table.find((org, id))).set(set))
        .later(conn)
        .await
}

/// Whoever writes a webhook and what it is owed in one transaction takes the webhook first.
pub(crate) async fn disable(
    conn: &mut Conn,
    org: OrganizationId,
    id: WebhookId,
    cause: Disabling,
    at: Time,
    reply: &str,
) -> QueryResult<bool> {
    let active = webhooks::table
        .find((org, id))
        .filter(webhooks::state.eq(WebhookState::Active));
    let set = (
        webhooks::state.eq(WebhookState::Disabled),
        webhooks::disabled_at.eq(Some(at)),
        webhooks::disabled_cause.eq(Some(cause)),
    );
    if kept(diesel::update(active).set(set)).execute(conn).await? == 0 {
        return Ok(false);
    }
    webhook_deliveries::give_up(conn, org, id, at, reply).await?;
    Ok(true)
}

/// The webhook is taken before what it is owed, as everywhere.
pub(crate) async fn delete(conn: &mut Conn, org: OrganizationId, id: WebhookId) -> QueryResult<()> {
    diesel::update(webhooks::table.find((org, id)))
        .set(webhooks::state.eq(WebhookState::Disabled))
        .later(conn)
        .await?;
    webhook_deliveries::delete_all(conn, org, id).await?;
    diesel::delete(webhooks::table.find((org, id)))
        .later(conn)
        .await
}

/// The webhooks that are owed something now and that nobody posts for, whoever waited longest first:
/// those whose last post failed, or the others.
macro_rules! waiting {
    ($failing:expr, $now:expr) => {{
        let due = owed::table
            .filter(owed::org_id.eq(webhooks::org_id))
            .filter(owed::webhook_id.eq(webhooks::id))
            .filter(owed::finished_at.is_null())
            .filter(owed::due_at.le($now));
        let query = webhooks::table
            .filter(webhooks::state.eq(WebhookState::Active))
            .filter(webhooks::leased_until.le($now))
            .filter(exists(due))
            .select(super::whole::<WebhookRow>())
            .order((webhooks::leased_until, webhooks::id))
            .into_boxed::<Db>();
        if $failing {
            query.filter(webhooks::failing_since.is_not_null())
        } else {
            query.filter(webhooks::failing_since.is_null())
        }
    }};
}

pub(crate) async fn wait(conn: &mut Conn, failing: bool, now: Time) -> QueryResult<bool> {
    let one: Vec<WebhookRow> = waiting!(failing, now).limit(1).load(conn).await?;
    Ok(!one.is_empty())
}

/// Takes webhooks under a lease. A row that another process is taking is passed over, not waited for:
/// two processes share the work instead of asking for the same.
pub(crate) async fn claim(
    conn: &mut Conn,
    failing: bool,
    lease: LeaseId,
    now: Time,
    until: Time,
    limit: i64,
) -> QueryResult<Vec<WebhookRow>> {
    let free = Taken(waiting!(failing, now).limit(limit), SKIP_LOCKED);
    let mut rows: Vec<WebhookRow> = free.load(conn).await?;
    for row in &mut rows {
        let set = (
            webhooks::lease.eq(Some(lease)),
            webhooks::leased_until.eq(until),
        );
        kept(diesel::update(webhooks::table.find((row.org_id, row.id))).set(set))
            .later(conn)
            .await?;
        row.lease = Some(lease);
        row.leased_until = until;
    }
    Ok(rows)
}

pub(crate) async fn release(
    conn: &mut Conn,
    org: OrganizationId,
    id: WebhookId,
    lease: LeaseId,
    now: Time,
) -> QueryResult<()> {
    let held = webhooks::table
        .find((org, id))
        .filter(webhooks::lease.eq(lease));
    let set = (
        webhooks::lease.eq(None::<LeaseId>),
        webhooks::leased_until.eq(now),
    );
    kept(diesel::update(held).set(set)).later(conn).await
}

pub(crate) async fn answered(
    conn: &mut Conn,
    org: OrganizationId,
    id: WebhookId,
    lease: LeaseId,
    good: bool,
    now: Time,
    until: Time,
) -> QueryResult<bool> {
    let held = webhooks::table
        .find((org, id))
        .filter(webhooks::lease.eq(lease));
    let longer = webhooks::leased_until.eq(until);
    if good {
        let well = (
            webhooks::failing_since.eq(None::<Time>),
            webhooks::last_success_at.eq(Some(now)),
        );
        let done = kept(diesel::update(held).set((longer, well)))
            .execute(conn)
            .await?;
        return Ok(done == 1);
    }
    if kept(diesel::update(held).set(longer)).execute(conn).await? == 0 {
        return Ok(false);
    }
    let first = webhooks::table
        .find((org, id))
        .filter(webhooks::failing_since.is_null());
    kept(diesel::update(first).set(webhooks::failing_since.eq(Some(now))))
        .later(conn)
        .await?;
    Ok(true)
}
