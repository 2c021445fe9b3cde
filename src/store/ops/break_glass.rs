//! The queries of the owner's way in while no connection brings them in.

use crate::id::{BreakGlassId, MailCodeId, OrganizationId};
use crate::secret::Hash;
use crate::store::rows::{BreakGlassCodeRow, BreakGlassRow, SessionRow};
use crate::store::tx::ops;
use crate::store::types::Time;

ops! {
    /// The query `break_glass::insert`.
    insert_break_glass = break_glass::insert(row: &BreakGlassRow) -> ();
    /// The query `break_glass::update`.
    update_break_glass = break_glass::update(row: &BreakGlassRow) -> ();
    /// The query `break_glass::by_id`.
    break_glass = break_glass::by_id(org: OrganizationId, id: BreakGlassId) -> Option<BreakGlassRow>;
    /// The one of this link, in whichever organization: the link tells it.
    break_glass_by_hash = break_glass::by_hash(hash: &Hash) -> Option<BreakGlassRow>;
    /// The one that was opened last.
    latest_break_glass = break_glass::latest(org: OrganizationId) -> Option<BreakGlassRow>;
    /// The one that nobody closed.
    open_break_glass = break_glass::open(org: OrganizationId) -> Option<BreakGlassRow>;
    /// Those whose time is over and that nobody closed, in whichever organization.
    overdue_break_glass = break_glass::overdue(now: Time, limit: i64) -> Vec<(OrganizationId, BreakGlassId)>;
    /// The sessions that were begun by it and that nobody ended.
    sessions_by_break_glass = break_glass::sessions_by(org: OrganizationId, id: BreakGlassId) -> Vec<SessionRow>;
    /// The query `break_glass::insert_code`.
    insert_break_glass_code = break_glass::insert_code(row: &BreakGlassCodeRow) -> ();
    /// The query `break_glass::update_code`.
    update_break_glass_code = break_glass::update_code(row: &BreakGlassCodeRow) -> ();
    /// A code that was mailed for one.
    break_glass_code = break_glass::code(org: OrganizationId, id: MailCodeId) -> Option<BreakGlassCodeRow>;
    /// What was mailed for one since then, the latest first.
    break_glass_codes_since = break_glass::codes_since(org: OrganizationId, id: BreakGlassId, since: Time) -> Vec<BreakGlassCodeRow>;
    /// The query `break_glass::forget_codes`.
    forget_break_glass_codes = break_glass::forget_codes(org: OrganizationId, id: BreakGlassId) -> ();
}
