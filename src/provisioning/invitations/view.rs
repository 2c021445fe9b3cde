//! Invitations as they are shown: with names instead of ids, with what became of their mail, and
//! never with their link.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::directory::delivery::{Delivery, MailKind};
use crate::directory::invitation::Standing;
use crate::directory::invitation::change::Proof;
use crate::directory::invitation::link::Channel;
use crate::id::{ImportId, InvitationId, OrganizationId, UserId};
use crate::provisioning::Error;
use crate::provisioning::invitations::Rules;
use crate::store::Tx;
use crate::store::invited::Invited;
use crate::store::rows::{InvitationChangeRow, InvitationRow, OutboxRow};

/// An invitation.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Invitation {
    /// The id.
    #[schema(value_type = String, format = "uuid")]
    pub id: InvitationId,
    /// The address that is invited.
    pub email: String,
    /// The slug of the role.
    pub role: String,
    /// The slugs of the projects; empty means the whole organization.
    pub projects: Vec<String>,
    /// How it stands.
    pub state: Standing,
    /// Until when it can be accepted.
    #[schema(value_type = String, format = "date-time")]
    pub expires_at: Timestamp,
    /// What the inviter added.
    pub message: Option<String>,
    /// Why the owner invites somebody whom the directory turned away, where that is so.
    pub override_reason: Option<String>,
    /// Another address that somebody asks to be invited at, while nobody has decided about it.
    pub address_change: Option<AddressChange>,
    /// Who invited: a person's name, or none where it was an operator or a key.
    pub invited_by: Option<String>,
    /// Whether it was made alone or by an import.
    pub source: &'static str,
    /// The import that made it.
    #[schema(value_type = Option<String>, format = "uuid")]
    pub import_id: Option<ImportId>,
    /// How often its mail was sent.
    pub send_count: i64,
    /// When its mail was last sent.
    #[schema(value_type = Option<String>, format = "date-time")]
    pub last_sent_at: Option<Timestamp>,
    /// What became of its last mail.
    pub delivery: Option<Mailing>,
    /// The person who came.
    #[schema(value_type = Option<String>, format = "uuid")]
    pub user_id: Option<UserId>,
    /// How the person came: `link`, `saml` or `scim`.
    pub accepted_via: Option<String>,
    /// When it was closed.
    #[schema(value_type = Option<String>, format = "date-time")]
    pub closed_at: Option<Timestamp>,
    /// When it was made.
    #[schema(value_type = String, format = "date-time")]
    pub created_at: Timestamp,
    /// When it last changed.
    #[schema(value_type = String, format = "date-time")]
    pub updated_at: Timestamp,
}

/// A wish to be invited at another address.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AddressChange {
    /// The other address.
    pub email: String,
    /// How it was shown that it is theirs: by a mailed `code`, or the `session` of a member.
    pub proof: Proof,
    /// By which link they came: the `mail`ed one, or one that was `shared`, which anybody may have.
    pub link: Channel,
    /// When they asked.
    #[schema(value_type = String, format = "date-time")]
    pub requested_at: Timestamp,
}

impl From<InvitationChangeRow> for AddressChange {
    fn from(row: InvitationChangeRow) -> Self {
        Self {
            email: row.email,
            proof: row.proof,
            link: row.channel,
            requested_at: row.created_at.0,
        }
    }
}

/// What became of a mail.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Mailing {
    /// How far it got. Nobody can say that it arrived.
    pub state: Delivery,
    /// Whether it may have been taken by the relay more than once.
    pub uncertain: bool,
    /// How often it was tried.
    pub attempts: i64,
    /// The relay's last word.
    pub last_reply: Option<String>,
}

impl From<&OutboxRow> for Mailing {
    fn from(row: &OutboxRow) -> Self {
        Self {
            state: row.state,
            uncertain: row.uncertain,
            attempts: row.attempts,
            last_reply: row.last_reply.clone(),
        }
    }
}

/// A page of invitations.
pub async fn page(
    tx: &mut Tx,
    org: OrganizationId,
    asked: &Invited,
    now: Timestamp,
) -> Result<Vec<Invitation>, Error> {
    let at = crate::store::types::Time(now);
    let rows = tx.invitation_page(org, asked, at).await?;
    views(tx, org, rows, now).await
}

/// Invitations as they are shown.
pub async fn views(
    tx: &mut Tx,
    org: OrganizationId,
    rows: Vec<InvitationRow>,
    now: Timestamp,
) -> Result<Vec<Invitation>, Error> {
    let rules = Rules::read(tx, org).await?;
    let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
    let mut projects: BTreeMap<InvitationId, Vec<String>> = BTreeMap::new();
    for (id, project) in tx.invitation_projects(org, &ids).await? {
        let row = rules.projects.iter().find(|row| row.id == project);
        let slugs = projects.entry(id).or_default();
        slugs.extend(row.map(|row| row.slug.clone()));
    }
    let mut mailings: BTreeMap<InvitationId, Mailing> = BTreeMap::new();
    for delivery in tx.deliveries_of_invitations(org, &ids).await? {
        let shown = delivery.kind == MailKind::Invitation && delivery.state != Delivery::Cancelled;
        if let (Some(id), true) = (delivery.invitation_id, shown) {
            mailings.insert(id, Mailing::from(&delivery));
        }
    }
    let changes = tx.open_invitation_changes(org, &ids).await?;
    let mut changes: BTreeMap<_, _> = changes
        .into_iter()
        .map(|row| (row.invitation_id, AddressChange::from(row)))
        .collect();
    let view = rows.into_iter().map(|row| Invitation {
        id: row.id,
        role: rules
            .role_of(row.role_id)
            .map(|role| role.slug.clone())
            .unwrap_or_default(),
        projects: projects.remove(&row.id).unwrap_or_default(),
        state: row.state.at(row.expires_at.0, now),
        expires_at: row.expires_at.0,
        message: row.message,
        override_reason: row.override_reason,
        address_change: changes.remove(&row.id),
        invited_by: row.inviter_name,
        source: if row.import_id.is_some() {
            "import"
        } else {
            "single"
        },
        import_id: row.import_id,
        send_count: row.send_count,
        last_sent_at: row.last_sent_at.map(|at| at.0),
        delivery: mailings.remove(&row.id),
        user_id: row.accepted_user_id,
        accepted_via: row.accepted_via,
        closed_at: row.closed_at.map(|at| at.0),
        created_at: row.created_at.0,
        updated_at: row.updated_at.0,
        email: row.email,
    });
    Ok(view.collect())
}
