//! Everything that is kept of one person, in one document, to be handed to them. Secrets and their hashes
//! are not in it.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::directory::event::EventKind;
use crate::directory::grant::GrantSource;
use crate::id::{
    BreakGlassId, ConnectionId, EventId, GrantId, InvitationId, OrganizationId, RoleId, ScimUserId,
    SessionId, UserId,
};
use crate::provisioning::audit::data;
use crate::provisioning::erase::Whom;
use crate::provisioning::people_view::{self, UserDetail};
use crate::provisioning::sign_in_log::SignIn;
use crate::provisioning::{Error, Kind};
use crate::store::rows::{GrantRow, InvitationRow, RoleRow, ScimUserRow, SessionRow};
use crate::store::{self, Tx};

/// Everything that is kept of a person.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct UserExport {
    /// When it was put together.
    #[schema(value_type = String, format = "date-time")]
    pub exported_at: Timestamp,
    /// Who they are here, and the subjects by which they sign in.
    pub profile: UserDetail,
    /// What directories say of them, as they said it.
    pub resources: Vec<ExportedResource>,
    /// What they hold, and held.
    pub grants: Vec<ExportedGrant>,
    /// Invitations to them.
    pub invitations: Vec<ExportedInvitation>,
    /// Invitations that they sent: to whom is not told.
    pub sent_invitations: Vec<ExportedInvitation>,
    /// Their sessions.
    pub sessions: Vec<ExportedSession>,
    /// Their sign-ins.
    pub sign_ins: Vec<SignIn>,
    /// What was done to them, and what they did.
    pub events: Vec<ExportedEvent>,
}

/// What a directory says of a person.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = ExportedResource)]
pub struct ExportedResource {
    /// The connection.
    #[schema(value_type = String, format = "uuid")]
    pub connection_id: ConnectionId,
    /// The resource's id.
    #[schema(value_type = String, format = "uuid")]
    pub scim_id: ScimUserId,
    /// The resource.
    #[schema(value_type = Object)]
    pub resource: Value,
    /// Since when it is there.
    #[schema(value_type = String, format = "date-time")]
    pub created_at: Timestamp,
    /// When it last changed.
    #[schema(value_type = String, format = "date-time")]
    pub updated_at: Timestamp,
}

/// A grant, live or retired.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ExportedGrant {
    /// The id.
    #[schema(value_type = String, format = "uuid")]
    pub id: GrantId,
    /// The role's slug.
    pub role: Option<String>,
    /// Where it comes from.
    #[schema(value_type = String)]
    pub source: GrantSource,
    /// Since when.
    #[schema(value_type = String, format = "date-time")]
    pub granted_at: Timestamp,
    /// Until when, where it is retired.
    #[schema(value_type = Option<String>, format = "date-time")]
    pub retired_at: Option<Timestamp>,
    /// Why it is retired.
    pub retired_cause: Option<String>,
    /// Until when it was given, if not for good.
    #[schema(value_type = Option<String>, format = "date-time")]
    pub ends_at: Option<Timestamp>,
    /// Who gave it, as events name actors.
    pub actor: Option<String>,
    /// Why, where they had to say.
    pub reason: Option<String>,
}

/// An invitation.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ExportedInvitation {
    /// The id.
    #[schema(value_type = String, format = "uuid")]
    pub id: InvitationId,
    /// The address that was invited; null where it is somebody else's.
    pub email: Option<String>,
    /// The role's slug.
    pub role: Option<String>,
    /// What it is now.
    pub state: &'static str,
    /// What the inviter wrote; null where it was to somebody else.
    pub message: Option<String>,
    /// When it was made.
    #[schema(value_type = String, format = "date-time")]
    pub created_at: Timestamp,
    /// When it was closed.
    #[schema(value_type = Option<String>, format = "date-time")]
    pub closed_at: Option<Timestamp>,
}

/// A session.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ExportedSession {
    /// The id.
    #[schema(value_type = String, format = "uuid")]
    pub id: SessionId,
    /// The connection by which they came.
    #[schema(value_type = Option<String>, format = "uuid")]
    pub connection_id: Option<ConnectionId>,
    /// The break-glass sign-in by which they came.
    #[schema(value_type = Option<String>, format = "uuid")]
    pub break_glass_id: Option<BreakGlassId>,
    /// The NameID by which the identity provider knows it.
    pub name_id: Option<String>,
    /// When it began.
    #[schema(value_type = String, format = "date-time")]
    pub created_at: Timestamp,
    /// When it was last used.
    #[schema(value_type = String, format = "date-time")]
    pub last_seen_at: Timestamp,
    /// When it was ended.
    #[schema(value_type = Option<String>, format = "date-time")]
    pub ended_at: Option<Timestamp>,
    /// What ended it.
    pub ended_cause: Option<String>,
}

/// A line of the audit log.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ExportedEvent {
    /// The event's number.
    pub seq: i64,
    /// Its id.
    #[schema(value_type = String, format = "uuid")]
    pub id: EventId,
    /// What happened.
    #[serde(rename = "type")]
    pub kind: EventKind,
    /// When.
    #[schema(value_type = String, format = "date-time")]
    pub time: Timestamp,
    /// Who did it.
    pub actor: String,
    /// What there is to tell; null where it is about somebody else, and they only did it.
    #[schema(value_type = Option<Object>)]
    pub data: Option<Value>,
}

/// Puts together what is kept of a person.
pub async fn export(
    tx: &mut Tx,
    org: OrganizationId,
    id: UserId,
    now: Timestamp,
) -> Result<UserExport, Error> {
    let user = tx.user(org, id).await?;
    let user = user.ok_or(Error::NotFound(Kind::User))?;
    let resources = tx.resources_about(org, id).await?;
    let identities = tx.identities_of(org, id).await?;
    let mut whom = Whom::gather(tx, &user, &resources, &identities).await?;
    let roles = tx.every_role(org).await?;
    let invited = tx.invitations_about(org, &whom.emails(), id).await?;
    whom.invited(&invited);
    let sent = tx.invitations_by(org, id).await?;
    let own = invited.into_iter().map(|row| invitation(row, &roles, true));
    let others = sent.into_iter().map(|row| invitation(row, &roles, false));
    let (invitations, sent_invitations) = (own.collect(), others.collect());
    let grants = tx.grant_history(org, id).await?;
    let sessions = tx.sessions_of(org, id).await?;
    let sign_ins = tx.sign_ins_of(org, id).await?;
    Ok(UserExport {
        exported_at: now,
        profile: people_view::show(tx, org, id).await?,
        resources: resources
            .into_iter()
            .map(resource)
            .collect::<Result<_, _>>()?,
        grants: grants.into_iter().map(|row| grant(row, &roles)).collect(),
        invitations,
        sent_invitations,
        sessions: sessions.into_iter().map(session).collect(),
        sign_ins: sign_ins.into_iter().map(SignIn::from).collect(),
        events: events(tx, org, &whom, id).await?,
    })
}

fn resource(row: ScimUserRow) -> Result<ExportedResource, Error> {
    let read = serde_json::from_str(&row.document.0);
    let resource = read.map_err(|_| store::Error::Corrupt {
        table: "scim_users",
        column: "document",
    })?;
    Ok(ExportedResource {
        connection_id: row.connection_id,
        scim_id: row.id,
        resource,
        created_at: row.created_at.0,
        updated_at: row.updated_at.0,
    })
}

fn slug(roles: &[RoleRow], id: RoleId) -> Option<String> {
    let role = roles.iter().find(|role| role.id == id);
    role.map(|role| role.slug.clone())
}

fn grant(row: GrantRow, roles: &[RoleRow]) -> ExportedGrant {
    ExportedGrant {
        id: row.id,
        role: slug(roles, row.role_id),
        source: row.source,
        granted_at: row.granted_at.0,
        retired_at: row.retired_at.map(|at| at.0),
        retired_cause: row.retired_cause,
        ends_at: row.ends_at.map(|at| at.0),
        actor: row.actor,
        reason: row.reason,
    }
}

fn invitation(row: InvitationRow, roles: &[RoleRow], is_theirs: bool) -> ExportedInvitation {
    ExportedInvitation {
        id: row.id,
        email: Some(row.email).filter(|_| is_theirs),
        role: slug(roles, row.role_id),
        state: row.state.as_str(),
        message: row.message.filter(|_| is_theirs),
        created_at: row.created_at.0,
        closed_at: row.closed_at.map(|at| at.0),
    }
}

fn session(row: SessionRow) -> ExportedSession {
    ExportedSession {
        id: row.id,
        connection_id: row.connection_id,
        break_glass_id: row.break_glass_id,
        name_id: row.name_id,
        created_at: row.created_at.0,
        last_seen_at: row.last_seen_at.0,
        ended_at: row.ended_at.map(|at| at.0),
        ended_cause: row.ended_cause,
    }
}

async fn events(
    tx: &mut Tx,
    org: OrganizationId,
    whom: &Whom,
    id: UserId,
) -> Result<Vec<ExportedEvent>, Error> {
    let mut rows = whom.events(tx, org).await?;
    rows.extend(tx.events_by(org, &format!("user:{id}")).await?);
    rows.sort_by_key(|row| row.seq);
    rows.dedup_by_key(|row| row.seq);
    let mut events = Vec::new();
    for row in rows {
        let data = data(&row)?;
        let about = whom.is_about(&data);
        if about || row.actor == format!("user:{id}") {
            events.push(ExportedEvent {
                seq: row.seq,
                id: row.id,
                kind: row.kind,
                time: row.time.0,
                actor: row.actor,
                data: about.then_some(data),
            });
        }
    }
    Ok(events)
}
