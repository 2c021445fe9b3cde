//! Wishes to be invited at another address.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::super::{AnyOf, Conn};
use super::CHUNK;
use super::kept::kept;
use super::later::Later;
use crate::directory::invitation::change::ChangeState;
use crate::id::{InvitationChangeId, InvitationId, OrganizationId};
use crate::store::rows::InvitationChangeRow;
use crate::store::schema::{invitation_changes, mail_codes};
use crate::store::types::Time;

pub(crate) async fn insert(conn: &mut Conn, row: &InvitationChangeRow) -> QueryResult<()> {
    diesel::insert_into(invitation_changes::table)
        .values(row.clone())
        .later(conn)
        .await
}

/// Those of these invitations that nobody has decided: at most one each.
pub(crate) async fn open(
    conn: &mut Conn,
    org: OrganizationId,
    ids: &[InvitationId],
) -> QueryResult<Vec<InvitationChangeRow>> {
    let mut rows = Vec::new();
    for ids in ids.chunks(CHUNK) {
        let query = invitation_changes::table
            .filter(invitation_changes::org_id.eq(org))
            .filter(invitation_changes::invitation_id.any_of(ids.to_vec()))
            .filter(invitation_changes::closed_at.is_null())
            .select(super::whole::<InvitationChangeRow>());
        rows.extend(query.load::<InvitationChangeRow>(conn).await?);
    }
    Ok(rows)
}

/// When those of an invitation were made since then, the first one first.
pub(crate) async fn made_since(
    conn: &mut Conn,
    org: OrganizationId,
    invitation: InvitationId,
    since: Time,
) -> QueryResult<Vec<Time>> {
    invitation_changes::table
        .filter(invitation_changes::org_id.eq(org))
        .filter(invitation_changes::invitation_id.eq(invitation))
        .filter(invitation_changes::created_at.gt(since))
        .select(invitation_changes::created_at)
        .order(invitation_changes::created_at)
        .load(conn)
        .await
}

/// Decides one that is open; `false` where somebody was faster.
pub(crate) async fn decide(
    conn: &mut Conn,
    org: OrganizationId,
    id: InvitationChangeId,
    state: ChangeState,
    by: &str,
    at: Time,
) -> QueryResult<bool> {
    let target = invitation_changes::table
        .find((org, id))
        .filter(invitation_changes::closed_at.is_null());
    let set = (
        invitation_changes::state.eq(state),
        invitation_changes::closed_at.eq(Some(at)),
        invitation_changes::closed_by.eq(Some(by.to_owned())),
    );
    Ok(kept(diesel::update(target).set(set)).execute(conn).await? == 1)
}

/// Closes what is open of an invitation that is over.
pub(crate) async fn void(
    conn: &mut Conn,
    org: OrganizationId,
    invitation: InvitationId,
    at: Time,
) -> QueryResult<()> {
    let target = invitation_changes::table
        .filter(invitation_changes::org_id.eq(org))
        .filter(invitation_changes::invitation_id.eq(invitation))
        .filter(invitation_changes::closed_at.is_null());
    let set = (
        invitation_changes::state.eq(ChangeState::Void),
        invitation_changes::closed_at.eq(Some(at)),
    );
    kept(diesel::update(target).set(set)).later(conn).await
}

/// Forgets which addresses were named with an invitation's link.
pub(crate) async fn forget(
    conn: &mut Conn,
    org: OrganizationId,
    invitation: InvitationId,
) -> QueryResult<()> {
    let changes = invitation_changes::table
        .filter(invitation_changes::org_id.eq(org))
        .filter(invitation_changes::invitation_id.eq(invitation));
    let none = (
        invitation_changes::email.eq(""),
        invitation_changes::email_norm.eq(""),
    );
    kept(diesel::update(changes).set(none)).later(conn).await?;
    let codes = mail_codes::table
        .filter(mail_codes::org_id.eq(org))
        .filter(mail_codes::invitation_id.eq(invitation));
    let none = (mail_codes::email.eq(""), mail_codes::email_norm.eq(""));
    kept(diesel::update(codes).set(none)).later(conn).await
}
