//! Invitations: made, listed, sent again, extended, changed and taken back.

pub mod actions;
pub mod address;
pub mod filters;
pub mod many;
pub mod shared;

use axum::extract::Path;
use axum::{Extension, Json};
use futures_util::FutureExt;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::directory::invitation::link::Channel;
use crate::directory::scope::Scope;
use crate::http::RequestId;
use crate::http::admin::asked::{Asked, Unread};
use crate::http::admin::conditional::Seen;
use crate::http::admin::created::Created;
use crate::http::admin::invitations::filters::Filters;
use crate::http::admin::paging::Page;
use crate::http::auth::admin::Admin;
use crate::http::reply::problem::Problem;
use crate::id::{InvitationId, OrganizationId};
use crate::provisioning::invitations::view::{self, Invitation, views};
use crate::provisioning::invitations::{NewInvitation, invite};
use crate::provisioning::{Error, Kind};
use crate::store::Tx;

/// An invitation to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewInvitation)]
pub struct New {
    /// The address.
    pub(in crate::http) email: String,
    /// The slug of the role; the owner's is not granted.
    pub(in crate::http) role: String,
    /// The slugs of the projects that the role is confined to; empty means the whole organization.
    #[serde(default)]
    pub(in crate::http) projects: Vec<String>,
    /// When it expires: a time with its zone, or a date, which means the end of that day in UTC.
    pub(in crate::http) expires_at: Option<String>,
    /// In how many days it expires, 1 to 30; seven unless said.
    pub(in crate::http) expires_in_days: Option<i64>,
    /// Plain text that goes with it, up to 500 characters.
    pub(in crate::http) message: Option<String>,
    /// Whether it is mailed.
    #[serde(default = "yes")]
    pub(in crate::http) send_email: bool,
    /// Why the directory's word about the person is not to stand; with `override=directory`.
    pub(in crate::http) reason: Option<String>,
    /// What is done where there is an invitation: `refuse` (409), or `resend` it as it is.
    #[serde(default)]
    pub(in crate::http) on_conflict: OnConflict,
}

fn yes() -> bool {
    true
}

/// What is done where there is an invitation to the address.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnConflict {
    /// It is refused.
    #[default]
    Refuse,
    /// The one that is there is sent again.
    Resend,
}

/// How somebody is invited.
#[derive(Clone, Copy, Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct How {
    /// `directory`: also whom the directory turned away. By the owner or an operator alone, where
    /// the policy `allow_directory_override` lets them, and with a `reason`.
    #[serde(rename = "override")]
    #[param(inline)]
    pub(in crate::http) overrides: Option<Overridden>,
}

/// Whose word is not to stand.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Overridden {
    /// The directory's.
    Directory,
}

/// An invitation, and what goes with it this once.
#[derive(Debug, Serialize, ToSchema)]
pub struct Answered {
    /// The invitation.
    #[serde(flatten)]
    pub(in crate::http) invitation: Invitation,
    /// Its link, to be passed on by whoever asked; only when it is made, and only for a key that
    /// has the scope invitations:link.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::http) accept_url: Option<String>,
    /// Whether sending it again extended it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::http) extended: Option<bool>,
    /// What should be known: `directory_managed_domain`, `expires_soon`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(in crate::http) warnings: Vec<&'static str>,
}

/// Invite somebody.
///
/// The mail leaves after the answer. Somebody who is a member, or has an invitation, is not
/// invited: 409 says what to do instead.
#[utoipa::path(
    post, path = "/organizations/{slug}/invitations", operation_id = "create_invitation",
    tag = "Invitations",
    params(("slug" = String, Path, description = "The organization's slug"), How),
    request_body = New,
    responses((status = 201, body = Answered), (status = 200, body = Answered)),
    security(("key" = ["invitations:write"])),
)]
pub(in crate::http) async fn create(
    admin: Admin,
    Extension(request): Extension<RequestId>,
    Path(slug): Path<String>,
    Asked(how): Asked<How>,
    body: Unread,
) -> Result<Created<Answered>, Problem> {
    let scope = Scope::InvitationsWrite;
    admin.admit(&slug, scope).await?;
    let new: New = body.json().await?;
    let new = NewInvitation {
        email: new.email,
        role: new.role,
        projects: new.projects,
        expires_at: new.expires_at,
        expires_in_days: new.expires_in_days,
        message: new.message,
        silent: !new.send_email,
        resends: new.on_conflict == OnConflict::Resend,
        overrides: how.overrides.is_some(),
        reason: new.reason,
    };
    let links = admin.gateway().links.clone();
    let written = admin.change(&slug, scope, &request, move |change, access| {
        let (new, links) = (new.clone(), links.clone());
        async move {
            let inviter = access.inviter(change.tx).await?;
            let created = invite(change, Some(inviter), &new).await?;
            let shown = access.scopes.allow(Scope::InvitationsLink) && !created.resent;
            let accept_url = shown.then(|| links.url(&created.row, Channel::Shared));
            let (org, now) = (change.org, change.now);
            let invitation = one(views(change.tx, org, vec![created.row], now).await?)?;
            let answered = Answered {
                invitation,
                accept_url,
                extended: None,
                warnings: created.warnings,
            };
            Ok((answered, created.resent))
        }
        .boxed()
    });
    let (answered, is_resent) = written.await?;
    if is_resent {
        return Ok(Created::known(answered));
    }
    let path = format!(
        "/organizations/{slug}/invitations/{}",
        answered.invitation.id
    );
    Ok(Created::at(&admin, path, answered))
}

fn one(mut views: Vec<Invitation>) -> Result<Invitation, Error> {
    views.pop().ok_or(Error::NotFound(Kind::Invitation))
}

/// List invitations.
///
/// Those that wait, unless another state is asked for.
#[utoipa::path(
    get, path = "/organizations/{slug}/invitations", operation_id = "list_invitations",
    tag = "Invitations",
    params(("slug" = String, Path, description = "The organization's slug"), Filters),
    responses((status = 200, body = Page<Invitation>)),
    security(("key" = ["invitations:read"])),
)]
pub(in crate::http) async fn list(
    admin: Admin,
    Path(slug): Path<String>,
    Asked(filters): Asked<Filters>,
) -> Result<Json<Page<Invitation>>, Problem> {
    let place = filters.place()?;
    let by_expiry = filters.by_expiry();
    let read = admin.read(&slug, Scope::InvitationsRead, move |tx, admitted| {
        let (filters, place) = (filters.clone(), place);
        async move {
            let org = admitted.organization.id;
            let asked = filters.invited(tx, org, place).await?;
            match asked {
                Some(asked) => view::page(tx, org, &asked, admitted.now).await,
                None => Ok(Vec::new()),
            }
        }
        .boxed()
    });
    let data = read.await?;
    Ok(Json(place.page(data, |it| Filters::cursor(it, by_expiry))))
}

/// Show an invitation.
#[utoipa::path(
    get, path = "/organizations/{slug}/invitations/{id}", operation_id = "show_invitation",
    tag = "Invitations",
    params(("slug" = String, Path, description = "The organization's slug"),
        ("id" = String, Path, description = "The invitation's id")),
    responses((status = 200, body = Invitation)),
    security(("key" = ["invitations:read"])),
)]
pub(in crate::http) async fn show(
    admin: Admin,
    Path((slug, id)): Path<(String, String)>,
) -> Result<Json<Invitation>, Problem> {
    let id = id.parse::<InvitationId>().ok();
    let read = admin.read(&slug, Scope::InvitationsRead, move |tx, admitted| {
        let org = admitted.organization.id;
        async move { shown(tx, org, id, admitted.now).await }.boxed()
    });
    Ok(Json(read.await?))
}

async fn shown(
    tx: &mut Tx,
    org: OrganizationId,
    id: Option<InvitationId>,
    now: Timestamp,
) -> Result<Invitation, Error> {
    let row = match id {
        Some(id) => tx.invitation(org, id).await?,
        None => None,
    };
    let row = row.ok_or(Error::NotFound(Kind::Invitation))?;
    one(views(tx, org, vec![row], now).await?)
}

/// An invitation, as it is shown.
fn seen(id: Option<InvitationId>) -> Seen {
    Seen::of(move |tx, moment| {
        async move { shown(tx, moment.org()?, id, moment.now).await }.boxed()
    })
}
