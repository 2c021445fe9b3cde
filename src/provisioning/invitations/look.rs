//! What the page of a link shows. Looking changes nothing.

use futures_util::FutureExt;
use jiff::Timestamp;
use url::Url;

use crate::directory::connection::ConnectionState;
use crate::directory::invitation::Standing;
use crate::directory::invitation::link::{Channel, LinkClaim};
use crate::id::{ConnectionId, OrganizationId, RoleId};
use crate::provisioning::hand_off::{self, Origin};
use crate::provisioning::invitations::judgement::proven;
use crate::provisioning::invitations::links::{is_current, standing, until};
use crate::provisioning::invitations::{Links, Rules};
use crate::provisioning::sessions::{self, Live};
use crate::provisioning::{Error, Kind};
use crate::secret::Hash;
use crate::store::rows::{ConnectionRow, InvitationRow, UserRow};
use crate::store::{Store, Tx};

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
    /// The role that the mail said, where it is another one now.
    pub mailed_role: Option<String>,
    /// The projects' names; none means the whole organization.
    pub projects: Vec<String>,
    /// What the inviter added.
    pub message: Option<String>,
    /// How it stands for whoever comes by this link.
    pub standing: Standing,
    /// Whether a newer link took this one's place.
    pub replaced: bool,
    /// Whether a newer invitation took this one's place.
    pub is_renewed: bool,
    /// Until when the link is good.
    pub expires_at: Timestamp,
    /// How the link left us.
    pub channel: Channel,
    /// The phrase that was shared with the link.
    pub phrase: String,
    /// Who is signed in in this browser.
    pub here: Option<Here>,
    /// The connection that the person must sign in through.
    pub sign_in: Option<SignIn>,
    /// The other public URL of the organization's links.
    pub alternate: Option<String>,
    /// The addresses of the app that people go to: the one for beginning, and all of them.
    pub app: Option<(Option<String>, Vec<String>)>,
}

/// Who is signed in in a browser.
#[derive(Clone, Debug)]
pub struct Here {
    /// Their address or name.
    pub who: String,
    /// Whether they have the invited address.
    pub is_invited: bool,
    /// Whether they are a member of the organization that invites.
    pub is_member: bool,
    /// Whether they are the person who accepted.
    pub accepted: bool,
}

/// A connection to sign in through.
#[derive(Clone, Debug)]
pub struct SignIn {
    /// Its name.
    pub name: String,
    /// Where to sign in; none while the connection is paused.
    pub door: Option<Door>,
}

/// Where a connection's people sign in.
#[derive(Clone, Debug)]
pub struct Door {
    /// The connection.
    pub connection: ConnectionId,
    /// The host of its sign-in page.
    pub host: Option<String>,
}

/// What a link shows now, in a browser with these cookies.
pub async fn look(
    store: &Store,
    links: &Links,
    token: &str,
    cookies: Vec<Hash>,
    now: Timestamp,
) -> Result<Look, Error> {
    let (claim, org) = proven(store, links, token).await?;
    let live = sessions::current(store, cookies, now).await?;
    let links = links.clone();
    store
        .read(move |tx| {
            let (live, links) = (live.clone(), links.clone());
            async move { Look::at(tx, org, &claim, live.as_ref(), &links, now).await }.boxed()
        })
        .await
}

impl Look {
    async fn at(
        tx: &mut Tx,
        org: OrganizationId,
        claim: &LinkClaim,
        live: Option<&Live>,
        links: &Links,
        now: Timestamp,
    ) -> Result<Self, Error> {
        let row = tx.invitation(org, claim.invitation).await?;
        let row = row.ok_or(Error::NotFound(Kind::Invitation))?;
        let organization = tx.organization(org).await?;
        let organization = organization.ok_or(Error::NotFound(Kind::Organization))?;
        let rules = Rules::read(tx, org).await?;
        let inviter = match row.inviter_id {
            Some(id) => tx.user(org, id).await?.filter(UserRow::is_active),
            None => None,
        };
        let sign_in = if rules.policy.sso_required {
            sso_of(tx, &row).await?.map(SignIn::from)
        } else {
            None
        };
        let app = hand_off::app_of(tx, Origin { org, app: None }).await?;
        let app = match app {
            Some(app) => {
                let all = hand_off::addresses(tx, &app).await?;
                Some((app.initiate_login_uri, all))
            }
            None => None,
        };
        let mailed_role = row.mailed_role_id.filter(|mailed| *mailed != row.role_id);
        Ok(Self {
            org,
            organization: organization.name,
            inviter: inviter.and(row.inviter_name.clone()),
            role: role(&rules, row.role_id),
            mailed_role: mailed_role.map(|mailed| role(&rules, mailed)),
            projects: projects(tx, &rules, &row).await?,
            standing: standing(claim, &row, now),
            replaced: !is_current(claim, &row),
            is_renewed: row.closed_cause.as_deref() == Some("superseded"),
            expires_at: until(&row, claim.channel),
            channel: claim.channel,
            phrase: links.phrase(&row),
            here: live.map(|live| Here::of(live, &row)),
            sign_in,
            alternate: rules.policy.alternate_public_url,
            app,
            message: row.message,
            email: row.email,
        })
    }
}

/// The role's name.
pub(super) fn role(rules: &Rules, id: RoleId) -> String {
    let role = rules.roles.role(id);
    role.map(|role| role.name.clone()).unwrap_or_default()
}

/// The names of the projects that an invitation is for.
pub(super) async fn projects(
    tx: &mut Tx,
    rules: &Rules,
    row: &InvitationRow,
) -> Result<Vec<String>, Error> {
    let named = tx.invitation_projects(row.org_id, &[row.id]).await?;
    let all = rules.projects.iter();
    let named = all.filter(|project| named.iter().any(|(_, id)| *id == project.id));
    Ok(named.map(|project| project.name.clone()).collect())
}

impl Here {
    fn of(live: &Live, row: &InvitationRow) -> Self {
        let user = &live.user;
        let who = user.email.clone().or_else(|| user.display_name.clone());
        Self {
            who: who.unwrap_or_default(),
            is_invited: user.email_norm.as_ref() == Some(&row.email_norm),
            is_member: user.org_id == row.org_id,
            accepted: user.org_id == row.org_id && row.accepted_user_id == Some(user.id),
        }
    }
}

impl From<ConnectionRow> for SignIn {
    fn from(row: ConnectionRow) -> Self {
        let url = row.sso_url.as_deref().and_then(|url| Url::parse(url).ok());
        let host = url.as_ref().and_then(Url::host_str);
        let door = Door {
            connection: row.id,
            host: host.map(str::to_owned),
        };
        Self {
            door: (row.state == ConnectionState::Active).then_some(door),
            name: row.name,
        }
    }
}

/// The connection that the invited address's domain signs in through: one that works, else one that
/// is paused. A paused one asks for its sign-in all the same: stopping it opens no other way in.
pub(super) async fn sso_of(
    tx: &mut Tx,
    row: &InvitationRow,
) -> Result<Option<ConnectionRow>, Error> {
    let domain = row.email_norm.rsplit_once('@').map_or("", |(_, it)| it);
    let mut paused = None;
    for connection in tx.connections(row.org_id).await? {
        if connection.sso_url.is_none() {
            continue;
        }
        let domains = tx.domains(row.org_id, connection.id).await?;
        if !domains.iter().any(|row| row.domain == domain) {
            continue;
        }
        if connection.state == ConnectionState::Active {
            return Ok(Some(connection));
        }
        paused.get_or_insert(connection);
    }
    Ok(paused)
}
