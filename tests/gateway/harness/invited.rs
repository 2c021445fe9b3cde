//! Somebody who is invited, and what they do with the link.

use futures_util::FutureExt;
use usher::directory::invitation::digits::digits;
use usher::directory::invitation::link::Channel;
use usher::id::{InvitationId, OrganizationId, ProjectId, UserId};
use usher::provisioning::invitations::actions::{Action, act};
use usher::provisioning::invitations::{Inviter, NewInvitation, create};
use usher::provisioning::people::retire_all;
use usher::provisioning::settings::projects::{self, NewProject, ProjectChange};
use usher::provisioning::{Context, Error, Source, change};
use usher::store::rows::{InvitationRow, MailCodeRow, OutboxRow};
use usher::store::types::Time;

use super::{Browser, Reply, TestGateway};

/// An invitation.
pub(crate) struct Invited<'a> {
    gateway: &'a TestGateway,
    pub(crate) org: OrganizationId,
    pub(crate) id: InvitationId,
}

/// A project to be.
pub(crate) fn named(slug: &str) -> NewProject {
    NewProject {
        slug: slug.to_owned(),
        name: None,
    }
}

impl TestGateway {
    /// Invites an address, as the operator.
    pub(crate) async fn invite(&self, org: OrganizationId, email: &str, role: &str) -> Invited<'_> {
        let new = NewInvitation {
            email: email.to_owned(),
            role: role.to_owned(),
            ..NewInvitation::default()
        };
        let operator = Some(Inviter::operator());
        self.invite_with(org, self.command(), operator, new).await
    }

    /// Invites somebody.
    pub(crate) async fn invite_with(
        &self,
        org: OrganizationId,
        context: Context,
        inviter: Option<Inviter>,
        new: NewInvitation,
    ) -> Invited<'_> {
        let created = create(&self.gateway.store, org, context, inviter, new);
        Invited {
            gateway: self,
            org,
            id: created.await.unwrap().row.id,
        }
    }

    /// A project.
    pub(crate) async fn project(&self, org: OrganizationId, slug: &str) -> ProjectId {
        let store = &self.gateway.store;
        let made = projects::create(store, org, self.command(), named(slug));
        made.await.unwrap().id
    }

    /// Archives a project.
    pub(crate) async fn archive(&self, org: OrganizationId, id: ProjectId) {
        change(&self.gateway.store, org, self.command(), move |change| {
            async move {
                let all = change.tx.projects(change.org).await?;
                let slug = all.into_iter().find(|it| it.id == id).unwrap().slug;
                let archived = ProjectChange {
                    archived: Some(true),
                    ..ProjectChange::default()
                };
                projects::update(change, &slug, &archived).await
            }
            .boxed()
        })
        .await
        .unwrap();
    }

    /// Makes a viewer of a person.
    pub(crate) async fn demote(&self, org: OrganizationId, id: UserId) {
        change(&self.gateway.store, org, self.command(), move |change| {
            async move {
                retire_all(change, id, "test").await?;
                change.touch(id);
                Ok::<_, Error>(())
            }
            .boxed()
        })
        .await
        .unwrap();
        self.grant(org, id, "viewer").await;
    }

    /// Writes an invitation as it could have become.
    pub(crate) async fn rewrite(&self, row: InvitationRow) {
        let org = row.org_id;
        change(&self.gateway.store, org, self.command(), move |change| {
            let row = row.clone();
            async move { Ok::<_, Error>(change.tx.update_invitation(&row).await?) }.boxed()
        })
        .await
        .unwrap();
    }

    /// What a person does in a session of their own.
    pub(crate) fn as_user(&self, id: UserId) -> Context {
        Context {
            source: Source::User(id),
            ..self.command()
        }
    }
}

impl<'a> Invited<'a> {
    /// One that was made by other means.
    pub(crate) fn at(gateway: &'a TestGateway, org: OrganizationId, id: InvitationId) -> Self {
        Self { gateway, org, id }
    }

    /// The row now.
    pub(crate) async fn row(&self) -> InvitationRow {
        let (org, id) = (self.org, self.id);
        let read =
            self.gateway.gateway.store.read(move |tx| {
                async move { Ok::<_, Error>(tx.invitation(org, id).await?) }.boxed()
            });
        read.await.unwrap().unwrap()
    }

    /// The path of the link that goes by mail.
    pub(crate) async fn mailed(&self) -> String {
        self.path(Channel::Mail).await
    }

    /// The path of the link that is passed on.
    pub(crate) async fn shared(&self) -> String {
        self.path(Channel::Shared).await
    }

    async fn path(&self, channel: Channel) -> String {
        let links = &self.gateway.gateway.links;
        format!("/join/{}", links.token(&self.row().await, channel))
    }

    /// Does something with it, as the operator.
    pub(crate) async fn act(&self, action: Action) -> Result<(), Error> {
        let (gateway, operator) = (self.gateway, Some(Inviter::operator()));
        let store = &gateway.gateway.store;
        let done = act(
            store,
            self.org,
            gateway.command(),
            operator,
            self.id,
            action,
        );
        done.await.map(drop)
    }

    /// The codes that were mailed, the latest first.
    pub(crate) async fn codes(&self) -> Vec<MailCodeRow> {
        let (org, id) = (self.org, self.id);
        let ever = Time(jiff::Timestamp::UNIX_EPOCH);
        let read = self.gateway.gateway.store.read(move |tx| {
            async move { Ok::<_, Error>(tx.mail_codes_since(org, id, ever).await?) }.boxed()
        });
        read.await.unwrap()
    }

    /// The digits of the code that was mailed last.
    pub(crate) async fn digits(&self) -> String {
        let key = &self.gateway.gateway.links.codes;
        digits(key, self.org, self.codes().await[0].id)
    }

    /// The mails that are owed for it.
    pub(crate) async fn mails(&self) -> Vec<OutboxRow> {
        let (org, id) = (self.org, self.id);
        let read = self.gateway.gateway.store.read(move |tx| {
            async move { Ok::<_, Error>(tx.deliveries_of_invitations(org, &[id]).await?) }.boxed()
        });
        read.await.unwrap()
    }
}

/// The field that binds the forms of a page to its browser.
pub(crate) fn csrf(page: &Reply) -> String {
    let text = page.text();
    let field = text.split("name=\"csrf\" value=\"").nth(1);
    let field = field.unwrap_or_else(|| panic!("no form: {text}"));
    field.split('"').next().unwrap().to_owned()
}

/// Opens a link and presses one of its buttons.
pub(crate) async fn press(browser: &Browser<'_>, path: &str, fields: &[(&str, &str)]) -> Reply {
    let csrf = csrf(&browser.get(path).await);
    let mut all = vec![("csrf", &*csrf)];
    all.extend(fields);
    browser.submit(path, &all).await
}
