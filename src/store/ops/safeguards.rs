//! The queries of safeguards.

use crate::directory::safeguard::{Danger, SafeguardState, WaiverState};
use crate::id::{ConnectionId, OrganizationId, SafeguardId, UserId, WaiverId};
use crate::store::rows::{
    SafeguardMarkRow, SafeguardRow, SafeguardSettingsRow, SafeguardTallyRow, WaiverRow,
};
use crate::store::tx::ops;
use crate::store::types::Time;

ops! {
    /// Counts these.
    mark_safeguard = safeguard_marks::mark(rows: &[SafeguardMarkRow]) -> ();
    /// How many people were counted since then.
    safeguard_marks = safeguard_marks::marks(org: OrganizationId, connection: ConnectionId, kind: Danger, since: Time) -> i64;
    /// Who was counted since then.
    safeguard_marked = safeguard_marks::marked(org: OrganizationId, connection: ConnectionId, kind: Danger, since: Time) -> Vec<UserId>;
    /// How many of those counted are not active now.
    safeguard_marks_gone = safeguard_marks::marks_gone(org: OrganizationId, connection: ConnectionId, kind: Danger, since: Time) -> i64;
    /// When the first of them was counted, and the last before an instant.
    safeguard_mark_span = safeguard_marks::mark_span(org: OrganizationId, connection: ConnectionId, kind: Danger, since: Time, before: Time) -> (Option<Time>, Option<Time>);
    /// Who of these was counted since then.
    safeguard_marked_among = safeguard_marks::marked_among(org: OrganizationId, connection: ConnectionId, kind: Danger, since: Time, people: &[UserId]) -> Vec<UserId>;
    /// Keeps what was counted.
    set_safeguard_tally = safeguard_marks::set_tally(row: &SafeguardTallyRow) -> ();
    /// Forgets what was counted before then, of every organization.
    forget_safeguard_marks = safeguard_marks::forget_marks(before: Time) -> usize;
    /// The active people whom a connection manages, or who sign in through it.
    active_people_of = safeguard_marks::active_people(org: OrganizationId, connection: ConnectionId) -> i64;
    /// A safeguard.
    safeguard = safeguards::by_id(org: OrganizationId, id: SafeguardId) -> Option<SafeguardRow>;
    /// A connection's safeguard of this kind that nobody decided.
    open_safeguard = safeguards::open(org: OrganizationId, connection: ConnectionId, kind: Danger, state: SafeguardState) -> Option<SafeguardRow>;
    /// The safeguards of an organization that tripped, the latest first.
    safeguards = safeguards::list(org: OrganizationId) -> Vec<SafeguardRow>;
    /// Holds of any organization that were to be decided by then.
    overdue_safeguards = safeguards::overdue(by: Time, limit: i64) -> Vec<(OrganizationId, SafeguardId)>;
    /// The query `safeguards::insert`.
    insert_safeguard = safeguards::insert(row: &SafeguardRow) -> ();
    /// The query `safeguards::update`.
    update_safeguard = safeguards::update(row: &SafeguardRow) -> ();
    /// What is set of a connection's safeguard.
    safeguard_settings = safeguards::settings(org: OrganizationId, connection: ConnectionId) -> Option<SafeguardSettingsRow>;
    /// Sets it.
    set_safeguard_settings = safeguards::set_settings(row: &SafeguardSettingsRow) -> ();
    /// What is not in force of what directories say of these people.
    waivers_of = safeguards::waivers_of(org: OrganizationId, users: &[UserId]) -> Vec<WaiverRow>;
    /// What a safeguard keeps from being in force.
    waivers_of_safeguard = safeguards::waivers_of_safeguard(org: OrganizationId, id: SafeguardId) -> Vec<WaiverRow>;
    /// Everything in an organization that is not in force of what directories say.
    waivers = safeguards::waivers(org: OrganizationId) -> Vec<WaiverRow>;
    /// Keeps these from being in force, in place of what was kept for the same before.
    insert_waivers = safeguards::insert_waivers(rows: &[WaiverRow]) -> ();
    /// Says why they are not in force.
    set_waivers = safeguards::set_waivers(org: OrganizationId, ids: &[WaiverId], state: WaiverState) -> ();
    /// What the directory says holds again.
    end_waivers = safeguards::end_waivers(org: OrganizationId, ids: &[WaiverId]) -> ();
}
