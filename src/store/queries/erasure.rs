//! Everything that is kept of one person, wherever it is: to be told to them, or erased.

use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};
use diesel_async::RunQueryDsl;

use super::super::{AnyOf, Conn, POSITION};
use super::CHUNK;
use super::kept::kept;
use super::later::Later;
use crate::directory::delivery::Delivery;
use crate::id::{ImportId, InvitationId, OrganizationId, ScimRequestId, UserId};
use crate::store::rows::{EventRow, InvitationRow, OutboxRow, ScimUserRow, SessionRow, SignInRow};
use crate::store::schema::{
    events, grants, identities, imports, invitation_changes, invitations, mail_codes, outbox,
    scim_request_subjects, scim_requests, scim_users, sessions, sign_ins, waivers,
};
use crate::store::types::{Doc, Time};

/// Resources that are this person, or were proposed to be.
pub(crate) async fn resources(
    conn: &mut Conn,
    org: OrganizationId,
    user: UserId,
) -> QueryResult<Vec<ScimUserRow>> {
    let theirs = scim_users::user_id
        .eq(user)
        .or(scim_users::proposed_user_id.eq(user).assume_not_null());
    scim_users::table
        .filter(scim_users::org_id.eq(org))
        .filter(theirs.assume_not_null())
        .select(super::whole::<ScimUserRow>())
        .order(scim_users::id)
        .load(conn)
        .await
}

/// All sessions of a person that are kept.
pub(crate) async fn sessions(
    conn: &mut Conn,
    org: OrganizationId,
    user: UserId,
) -> QueryResult<Vec<SessionRow>> {
    sessions::table
        .filter(sessions::org_id.eq(org))
        .filter(sessions::user_id.eq(user))
        .select(super::whole::<SessionRow>())
        .order(sessions::id)
        .load(conn)
        .await
}

/// Sign-ins of a person.
pub(crate) async fn sign_ins(
    conn: &mut Conn,
    org: OrganizationId,
    user: UserId,
) -> QueryResult<Vec<SignInRow>> {
    sign_ins::table
        .filter(sign_ins::org_id.eq(org))
        .filter(sign_ins::user_id.eq(user))
        .select(super::whole::<SignInRow>())
        .order(sign_ins::id)
        .load(conn)
        .await
}

/// Invitations to one of these addresses, or that the person accepted, or whose invitee asked for one of
/// the addresses.
pub(crate) async fn invitations(
    conn: &mut Conn,
    org: OrganizationId,
    norms: &[String],
    user: UserId,
) -> QueryResult<Vec<InvitationRow>> {
    let asked: Vec<InvitationId> = invitation_changes::table
        .filter(invitation_changes::org_id.eq(org))
        .filter(invitation_changes::email_norm.any_of(norms.to_vec()))
        .select(invitation_changes::invitation_id)
        .load(conn)
        .await?;
    let theirs = invitations::email_norm
        .any_of(norms.to_vec())
        .or(invitations::id.any_of(asked))
        .or(invitations::accepted_user_id.eq(user).assume_not_null());
    invitations::table
        .filter(invitations::org_id.eq(org))
        .filter(theirs)
        .select(super::whole::<InvitationRow>())
        .order(invitations::id)
        .load(conn)
        .await
}

/// Invitations that a person sent.
pub(crate) async fn invitations_by(
    conn: &mut Conn,
    org: OrganizationId,
    user: UserId,
) -> QueryResult<Vec<InvitationRow>> {
    invitations::table
        .filter(invitations::org_id.eq(org))
        .filter(invitations::inviter_id.eq(user))
        .select(super::whole::<InvitationRow>())
        .order(invitations::id)
        .load(conn)
        .await
}

/// Events after a number in whose data a text stands that is in small letters, in order.
pub(crate) async fn mentions(
    conn: &mut Conn,
    org: OrganizationId,
    text: &str,
    after: i64,
    limit: i64,
) -> QueryResult<Vec<EventRow>> {
    let found = format!("{POSITION}(lower(CAST(data AS text)), ");
    let found = diesel::dsl::sql::<Bool>(&found)
        .bind::<Text, _>(text.to_owned())
        .sql(") > 0");
    events::table
        .filter(events::org_id.eq(org))
        .filter(events::seq.gt(after))
        .filter(found)
        .select(super::whole::<EventRow>())
        .order(events::seq)
        .limit(limit)
        .load(conn)
        .await
}

/// Events that somebody caused.
pub(crate) async fn events_by(
    conn: &mut Conn,
    org: OrganizationId,
    actor: &str,
) -> QueryResult<Vec<EventRow>> {
    events::table
        .filter(events::org_id.eq(org))
        .filter(events::actor.eq(actor.to_owned()))
        .select(super::whole::<EventRow>())
        .order(events::seq)
        .load(conn)
        .await
}

/// Writes an event's data and salts anew.
pub(crate) async fn rewrite_event(
    conn: &mut Conn,
    org: OrganizationId,
    seq: i64,
    data: Doc,
    salts: Option<String>,
) -> QueryResult<()> {
    kept(
        diesel::update(events::table.find((org, seq)))
            .set((events::data.eq(data), events::salts.eq(salts))),
    )
    .later(conn)
    .await
}

/// Takes what names a person out of their sessions and of the invitations that they sent, and forgets
/// their subjects and their sign-ins.
pub(crate) async fn erase_ties(
    conn: &mut Conn,
    org: OrganizationId,
    user: UserId,
) -> QueryResult<()> {
    let theirs = sessions::table
        .filter(sessions::org_id.eq(org))
        .filter(sessions::user_id.eq(user));
    kept(diesel::update(theirs).set((
        sessions::identity_id.eq(None::<crate::id::IdentityId>),
        sessions::session_index.eq(None::<String>),
        sessions::name_id.eq(None::<String>),
        sessions::name_id_format.eq(None::<String>),
        sessions::name_qualifier.eq(None::<String>),
        sessions::sp_name_qualifier.eq(None::<String>),
    )))
    .later(conn)
    .await?;
    kept(
        diesel::update(grants::table)
            .filter(grants::org_id.eq(org))
            .filter(grants::user_id.eq(user))
            .set(grants::reason.eq(None::<String>)),
    )
    .later(conn)
    .await?;
    diesel::delete(waivers::table)
        .filter(waivers::org_id.eq(org))
        .filter(waivers::user_id.eq(user))
        .later(conn)
        .await?;
    diesel::delete(identities::table)
        .filter(identities::org_id.eq(org))
        .filter(identities::user_id.eq(user))
        .later(conn)
        .await?;
    diesel::delete(sign_ins::table)
        .filter(sign_ins::org_id.eq(org))
        .filter(sign_ins::user_id.eq(user))
        .later(conn)
        .await?;
    let sent = invitations::table
        .filter(invitations::org_id.eq(org))
        .filter(invitations::inviter_id.eq(user));
    kept(diesel::update(sent).set(invitations::inviter_name.eq(None::<String>)))
        .later(conn)
        .await
}

/// Takes an address out of what hangs on an invitation; `put` stands in its place.
pub(crate) async fn erase_invitation(
    conn: &mut Conn,
    org: OrganizationId,
    id: InvitationId,
    put: &str,
) -> QueryResult<()> {
    let asked = invitation_changes::table
        .filter(invitation_changes::org_id.eq(org))
        .filter(invitation_changes::invitation_id.eq(id));
    kept(diesel::update(asked).set((
        invitation_changes::email.eq(put.to_owned()),
        invitation_changes::email_norm.eq(put.to_owned()),
    )))
    .later(conn)
    .await?;
    let codes = mail_codes::table
        .filter(mail_codes::org_id.eq(org))
        .filter(mail_codes::invitation_id.eq(id));
    kept(diesel::update(codes).set((
        mail_codes::email.eq(put.to_owned()),
        mail_codes::email_norm.eq(put.to_owned()),
    )))
    .later(conn)
    .await
}

/// The mails and posts of an organization that could be about an address.
pub(crate) async fn letters(conn: &mut Conn, org: OrganizationId) -> QueryResult<Vec<OutboxRow>> {
    outbox::table
        .filter(outbox::org_id.eq(org))
        .filter(outbox::recipient.ne(""))
        .select(super::whole::<OutboxRow>())
        .order(outbox::id)
        .load(conn)
        .await
}

/// Gives up a mail that was not sent yet, and forgets to whom it was and what it said.
pub(crate) async fn erase_letter(conn: &mut Conn, row: &OutboxRow, at: Time) -> QueryResult<()> {
    let target = outbox::table.find((row.org_id, row.id));
    kept(diesel::update(target).set((
        outbox::recipient.eq(""),
        outbox::detail.eq(Doc("{}".to_owned())),
        outbox::last_reply.eq(None::<String>),
    )))
    .later(conn)
    .await?;
    let waiting = outbox::table
        .find((row.org_id, row.id))
        .filter(outbox::finished_at.is_null());
    kept(diesel::update(waiting).set((
        outbox::state.eq(Delivery::Cancelled),
        outbox::finished_at.eq(Some(at)),
    )))
    .later(conn)
    .await
}

/// Forgets what these requests said, and that they were about these subjects.
pub(crate) async fn erase_requests(
    conn: &mut Conn,
    org: OrganizationId,
    ids: &[ScimRequestId],
    subjects: &[String],
) -> QueryResult<()> {
    for ids in ids.chunks(CHUNK) {
        let target = scim_requests::table
            .filter(scim_requests::org_id.eq(org))
            .filter(scim_requests::id.any_of(ids.to_vec()));
        diesel::update(target)
            .set((
                scim_requests::body.eq(None::<String>),
                scim_requests::query.eq(None::<String>),
                scim_requests::detail.eq(None::<String>),
                scim_requests::ignored.eq(None::<String>),
                scim_requests::omitted.eq(Some("a person in it was erased")),
            ))
            .later(conn)
            .await?;
    }
    diesel::delete(scim_request_subjects::table)
        .filter(scim_request_subjects::org_id.eq(org))
        .filter(scim_request_subjects::subject.any_of(subjects.to_vec()))
        .later(conn)
        .await
}

/// The files of imports that are kept.
pub(crate) async fn import_results(
    conn: &mut Conn,
    org: OrganizationId,
) -> QueryResult<Vec<(ImportId, Option<Doc>)>> {
    imports::table
        .filter(imports::org_id.eq(org))
        .filter(imports::result.is_not_null())
        .select((imports::id, imports::result))
        .load(conn)
        .await
}

/// Writes the file of an import anew.
pub(crate) async fn rewrite_import(
    conn: &mut Conn,
    org: OrganizationId,
    id: ImportId,
    result: Doc,
) -> QueryResult<()> {
    kept(diesel::update(imports::table.find((org, id))).set(imports::result.eq(Some(result))))
        .later(conn)
        .await
}
