//! The outbox: rows written in the change's own transaction, claimed under a lease, sent and
//! marked. A claim is one conditional write, so that of several processes one wins each row.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::super::{AnyOf, Conn, Db};
use super::CHUNK;
use super::kept::kept;
use super::later::Later;
use crate::directory::delivery::{Delivery, Load, MailKind};
use crate::id::{DeliveryId, InvitationId, LeaseId, OrganizationId};
use crate::store::rows::OutboxRow;
use crate::store::schema::outbox;
use crate::store::types::{Doc, Time};
use crate::store::wakeups;

pub(crate) async fn insert(conn: &mut Conn, row: &OutboxRow) -> QueryResult<()> {
    diesel::insert_into(outbox::table)
        .values(row.clone())
        .later(conn)
        .await?;
    wakeups::tell_outbox(row.kind.load());
    Ok(())
}

pub(crate) async fn by_id(
    conn: &mut Conn,
    org: OrganizationId,
    id: DeliveryId,
) -> QueryResult<Option<OutboxRow>> {
    let find = outbox::table
        .find((org, id))
        .select(super::whole::<OutboxRow>());
    find.first(conn).await.optional()
}

/// What of a load is due in any organization and under nobody's lease: codes and questions first, since
/// somebody sits in front of a page and waits for one, then alerts, then what has been due the longest.
pub(crate) async fn due(
    conn: &mut Conn,
    load: Load,
    now: Time,
    limit: i64,
) -> QueryResult<Vec<OutboxRow>> {
    match load {
        Load::Logouts => return due_of(conn, &[MailKind::Logout], now, limit).await,
        Load::Mails => {}
        Load::Posts => return due_of(conn, &[MailKind::WebhookPost], now, limit).await,
    }
    let mut rows = Vec::new();
    let others = [MailKind::Invitation, MailKind::Notice];
    for kinds in [
        &[MailKind::Code, MailKind::Decision][..],
        &[MailKind::Alert],
        &others,
    ] {
        let left = limit - i64::try_from(rows.len()).unwrap_or(limit);
        if left > 0 {
            rows.extend(due_of(conn, kinds, now, left).await?);
        }
    }
    Ok(rows)
}

async fn due_of(
    conn: &mut Conn,
    kinds: &[MailKind],
    now: Time,
    limit: i64,
) -> QueryResult<Vec<OutboxRow>> {
    let free = outbox::leased_until
        .is_null()
        .or(outbox::leased_until.le(now));
    let query = outbox::table
        .filter(outbox::finished_at.is_null())
        .filter(outbox::due_at.le(now))
        .filter(free)
        .select(super::whole::<OutboxRow>())
        .order((outbox::due_at, outbox::id))
        .limit(limit);
    query
        .filter(outbox::kind.any_of(kinds.to_vec()))
        .load(conn)
        .await
}

/// Takes a row as it was seen for a while; `false` where somebody else did. A row that was being
/// handed over when its last lease ran out may have been taken by the relay: it is marked, and what
/// was cut off counts as a try.
pub(crate) async fn claim(
    conn: &mut Conn,
    row: &OutboxRow,
    lease: LeaseId,
    until: Time,
) -> QueryResult<bool> {
    let target = outbox::table
        .find((row.org_id, row.id))
        .filter(outbox::finished_at.is_null())
        .filter(outbox::state.eq(row.state))
        .filter(outbox::due_at.eq(row.due_at));
    let cut_off = row.state == Delivery::Sending;
    let set = (
        outbox::state.eq(Delivery::Queued),
        outbox::uncertain.eq(row.uncertain || cut_off),
        outbox::attempts.eq(row.attempts + i64::from(cut_off)),
        outbox::lease.eq(Some(lease)),
        outbox::leased_until.eq(Some(until)),
    );
    let update = diesel::update(target).set(set).into_boxed::<Db>();
    // Every claim has a lease of its own: whoever claims what they saw claims it first.
    let update = match row.lease {
        Some(lease) => update.filter(outbox::lease.eq(lease)),
        None => update.filter(outbox::lease.is_null()),
    };
    Ok(update.execute(conn).await? == 1)
}

/// Marks that the mail is being handed over from here on, for at most as long as the lease is
/// given anew; `false` where the lease is lost.
pub(crate) async fn sending(
    conn: &mut Conn,
    org: OrganizationId,
    id: DeliveryId,
    lease: LeaseId,
    until: Time,
) -> QueryResult<bool> {
    let target = outbox::table
        .find((org, id))
        .filter(outbox::lease.eq(lease))
        .filter(outbox::finished_at.is_null());
    let set = (
        outbox::state.eq(Delivery::Sending),
        outbox::leased_until.eq(Some(until)),
    );
    Ok(kept(diesel::update(target).set(set)).execute(conn).await? == 1)
}

/// Writes how it went, and lets go of the lease; `false` where the lease is lost.
pub(crate) async fn finish(conn: &mut Conn, row: &OutboxRow, lease: LeaseId) -> QueryResult<bool> {
    let target = outbox::table
        .find((row.org_id, row.id))
        .filter(outbox::lease.eq(lease))
        .filter(outbox::finished_at.is_null());
    let set = (
        outbox::state.eq(row.state),
        outbox::uncertain.eq(row.uncertain),
        outbox::attempts.eq(row.attempts),
        outbox::due_at.eq(row.due_at),
        outbox::lease.eq(None::<LeaseId>),
        outbox::leased_until.eq(None::<Time>),
        outbox::last_reply.eq(row.last_reply.clone()),
        outbox::finished_at.eq(row.finished_at),
    );
    Ok(kept(diesel::update(target).set(set)).execute(conn).await? == 1)
}

/// The deliveries of these invitations, the oldest first.
pub(crate) async fn of_invitations(
    conn: &mut Conn,
    org: OrganizationId,
    ids: &[InvitationId],
) -> QueryResult<Vec<OutboxRow>> {
    let mut rows = Vec::new();
    for ids in ids.chunks(CHUNK) {
        let query = outbox::table
            .filter(outbox::org_id.eq(org))
            .filter(outbox::invitation_id.any_of(ids.iter().copied().map(Some).collect::<Vec<_>>()))
            .select(super::whole::<OutboxRow>())
            .order(outbox::id);
        rows.extend(query.load::<OutboxRow>(conn).await?);
    }
    Ok(rows)
}

/// Forgets whom the mails of an invitation went to, and what they told.
pub(crate) async fn forget_recipients(
    conn: &mut Conn,
    org: OrganizationId,
    invitation: InvitationId,
) -> QueryResult<()> {
    let target = outbox::table
        .filter(outbox::org_id.eq(org))
        .filter(outbox::invitation_id.eq(invitation));
    kept(diesel::update(target).set((
        outbox::recipient.eq(""),
        outbox::detail.eq(Doc("{}".to_owned())),
    )))
    .later(conn)
    .await
}

/// Cancels what was not sent yet for an invitation; a mail that is being handed over stays.
pub(crate) async fn cancel(
    conn: &mut Conn,
    org: OrganizationId,
    invitation: InvitationId,
    at: Time,
) -> QueryResult<()> {
    let target = outbox::table
        .filter(outbox::org_id.eq(org))
        .filter(outbox::invitation_id.eq(invitation))
        .filter(outbox::state.eq(Delivery::Queued))
        .filter(outbox::finished_at.is_null());
    let set = (
        outbox::state.eq(Delivery::Cancelled),
        outbox::finished_at.eq(Some(at)),
    );
    kept(diesel::update(target).set(set)).later(conn).await
}

/// Cancels the posts of an invitation that wait to be sent; one that is being sent stays.
pub(crate) async fn cancel_posts(
    conn: &mut Conn,
    org: OrganizationId,
    invitation: InvitationId,
    at: Time,
) -> QueryResult<()> {
    let target = outbox::table
        .filter(outbox::org_id.eq(org))
        .filter(outbox::invitation_id.eq(invitation))
        .filter(outbox::kind.eq(MailKind::WebhookPost))
        .filter(outbox::state.eq(Delivery::Queued))
        .filter(outbox::finished_at.is_null());
    let set = (
        outbox::state.eq(Delivery::Cancelled),
        outbox::finished_at.eq(Some(at)),
    );
    kept(diesel::update(target).set(set)).later(conn).await
}

/// Forgets so many of what apps were told, or were not told for good, before then; in all
/// organizations.
pub(crate) async fn forget_logouts(
    conn: &mut Conn,
    before: Time,
    limit: i64,
) -> QueryResult<usize> {
    forget(conn, MailKind::Logout, before, limit).await
}

/// Forgets so many of the alerts that were mailed, or not for good, before then; in all organizations.
pub(crate) async fn forget_alerts(conn: &mut Conn, before: Time, limit: i64) -> QueryResult<usize> {
    forget(conn, MailKind::Alert, before, limit).await
}

async fn forget(conn: &mut Conn, kind: MailKind, before: Time, limit: i64) -> QueryResult<usize> {
    let over: Vec<DeliveryId> = outbox::table
        .filter(outbox::kind.eq(kind))
        .filter(outbox::finished_at.lt(before))
        .order((outbox::finished_at, outbox::id))
        .limit(limit)
        .select(outbox::id)
        .load(conn)
        .await?;
    let target = outbox::table
        .filter(outbox::kind.eq(kind))
        .filter(outbox::id.any_of(over))
        .filter(outbox::finished_at.lt(before).assume_not_null());
    diesel::delete(target).execute(conn).await
}

/// Whether an alert that says just this to this receiver was owed since then, and is on its way or sent.
pub(crate) async fn is_alerted(
    conn: &mut Conn,
    org: OrganizationId,
    recipient: &str,
    detail: &Doc,
    since: Time,
) -> QueryResult<bool> {
    let find = outbox::table
        .filter(outbox::org_id.eq(org))
        .filter(outbox::kind.eq(MailKind::Alert))
        .filter(outbox::created_at.gt(since))
        .filter(outbox::recipient.eq(recipient.to_owned()))
        .filter(outbox::detail.eq(detail.clone()))
        .filter(outbox::state.ne_all([Delivery::Cancelled, Delivery::Failed]))
        .select(outbox::id);
    let found: Option<DeliveryId> = find.first(conn).await.optional()?;
    Ok(found.is_some())
}

/// How many are owed now, in all organizations.
pub(crate) async fn owed(conn: &mut Conn) -> QueryResult<i64> {
    outbox::table
        .filter(outbox::finished_at.is_null())
        .count()
        .get_result(conn)
        .await
}
