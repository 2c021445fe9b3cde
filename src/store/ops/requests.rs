//! The queries on what SCIM clients asked, and those that copy an organization.

use crate::id::{ConnectionId, OrganizationId, ScimRequestId};
use crate::store::copies::{Copy, Extent};
use crate::store::rows::{KeptRequest, ScimRequestCountRow, ScimRequestRow, WantedRequests};
use crate::store::tx::ops;
use crate::store::types::Time;

/// A request's organization, its id and the room it takes.
type Room = (OrganizationId, ScimRequestId, i64);

ops! {
    /// Whether an organization has more people, or groups, than so many.
    copy_exceeds = copies::exceeds(org: OrganizationId, limit: i64) -> bool;
    /// An organization's rows; none where it is not there.
    load_copy = copies::load(org: OrganizationId, extent: Extent) -> Option<Copy>;
    /// Writes an organization's rows into an empty store.
    put_copy = copies::put(copy: &Copy) -> ();
    /// The query `scim_requests::insert`.
    insert_scim_requests = scim_requests::insert(kept: &[KeptRequest]) -> ();
    /// The query `scim_requests::count`.
    count_scim_requests = scim_requests::count(rows: &[ScimRequestCountRow]) -> ();
    /// The query `scim_requests::use_room`.
    use_request_room = scim_requests::use_room(rows: &[(OrganizationId, i64)]) -> ();
    /// The query `scim_requests::page`.
    scim_request_page = scim_requests::page(org: OrganizationId, wanted: &WantedRequests, limit: i64) -> Vec<ScimRequestRow>;
    /// The query `scim_requests::by_id`.
    scim_request = scim_requests::by_id(org: OrganizationId, id: ScimRequestId) -> Option<(ScimRequestRow, Option<String>)>;
    /// The query `scim_requests::about`.
    scim_requests_about = scim_requests::about(org: OrganizationId, subjects: &[String]) -> Vec<ScimRequestId>;
    /// The query `scim_requests::counts`.
    scim_request_counts = scim_requests::counts(org: OrganizationId, connection: Option<ConnectionId>, since: Time) -> Vec<ScimRequestCountRow>;
    /// The query `scim_requests::before`.
    scim_requests_before = scim_requests::before(before: Time, limit: i64) -> Vec<Room>;
    /// The query `scim_requests::over`.
    scim_requests_over = scim_requests::over(room: i64, limit: i64) -> Vec<(OrganizationId, i64)>;
    /// The query `scim_requests::oldest_strangers`.
    oldest_strange_requests = scim_requests::oldest_strangers(org: OrganizationId, spared: i64, limit: i64) -> Vec<(ScimRequestId, i64)>;
    /// The query `scim_requests::oldest`.
    oldest_scim_requests = scim_requests::oldest(org: OrganizationId, limit: i64) -> Vec<(ScimRequestId, i64)>;
    /// The query `scim_requests::delete`.
    delete_scim_requests = scim_requests::delete(org: OrganizationId, ids: &[ScimRequestId]) -> usize;
    /// The query `scim_requests::forget_counts`.
    forget_scim_request_counts = scim_requests::forget_counts(before: Time) -> usize;
}
