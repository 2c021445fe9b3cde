//! The queries of what the rules were, and of what held of people.

use std::collections::BTreeMap;

use crate::id::{OrganizationId, RecomputeId, RoleId, UserId};
use crate::store::rows::{PolicyRevisionRow, RecomputeRow, StandingRow};
use crate::store::tx::ops;
use crate::store::types::Time;

/// Who has a role from now on, and what holds of them beside their grants.
pub(in crate::store) type Decided = BTreeMap<(Option<RoleId>, String), Vec<UserId>>;

ops! {
    /// Begins a revision of an organization's rules.
    insert_policy_revision = policy::insert_revision(row: &PolicyRevisionRow) -> ();
    /// The rules as they were at an instant; none before the first revision.
    policy_revision_at = policy::revision_at(org: OrganizationId, at: Time) -> Option<PolicyRevisionRow>;
    /// Writes new organization-wide roles, and what was decided by; everybody named gets a new version.
    set_roles = policy::set_roles(org: OrganizationId, decided: &Decided, rev: i64, at: Time) -> ();
    /// Writes what holds of people beside their grants.
    set_standings = policy::set_standings(org: OrganizationId, standings: &BTreeMap<String, Vec<UserId>>, rev: i64) -> ();
    /// Keeps what held of people until now.
    keep_standings = policy::keep_standings(rows: &[StandingRow]) -> ();
    /// What held of a person at an instant, where something else holds since.
    standing_at = policy::standing_at(org: OrganizationId, user: UserId, at: Time) -> Option<StandingRow>;
    /// Whether roles of an organization are being computed anew.
    is_recomputing = recomputes::is_open(org: OrganizationId) -> bool;
    /// Of these people, those whose roles are still to be computed anew.
    to_recompute = recomputes::waiting(org: OrganizationId, users: &[UserId]) -> Vec<UserId>;
    /// Begins to compute these people's roles anew.
    insert_recompute = recomputes::insert(row: &RecomputeRow, people: &[UserId]) -> ();
    /// What is being computed anew: of each organization the oldest that is not done.
    open_recomputes = recomputes::open() -> Vec<(OrganizationId, RecomputeId)>;
    /// Roles that are computed anew.
    recompute = recomputes::by_id(org: OrganizationId, id: RecomputeId) -> Option<RecomputeRow>;
    /// The latest.
    recomputes = recomputes::list(org: OrganizationId, limit: i64) -> Vec<RecomputeRow>;
    /// The oldest that is still to come to a person.
    recompute_of = recomputes::of_person(org: OrganizationId, user: UserId) -> Option<RecomputeId>;
    /// Takes the next people out of one, in the order of their ids.
    take_from_recompute = recomputes::take(org: OrganizationId, id: RecomputeId, limit: i64) -> Vec<UserId>;
    /// Writes how far one is.
    update_recompute = recomputes::update(row: &RecomputeRow) -> ();
    /// Forgets those that were done before then, of every organization.
    forget_recomputes = recomputes::forget(before: Time) -> usize;
}
