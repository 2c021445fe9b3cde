//! From a row of the outbox to the mail, at the time of sending: the role, the projects and the
//! expiry are those of now, and what is over by now is not mailed.

use futures_util::FutureExt;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::directory::delivery::MailKind;
use crate::directory::invitation::digits::digits;
use crate::directory::invitation::link::Channel;
use crate::directory::invitation::{Message as Words, Standing};
use crate::directory::policy::Policy;
use crate::mail::{
    About, Attention, Code, Content, Invitation, Mailbox, Message, Notice, Purpose, mailbox,
};
use crate::provisioning::Error;
use crate::provisioning::invitations::hook::{self, Posted};
use crate::provisioning::invitations::links::until;
use crate::provisioning::invitations::share;
use crate::provisioning::outbox::composed::{Composed, Letter, Post};
use crate::provisioning::outbox::letterhead::{self, Letterhead};
use crate::provisioning::outbox::{alert, decision, logout};
use crate::store::rows::{InvitationRow, OrganizationRow, OutboxRow, UserRow};
use crate::store::{Store, Tx};

/// What a notice's row tells, as its `detail`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "about", rename_all = "snake_case")]
pub enum Told {
    /// The person said no.
    Declined {
        /// Why, where they said.
        #[serde(default)]
        reason: Option<String>,
    },
    /// The person wanted to accept and could not.
    NeedsAttention {
        /// What an admin has to look at.
        attention: Cause,
    },
    /// The person asks to be invited at another address.
    OtherAddress {
        /// Which.
        email: String,
        /// By which link they came.
        link: Channel,
    },
    /// The person came too late and asks for another one.
    Wanted,
}

/// Who reads a notice, in the same `detail`.
#[derive(Default, Deserialize)]
struct Reader {
    /// Whether it is the owner, in place of whoever sent the invitation.
    #[serde(default)]
    to_owner: bool,
}

/// What an admin has to look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The inviter's own role fell below the one that they handed out.
    InviterBelowRole,
    /// None of the projects that it was for is left.
    NoProjectLeft,
    /// What let the owner override the directory holds no more.
    OverrideNotAllowed,
}

/// Composes the mail of a row from what the store says now.
pub async fn compose(
    store: &Store,
    letterhead: &Letterhead,
    row: &OutboxRow,
    now: Timestamp,
) -> Result<Composed, Error> {
    let (letterhead, row) = (letterhead.clone(), row.clone());
    store
        .read(move |tx| {
            let (letterhead, row) = (letterhead.clone(), row.clone());
            async move {
                if row.kind == MailKind::Logout {
                    return logout::compose(tx, &row).await;
                }
                if row.kind == MailKind::Alert {
                    return alert::compose(tx, &letterhead, &row, now).await;
                }
                if row.kind == MailKind::Decision {
                    return decision::compose(tx, &letterhead, &row, now).await;
                }
                let Some(scene) = Scene::load(tx, &row, now).await? else {
                    return Ok(Composed::Over);
                };
                if row.kind == MailKind::WebhookPost {
                    return scene.post(tx, &letterhead).await;
                }
                scene.compose(tx, &letterhead).await
            }
            .boxed()
        })
        .await
}

/// What a mail is about.
struct Scene {
    row: OutboxRow,
    organization: OrganizationRow,
    app: Option<String>,
    invitation: InvitationRow,
    now: Timestamp,
}

impl Scene {
    async fn load(tx: &mut Tx, row: &OutboxRow, now: Timestamp) -> Result<Option<Self>, Error> {
        let Some(id) = row.invitation_id else {
            return Ok(None);
        };
        let invitation = tx.invitation(row.org_id, id).await?;
        let organization = tx.organization(row.org_id).await?;
        let (Some(invitation), Some(organization)) = (invitation, organization) else {
            return Ok(None);
        };
        let mut apps = tx.apps_serving(row.org_id).await?;
        let app = apps.pop().filter(|_| apps.is_empty()).map(|app| app.name);
        Ok(Some(Self {
            row: row.clone(),
            organization,
            app,
            invitation,
            now,
        }))
    }

    async fn compose(&self, tx: &mut Tx, letterhead: &Letterhead) -> Result<Composed, Error> {
        let to = match letterhead::receiver(&self.row) {
            Ok(to) => to,
            Err(reason) => return Ok(Composed::Unmailable(reason)),
        };
        let (content, reply_to, role) = match self.row.kind {
            MailKind::Code => (self.code(tx, letterhead).await?, None, None),
            MailKind::Invitation => {
                let inviter = self.inviter(tx).await?;
                let reply_to = self.reply_to(inviter.as_ref());
                let content = self
                    .invitation(tx, letterhead, inviter.as_ref(), reply_to.is_some())
                    .await?;
                (content, reply_to, Some(self.invitation.role_id))
            }
            MailKind::Notice => {
                let Ok(told) = serde_json::from_str(&self.row.detail.0) else {
                    let reason = "not sent: the notice does not say what it is about";
                    return Ok(Composed::Unmailable(reason));
                };
                (self.notice(&told), None, None)
            }
            MailKind::Alert | MailKind::Decision | MailKind::Logout | MailKind::WebhookPost => {
                (None, None, None)
            }
        };
        let Some(content) = content else {
            return Ok(Composed::Over);
        };
        let message = Message {
            from: letterhead.from().clone(),
            to,
            reply_to,
            id: letterhead.id(self.row.id),
            date: self.row.created_at.0,
            content,
        };
        Ok(Composed::Ready(Box::new(Letter { message, role })))
    }

    /// The message about a shared link, as incoming webhooks of Slack's kind take it.
    async fn post(&self, tx: &mut Tx, letterhead: &Letterhead) -> Result<Composed, Error> {
        let (links, row) = (letterhead.links(), &self.invitation);
        let over = until(row, Channel::Shared) <= self.now;
        if over || !self.is_pending() {
            return Ok(Composed::Over);
        }
        let Some(url) = hook::url(tx, links, row.org_id).await? else {
            let reason = "not posted: the organization has no share webhook any more";
            return Ok(Composed::Unmailable(reason));
        };
        let posted: Posted = serde_json::from_str(&self.row.detail.0).unwrap_or_default();
        let shared = match share::written(tx, links, row, posted.alternate).await {
            Ok(shared) => shared,
            Err(Error::Rule(_)) => {
                let reason = "not posted: the organization has no alternate public URL any more";
                return Ok(Composed::Unmailable(reason));
            }
            Err(error) => return Err(error),
        };
        let body = json!({"text": unmarked(&shared.message)}).to_string();
        Ok(Composed::Post(Box::new(Post { url, body })))
    }

    fn is_pending(&self) -> bool {
        let invitation = &self.invitation;
        invitation.state.at(invitation.expires_at.0, self.now) == Standing::Pending
    }

    /// The inviter, where they are still somebody here.
    async fn inviter(&self, tx: &mut Tx) -> Result<Option<UserRow>, Error> {
        let Some(id) = self.invitation.inviter_id else {
            return Ok(None);
        };
        let user = tx.user(self.row.org_id, id).await?;
        Ok(user.filter(UserRow::is_active))
    }

    fn reply_to(&self, inviter: Option<&UserRow>) -> Option<Mailbox> {
        let policy: Policy = serde_json::from_str(&self.organization.policy.0).unwrap_or_default();
        let inviter = inviter.filter(|_| policy.reply_to_inviter)?;
        mailbox(inviter.display_name.as_deref(), inviter.email.as_deref()?).ok()
    }

    async fn invitation(
        &self,
        tx: &mut Tx,
        letterhead: &Letterhead,
        inviter: Option<&UserRow>,
        replies: bool,
    ) -> Result<Option<Content>, Error> {
        let (org, invitation) = (self.row.org_id, &self.invitation);
        // The link is for the address that is invited now, and for no other.
        if !self.is_pending() || invitation.email != self.row.recipient {
            return Ok(None);
        }
        let roles = tx.roles(org).await?;
        let Some(role) = roles.iter().find(|role| role.id == invitation.role_id) else {
            return Ok(None);
        };
        let projects = self.projects(tx).await?;
        let projects: Vec<_> = projects.iter().map(String::as_str).collect();
        // Nobody is named who has left.
        let left = invitation.inviter_id.is_some() && inviter.is_none();
        let name = invitation.inviter_name.as_deref();
        let name = name.or_else(|| inviter?.display_name.as_deref());
        let message = invitation.message.as_deref();
        let message = message.and_then(|text| Words::read(text).ok().flatten());
        let content = Invitation {
            app: self.app.as_deref(),
            organization: &self.organization.name,
            inviter: name.filter(|_| !left),
            replies,
            email: &invitation.email,
            role: &role.name,
            projects: &projects,
            message: message.as_ref(),
            url: &letterhead.links().url(invitation, Channel::Mail),
            expires_at: invitation.expires_at.0,
        };
        Ok(Some(content.content()))
    }

    /// The names of the invitation's projects: none means the whole organization, so that where
    /// all of them are archived they are named all the same.
    async fn projects(&self, tx: &mut Tx) -> Result<Vec<String>, Error> {
        let (org, id) = (self.row.org_id, self.invitation.id);
        let wanted = tx.invitation_projects(org, &[id]).await?;
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        let mut projects = tx.projects(org).await?;
        projects.retain(|project| wanted.iter().any(|(_, id)| *id == project.id));
        if projects.iter().any(|project| project.archived_at.is_none()) {
            projects.retain(|project| project.archived_at.is_none());
        }
        Ok(projects.into_iter().map(|project| project.name).collect())
    }

    async fn code(&self, tx: &mut Tx, letterhead: &Letterhead) -> Result<Option<Content>, Error> {
        let Some(id) = self.row.code_id else {
            return Ok(None);
        };
        let code = tx.mail_code(self.row.org_id, id).await?;
        let good = code.filter(|code| code.used_at.is_none() && code.expires_at.0 > self.now);
        let Some(code) = good.filter(|_| self.is_pending()) else {
            return Ok(None);
        };
        let content = Code {
            app: self.app.as_deref(),
            organization: &self.organization.name,
            digits: &digits(&letterhead.links().codes, self.row.org_id, id),
            expires_at: code.expires_at.0,
            purpose: Purpose::Proof,
        };
        Ok(Some(content.content()))
    }

    fn notice(&self, told: &Told) -> Option<Content> {
        // Whoever was invited is forgotten some time after the end.
        if self.invitation.email.is_empty() {
            return None;
        }
        let reason = match told {
            Told::Declined {
                reason: Some(reason),
            } => Words::read(reason).ok().flatten(),
            _ => None,
        };
        let about = match told {
            Told::Declined { .. } => About::Declined {
                reason: reason.as_ref(),
            },
            Told::NeedsAttention { attention } => About::NeedsAttention(match attention {
                Cause::InviterBelowRole => Attention::InviterBelowRole,
                Cause::NoProjectLeft => Attention::NoProjectLeft,
                Cause::OverrideNotAllowed => Attention::OverrideNotAllowed,
            }),
            Told::OtherAddress { email, link } => About::OtherAddress {
                email,
                passed_on: *link == Channel::Shared,
            },
            Told::Wanted => About::Wanted {
                expired_at: self.invitation.expires_at.0,
            },
        };
        let reader: Reader = serde_json::from_str(&self.row.detail.0).unwrap_or_default();
        let notice = Notice {
            app: self.app.as_deref(),
            organization: &self.organization.name,
            email: &self.invitation.email,
            about,
            to_owner: reader.to_owner,
            url: None,
        };
        Some(notice.content())
    }
}

/// Text in which the three characters that mark something up in Slack are told as entities: a name
/// cannot call a whole channel, nor hide where a link leads.
fn unmarked(text: &str) -> String {
    let text = text.trim_end().replace('&', "&amp;");
    text.replace('<', "&lt;").replace('>', "&gt;")
}
