//! What the page of a link shows. Looking changes nothing.

use futures_util::FutureExt;
use jiff::Timestamp;
use url::Url;

use crate::directory::connection::ConnectionState;
use crate::directory::email::masked;
use crate::directory::invitation::Standing;
use crate::directory::invitation::link::{Channel, LinkClaim};
use crate::id::{ConnectionId, OrganizationId, RoleId};
use crate::provisioning::hand_off::{self, Origin};
use crate::provisioning::invitations::judgement::{is_another, is_ours, proven, sso_of};
use crate::provisioning::invitations::links::{is_current, standing, until};
use crate::provisioning::invitations::{Links, Rules};
use crate::provisioning::sessions::{self, Live};
use crate::provisioning::{Error, Kind};
use crate::secret::Hash;
use crate::store::rows::{ConnectionRow, InvitationRow, UserRow};
use crate::store::{Store, Tx};

/// What a link shows: each page has what it may show, and nothing else.
#[derive(Clone, Debug)]
pub struct Look {
    /// The organization that invites.
    pub org: OrganizationId,
    /// The other public URL of the organization's links.
    pub alternate: Option<String>,
    /// What there is to see.
    pub page: Page,
}

/// The page that an invitation has, by how it stands and who is here.
#[derive(Clone, Debug)]
pub enum Page {
    /// The person came.
    Accepted(Accepted),
    /// It is over.
    Closed(Closed),
    /// It is too late.
    Expired(Expired),
    /// It can be accepted here.
    Pending(Box<Offer>),
    /// The person signs in through a connection.
    SignIn(Box<SignIn>),
    /// An admin has to look at it first.
    Waiting,
    /// Somebody else of the organization is signed in.
    WrongAccount(WrongAccount),
}

/// The person came: how they go on.
#[derive(Clone, Debug)]
pub struct Accepted {
    /// Whether they are the one who is signed in here.
    pub is_in: bool,
    /// Where the app begins a sign-in, and the address that it is told.
    pub begin: Option<(String, String)>,
}

/// Why there is nothing left to see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closed {
    /// The person came by another way.
    CameOtherwise,
    /// It was taken back or turned down.
    Over,
    /// A newer invitation, or a newer link, took its place.
    Renewed,
}

/// What is left of an invitation that has expired.
#[derive(Clone, Debug)]
pub struct Expired {
    /// The organization's name.
    pub organization: String,
    /// The inviter's name, where it is a person who is still there.
    pub inviter: Option<String>,
    /// Until when the link was good.
    pub expired_at: Timestamp,
}

/// An invitation that can be accepted here.
#[derive(Clone, Debug)]
pub struct Offer {
    /// The organization's name.
    pub organization: String,
    /// The address that is invited, as far as whoever is signed in may see it.
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
    /// Until when the link is good.
    pub expires_at: Timestamp,
    /// The phrase that was shared with the link, where it did not come by mail.
    pub phrase: Option<String>,
    /// Who is signed in here with the invited address.
    pub here: Option<String>,
    /// Who is signed in here to another organization.
    pub elsewhere: Option<String>,
    /// The addresses of the app that people go to.
    pub app: Vec<String>,
    /// Whether somebody asks to be invited at another address, and waits.
    pub wished: bool,
}

/// Somebody else of the organization is signed in in this browser.
#[derive(Clone, Debug)]
pub struct WrongAccount {
    /// The organization's name.
    pub organization: String,
    /// The inviter's name, where it is a person who is still there.
    pub inviter: Option<String>,
    /// The address or the name of whoever is signed in.
    pub who: String,
    /// The address that is invited.
    pub invited: String,
    /// The address of whoever is signed in, which could be invited instead.
    pub other: Option<String>,
    /// Whether somebody asks to be invited at another address, and waits.
    pub wished: bool,
}

/// A connection to sign in through.
#[derive(Clone, Debug)]
pub struct SignIn {
    /// The organization's name.
    pub organization: String,
    /// The address that is invited.
    pub email: String,
    /// The inviter's name, where it is a person who is still there.
    pub inviter: Option<String>,
    /// The role's name.
    pub role: String,
    /// Until when the link is good.
    pub expires_at: Timestamp,
    /// The connection's name.
    pub name: String,
    /// Where to sign in; none while the connection is paused.
    pub door: Option<Door>,
    /// Whether somebody asks to be invited at another address, and waits.
    pub wished: bool,
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
    let here = sessions::all(store, cookies, now).await?;
    let mine = here.iter().find(|live| live.session.org_id == org);
    let live = mine.or(here.first()).cloned();
    let links = links.clone();
    store
        .read(move |tx| {
            let (live, links) = (live.clone(), links.clone());
            async move {
                let row = tx.invitation(org, claim.invitation).await?;
                let row = row.ok_or(Error::NotFound(Kind::Invitation))?;
                let rules = Rules::read(tx, org).await?;
                let alternate = rules.policy.alternate_public_url.clone();
                let visit = Visit {
                    claim,
                    row,
                    rules,
                    live,
                    links,
                };
                let page = visit.page(tx, now).await?;
                Ok(Look {
                    org,
                    alternate,
                    page,
                })
            }
            .boxed()
        })
        .await
}

/// Somebody who followed a link.
struct Visit {
    claim: LinkClaim,
    row: InvitationRow,
    rules: Rules,
    live: Option<Live>,
    links: Links,
}

impl Visit {
    async fn page(self, tx: &mut Tx, now: Timestamp) -> Result<Page, Error> {
        let renewed = self.row.closed_cause.as_deref() == Some("superseded");
        let current = is_current(&self.claim, &self.row);
        match standing(&self.claim, &self.row, now) {
            Standing::Accepted => self.accepted(tx).await,
            Standing::Declined | Standing::Revoked => Ok(Page::Closed(Closed::Over)),
            Standing::Superseded if renewed => Ok(Page::Closed(Closed::Renewed)),
            Standing::Superseded => Ok(Page::Closed(Closed::CameOtherwise)),
            Standing::Expired | Standing::NeedsAttention | Standing::Pending if !current => {
                Ok(Page::Closed(Closed::Renewed))
            }
            Standing::NeedsAttention => Ok(Page::Waiting),
            Standing::Expired => Ok(Page::Expired(Expired {
                organization: self.organization(tx).await?,
                inviter: self.inviter(tx).await?,
                expired_at: until(&self.row, self.claim.channel),
            })),
            Standing::Pending => self.pending(tx).await,
        }
    }

    async fn accepted(self, tx: &mut Tx) -> Result<Page, Error> {
        let (org, app) = (self.row.org_id, None);
        let app = hand_off::app_of(tx, Origin { org, app }).await?;
        let begin = app.and_then(|app| app.initiate_login_uri);
        let came = |live: &Live| {
            live.user.org_id == org && self.row.accepted_user_id == Some(live.user.id)
        };
        Ok(Page::Accepted(Accepted {
            is_in: self.live.as_ref().is_some_and(came),
            begin: begin.map(|uri| (uri, self.row.email)),
        }))
    }

    async fn pending(self, tx: &mut Tx) -> Result<Page, Error> {
        let (organization, inviter) = (self.organization(tx).await?, self.inviter(tx).await?);
        let wished = self.wished(tx).await?;
        if let Some(live) = self
            .live
            .as_ref()
            .filter(|live| is_another(live, &self.row))
        {
            return Ok(Page::WrongAccount(WrongAccount {
                organization,
                inviter,
                who: name(live),
                invited: self.row.email,
                other: live.user.email.clone(),
                wished,
            }));
        }
        let (here, elsewhere) = self.signed_in();
        let email = match &elsewhere {
            Some(_) => masked(&self.row.email),
            None => self.row.email.clone(),
        };
        let expires_at = until(&self.row, self.claim.channel);
        let role_now = role(&self.rules, self.row.role_id);
        if self.rules.policy.sso_required
            && let Some(connection) = sso_of(tx, &self.row).await?
        {
            return Ok(Page::SignIn(Box::new(SignIn {
                organization,
                email,
                inviter,
                role: role_now,
                expires_at,
                door: door(&connection),
                name: connection.name,
                wished,
            })));
        }
        let mailed = self.row.mailed_role_id;
        let mailed = mailed.filter(|mailed| *mailed != self.row.role_id);
        let shared = self.claim.channel == Channel::Shared;
        let app = self.app(tx).await?;
        Ok(Page::Pending(Box::new(Offer {
            organization,
            inviter,
            role: role_now,
            mailed_role: mailed.map(|id| role(&self.rules, id)),
            projects: projects(tx, &self.rules, &self.row).await?,
            expires_at,
            phrase: shared.then(|| self.links.phrase(&self.row)),
            here,
            elsewhere,
            app,
            wished,
            message: self.row.message,
            email,
        })))
    }

    /// Whether somebody asks to be invited at another address, and waits.
    async fn wished(&self, tx: &mut Tx) -> Result<bool, Error> {
        let ids = [self.row.id];
        let wishes = tx.open_invitation_changes(self.row.org_id, &ids);
        Ok(!wishes.await?.is_empty())
    }

    /// Who is signed in here, and who to another organization.
    fn signed_in(&self) -> (Option<String>, Option<String>) {
        match &self.live {
            Some(live) if is_ours(live, &self.row) => (Some(name(live)), None),
            Some(live) => (None, Some(name(live))),
            None => (None, None),
        }
    }

    /// The addresses of the app that people go to.
    async fn app(&self, tx: &mut Tx) -> Result<Vec<String>, Error> {
        let (org, app) = (self.row.org_id, None);
        match hand_off::app_of(tx, Origin { org, app }).await? {
            Some(app) => Ok(hand_off::addresses(tx, &app).await?),
            None => Ok(Vec::new()),
        }
    }

    async fn organization(&self, tx: &mut Tx) -> Result<String, Error> {
        let row = tx.organization(self.row.org_id).await?;
        Ok(row.ok_or(Error::NotFound(Kind::Organization))?.name)
    }

    /// The inviter's name, where it is a person who is still there.
    async fn inviter(&self, tx: &mut Tx) -> Result<Option<String>, Error> {
        let user = match self.row.inviter_id {
            Some(id) => tx.user(self.row.org_id, id).await?,
            None => None,
        };
        let user = user.filter(UserRow::is_active);
        Ok(user.and(self.row.inviter_name.clone()))
    }
}

/// The address or the name of whoever is signed in.
fn name(live: &Live) -> String {
    let user = &live.user;
    let who = user.email.clone().or_else(|| user.display_name.clone());
    who.unwrap_or_default()
}

fn door(row: &ConnectionRow) -> Option<Door> {
    let url = row.sso_url.as_deref().and_then(|url| Url::parse(url).ok());
    let host = url.as_ref().and_then(Url::host_str);
    let door = Door {
        connection: row.id,
        host: host.map(str::to_owned),
    };
    (row.state == ConnectionState::Active).then_some(door)
}

/// The role's name.
pub(super) fn role(rules: &Rules, id: RoleId) -> String {
    let role = rules.role_of(id);
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
