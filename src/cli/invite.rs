//! `usher invite`.

use clap::{Args, Subcommand};
use serde::Serialize;

use crate::cli::arguments::word;
use crate::cli::failure::{Failure, Outcome};
use crate::cli::opened::Opened;
use crate::directory::invitation::Standing;
use crate::directory::invitation::change::Decision;
use crate::directory::invitation::link::Channel;
use crate::id::{InvitationId, OrganizationId, UserId};
use crate::provisioning::invitations::actions::{Action, Done, act, revoke_inviter};
use crate::provisioning::invitations::change_decision::{Decided, Offer, decide};
use crate::provisioning::invitations::view::{self, Invitation};
use crate::provisioning::invitations::{Inviter, Links, NewInvitation, create};
use crate::provisioning::{Error, Kind};
use crate::store::invited::{Invited, Order};
use crate::store::rows::InvitationRow;

/// Invitations: people who come because somebody asks them to
#[derive(Debug, Subcommand)]
pub(super) enum Invite {
    /// Invite somebody; a running server sends the mail
    ///
    /// Expires after 7 days unless said otherwise. The printed link is for passing on by hand: who
    /// follows it is asked for a code that is mailed to the invited address.
    ///
    /// Examples:
    ///   usher invite create --org acme --email ada@example.com --role editor
    ///   usher invite create --org acme --email ada@example.com --role viewer --project web \\
    ///     --expires-in-days 14 --message "Welcome!"
    #[command(verbatim_doc_comment)]
    Create(New),
    /// List invitations: those that wait, unless --state says otherwise
    ///
    /// Example:
    ///   usher invite list --org acme --state expired
    #[command(verbatim_doc_comment)]
    List {
        /// The organization
        #[arg(long, value_name = "SLUG")]
        org: String,
        /// How they stand
        #[arg(long, value_parser = word::<Standing>(Standing::WORDS), default_value = "pending")]
        state: Standing,
    },
    /// Send an invitation again: the same link; one that has expired is extended by 7 days
    ///
    /// Example:
    ///   usher invite resend --org acme INVITATION_ID
    #[command(verbatim_doc_comment)]
    Resend {
        #[command(flatten)]
        named: Named,
        /// Make a new link; older ones die
        #[arg(long)]
        rotate: bool,
    },
    /// Extend an invitation; one that has expired is revived
    ///
    /// Example:
    ///   usher invite extend --org acme INVITATION_ID --days 14
    #[command(verbatim_doc_comment)]
    Extend {
        #[command(flatten)]
        named: Named,
        /// By how many days: 7, 14 or 30
        #[arg(long)]
        days: i64,
        /// Mail the person
        #[arg(long)]
        notify: bool,
    },
    /// Change the role or the projects, under the same link and without a mail
    ///
    /// Example:
    ///   usher invite set-role --org acme INVITATION_ID --role viewer --project web
    #[command(verbatim_doc_comment)]
    SetRole {
        #[command(flatten)]
        named: Named,
        /// The role
        #[arg(long)]
        role: Option<String>,
        /// A project that the role is confined to; may be given several times
        #[arg(long, value_name = "SLUG")]
        project: Vec<String>,
        /// Let the role hold in the whole organization
        #[arg(long, conflicts_with = "project")]
        everywhere: bool,
    },
    /// Take an invitation back, or all that one person made: their links are dead at once
    ///
    /// Examples:
    ///   usher invite revoke --org acme INVITATION_ID
    ///   usher invite revoke --org acme --inviter USER_ID
    #[command(verbatim_doc_comment)]
    Revoke(Back),
    /// Decide about another address that somebody asks to be invited at
    ///
    /// Approved, the invitation goes there by a new link, until the same time. Where the address is
    /// a member's, the invitation is closed, and what it was for is printed as an offer.
    ///
    /// Example:
    ///   usher invite address-change --org acme INVITATION_ID approve
    #[command(verbatim_doc_comment)]
    AddressChange {
        #[command(flatten)]
        named: Named,
        /// What is said
        #[arg(value_parser = word::<Decision>(Decision::WORDS))]
        decision: Decision,
    },
}

#[derive(Args, Debug)]
pub(super) struct Named {
    /// The organization
    #[arg(long, value_name = "SLUG")]
    org: String,
    /// The invitation
    #[arg(value_name = "INVITATION_ID")]
    id: InvitationId,
}

#[derive(Args, Debug)]
pub(super) struct Back {
    /// The organization
    #[arg(long, value_name = "SLUG")]
    org: String,
    /// The invitation
    #[arg(value_name = "INVITATION_ID", required_unless_present = "inviter")]
    id: Option<InvitationId>,
    /// All open ones that this person made, a member or not
    #[arg(long, value_name = "USER_ID", conflicts_with = "id")]
    inviter: Option<UserId>,
}

/// What a member, whose address it is, could be given.
#[derive(Debug, Serialize)]
struct Offered {
    user_id: UserId,
    role: String,
    projects: Vec<String>,
}

/// How many invitations were taken back.
#[derive(Debug, Serialize)]
struct Revoked {
    revoked: usize,
}

#[derive(Args, Debug)]
pub(super) struct New {
    /// The organization
    #[arg(long, value_name = "SLUG")]
    org: String,
    /// The address
    #[arg(long)]
    email: String,
    /// The role; nobody is invited as owner
    #[arg(long)]
    role: String,
    /// A project that the role is confined to; may be given several times
    #[arg(long, value_name = "SLUG")]
    project: Vec<String>,
    /// In how many days it expires, 1 to 30
    #[arg(long, value_name = "N")]
    expires_in_days: Option<i64>,
    /// When it expires: a date, or a time with its zone
    #[arg(long, value_name = "TIME", conflicts_with = "expires_in_days")]
    expires_at: Option<String>,
    /// Plain text that goes with it
    #[arg(long, value_name = "TEXT")]
    message: Option<String>,
    /// Make it, and mail nobody
    #[arg(long)]
    no_email: bool,
    /// Send the invitation again that is there already, instead of refusing
    #[arg(long)]
    resend: bool,
    /// Invite also whom the directory turned away, where the organization's policy lets its owner
    #[arg(long, requires = "reason")]
    override_directory: bool,
    /// Why the directory's word is not to stand
    #[arg(long, value_name = "TEXT", requires = "override_directory")]
    reason: Option<String>,
}

/// An invitation, and what goes with it this once.
#[derive(Debug, Serialize)]
struct Shown {
    #[serde(flatten)]
    invitation: Invitation,
    #[serde(skip_serializing_if = "Option::is_none")]
    accept_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    offer: Option<Offered>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<&'static str>,
}

const COLUMNS: [&str; 6] = ["email", "role", "projects", "state", "expires_at", "id"];
/// Invitations that a list shows at most.
const LISTED: i64 = 10_000;

impl Invite {
    pub(super) async fn run(self, opened: &Opened, links: &Links) -> Result<Outcome, Failure> {
        let (named, action) = match self {
            Self::Create(new) => return new.run(opened, links).await,
            Self::List { org, state } => return list(opened, &org, state).await,
            Self::Resend { named, rotate } => (named, Action::Resend { rotate }),
            Self::Extend {
                named,
                days,
                notify,
            } => (named, Action::Extend { days, notify }),
            Self::SetRole {
                named,
                role,
                project,
                everywhere,
            } => {
                let projects = (everywhere || !project.is_empty()).then_some(project);
                (named, Action::Set { role, projects })
            }
            Self::Revoke(back) => return back.run(opened).await,
            Self::AddressChange { named, decision } => {
                return decided(opened, named, decision).await;
            }
        };
        done(opened, &named.org, named.id, action).await
    }
}

async fn done(
    opened: &Opened,
    slug: &str,
    id: InvitationId,
    action: Action,
) -> Result<Outcome, Failure> {
    let org = opened.organization(slug).await?;
    let (store, context) = (&opened.store, opened.context());
    let operator = Some(Inviter::operator());
    let Done { row, warnings, .. } = act(store, org, context, operator, id, action).await?;
    let invitation = shown(opened, org, row).await?;
    put(opened, invitation, None, None, warnings)
}

async fn decided(opened: &Opened, named: Named, decision: Decision) -> Result<Outcome, Failure> {
    let org = opened.organization(&named.org).await?;
    let (store, context) = (&opened.store, opened.context());
    let operator = Some(Inviter::operator());
    let decided = decide(store, org, context, operator, named.id, decision).await?;
    let Decided {
        row,
        offer,
        warnings,
    } = decided;
    let offer = offer.map(
        |Offer {
             user,
             role,
             projects,
         }| Offered {
            user_id: user,
            role,
            projects,
        },
    );
    let invitation = shown(opened, org, row).await?;
    put(opened, invitation, None, offer, warnings)
}

impl Back {
    async fn run(self, opened: &Opened) -> Result<Outcome, Failure> {
        if let Some(id) = self.id {
            return done(opened, &self.org, id, Action::Revoke).await;
        }
        let inviter = self.inviter.ok_or(Error::NotFound(Kind::User))?;
        let org = opened.organization(&self.org).await?;
        let revoked = revoke_inviter(&opened.store, org, opened.context(), inviter).await?;
        opened.output.record(&Revoked { revoked })?;
        Ok(Outcome::Done)
    }
}

impl New {
    async fn run(self, opened: &Opened, links: &Links) -> Result<Outcome, Failure> {
        let org = opened.organization(&self.org).await?;
        let new = NewInvitation {
            email: self.email,
            role: self.role,
            projects: self.project,
            expires_at: self.expires_at,
            expires_in_days: self.expires_in_days,
            message: self.message,
            silent: self.no_email,
            resends: self.resend,
            overrides: self.override_directory,
            reason: self.reason,
        };
        let operator = Some(Inviter::operator());
        let created = create(&opened.store, org, opened.context(), operator, new).await?;
        let url = (!created.resent).then(|| links.url(&created.row, Channel::Shared));
        let invitation = shown(opened, org, created.row).await?;
        put(opened, invitation, url, None, created.warnings)
    }
}

fn put(
    opened: &Opened,
    invitation: Invitation,
    accept_url: Option<String>,
    offer: Option<Offered>,
    warnings: Vec<&'static str>,
) -> Result<Outcome, Failure> {
    opened.output.record(&Shown {
        invitation,
        accept_url,
        offer,
        warnings,
    })?;
    Ok(Outcome::Done)
}

async fn shown(
    opened: &Opened,
    org: OrganizationId,
    row: InvitationRow,
) -> Result<Invitation, Failure> {
    let now = opened.ids.clock().now();
    let read = opened.store.read(move |tx| {
        let row = row.clone();
        Box::pin(async move { view::views(tx, org, vec![row], now).await })
    });
    let invitation = read.await?.pop();
    Ok(invitation.ok_or(Error::NotFound(Kind::Invitation))?)
}

async fn list(opened: &Opened, slug: &str, state: Standing) -> Result<Outcome, Failure> {
    let org = opened.organization(slug).await?;
    let now = opened.ids.clock().now();
    let asked = Invited {
        standing: Some(state),
        email_prefix: None,
        role: None,
        project: None,
        inviter: None,
        import: None,
        order: Order::Creation(None),
        limit: LISTED,
    };
    let read = opened.store.read(move |tx| {
        let asked = asked.clone();
        Box::pin(async move { view::page(tx, org, &asked, now).await })
    });
    opened.output.rows(&read.await?, &COLUMNS)?;
    Ok(Outcome::Done)
}
