//! A connection's metadata as admins see them: where they are published, how the last look ended,
//! and what waits for a yes.

use futures_util::FutureExt;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::directory::metadata::{self, RefreshMode, RefreshOutcome, Warning};
use crate::id::{ConnectionId, OrganizationId};
use crate::provisioning::metadata::bearers;
use crate::provisioning::metadata::proposal::digest;
use crate::provisioning::settings::connection_view::find;
use crate::provisioning::{Error, Kind};
use crate::saml::metadata::Diff;
use crate::store::rows::{CertificateRow, ConnectionRow, MetadataRow};
use crate::store::{Store, Tx};

/// How a connection's metadata are kept up to date.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = ConnectionMetadata)]
pub struct Metadata {
    /// The connection.
    #[schema(value_type = String, format = "uuid")]
    pub connection_id: ConnectionId,
    /// What becomes of what is newly published.
    pub metadata_refresh: RefreshMode,
    /// Where they are published.
    pub metadata_url: Option<String>,
    /// When they were last asked for.
    #[schema(value_type = Option<String>, format = "date-time")]
    pub fetched_at: Option<Timestamp>,
    /// How that ended.
    pub outcome: Option<RefreshOutcome>,
    /// Why, where it did not end well.
    pub reason: Option<String>,
    /// When they are asked for again.
    #[schema(value_type = Option<String>, format = "date-time")]
    pub due_at: Option<Timestamp>,
    /// Until when those that are trusted say that they are good.
    #[schema(value_type = Option<String>, format = "date-time")]
    pub valid_until: Option<Timestamp>,
    /// What waits for a yes.
    pub proposal: Option<Proposal>,
}

/// What an identity provider newly publishes, and nobody has said yes or no to.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = MetadataProposal)]
pub struct Proposal {
    /// Since when it waits.
    #[schema(value_type = String, format = "date-time")]
    pub proposed_at: Timestamp,
    /// What a yes or a no names, so that it is of what was seen: SHA-256 of the changes without their
    /// times.
    pub digest: String,
    /// What it changes.
    #[serde(flatten)]
    pub changes: Diff,
}

impl Metadata {
    pub(super) fn of(connection_id: ConnectionId, row: Option<MetadataRow>) -> Self {
        let metadata_refresh = mode(row.as_ref());
        let Some(row) = row else {
            return Self {
                connection_id,
                metadata_refresh,
                metadata_url: None,
                fetched_at: None,
                outcome: None,
                reason: None,
                due_at: None,
                valid_until: None,
                proposal: None,
            };
        };
        let proposal = row.proposed_changes.zip(row.proposed_at);
        Self {
            connection_id,
            metadata_refresh,
            metadata_url: row.url,
            fetched_at: row.fetched_at.map(|at| at.0),
            outcome: row.outcome,
            reason: row.reason,
            due_at: row.due_at.map(|at| at.0),
            valid_until: row.valid_until.map(|at| at.0),
            proposal: proposal.and_then(|(changes, at)| {
                let changes: Diff = serde_json::from_str(&changes.0).ok()?;
                Some(Proposal {
                    proposed_at: at.0,
                    digest: digest(&changes),
                    changes,
                })
            }),
        }
    }
}

/// How the metadata of a connection are kept up to date.
pub async fn show(store: &Store, id: ConnectionId) -> Result<Metadata, Error> {
    let org = find(store, id).await?.org_id;
    let shown = store.read(move |tx| async move { show_in(tx, org, id).await }.boxed());
    shown.await
}

/// The same, of one organization's connection.
pub async fn show_in(
    tx: &mut Tx,
    org: OrganizationId,
    id: ConnectionId,
) -> Result<Metadata, Error> {
    let found = tx.connection(org, id).await?;
    found.ok_or(Error::NotFound(Kind::Connection))?;
    Ok(Metadata::of(id, tx.metadata(org, id).await?))
}

/// What becomes of what is newly published.
pub fn mode(row: Option<&MetadataRow>) -> RefreshMode {
    row.map_or(RefreshMode::Propose, |row| row.mode)
}

/// What ends soon of what a connection trusts, or has ended.
pub async fn warnings(
    tx: &mut Tx,
    connection: &ConnectionRow,
    (certificates, row): (&[CertificateRow], Option<&MetadataRow>),
    now: Timestamp,
) -> Result<Vec<Warning>, Error> {
    let ends = certificates
        .iter()
        .map(|row| (row.fingerprint.as_str(), row.not_after.0));
    let valid_until = row.and_then(|row| row.valid_until).map(|at| at.0);
    let mut all = metadata::warnings(ends, valid_until, now);
    all.extend(bearers::warnings(tx, connection, now).await?);
    Ok(all)
}
