//! Groups: what directories push, and who is in it.

use axum::Json;
use axum::extract::Path;
use futures_util::FutureExt;
use serde::Deserialize;

use crate::directory::scope::Scope;
use crate::http::admin::asked::Asked;
use crate::http::admin::paging::{Listing, Page};
use crate::http::auth::admin::Admin;
use crate::http::reply::problem::Problem;
use crate::id::{ConnectionId, ScimGroupId, ScimUserId};
use crate::provisioning::groups_view::{self, Group, GroupMember, WantedGroups};
use crate::provisioning::{Error, Kind};

/// What a path leads to that names something else than an id.
const NO_GROUP: Error = Error::NotFound(Kind::Group);

/// Which groups are asked for.
#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct Search {
    /// Those of this connection.
    #[param(value_type = Option<String>)]
    pub(in crate::http) connection: Option<ConnectionId>,
    /// How many items, 1 to 200; 50 unless said.
    #[param(minimum = 1, maximum = 200)]
    pub(in crate::http) limit: Option<u64>,
    /// Go on after this one: what `next` was.
    pub(in crate::http) after: Option<String>,
}

/// List the groups that directories push, each with the rules that are about it, for a key that may read mappings.
#[utoipa::path(
    get, path = "/organizations/{slug}/groups", operation_id = "list_groups", tag = "Groups",
    params(("slug" = String, Path, description = "The organization's slug"), Search),
    responses((status = 200, body = Page<Group>)),
    security(("key" = ["groups:read"])),
)]
pub(in crate::http) async fn list(
    admin: Admin,
    Path(slug): Path<String>,
    Asked(search): Asked<Search>,
) -> Result<Json<Page<Group>>, Problem> {
    let listing = Listing {
        limit: search.limit,
        after: search.after,
    };
    let place = listing.place::<ScimGroupId>()?;
    let wanted = WantedGroups {
        connection: search.connection,
        after: place.after,
    };
    let read = admin.read(&slug, Scope::GroupsRead, move |tx, admitted| {
        async move {
            let of = (admitted.organization.id, &admitted.access);
            groups_view::list(tx, of, wanted, place.reading()).await
        }
        .boxed()
    });
    Ok(Json(place.page(read.await?, |group| group.id.to_string())))
}

/// Show a group, with the rules that are about it, for a key that may read mappings.
#[utoipa::path(
    get, path = "/organizations/{slug}/groups/{id}", operation_id = "show_group", tag = "Groups",
    params(
        ("slug" = String, Path, description = "The organization's slug"),
        ("id" = String, Path, description = "The group's id"),
    ),
    responses((status = 200, body = Group)),
    security(("key" = ["groups:read"])),
)]
pub(in crate::http) async fn show(
    admin: Admin,
    Path((slug, id)): Path<(String, String)>,
) -> Result<Json<Group>, Problem> {
    let id = id.parse::<ScimGroupId>().ok();
    let read = admin.read(&slug, Scope::GroupsRead, move |tx, admitted| {
        async move {
            let of = (admitted.organization.id, &admitted.access);
            groups_view::show(tx, of, id.ok_or(NO_GROUP)?).await
        }
        .boxed()
    });
    Ok(Json(read.await?))
}

/// List who is in a group.
///
/// Each is a SCIM resource of the group's connection: a user, with the person whom it is about, or a group.
#[utoipa::path(
    get, path = "/organizations/{slug}/groups/{id}/members", operation_id = "list_group_members",
    tag = "Groups",
    params(
        ("slug" = String, Path, description = "The organization's slug"),
        ("id" = String, Path, description = "The group's id"),
        Listing,
    ),
    responses((status = 200, body = Page<GroupMember>)),
    security(("key" = ["groups:read"])),
)]
pub(in crate::http) async fn members(
    admin: Admin,
    Path((slug, id)): Path<(String, String)>,
    Asked(listing): Asked<Listing>,
) -> Result<Json<Page<GroupMember>>, Problem> {
    let (place, id) = (
        listing.place::<ScimUserId>()?,
        id.parse::<ScimGroupId>().ok(),
    );
    let read = admin.read(&slug, Scope::GroupsRead, move |tx, admitted| {
        async move {
            let of = (admitted.organization.id, id.ok_or(NO_GROUP)?);
            let after = place.after.map(ScimUserId::uuid);
            groups_view::members(tx, of, after, place.reading()).await
        }
        .boxed()
    });
    Ok(Json(
        place.page(read.await?, |member| member.scim_id.to_string()),
    ))
}
