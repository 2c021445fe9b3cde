//! Mappings: the rules by which a connection's groups give roles.

use axum::Json;
use axum::extract::Path;
use futures_util::FutureExt;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::directory::mapping::MatchKind;
use crate::directory::scope::Scope;
use crate::http::admin::asked::Asked;
use crate::http::admin::conditional::Seen;
use crate::http::admin::paging::{Listing, Page};
use crate::http::auth::admin::Admin;
use crate::http::reply::problem::Problem;
use crate::id::{ConnectionId, MappingId, OrganizationId, ScimGroupId};
use crate::provisioning::group_values::{Bound, is_renamed};
use crate::provisioning::{Error, Kind};
use crate::store::Tx;

/// A rule.
#[derive(Debug, Serialize, ToSchema)]
pub struct Mapping {
    /// The id.
    #[schema(value_type = String, format = "uuid")]
    pub(in crate::http) id: MappingId,
    /// The connection whose groups it is about.
    #[schema(value_type = String, format = "uuid")]
    pub(in crate::http) connection_id: ConnectionId,
    /// By what it knows its group.
    pub(in crate::http) match_kind: MatchKind,
    /// What it says of the group.
    pub(in crate::http) match_text: String,
    /// The SCIM Group that it found.
    #[schema(value_type = Option<String>, format = "uuid")]
    pub(in crate::http) group_id: Option<ScimGroupId>,
    /// How that Group is called now.
    pub(in crate::http) group_name: Option<String>,
    /// Whether that is another name than the rule's: the rule stays with the Group that it found first.
    pub(in crate::http) renamed: bool,
    /// The slug of the role it gives.
    pub(in crate::http) role: String,
    /// The slugs of the projects it gives the role in; empty means the whole organization.
    pub(in crate::http) projects: Vec<String>,
    /// Its place among the connection's rules.
    pub(in crate::http) position: i64,
    /// Whether it counts.
    pub(in crate::http) enabled: bool,
    /// Since when it is there.
    #[schema(value_type = String, format = "date-time")]
    pub(in crate::http) created_at: Timestamp,
}

/// List the mappings of an organization.
#[utoipa::path(
    get, path = "/organizations/{slug}/mappings", operation_id = "list_mappings", tag = "Mappings",
    params(("slug" = String, Path, description = "The organization's slug"), Listing),
    responses((status = 200, body = Page<Mapping>)),
    security(("key" = ["mappings:read"])),
)]
pub(in crate::http) async fn list(
    admin: Admin,
    Path(slug): Path<String>,
    Asked(listing): Asked<Listing>,
) -> Result<Json<Page<Mapping>>, Problem> {
    let place = listing.place::<MappingId>()?;
    let mappings = admin.read(&slug, Scope::MappingsRead, |tx, admitted| {
        async move { mappings(tx, admitted.organization.id).await }.boxed()
    });
    Ok(Json(place.cut(mappings.await?, |mapping| mapping.id)))
}

/// Show a mapping.
#[utoipa::path(
    get, path = "/organizations/{slug}/mappings/{id}", operation_id = "show_mapping",
    tag = "Mappings",
    params(
        ("slug" = String, Path, description = "The organization's slug"),
        ("id" = String, Path, description = "The rule's id"),
    ),
    responses((status = 200, body = Mapping)),
    security(("key" = ["mappings:read"])),
)]
pub(in crate::http) async fn show(
    admin: Admin,
    Path((slug, id)): Path<(String, String)>,
) -> Result<Json<Mapping>, Problem> {
    let id = id.parse::<MappingId>().ok();
    let read = admin.read(&slug, Scope::MappingsRead, move |tx, admitted| {
        let org = admitted.organization.id;
        async move { one(tx, org, id).await }.boxed()
    });
    Ok(Json(read.await?))
}

async fn one(tx: &mut Tx, org: OrganizationId, id: Option<MappingId>) -> Result<Mapping, Error> {
    let mut all = mappings(tx, org).await?.into_iter();
    let found = all.find(|rule| Some(rule.id) == id);
    found.ok_or(Error::NotFound(Kind::Mapping))
}

/// A rule, as it is shown.
pub(super) fn seen(id: MappingId) -> Seen {
    Seen::of(move |tx, moment| async move { one(tx, moment.org()?, Some(id)).await }.boxed())
}

pub(in crate::http) async fn mappings(
    tx: &mut Tx,
    org: OrganizationId,
) -> Result<Vec<Mapping>, Error> {
    let (roles, projects) = (tx.roles(org).await?, tx.projects(org).await?);
    let scopes = tx.mapping_projects(org).await?;
    let rows = tx.mappings(org).await?;
    let bound = Bound::of(tx, org, rows.iter()).await?;
    let view = rows.into_iter().map(|row| {
        let group = bound.group(&row);
        let renamed = group.is_some_and(|group| is_renamed(&row, group));
        let group_name = group.map(|group| group.display_name.clone());
        let role = roles.iter().find(|role| role.id == row.role_id);
        let mine = scopes.iter().filter(|(id, _)| *id == row.id);
        let slugs = mine.filter_map(|(_, id)| projects.iter().find(|project| project.id == *id));
        Mapping {
            id: row.id,
            connection_id: row.connection_id,
            match_kind: row.match_kind,
            match_text: row.match_text,
            group_id: row.bound_group_id,
            group_name,
            renamed,
            role: role.map(|role| role.slug.clone()).unwrap_or_default(),
            projects: slugs.map(|project| project.slug.clone()).collect(),
            position: row.position,
            enabled: row.enabled,
            created_at: row.created_at.0,
        }
    });
    Ok(view.collect())
}
