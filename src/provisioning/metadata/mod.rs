//! An identity provider's metadata kept up to date (SAML Metadata 2.3): read again where they are
//! published, what is new trusted at once or proposed, and told of what ends.
//!
//! ```text
//! claim (a lease) -> fetch, by whoever claimed -> finish: decide, and write how it went
//! ```
//!
//! Whatever cannot be read changes nothing: what was trusted is.

pub(in crate::provisioning) mod bearers;
mod decide;
mod expiry;
mod proposal;
mod refresh;
mod view;

use jiff::SignedDuration;

use crate::directory::metadata::{RefreshMode, next_look};
use crate::id::{ConnectionId, Ids};
use crate::provisioning::{Change, Error};
use crate::saml::metadata::{IdentityProvider, Validity};
use crate::store::rows::MetadataRow;

pub use expiry::tell as tell_endings;
pub use proposal::{apply, apply_in, ask_in, dismiss, dismiss_in};
pub use refresh::{Arrived, Claim, claim, claim_of, finish};
pub use view::{Metadata, Proposal, mode, show, show_in, warnings};

/// Where metadata are published, and what was told of the copy that was read (RFC 9110 §8.8).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Published {
    /// The address.
    pub url: String,
    /// `ETag`.
    pub etag: Option<String>,
    /// `Last-Modified`.
    pub last_modified: Option<String>,
}

/// A connection of which nothing is known yet.
fn fresh(change: &Change<'_>, connection: ConnectionId) -> MetadataRow {
    MetadataRow {
        org_id: change.org,
        connection_id: connection,
        mode: RefreshMode::Propose,
        url: None,
        etag: None,
        last_modified: None,
        fetched_at: None,
        outcome: None,
        reason: None,
        failures: 0,
        due_at: None,
        lease: None,
        leased_until: None,
        valid_until: None,
        cache_seconds: None,
        proposal: None,
        proposed_changes: None,
        proposed_at: None,
        dismissed_changes: None,
    }
}

/// Keeps what an admin set: metadata that are trusted from now on, with where they came from, and
/// what becomes of newer ones. Metadata that came from nowhere are not looked at again.
pub(in crate::provisioning) async fn set(
    change: &mut Change<'_>,
    connection: ConnectionId,
    (provider, published): (Option<&IdentityProvider>, Option<&Published>),
    mode: Option<RefreshMode>,
) -> Result<(), Error> {
    if provider.is_none() && mode.is_none() {
        return Ok(());
    }
    let known = change.tx.metadata(change.org, connection).await?;
    let mut row = known.unwrap_or_else(|| fresh(change, connection));
    if let Some(mode) = mode.filter(|mode| *mode != row.mode) {
        // What is published is judged anew, also where it is the copy that is known.
        row.mode = mode;
        row.etag = None;
        row.last_modified = None;
        row.due_at = Some(change.time());
    }
    if let Some(provider) = provider {
        let published = published.cloned();
        row = MetadataRow {
            mode: row.mode,
            url: published.as_ref().map(|it| it.url.clone()),
            etag: published.as_ref().and_then(|it| it.etag.clone()),
            last_modified: published.as_ref().and_then(|it| it.last_modified.clone()),
            fetched_at: published.is_some().then(|| change.time()),
            ..fresh(change, connection)
        };
        keep_validity(&mut row, provider.validity);
        row.due_at = Some(look_again(change, &row));
    }
    rest_where_nobody_looks(&mut row);
    row.lease = None;
    row.leased_until = None;
    Ok(change.tx.put_metadata(&row).await?)
}

fn keep_validity(row: &mut MetadataRow, validity: Validity) {
    row.valid_until = validity.valid_until.map(Into::into);
    row.cache_seconds = validity.cache_duration.map(|it| it.as_secs());
}

/// When metadata are looked at again that were read now.
fn look_again(change: &Change<'_>, row: &MetadataRow) -> crate::store::types::Time {
    let cache = row.cache_seconds.map(SignedDuration::from_secs);
    next_look(change.now, cache, chance(&change.context.ids)).into()
}

/// By which a time is spread.
pub(in crate::provisioning) fn chance(ids: &Ids) -> u8 {
    let [chance] = ids.entropy().bytes();
    chance
}

fn rest_where_nobody_looks(row: &mut MetadataRow) {
    if row.url.is_none() || row.mode == RefreshMode::Off {
        row.due_at = None;
    }
}
