//! Invitations and the codes that were mailed for them.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use diesel_async::RunQueryDsl;

use super::super::{AnyOf, Conn, Db};
use super::CHUNK;
use super::kept::kept;
use super::later::Later;
use super::values::{Rows, Values, pieces};
use crate::directory::invitation::{Standing, State};
use crate::id::{ImportId, InvitationId, MailCodeId, OrganizationId, ProjectId, UserId};
use crate::store::invited::{Invited, Order};
use crate::store::ops::InvitationProject;
use crate::store::rows::{InvitationRow, MailCodeRow};
use crate::store::schema::{invitation_projects, invitations, mail_codes};
use crate::store::types::{IdSql, Time};

pub(crate) async fn insert(conn: &mut Conn, row: &InvitationRow) -> QueryResult<()> {
    diesel::insert_into(invitations::table)
        .values(row.clone())
        .later(conn)
        .await
}

pub(crate) async fn update(conn: &mut Conn, row: &InvitationRow) -> QueryResult<()> {
    let target = invitations::table.find((row.org_id, row.id));
    kept(diesel::update(target).set(row.clone()))
        .later(conn)
        .await
}

pub(crate) async fn by_id(
    conn: &mut Conn,
    org: OrganizationId,
    id: InvitationId,
) -> QueryResult<Option<InvitationRow>> {
    let find = invitations::table
        .find((org, id))
        .select(super::whole::<InvitationRow>());
    find.first(conn).await.optional()
}

/// The invitation that a link names: the one look-up without an organization, since the link is
/// what tells the organization.
pub(crate) async fn of_link(
    conn: &mut Conn,
    id: InvitationId,
) -> QueryResult<Option<InvitationRow>> {
    let find = invitations::table
        .filter(invitations::id.eq(id))
        .select(super::whole::<InvitationRow>());
    find.first(conn).await.optional()
}

/// The open invitations to these addresses: at most one each.
pub(crate) async fn open(
    conn: &mut Conn,
    org: OrganizationId,
    norms: &[String],
) -> QueryResult<Vec<InvitationRow>> {
    let mut rows = Vec::new();
    for norms in norms.chunks(CHUNK) {
        let query = invitations::table
            .filter(invitations::org_id.eq(org))
            .filter(invitations::email_norm.any_of(norms.to_vec()))
            .filter(invitations::closed_at.is_null())
            .select(super::whole::<InvitationRow>());
        rows.extend(query.load::<InvitationRow>(conn).await?);
    }
    Ok(rows)
}

/// The open invitations of an import.
pub(crate) async fn open_of_import(
    conn: &mut Conn,
    org: OrganizationId,
    import: ImportId,
) -> QueryResult<Vec<InvitationRow>> {
    invitations::table
        .filter(invitations::org_id.eq(org))
        .filter(invitations::import_id.eq(import))
        .filter(invitations::closed_at.is_null())
        .select(super::whole::<InvitationRow>())
        .order(invitations::id)
        .load(conn)
        .await
}

/// Takes a pending invitation that is still of this version and has not expired; `false` where
/// somebody was faster. The one write that accepting and revoking race for.
pub(crate) async fn accept(
    conn: &mut Conn,
    org: OrganizationId,
    id: InvitationId,
    version: i64,
    user: UserId,
    via: &str,
    at: Time,
) -> QueryResult<bool> {
    let target = invitations::table
        .find((org, id))
        .filter(invitations::state.eq(State::Pending))
        .filter(invitations::version.eq(version))
        .filter(invitations::expires_at.gt(at));
    let set = (
        invitations::state.eq(State::Accepted),
        invitations::accepted_user_id.eq(Some(user)),
        invitations::accepted_via.eq(Some(via.to_owned())),
        invitations::closed_at.eq(Some(at)),
        invitations::updated_at.eq(at),
    );
    Ok(kept(diesel::update(target).set(set)).execute(conn).await? == 1)
}

/// How many invitations were made since then: by one person, to one address, or by anybody.
pub(crate) async fn made_since(
    conn: &mut Conn,
    org: OrganizationId,
    actor: Option<&str>,
    norm: Option<&str>,
    since: Time,
) -> QueryResult<i64> {
    let query = made(org, actor, norm, since);
    query.count().get_result(conn).await
}

/// When the one of these was made that so many others were made before.
pub(crate) async fn made_at(
    conn: &mut Conn,
    org: OrganizationId,
    actor: Option<&str>,
    norm: Option<&str>,
    since: Time,
    before: i64,
) -> QueryResult<Option<Time>> {
    made(org, actor, norm, since)
        .select(invitations::created_at)
        .order(invitations::created_at)
        .offset(before)
        .limit(1)
        .first(conn)
        .await
        .optional()
}

fn made(
    org: OrganizationId,
    actor: Option<&str>,
    norm: Option<&str>,
    since: Time,
) -> invitations::BoxedQuery<'static, Db> {
    let mut query = invitations::table
        .filter(invitations::org_id.eq(org))
        .filter(invitations::created_at.gt(since))
        .into_boxed::<Db>();
    if let Some(actor) = actor {
        query = query.filter(invitations::actor.eq(actor.to_owned()));
    }
    if let Some(norm) = norm {
        query = query.filter(invitations::email_norm.eq(norm.to_owned()));
    }
    query
}

/// A page of the invitations that somebody asks for.
pub(crate) async fn page(
    conn: &mut Conn,
    org: OrganizationId,
    asked: &Invited,
    now: Time,
) -> QueryResult<Vec<InvitationRow>> {
    let mut query = invitations::table
        .filter(invitations::org_id.eq(org))
        .select(super::whole::<InvitationRow>())
        .into_boxed::<Db>();
    let pending = invitations::state.eq(State::Pending);
    query = match asked.standing {
        None => query,
        Some(Standing::Expired) => query.filter(pending.and(invitations::expires_at.le(now))),
        Some(Standing::Pending) => query.filter(pending.and(invitations::expires_at.gt(now))),
        Some(Standing::Accepted) => query.filter(invitations::state.eq(State::Accepted)),
        Some(Standing::Declined) => query.filter(invitations::state.eq(State::Declined)),
        Some(Standing::NeedsAttention) => {
            query.filter(invitations::state.eq(State::NeedsAttention))
        }
        Some(Standing::Revoked) => query.filter(invitations::state.eq(State::Revoked)),
        Some(Standing::Superseded) => query.filter(invitations::state.eq(State::Superseded)),
    };
    if let Some(prefix) = &asked.email_prefix {
        query = query.filter(invitations::email_norm.ge(prefix.clone()));
        query = query.filter(invitations::email_norm.lt(format!("{prefix}\u{10ffff}")));
    }
    if let Some(role) = asked.role {
        query = query.filter(invitations::role_id.eq(role));
    }
    if let Some(inviter) = asked.inviter {
        query = query.filter(invitations::inviter_id.eq(inviter));
    }
    if let Some(import) = asked.import {
        query = query.filter(invitations::import_id.eq(import));
    }
    if let Some(project) = asked.project {
        let among = invitation_projects::table
            .filter(invitation_projects::org_id.eq(org))
            .filter(invitation_projects::project_id.eq(project))
            .select(invitation_projects::invitation_id);
        query = query.filter(invitations::id.eq_any(among));
    }
    query = match asked.order {
        Order::Creation(None) => query.order(invitations::id),
        Order::Creation(Some(after)) => query
            .filter(invitations::id.gt(after))
            .order(invitations::id),
        Order::Expiry(None) => query.order((invitations::expires_at, invitations::id)),
        Order::Expiry(Some((at, id))) => {
            let later = invitations::expires_at
                .gt(at)
                .or(invitations::expires_at.eq(at).and(invitations::id.gt(id)));
            query
                .filter(later)
                .order((invitations::expires_at, invitations::id))
        }
    };
    query.limit(asked.limit).load(conn).await
}

/// Open invitations whose inviter is this person.
pub(crate) async fn open_by(
    conn: &mut Conn,
    org: OrganizationId,
    inviter: UserId,
) -> QueryResult<Vec<InvitationRow>> {
    invitations::table
        .filter(invitations::org_id.eq(org))
        .filter(invitations::inviter_id.eq(inviter))
        .filter(invitations::closed_at.is_null())
        .select(super::whole::<InvitationRow>())
        .order(invitations::id)
        .load(conn)
        .await
}

/// The projects of these invitations.
pub(crate) async fn projects(
    conn: &mut Conn,
    org: OrganizationId,
    ids: &[InvitationId],
) -> QueryResult<Vec<(InvitationId, ProjectId)>> {
    let mut rows = Vec::new();
    for ids in ids.chunks(CHUNK) {
        let query = invitation_projects::table
            .filter(invitation_projects::org_id.eq(org))
            .filter(invitation_projects::invitation_id.any_of(ids.to_vec()))
            .select((
                invitation_projects::invitation_id,
                invitation_projects::project_id,
            ))
            .order((
                invitation_projects::invitation_id,
                invitation_projects::project_id,
            ));
        rows.extend(query.load::<(InvitationId, ProjectId)>(conn).await?);
    }
    Ok(rows)
}

pub(crate) async fn insert_projects(
    conn: &mut Conn,
    rows: &[InvitationProject],
) -> QueryResult<()> {
    for rows in pieces(rows) {
        let insert = Rows {
            head: "INSERT INTO invitation_projects (org_id, invitation_id, project_id) VALUES",
            lines: rows,
            bind: bind_project,
            tail: "",
        };
        insert.later(conn).await?;
    }
    Ok(())
}

fn bind_project<'b>(
    row: &'b InvitationProject,
    values: &mut Values<'_, '_, 'b>,
) -> QueryResult<()> {
    values.bind::<IdSql, _>(&row.0)?;
    values.bind::<IdSql, _>(&row.1)?;
    values.bind::<IdSql, _>(&row.2)
}

pub(crate) async fn forget_projects(
    conn: &mut Conn,
    org: OrganizationId,
    id: InvitationId,
) -> QueryResult<()> {
    let target = invitation_projects::table
        .filter(invitation_projects::org_id.eq(org))
        .filter(invitation_projects::invitation_id.eq(id));
    diesel::delete(target).later(conn).await
}

/// Invitations that were closed before then and still name an address, in any organization.
pub(crate) async fn stale(
    conn: &mut Conn,
    before: Time,
    limit: i64,
) -> QueryResult<Vec<InvitationRow>> {
    // Said as the index says it, which has the rest of them.
    let named = sql::<Bool>("email <> ''");
    invitations::table
        .filter(invitations::closed_at.lt(before))
        .filter(named)
        .select(super::whole::<InvitationRow>())
        .order((invitations::closed_at, invitations::id))
        .limit(limit)
        .load(conn)
        .await
}

pub(crate) async fn insert_code(conn: &mut Conn, row: &MailCodeRow) -> QueryResult<()> {
    diesel::insert_into(mail_codes::table)
        .values(row.clone())
        .later(conn)
        .await
}

pub(crate) async fn code(
    conn: &mut Conn,
    org: OrganizationId,
    id: MailCodeId,
) -> QueryResult<Option<MailCodeRow>> {
    let find = mail_codes::table
        .find((org, id))
        .select(super::whole::<MailCodeRow>());
    find.first(conn).await.optional()
}

/// The codes that were mailed for an invitation since then, the latest first.
pub(crate) async fn codes_since(
    conn: &mut Conn,
    org: OrganizationId,
    invitation: InvitationId,
    since: Time,
) -> QueryResult<Vec<MailCodeRow>> {
    mail_codes::table
        .filter(mail_codes::org_id.eq(org))
        .filter(mail_codes::invitation_id.eq(invitation))
        .filter(mail_codes::created_at.gt(since))
        .select(super::whole::<MailCodeRow>())
        .order((mail_codes::created_at.desc(), mail_codes::id.desc()))
        .load(conn)
        .await
}

/// How many codes were mailed to an address since then, for any invitation.
pub(crate) async fn codes_to(
    conn: &mut Conn,
    org: OrganizationId,
    norm: &str,
    since: Time,
) -> QueryResult<i64> {
    mail_codes::table
        .filter(mail_codes::org_id.eq(org))
        .filter(mail_codes::email_norm.eq(norm.to_owned()))
        .filter(mail_codes::created_at.gt(since))
        .count()
        .get_result(conn)
        .await
}

/// Notes a try of a code; `used` when it was right.
pub(crate) async fn try_code(
    conn: &mut Conn,
    org: OrganizationId,
    id: MailCodeId,
    used: Option<Time>,
) -> QueryResult<()> {
    let set = (
        mail_codes::tries.eq(mail_codes::tries + 1),
        mail_codes::used_at.eq(used),
    );
    let target = mail_codes::table.find((org, id));
    kept(diesel::update(target).set(set)).later(conn).await
}
