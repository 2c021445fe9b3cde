//! The queries on the chain of events.

use crate::id::OrganizationId;
use crate::store::rows::{ChainRow, CheckpointRow};
use crate::store::tx::ops;
use crate::store::types::Time;

ops! {
    /// Takes the organization's row: whoever holds it is the only one who changes anything of the
    /// organization until the transaction ends.
    lock_organization = audit::lock(id: OrganizationId) -> Option<ChainRow>;
    /// The chain of an organization, without taking its row.
    chain = audit::chain(id: OrganizationId) -> Option<ChainRow>;
    /// The chains that did not begin yet.
    unbegun_chains = audit::unbegun() -> Vec<ChainRow>;
    /// Moves the end of an organization's chain.
    advance_events = audit::advance(id: OrganizationId, seq: i64, mac: &[u8], seal: &[u8]) -> ();
    /// Moves the beginning of an organization's chain.
    rebase_events = audit::rebase(id: OrganizationId, seq: i64, mac: &[u8], seal: &[u8]) -> ();
    /// Organizations whose last checkpoint leaves out so many events, or any and was made before then.
    due_checkpoints = audit::due(many: i64, before: Time, limit: i64) -> Vec<OrganizationId>;
    /// Writes a checkpoint, and that it is the last.
    insert_checkpoint = audit::insert_checkpoint(row: &CheckpointRow) -> ();
    /// Checkpoints for rows after a number and up to another, in order.
    checkpoints = audit::checkpoints(org: OrganizationId, after: i64, through: i64, limit: i64) -> Vec<CheckpointRow>;
    /// The latest checkpoint of each organization that was made before then.
    old_checkpoints = audit::old_checkpoints(before: Time) -> Vec<(OrganizationId, Option<i64>)>;
    /// The numbers of the first event that is kept and of the last.
    event_bounds = audit::bounds(org: OrganizationId) -> (Option<i64>, Option<i64>);
    /// Forgets events up to a number; answers how many.
    cut_events = audit::cut(org: OrganizationId, through: i64) -> usize;
    /// Replaces the data keys, where they are still these.
    replace_data_keys = instance::replace_data_keys(old: &[u8], new: &[u8]) -> bool;
}
