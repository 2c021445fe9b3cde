//! What a SCIM client looks for: the resources of one connection, filtered and sorted.

use crate::id::{ConnectionId, OrganizationId};
use crate::scim::Filter;
use crate::scim::path::AttributePath;

/// Which way a sort goes. Resources without the attribute come last in ascending and first in
/// descending order (RFC 7644 §3.4.2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Smallest first.
    Ascending,
    /// Largest first.
    Descending,
}

/// A search.
#[derive(Clone, Debug)]
pub struct Search {
    /// The organization.
    pub org: OrganizationId,
    /// The connection.
    pub connection: ConnectionId,
    /// What must hold.
    pub filter: Option<Filter>,
    /// The order; without one, or between equals, the order of creation.
    pub sort: Option<(AttributePath, Direction)>,
    /// The connection's SCIM base URL: locations and references are compared as they are shown.
    pub base: String,
}
