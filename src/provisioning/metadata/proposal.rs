//! What an identity provider newly publishes, said yes or no to.

use futures_util::FutureExt;
use serde_json::json;

use crate::directory::Violation;
use crate::directory::event::EventKind;
use crate::directory::metadata::{RefreshMode, RefreshOutcome};
use crate::id::ConnectionId;
use crate::limits;
use crate::provisioning::metadata::decide::Newer;
use crate::provisioning::metadata::refresh::no_address;
use crate::provisioning::metadata::{Metadata, keep_validity, rest_where_nobody_looks};
use crate::provisioning::settings::connection_trust;
use crate::provisioning::settings::connection_view::{find, row as connection_row};
use crate::provisioning::{Change, Context, Error, admission, change, provider};
use crate::saml::certificate::Certificate;
use crate::saml::metadata::{Diff, IdentityProvider, Validity};
use crate::secret;
use crate::store::Store;
use crate::store::rows::{ConnectionRow, MetadataRow};
use crate::store::types::Time;

/// Trusts what waits for a yes, if it is what this digest names.
pub async fn apply(
    store: &Store,
    context: Context,
    id: ConnectionId,
    digest: &str,
) -> Result<Metadata, Error> {
    let (org, digest) = (find(store, id).await?.org_id, digest.to_owned());
    let applied = change(store, org, context, move |change| {
        let digest = digest.clone();
        async move { apply_in(change, id, &digest).await }.boxed()
    });
    applied.await
}

/// The same, within a change.
pub async fn apply_in(
    change: &mut Change<'_>,
    id: ConnectionId,
    digest: &str,
) -> Result<Metadata, Error> {
    let (mut connection, mut row, text) = waiting(change, id).await?;
    let known = trusted(change, &connection, &row).await?;
    // It was good when it was proposed; it may have run out since.
    let provider = connection_trust::read(&text, Some(&known.entity_id), change.now)?;
    let diff = Diff::between(&known, &provider);
    is_meant(&diff, digest)?;
    let newer = Newer {
        provider,
        text,
        diff,
    };
    take(change, &mut connection, &mut row, &newer).await?;
    row.outcome = Some(RefreshOutcome::Applied);
    row.reason = None;
    change.tx.put_metadata(&row).await?;
    Ok(Metadata::of(id, Some(row)))
}

/// What a yes or a no names: SHA-256 of who would sign and where people would be sent, in hexadecimal
/// digits.
pub(super) fn digest(diff: &Diff) -> String {
    use std::fmt::Write as _;
    let text = json!(diff.timeless()).to_string();
    let mut digits = String::new();
    for octet in secret::hash(&text) {
        let _ = write!(digits, "{octet:02x}");
    }
    digits
}

/// Whoever says yes or no says it of what they saw: the document is another's, and may be another one
/// by now.
fn is_meant(diff: &Diff, digest: &str) -> Result<(), Error> {
    if self::digest(diff).eq_ignore_ascii_case(digest.trim()) {
        Ok(())
    } else {
        Err(Error::Stale)
    }
}

/// Says no to what waits for a yes, if it is what this digest names: it is not proposed again.
pub async fn dismiss(
    store: &Store,
    context: Context,
    id: ConnectionId,
    digest: &str,
) -> Result<Metadata, Error> {
    let (org, digest) = (find(store, id).await?.org_id, digest.to_owned());
    let dismissed = change(store, org, context, move |change| {
        let digest = digest.clone();
        async move { dismiss_in(change, id, &digest).await }.boxed()
    });
    dismissed.await
}

/// The same, within a change.
pub async fn dismiss_in(
    change: &mut Change<'_>,
    id: ConnectionId,
    digest: &str,
) -> Result<Metadata, Error> {
    let (_, mut row, _) = waiting(change, id).await?;
    let changes = row.proposed_changes.take();
    let told: Option<Diff> = changes
        .as_ref()
        .and_then(|doc| serde_json::from_str(&doc.0).ok());
    is_meant(&told.clone().unwrap_or_default(), digest)?;
    let data = json!({"connection_id": id, "changes": told});
    change.record(EventKind::ConnectionMetadataDismissed, data);
    forget_pending(&mut row);
    row.dismissed_changes = changes;
    row.outcome = Some(RefreshOutcome::Unchanged);
    change.tx.put_metadata(&row).await?;
    Ok(Metadata::of(id, Some(row)))
}

/// Asks that somebody looks at the published metadata now, or [`limits::METADATA_GAP`] after the
/// last look.
pub async fn ask_in(change: &mut Change<'_>, id: ConnectionId) -> Result<Metadata, Error> {
    connection_row(change, id).await?;
    let row = change.tx.metadata(change.org, id).await?;
    let row = row.filter(|row| row.url.is_some());
    let mut row = row.ok_or_else(no_address)?;
    if row.mode == RefreshMode::Off {
        let rule = "the published metadata are not read again: metadata_refresh is off";
        return Err(Violation::Invalid(rule.to_owned()).into());
    }
    let rested = row.fetched_at.map(|at| at.0 + limits::METADATA_GAP);
    let soon = rested.map_or(change.now, |rested| rested.max(change.now));
    let is_held = row.leased_until.is_some_and(|until| until.0 > change.now);
    let is_due = row.due_at.is_some_and(|due| due.0 <= soon);
    if !is_held && !is_due {
        row.due_at = Some(Time(soon));
        change.tx.put_metadata(&row).await?;
    }
    Ok(Metadata::of(id, Some(row)))
}

async fn waiting(
    change: &mut Change<'_>,
    id: ConnectionId,
) -> Result<(ConnectionRow, MetadataRow, String), Error> {
    let connection = connection_row(change, id).await?;
    let row = change.tx.metadata(change.org, id).await?;
    let waiting = row.and_then(|mut row| {
        let text = row.proposal.take()?;
        // Whoever fetches right now judges by what was: they lose their lease.
        row.lease = None;
        row.leased_until = None;
        Some((row, text))
    });
    let (row, text) = waiting.ok_or_else(|| {
        let rule = "nothing waits for a yes: no newer metadata are proposed for this connection";
        Violation::Invalid(rule.to_owned())
    })?;
    Ok((connection, row, text))
}

/// What is trusted of the connection's identity provider.
pub(super) async fn trusted(
    change: &mut Change<'_>,
    connection: &ConnectionRow,
    row: &MetadataRow,
) -> Result<IdentityProvider, Error> {
    let certificates = change.tx.certificates(change.org, connection.id).await?;
    let read = |der: &[u8]| {
        Certificate::from_der(der).map_err(|_| crate::store::Error::Corrupt {
            table: "connection_certificates",
            column: "der",
        })
    };
    let certificates = certificates.iter().map(|row| read(&row.der));
    Ok(IdentityProvider {
        entity_id: connection.idp_entity_id.clone().unwrap_or_default(),
        endpoints: provider::endpoints(connection, change.now),
        certificates: certificates.collect::<Result<_, _>>()?,
        validity: Validity {
            valid_until: row.valid_until.map(|at| at.0),
            cache_duration: row.cache_seconds.map(jiff::SignedDuration::from_secs),
        },
    })
}

/// Trusts what is new. The sessions end that a certificate vouched for which is trusted no more, as
/// where an admin imports such metadata.
pub(super) async fn take(
    change: &mut Change<'_>,
    connection: &mut ConnectionRow,
    row: &mut MetadataRow,
    newer: &Newer,
) -> Result<(), Error> {
    let before = change.tx.certificates(change.org, connection.id).await?;
    connection_trust::describe(connection, &newer.provider, &newer.text);
    connection.updated_at = change.time();
    change.tx.update_connection(connection).await?;
    connection_trust::trust(change, connection.id, &newer.provider).await?;
    keep_validity(row, newer.provider.validity);
    forget(row);
    rest_where_nobody_looks(row);
    let data = json!({"connection_id": connection.id, "changes": newer.diff});
    change.record(EventKind::ConnectionMetadataApplied, data);
    let still: Vec<_> = newer
        .provider
        .certificates
        .iter()
        .map(Certificate::fingerprint)
        .collect();
    let before: Vec<_> = before.into_iter().map(|row| row.fingerprint).collect();
    admission::end_sessions_rekeyed(change, connection.id, (&before, &still)).await
}

/// Forgets what was proposed, and what got a no: there is nothing new.
pub(super) fn forget(row: &mut MetadataRow) {
    forget_pending(row);
    row.dismissed_changes = None;
}

/// Forgets what was proposed.
pub(super) fn forget_pending(row: &mut MetadataRow) {
    row.proposal = None;
    row.proposed_changes = None;
    row.proposed_at = None;
}
