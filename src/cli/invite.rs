//! `usher invite`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, Subcommand};
use serde::Serialize;

use crate::cli::address_change::AddressChange;
use crate::cli::arguments::{text, word};
use crate::cli::failure::{Failure, Outcome};
use crate::cli::opened::Opened;
use crate::cli::output::Output;
use crate::directory::invitation::Standing;
use crate::directory::invitation::link::Channel;
use crate::id::{InvitationId, OrganizationId, UserId};
use crate::provisioning::invitations::actions::{Action, Done, act, revoke_inviter};
use crate::provisioning::invitations::share::{Verdict, Way, share, verify_message};
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
    /// Print a message with a link to pass on by hand, in Slack for instance
    ///
    /// The link is good for three days at most. Whoever follows it is asked for a code that is
    /// mailed to the invited address, so that it gives nothing to anybody else.
    ///
    /// Examples:
    ///   usher invite share --org acme INVITATION_ID
    ///   usher invite share --org acme INVITATION_ID --alternate
    ///   usher invite share --org acme INVITATION_ID --post
    #[command(verbatim_doc_comment)]
    Share {
        #[command(flatten)]
        named: Named,
        /// Lead to the organization's alternate public URL
        #[arg(long)]
        alternate: bool,
        /// Post the message to the organization's share webhook, too; a running server does
        #[arg(long)]
        post: bool,
    },
    /// Tell whether a message that somebody got is one of ours
    ///
    /// Exit code 1 where it is not.
    ///
    /// Examples:
    ///   usher invite verify-message --org acme message.txt
    ///   usher invite verify-message --org acme < message.txt
    #[command(verbatim_doc_comment)]
    VerifyMessage {
        /// The organization
        #[arg(long, value_name = "SLUG")]
        org: String,
        /// The file with the message; standard input unless said
        #[arg(value_name = "FILE", default_value = "-", hide_default_value = true)]
        file: PathBuf,
    },
    /// Take an invitation back, or all that one person made: their links are dead at once
    ///
    /// Examples:
    ///   usher invite revoke --org acme INVITATION_ID
    ///   usher invite revoke --org acme --inviter USER_ID
    #[command(verbatim_doc_comment)]
    Revoke(Back),
    AddressChange(AddressChange),
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
            Self::Share {
                named,
                alternate,
                post,
            } => return named.share(opened, links, Way { alternate, post }).await,
            Self::VerifyMessage { org, file } => return verify(opened, links, &org, &file).await,
            Self::Revoke(back) => return back.run(opened).await,
            Self::AddressChange(asked) => return asked.run(opened).await,
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
    show(opened, org, row, None, warnings).await
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
        show(opened, org, created.row, url, created.warnings).await
    }
}

impl Named {
    async fn share(self, opened: &Opened, links: &Links, way: Way) -> Result<Outcome, Failure> {
        let org = opened.organization(&self.org).await?;
        let (store, context, links) = (&opened.store, opened.context(), Arc::new(links.clone()));
        let passed = share(store, context, &links, org, self.id, way).await?;
        if let Some(host) = &passed.posted_to {
            opened.output.note(&format!("It is posted to {host}."))?;
        }
        if opened.output.is_json() {
            opened.output.record(&passed)?;
        } else {
            Output::print(&format!("{}\n", passed.shared.message.trim_end()))?;
        }
        Ok(Outcome::Done)
    }
}

async fn verify(
    opened: &Opened,
    links: &Links,
    slug: &str,
    file: &Path,
) -> Result<Outcome, Failure> {
    let org = opened.organization(slug).await?;
    let text = text(file)?;
    let now = opened.ids.clock().now();
    let verdict = verify_message(&opened.store, links, org, &text, now).await?;
    opened.output.record(&verdict)?;
    Ok(match verdict {
        Verdict::Issued(_) => Outcome::Done,
        Verdict::NoLink | Verdict::NotOurs => Outcome::Failed,
    })
}

async fn show(
    opened: &Opened,
    org: OrganizationId,
    row: InvitationRow,
    accept_url: Option<String>,
    warnings: Vec<&'static str>,
) -> Result<Outcome, Failure> {
    opened.output.record(&Shown {
        invitation: shown(opened, org, row).await?,
        accept_url,
        warnings,
    })?;
    Ok(Outcome::Done)
}

pub(super) async fn shown(
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
