//! The audit log: the events themselves, each chained to the one before it by a key that the database
//! does not have.
//!
//! ```text
//! genesis(org, base) -> row 1 -> row 2 -> ... -> row n          mac = HMAC(key, org, previous, seq, digest)
//!   base seal                                    head seal      HMAC(key, word, org, seq, mac)
//! ```
//!
//! | Who has the database alone | is found by |
//! |---|---|
//! | edits a row | its mac, see [`digest`] for what that covers |
//! | removes a row, or swaps two | the numbers, and the macs |
//! | removes the last rows, with or without putting the end back | the head's seal |
//! | takes rows for older than the chain, or for outdated | the base's seal |
//! | puts the whole database back | a checkpoint that somebody keeps elsewhere, see [`checkpoints`] |
//!
//! A head that is not sealed as it should be stops nobody from working: the chain goes on from it, but its
//! seal is one that never verifies again, so that what was done stays found.
//!
//! What was written before the log was chained has no mac: the base stands behind it, and a verification
//! says how many rows those are.

pub mod checkpoints;
pub mod cut;
pub mod digest;
mod faults;
mod personal;
pub mod verify;
pub mod view;

use serde_json::Value;

use crate::id::{Entropy, OrganizationId};
use crate::provisioning::Error;
use crate::secret::chain::ChainKey;
use crate::secret::{Hash, equal};
use crate::store::rows::{ChainRow, EventRow};
use crate::store::{self, Tx, chained};

/// The end of an organization's chain, to which rows are added.
pub(super) struct Head {
    key: ChainKey,
    org: OrganizationId,
    seq: i64,
    mac: Vec<u8>,
    sealed: bool,
}

impl Head {
    /// The end that the organization's row tells; a store that has no key lets nothing be added.
    pub(super) fn of(row: &ChainRow) -> Result<Self, Error> {
        let key = key()?;
        let mac = row.event_mac.clone().unwrap_or_default();
        let sealed = is_head(&key, row);
        if !sealed {
            let message = "The audit log was changed by somebody else: run usher audit verify";
            tracing::error!(organization.id = %row.id, event.number = row.event_seq, "{message}");
        }
        Ok(Self {
            key,
            org: row.id,
            seq: row.event_seq,
            mac,
            sealed,
        })
    }

    /// Whether the end is the one that was sealed.
    pub(super) fn is_sealed(&self) -> bool {
        self.sealed
    }

    /// The mac of the last row.
    pub(super) fn mac(&self) -> &[u8] {
        &self.mac
    }

    /// Chains the next row.
    pub(super) fn add(
        &mut self,
        row: &mut EventRow,
        data: &Value,
        entropy: &Entropy,
    ) -> Result<(), Error> {
        digest::salt(row, data, || entropy.salt());
        let covered = digest::covered(row, data).map_err(|_| corrupt("salts"))?;
        let org = *self.org.uuid().as_bytes();
        let mac = self.key.row(org, &self.mac, row.seq, &covered.digest);
        self.mac = mac.to_vec();
        self.seq = row.seq;
        row.mac = Some(mac.to_vec());
        Ok(())
    }

    /// Writes where the chain ends now.
    pub(super) async fn write(&self, tx: &mut Tx) -> Result<(), Error> {
        let org = *self.org.uuid().as_bytes();
        let seal = if self.sealed {
            self.key.head(org, self.seq, &self.mac)
        } else {
            self.key.broken(org, self.seq, &self.mac)
        };
        Ok(tx
            .advance_events(self.org, self.seq, &self.mac, &seal)
            .await?)
    }
}

/// Begins the chain of an organization after the events that it has.
pub async fn begin(tx: &mut Tx, org: OrganizationId) -> Result<(), store::Error> {
    begin_by(&key()?, tx, org).await
}

/// The same, by this key.
pub(super) async fn begin_by(
    key: &ChainKey,
    tx: &mut Tx,
    org: OrganizationId,
) -> Result<(), store::Error> {
    let Some(row) = tx.lock_organization(org).await? else {
        return Ok(());
    };
    let (id, seq) = (*org.uuid().as_bytes(), row.event_seq);
    let mac = key.genesis(id, seq);
    let (head, base) = (key.head(id, seq, &mac), key.base(id, seq, &mac));
    tx.advance_events(org, seq, &mac, &head).await?;
    tx.rebase_events(org, seq, &mac, &base).await
}

/// The key of the store whose job runs.
fn key() -> Result<ChainKey, store::Error> {
    let absent = "the key of the audit log is not at hand: nothing is written without it";
    chained::key().ok_or_else(|| store::Error::MasterKey(absent.to_owned()))
}

/// Whether the end is the one that was sealed.
fn is_head(key: &ChainKey, row: &ChainRow) -> bool {
    let org = *row.id.uuid().as_bytes();
    let (Some(mac), Some(seal)) = (&row.event_mac, &row.event_seal) else {
        return false;
    };
    equal(seal, &key.head(org, row.event_seq, mac))
}

/// The beginning, where it is the one that was sealed: the number of the last row before the chain, and
/// the mac that the first row of it follows.
fn base(key: &ChainKey, row: &ChainRow) -> Option<(i64, Vec<u8>)> {
    let org = *row.id.uuid().as_bytes();
    let (seq, mac) = (row.base_seq?, row.base_mac.clone()?);
    let seal: &[u8] = row.base_seal.as_deref()?;
    equal(seal, &key.base(org, seq, &mac)).then_some((seq, mac))
}

/// What is expected of a row after one of this mac.
fn expected(key: &ChainKey, org: OrganizationId, previous: &[u8], seq: i64, digest: &Hash) -> Hash {
    key.row(*org.uuid().as_bytes(), previous, seq, digest)
}

fn corrupt(column: &'static str) -> store::Error {
    let table = "events";
    store::Error::Corrupt { table, column }
}

/// A row's data.
pub(super) fn data(row: &EventRow) -> Result<Value, store::Error> {
    serde_json::from_str(&row.data.0).map_err(|_| corrupt("data"))
}
