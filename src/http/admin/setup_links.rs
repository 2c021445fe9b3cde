//! Links by which a customer's IT admin, who has no account, sets up a connection.

use axum::extract::Path;
use axum::{Extension, Json};
use futures_util::FutureExt;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::directory::email::Address;
use crate::directory::scope::Scope;
use crate::directory::setup::Purpose;
use crate::http::RequestId;
use crate::http::admin::asked::{Asked, Unread};
use crate::http::admin::created::Created;
use crate::http::admin::paging::{Listing, Page};
use crate::http::auth::admin::Admin;
use crate::http::reply::problem::Problem;
use crate::id::{ConnectionId, SetupLinkId};
use crate::provisioning::setup::{self, IssuedSetupLink, NewSetupLink, SetupLink};
use crate::provisioning::{Error, Kind};

/// A link to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewSetupLink)]
pub(in crate::http) struct Wanted {
    /// What it covers; everything unless said.
    purpose: Option<Purpose>,
    /// For how many hours it is good, 1 to 720; 72 unless said.
    #[schema(minimum = 1, maximum = 720)]
    expires_in_hours: Option<u16>,
    /// The connection, which is in testing; the link makes one unless said.
    #[schema(value_type = Option<String>, format = "uuid")]
    connection_id: Option<ConnectionId>,
    /// Whom it is for: it opens only where somebody says six digits that are mailed to this address. Whoever has the
    /// link comes in unless said.
    #[schema(max_length = 254)]
    contact_email: Option<String>,
}

impl TryFrom<Wanted> for NewSetupLink {
    type Error = Problem;

    fn try_from(wanted: Wanted) -> Result<Self, Problem> {
        let none = || Problem::of_member("contact_email", "This is no e-mail address.");
        let contact = wanted.contact_email.as_deref();
        let contact = contact.map(|text| Address::parse(text).ok_or_else(none));
        Ok(Self {
            purpose: wanted.purpose,
            expires_in_hours: wanted.expires_in_hours,
            connection_id: wanted.connection_id,
            contact: contact.transpose()?,
        })
    }
}

/// List the set-up links of an organization, without their tokens.
#[utoipa::path(
    get, path = "/organizations/{slug}/setup-links", operation_id = "list_setup_links",
    tag = "Connections",
    params(("slug" = String, Path, description = "The organization's slug"), Listing),
    responses((status = 200, body = Page<SetupLink>)),
    security(("key" = ["connections:read"])),
)]
pub(in crate::http) async fn list(
    admin: Admin,
    Path(slug): Path<String>,
    Asked(listing): Asked<Listing>,
) -> Result<Json<Page<SetupLink>>, Problem> {
    let place = listing.place::<SetupLinkId>()?;
    let read = admin.read(&slug, Scope::ConnectionsRead, |tx, admitted| {
        async move { setup::list(tx, admitted.organization.id, admitted.now).await }.boxed()
    });
    Ok(Json(place.cut(read.await?, |link| link.id)))
}

/// Make a link by which somebody without an account sets up a connection.
///
/// The address is in this answer alone. What is set up is in testing: it goes live by an admin's or the operator's
/// word, and from then on the link changes nothing. One link at a time is good for a purpose: the one before is taken
/// back.
#[utoipa::path(
    post, path = "/organizations/{slug}/setup-links", operation_id = "create_setup_link",
    tag = "Connections",
    params(("slug" = String, Path, description = "The organization's slug")),
    request_body = Wanted, responses((status = 201, body = IssuedSetupLink)),
    security(("key" = ["setup:write"])),
)]
pub(in crate::http) async fn create(
    admin: Admin,
    Extension(request): Extension<RequestId>,
    Path(slug): Path<String>,
    body: Unread,
) -> Result<Created<IssuedSetupLink>, Problem> {
    let scope = Scope::SetupWrite;
    admin.admit(&slug, scope).await?;
    let new: NewSetupLink = body.json::<Wanted>().await?.try_into()?;
    let public_url = admin.gateway().public_url.clone();
    let issued = admin.change(&slug, scope, &request, move |change, _| {
        let (new, public_url) = (new.clone(), public_url.clone());
        async move { setup::issue(change, &new, &public_url).await }.boxed()
    });
    let issued = issued.await?;
    let path = format!("/organizations/{slug}/setup-links/{}", issued.link.id);
    Ok(Created::at(&admin, path, issued))
}

/// Show a set-up link, without its token.
#[utoipa::path(
    get, path = "/organizations/{slug}/setup-links/{id}", operation_id = "show_setup_link",
    tag = "Connections",
    params(
        ("slug" = String, Path, description = "The organization's slug"),
        ("id" = String, Path, description = "The link's id"),
    ),
    responses((status = 200, body = SetupLink)),
    security(("key" = ["connections:read"])),
)]
pub(in crate::http) async fn show(
    admin: Admin,
    Path((slug, id)): Path<(String, String)>,
) -> Result<Json<SetupLink>, Problem> {
    let read = admin.read(&slug, Scope::ConnectionsRead, |tx, admitted| {
        async move { setup::list(tx, admitted.organization.id, admitted.now).await }.boxed()
    });
    let found = read
        .await?
        .into_iter()
        .find(|link| link.id.to_string() == id);
    Ok(Json(found.ok_or(Error::NotFound(Kind::SetupLink))?))
}

/// Take a set-up link back.
///
/// Doing it again changes nothing.
#[utoipa::path(
    post, path = "/organizations/{slug}/setup-links/{id}/revoke", operation_id = "revoke_setup_link",
    tag = "Connections",
    params(
        ("slug" = String, Path, description = "The organization's slug"),
        ("id" = String, Path, description = "The link's id"),
    ),
    responses((status = 200, body = SetupLink)),
    security(("key" = ["setup:write"])),
)]
pub(in crate::http) async fn revoke(
    admin: Admin,
    Extension(request): Extension<RequestId>,
    Path((slug, id)): Path<(String, String)>,
) -> Result<Json<SetupLink>, Problem> {
    let (id, scope) = (id.parse::<SetupLinkId>().ok(), Scope::SetupWrite);
    let revoked = admin.change(&slug, scope, &request, move |change, _| {
        async move { setup::revoke(change, id.ok_or(Error::NotFound(Kind::SetupLink))?).await }
            .boxed()
    });
    Ok(Json(revoked.await?))
}
