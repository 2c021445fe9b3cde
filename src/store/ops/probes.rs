//! The probes: what is asked of many kinds in one statement.

use crate::directory::safeguard::Danger;
use crate::id::{ConnectionId, OrganizationId, ScimUserId, SessionId, UserId};
use crate::secret::Hash;
use crate::store::memory::Stamp;
use crate::store::rows::{
    Bearing, HeldUser, Meeting, Openings, SessionBehind, ShownUser, SubjectBehind, Watched,
};
use crate::store::search::Search;
use crate::store::tx::ops;

ops! {
    /// The session of this cookie, in whichever organization, and what stands behind it.
    session_behind_cookie = behind::session_by_hash(hash: &Hash) -> Option<SessionBehind>;
    /// A session, and what stands behind it.
    session_behind = behind::session(org: OrganizationId, id: SessionId) -> Option<SessionBehind>;
    /// A subject of a connection, and whose it is.
    subject_behind = behind::subject(org: OrganizationId, connection: ConnectionId, subject_key: &str) -> Option<SubjectBehind>;
    /// What bears on the roles of these people.
    bearings = probes::bearings(org: OrganizationId, ids: &[UserId]) -> Vec<Bearing>;
    /// Of what kinds anything is there already that a new resource of this name, externalId and address could be about.
    meeting = probes::meeting(org: OrganizationId, connection: ConnectionId, user_name: &str, external_id: &str, email_norm: &str) -> Meeting;
    /// By what a person is in, or about to be.
    openings = probes::openings(org: OrganizationId, user: UserId) -> Option<Openings>;
    /// A User, and the stamp of its organization's settings.
    shown_user = probes::shown_user(org: OrganizationId, connection: ConnectionId, id: ScimUserId) -> Option<(ShownUser, Stamp)>;
    /// A page of Users behind the search's place in the order; with the stamp of the organization's settings, where there
    /// is anybody on it.
    shown_users = probes::shown_users(search: &Search, offset: i64, limit: i64) -> (Vec<ShownUser>, Option<Stamp>);
    /// A User that is to be changed.
    held_user = probes::held_user(org: OrganizationId, connection: ConnectionId, id: ScimUserId) -> Option<HeldUser>;
    /// What is set of a connection's safeguard, and what it counted last of a kind.
    watched = probes::watched(org: OrganizationId, connection: ConnectionId, kind: Danger) -> Option<Watched>;
}
