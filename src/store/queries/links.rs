//! Resources of directories that are nobody's; what owners, and people of their own links, are asked.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::super::{AnyOf, Conn};
use super::CHUNK;
use super::kept::kept;
use super::later::Later;
use crate::directory::link::{LinkState, ProofState};
use crate::id::{
    ConnectionId, IdentityId, MailCodeId, OrganizationId, ScimUserId, TransferId, UserId,
};
use crate::store::rows::{LinkProofRow, ScimUserRow, TransferRow};
use crate::store::schema::{break_glass, identities, link_proofs, ownership_transfers, scim_users};
use crate::store::types::Time;

/// A page of the resources of an organization that are nobody's, in the order of ids.
pub(crate) async fn unlinked(
    conn: &mut Conn,
    org: OrganizationId,
    state: Option<LinkState>,
    after: Option<ScimUserId>,
    limit: i64,
) -> QueryResult<Vec<ScimUserRow>> {
    let mut query = scim_users::table
        .filter(scim_users::org_id.eq(org))
        .filter(scim_users::user_id.is_null())
        .select(super::whole::<ScimUserRow>())
        .into_boxed();
    let proposed = scim_users::proposed_user_id.is_not_null();
    let rejected = scim_users::rejected_user_id.is_not_null();
    query = match state {
        None => query,
        Some(LinkState::Linked) => query.filter(scim_users::user_id.is_not_null()),
        Some(LinkState::Proposed) => query.filter(proposed),
        Some(LinkState::Rejected) => query.filter(rejected),
        Some(LinkState::Unlinked) => query.filter(diesel::dsl::not(proposed.or(rejected))),
    };
    if let Some(after) = after {
        query = query.filter(scim_users::id.gt(after));
    }
    query.order(scim_users::id).limit(limit).load(conn).await
}

pub(crate) async fn insert_transfer(conn: &mut Conn, row: &TransferRow) -> QueryResult<()> {
    diesel::insert_into(ownership_transfers::table)
        .values(row.clone())
        .later(conn)
        .await
}

pub(crate) async fn update_transfer(conn: &mut Conn, row: &TransferRow) -> QueryResult<()> {
    let target = ownership_transfers::table.find((row.org_id, row.id));
    kept(diesel::update(target).set(row.clone()))
        .later(conn)
        .await
}

pub(crate) async fn transfer(
    conn: &mut Conn,
    org: OrganizationId,
    id: TransferId,
) -> QueryResult<Option<TransferRow>> {
    let find = ownership_transfers::table
        .find((org, id))
        .select(super::whole::<TransferRow>());
    find.first(conn).await.optional()
}

/// The transfer that a link names: the link is what tells the organization.
pub(crate) async fn transfer_of_link(
    conn: &mut Conn,
    id: TransferId,
) -> QueryResult<Option<TransferRow>> {
    let find = ownership_transfers::table
        .filter(ownership_transfers::id.eq(id))
        .select(super::whole::<TransferRow>());
    find.first(conn).await.optional()
}

/// The transfer of an organization that nobody closed.
pub(crate) async fn open_transfer(
    conn: &mut Conn,
    org: OrganizationId,
) -> QueryResult<Option<TransferRow>> {
    let find = ownership_transfers::table
        .filter(ownership_transfers::org_id.eq(org))
        .filter(ownership_transfers::closed_at.is_null())
        .select(super::whole::<TransferRow>());
    find.first(conn).await.optional()
}

/// The transfers of an organization, in the order of ids.
pub(crate) async fn transfers(
    conn: &mut Conn,
    org: OrganizationId,
    after: Option<TransferId>,
    limit: i64,
) -> QueryResult<Vec<TransferRow>> {
    let mut query = ownership_transfers::table
        .filter(ownership_transfers::org_id.eq(org))
        .select(super::whole::<TransferRow>())
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(ownership_transfers::id.gt(after));
    }
    query
        .order(ownership_transfers::id)
        .limit(limit)
        .load(conn)
        .await
}

/// Those that were begun since then.
pub(crate) async fn transfers_since(
    conn: &mut Conn,
    org: OrganizationId,
    since: Time,
) -> QueryResult<Vec<TransferRow>> {
    ownership_transfers::table
        .filter(ownership_transfers::org_id.eq(org))
        .filter(ownership_transfers::created_at.gt(since))
        .select(super::whole::<TransferRow>())
        .order(ownership_transfers::id)
        .load(conn)
        .await
}

/// Forgets what transfers, and break-glass sign-ins, say of a person beside their id.
pub(crate) async fn erase_transfers(
    conn: &mut Conn,
    org: OrganizationId,
    user: UserId,
) -> QueryResult<()> {
    let is_theirs = ownership_transfers::chosen_id
        .eq(user)
        .or(ownership_transfers::owner_id.eq(user).assume_not_null());
    let target = ownership_transfers::table
        .filter(ownership_transfers::org_id.eq(org))
        .filter(is_theirs);
    kept(diesel::update(target).set((
        ownership_transfers::reason.eq(None::<String>),
        ownership_transfers::owner_mark.eq(""),
        ownership_transfers::chosen_mark.eq(""),
    )))
    .later(conn)
    .await?;
    let target = break_glass::table
        .filter(break_glass::org_id.eq(org))
        .filter(break_glass::user_id.eq(user));
    kept(diesel::update(target).set((break_glass::reason.eq(""), break_glass::mark.eq(""))))
        .later(conn)
        .await?;
    let target = link_proofs::table
        .filter(link_proofs::org_id.eq(org))
        .filter(link_proofs::user_id.eq(user));
    diesel::delete(target).later(conn).await
}

pub(crate) async fn insert_proof(conn: &mut Conn, row: &LinkProofRow) -> QueryResult<()> {
    diesel::insert_into(link_proofs::table)
        .values(row.clone())
        .later(conn)
        .await
}

pub(crate) async fn update_proof(conn: &mut Conn, row: &LinkProofRow) -> QueryResult<()> {
    let target = link_proofs::table.find((row.org_id, row.id));
    kept(diesel::update(target).set(row.clone()))
        .later(conn)
        .await
}

pub(crate) async fn proof(
    conn: &mut Conn,
    org: OrganizationId,
    id: MailCodeId,
) -> QueryResult<Option<LinkProofRow>> {
    let find = link_proofs::table
        .find((org, id))
        .select(super::whole::<LinkProofRow>());
    find.first(conn).await.optional()
}

/// The proof that a link names: the link is what tells the organization.
pub(crate) async fn proof_of_link(
    conn: &mut Conn,
    id: MailCodeId,
) -> QueryResult<Option<LinkProofRow>> {
    let find = link_proofs::table
        .filter(link_proofs::id.eq(id))
        .select(super::whole::<LinkProofRow>());
    find.first(conn).await.optional()
}

/// What a person was mailed since then to prove subjects by, the latest first.
pub(crate) async fn proofs_since(
    conn: &mut Conn,
    org: OrganizationId,
    user: UserId,
    since: Time,
) -> QueryResult<Vec<LinkProofRow>> {
    link_proofs::table
        .filter(link_proofs::org_id.eq(org))
        .filter(link_proofs::user_id.eq(user))
        .filter(link_proofs::created_at.gt(since))
        .select(super::whole::<LinkProofRow>())
        .order((link_proofs::created_at.desc(), link_proofs::id.desc()))
        .load(conn)
        .await
}

/// The proofs of an organization that wait for the owner's yes, in the order of ids.
pub(crate) async fn proved(conn: &mut Conn, org: OrganizationId) -> QueryResult<Vec<LinkProofRow>> {
    link_proofs::table
        .filter(link_proofs::org_id.eq(org))
        .filter(link_proofs::state.eq(ProofState::Proved))
        .select(super::whole::<LinkProofRow>())
        .order(link_proofs::id)
        .load(conn)
        .await
}

/// Writes that a person confirmed a link that is theirs; `false` where it is not.
pub(crate) async fn confirm_identity(
    conn: &mut Conn,
    org: OrganizationId,
    id: IdentityId,
    user: UserId,
) -> QueryResult<bool> {
    let target = identities::table
        .find((org, id))
        .filter(identities::user_id.eq(user));
    let set = identities::confirmed_by.eq(Some(user));
    Ok(kept(diesel::update(target).set(set)).execute(conn).await? == 1)
}

/// Forgets that people confirmed links of a connection, and that they are about to.
pub(crate) async fn unconfirm_connection(
    conn: &mut Conn,
    org: OrganizationId,
    connection: ConnectionId,
    now: Time,
) -> QueryResult<()> {
    let its = identities::table
        .filter(identities::org_id.eq(org))
        .filter(identities::connection_id.eq(connection))
        .select(identities::id)
        .load(conn)
        .await?;
    unconfirm(conn, org, its, now).await
}

/// Forgets that a person confirmed the links that they have, and that they are about to.
pub(crate) async fn unconfirm_person(
    conn: &mut Conn,
    org: OrganizationId,
    user: UserId,
    now: Time,
) -> QueryResult<()> {
    let theirs = identities::table
        .filter(identities::org_id.eq(org))
        .filter(identities::user_id.eq(user))
        .select(identities::id)
        .load(conn)
        .await?;
    unconfirm(conn, org, theirs, now).await
}

/// These are confirmed no more, and from now on it is too late to answer whoever would confirm them.
async fn unconfirm(
    conn: &mut Conn,
    org: OrganizationId,
    links: Vec<IdentityId>,
    now: Time,
) -> QueryResult<()> {
    for some in links.chunks(CHUNK) {
        let confirmed = identities::table
            .filter(identities::org_id.eq(org))
            .filter(identities::id.any_of(some.to_vec()));
        diesel::update(confirmed)
            .set(identities::confirmed_by.eq(None::<UserId>))
            .later(conn)
            .await?;
        let open = link_proofs::table
            .filter(link_proofs::org_id.eq(org))
            .filter(link_proofs::identity_id.any_of(some.to_vec()))
            .filter(link_proofs::expires_at.gt(now));
        diesel::update(open)
            .set(link_proofs::expires_at.eq(now))
            .later(conn)
            .await?;
    }
    Ok(())
}
