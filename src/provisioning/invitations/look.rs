//! What the page of a link shows.

use jiff::Timestamp;

use crate::directory::connection::ConnectionState;
use crate::directory::invitation::link::{Channel, LinkClaim, LinkKey};
use crate::directory::invitation::{Standing, phrase};
use crate::id::OrganizationId;
use crate::provisioning::invitations::Rules;
use crate::provisioning::invitations::acceptance::is_current;
use crate::provisioning::sessions::Live;
use crate::provisioning::{Error, Kind};
use crate::store::Tx;
use crate::store::rows::{ConnectionRow, InvitationRow, UserRow};

/// An invitation, as whoever has its link may see it.
#[derive(Clone, Debug)]
pub struct Look {
    /// The organization's id.
    pub org: OrganizationId,
    /// The organization's name.
    pub organization: String,
    /// The address that is invited.
    pub email: String,
    /// The inviter's name, where it is a person who is still there.
    pub inviter: Option<String>,
    /// The role's name.
    pub role: String,
    /// Whether the role is another one than the mail said.
    pub role_changed: bool,
    /// The projects' names; none means the whole organization.
    pub projects: Vec<String>,
    /// What the inviter added.
    pub message: Option<String>,
    /// How it stands.
    pub standing: Standing,
    /// Whether a newer link took this one's place.
    pub replaced: bool,
    /// Until when it can be accepted.
    pub expires_at: Timestamp,
    /// How the link left us.
    pub channel: Channel,
    /// The phrase that was shared with the link.
    pub phrase: String,
    /// Who is signed in in this browser, by address or name.
    pub signed_in: Option<String>,
    /// Whether that is the invited address.
    pub is_same: bool,
    /// The connection that the person must sign in through: its name and its sign-in page.
    pub sign_in: Option<(String, Option<String>)>,
}

impl Look {
    /// What the link shows now.
    pub(super) async fn at(
        tx: &mut Tx,
        org: OrganizationId,
        claim: &LinkClaim,
        live: Option<&Live>,
        key: &LinkKey,
        now: Timestamp,
    ) -> Result<Self, Error> {
        let row = tx.invitation(org, claim.invitation).await?;
        let row = row.ok_or(Error::NotFound(Kind::Invitation))?;
        let organization = tx.organization(org).await?;
        let organization = organization.ok_or(Error::NotFound(Kind::Organization))?;
        let rules = Rules::read(tx, org).await?;
        let named = tx.invitation_projects(org, &[row.id]).await?;
        let named: Vec<_> = named.into_iter().map(|(_, id)| id).collect();
        let inviter = match row.inviter_id {
            Some(id) => tx.user(org, id).await?.filter(UserRow::is_active),
            None => None,
        };
        let sign_in = if rules.policy.sso_required {
            sso_of(tx, &row).await?
        } else {
            None
        };
        let day = row.created_at.0.to_zoned(jiff::tz::TimeZone::UTC).date();
        Ok(Self {
            org,
            organization: organization.name,
            inviter: inviter.and(row.inviter_name.clone()),
            role: rules
                .roles
                .role(row.role_id)
                .map(|role| role.name.clone())
                .unwrap_or_default(),
            role_changed: row
                .mailed_role_id
                .is_some_and(|mailed| mailed != row.role_id),
            projects: rules
                .projects
                .iter()
                .filter(|project| named.contains(&project.id))
                .map(|project| project.name.clone())
                .collect(),
            standing: row.state.at(row.expires_at.0, now),
            replaced: !is_current(claim, &row),
            expires_at: row.expires_at.0,
            channel: claim.channel,
            phrase: phrase(key, org, row.id, &row.email_norm, day),
            is_same: live
                .is_some_and(|live| live.user.email_norm.as_ref() == Some(&row.email_norm)),
            signed_in: live.and_then(|live| {
                let user = &live.user;
                user.email.clone().or_else(|| user.display_name.clone())
            }),
            sign_in: sign_in.map(|row| (row.name, row.sso_url)),
            message: row.message,
            email: row.email,
        })
    }
}

/// The working connection that the invited address's domain signs in through.
pub(super) async fn sso_of(
    tx: &mut Tx,
    row: &InvitationRow,
) -> Result<Option<ConnectionRow>, Error> {
    let domain = row.email_norm.rsplit_once('@').map_or("", |(_, it)| it);
    for connection in tx.connections(row.org_id).await? {
        let works = connection.state == ConnectionState::Active && connection.sso_url.is_some();
        if !works {
            continue;
        }
        let domains = tx.domains(row.org_id, connection.id).await?;
        if domains.iter().any(|row| row.domain == domain) {
            return Ok(Some(connection));
        }
    }
    Ok(None)
}
