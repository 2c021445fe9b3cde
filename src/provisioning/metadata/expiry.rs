//! What ends is told of: each certificate, SCIM token and OAuth client 30 days, 7 days and no time ahead,
//! and metadata whose `validUntil` is past; of each of these once. A certificate that has ended is trusted
//! all the same.

use futures_util::FutureExt;
use serde_json::json;

use crate::directory::event::EventKind;
use crate::directory::metadata::{THRESHOLDS, horizon, passed};
use crate::id::{ConnectionId, Ids, OrganizationId};
use crate::provisioning::metadata::bearers;
use crate::provisioning::{Change, Context, Error, change};
use crate::saml::certificate::Certificate;
use crate::store::Store;
use crate::store::rows::{CertificateRow, ExpiryNoticeRow, MetadataRow};
use crate::store::types::Time;

/// Ends told of in one look; the next look takes the next ones.
const AT_ONCE: i64 = 200;

/// Tells of what ends; answers of how much.
pub async fn tell(store: &Store, ids: &Ids) -> Result<usize, Error> {
    let now = ids.clock().now();
    let mut count = 0;
    for days in THRESHOLDS {
        let before = Time(horizon(days, now));
        let ending = store.read(move |tx| {
            async move { tx.certificates_ending(before, days, AT_ONCE).await }.boxed()
        });
        for row in ending.await? {
            let org = row.org_id;
            let told = change(store, org, context(ids), move |change| {
                let row = row.clone();
                async move { certificate(change, &row, days).await }.boxed()
            });
            count += done(org, told.await);
        }
    }
    for bearer in bearers::ending(store, now).await? {
        let org = bearer.org;
        let told = change(store, org, context(ids), move |change| {
            let bearer = bearer.clone();
            async move { bearers::tell(change, &bearer).await }.boxed()
        });
        count += done(org, told.await);
    }
    for row in unsaid(store, Time(now)).await? {
        let org = row.org_id;
        let told = change(store, org, context(ids), move |change| {
            let row = row.clone();
            async move { metadata(change, &row).await }.boxed()
        });
        count += done(org, told.await);
    }
    Ok(count)
}

fn context(ids: &Ids) -> Context {
    Context::of_system(ids, "expiry")
}

/// One organization's trouble is not the others'.
fn done(org: OrganizationId, told: Result<bool, Error>) -> usize {
    match told {
        Ok(told) => usize::from(told),
        Err(error) => {
            tracing::warn!(%error, org.id = %org, "An end is not told of this time");
            0
        }
    }
}

/// Metadata that are good no longer, of which nobody was told.
async fn unsaid(store: &Store, now: Time) -> Result<Vec<MetadataRow>, Error> {
    let unsaid = store.read(move |tx| {
        async move {
            let (mut unsaid, mut after) = (Vec::new(), None);
            loop {
                let page = tx.expired_metadata(now, after, AT_ONCE).await?;
                after = page.last().map(|row| row.connection_id);
                if page.is_empty() {
                    return Ok::<_, Error>(unsaid);
                }
                for row in page {
                    let (org, id, subject) = (row.org_id, row.connection_id, subject(&row));
                    if !tx.is_expiry_noted(org, id, &subject, 0).await? {
                        unsaid.push(row);
                    }
                }
            }
        }
        .boxed()
    });
    unsaid.await
}

/// What a note says of metadata: each end is one of its own.
fn subject(row: &MetadataRow) -> String {
    let end = row.valid_until.map(|at| at.0);
    format!("metadata {}", end.unwrap_or_default())
}

/// Notes that somebody is told of an end, at a threshold and at those before it; whether that is news.
pub(super) async fn note(
    change: &mut Change<'_>,
    connection_id: ConnectionId,
    subject: &str,
    days: i64,
) -> Result<bool, Error> {
    let mut is_news = false;
    for threshold in passed(days) {
        let note = ExpiryNoticeRow {
            org_id: change.org,
            connection_id,
            subject: subject.to_owned(),
            days: threshold,
            created_at: change.time(),
        };
        // Who comes later than a threshold is told of the nearest one alone.
        let noted = change.tx.note_expiry(&note).await?;
        is_news |= noted && threshold == days;
    }
    Ok(is_news)
}

async fn certificate(
    change: &mut Change<'_>,
    row: &CertificateRow,
    days: i64,
) -> Result<bool, Error> {
    let is_news = note(change, row.connection_id, &row.fingerprint, days).await?;
    if is_news {
        let subject = Certificate::from_der(&row.der).ok();
        let data = json!({
            "connection_id": row.connection_id,
            "fingerprint": row.fingerprint,
            "subject": subject.as_ref().map(Certificate::subject),
            "not_after": row.not_after.0,
            "days": days,
        });
        change.record(EventKind::ConnectionCertificateEnding, data);
    }
    Ok(is_news)
}

async fn metadata(change: &mut Change<'_>, row: &MetadataRow) -> Result<bool, Error> {
    let note = ExpiryNoticeRow {
        org_id: row.org_id,
        connection_id: row.connection_id,
        subject: subject(row),
        days: 0,
        created_at: change.time(),
    };
    let is_news = change.tx.note_expiry(&note).await?;
    if is_news {
        let end = row.valid_until.map(|at| at.0);
        let data = json!({"connection_id": row.connection_id, "valid_until": end});
        change.record(EventKind::ConnectionMetadataExpired, data);
    }
    Ok(is_news)
}
