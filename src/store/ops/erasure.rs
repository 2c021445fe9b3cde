//! The queries on everything that is kept of one person.

use crate::id::{ImportId, InvitationId, OrganizationId, ScimRequestId, UserId};
use crate::store::rows::{EventRow, InvitationRow, OutboxRow, ScimUserRow, SessionRow, SignInRow};
use crate::store::tx::ops;
use crate::store::types::{Doc, Time};

ops! {
    /// Resources that are this person, or were proposed to be.
    resources_about = erasure::resources(org: OrganizationId, user: UserId) -> Vec<ScimUserRow>;
    /// All sessions of a person that are kept.
    sessions_of = erasure::sessions(org: OrganizationId, user: UserId) -> Vec<SessionRow>;
    /// Sign-ins of a person.
    sign_ins_of = erasure::sign_ins(org: OrganizationId, user: UserId) -> Vec<SignInRow>;
    /// Invitations of a person or to one of these addresses: see `erasure::invitations`.
    invitations_about = erasure::invitations(org: OrganizationId, norms: &[String], user: UserId) -> Vec<InvitationRow>;
    /// Invitations that a person sent.
    invitations_by = erasure::invitations_by(org: OrganizationId, user: UserId) -> Vec<InvitationRow>;
    /// Events after a number in whose data a text stands that is in small letters, in order.
    events_mentioning = erasure::mentions(org: OrganizationId, text: &str, after: i64, limit: i64) -> Vec<EventRow>;
    /// Events that somebody caused.
    events_by = erasure::events_by(org: OrganizationId, actor: &str) -> Vec<EventRow>;
    /// Writes an event's data and salts anew.
    rewrite_event = erasure::rewrite_event(org: OrganizationId, seq: i64, data: Doc, salts: Option<String>) -> ();
    /// Takes what names a person out of sessions, identities, sign-ins and the invitations they sent.
    erase_ties = erasure::erase_ties(org: OrganizationId, user: UserId) -> ();
    /// Takes an address out of what hangs on an invitation.
    erase_invitation = erasure::erase_invitation(org: OrganizationId, id: InvitationId, put: &str) -> ();
    /// The mails and posts of an organization that could be about an address.
    letters = erasure::letters(org: OrganizationId) -> Vec<OutboxRow>;
    /// Gives up a mail that was not sent yet, and forgets to whom it was and what it said.
    erase_letter = erasure::erase_letter(row: &OutboxRow, at: Time) -> ();
    /// Forgets what these requests said, and that they were about these subjects.
    erase_scim_requests = erasure::erase_requests(org: OrganizationId, ids: &[ScimRequestId], subjects: &[String]) -> ();
    /// The files of imports that are kept.
    import_results = erasure::import_results(org: OrganizationId) -> Vec<(ImportId, Option<Doc>)>;
    /// Writes the file of an import anew.
    rewrite_import = erasure::rewrite_import(org: OrganizationId, id: ImportId, result: Doc) -> ();
}
