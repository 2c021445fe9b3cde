//! The queries of what was seen of connections.

use crate::id::{ConnectionId, OrganizationId};
use crate::store::rows::{IdentityRow, ScimGroupRow, SightingRow};
use crate::store::tx::ops;

ops! {
    /// Adds to what was counted of a kind.
    add_sighting = sightings::add(row: &SightingRow) -> ();
    /// The query `sightings::of`.
    sightings = sightings::of(org: OrganizationId, connection: ConnectionId) -> Vec<SightingRow>;
    /// externalId and userName of a connection's newest SCIM Users.
    newest_scim_names = sightings::newest_users(org: OrganizationId, connection: ConnectionId, limit: i64) -> Vec<(Option<String>, String)>;
    /// The sign-in addresses of the newest people whom a connection manages.
    newest_addresses = sightings::newest_addresses(org: OrganizationId, connection: ConnectionId, limit: i64) -> Vec<Option<String>>;
    /// The newest links of people who signed in through a connection.
    newest_identities = sightings::newest_identities(org: OrganizationId, connection: ConnectionId, limit: i64) -> Vec<IdentityRow>;
    /// The SCIM Groups of a connection which these values name by externalId.
    scim_groups_by_external_ids = sightings::groups_by_external_ids(org: OrganizationId, connection: ConnectionId, values: &[String]) -> Vec<ScimGroupRow>;
}
