//! Changes of mappings: one by one, or several as a plan that was shown first.

use axum::extract::Path;
use axum::http::StatusCode;
use axum::{Extension, Json};
use futures_util::FutureExt;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::directory::scope::Scope;
use crate::http::RequestId;
use crate::http::admin::asked::Unread;
use crate::http::admin::conditional::IfMatch;
use crate::http::admin::created::Created;
use crate::http::admin::mappings::{Mapping, mappings, seen};
use crate::http::auth::admin::Admin;
use crate::http::reply::problem::Problem;
use crate::id::MappingId;
use crate::provisioning::settings::mappings::{NewMapping, RuleChange};
use crate::provisioning::settings::plan::{
    self, Applied, DefaultRole, Plan, Proposal, Removal, Shape,
};
use crate::provisioning::{Error, Kind};

/// A rule to add.
#[derive(Debug, Deserialize, ToSchema)]
pub(in crate::http) struct WantedMapping {
    /// The digest of its preview, where more than 20 people's roles change.
    pub(in crate::http) digest: Option<String>,
    #[serde(flatten)]
    pub(in crate::http) mapping: NewMapping,
}

/// What is to change of a rule; what is not said stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct ChangedMapping {
    /// The slug of the role.
    pub(in crate::http) role: Option<String>,
    /// The slugs of the projects it is for; an empty list means the whole organization.
    pub(in crate::http) projects: Option<Vec<String>>,
    /// Whether it counts.
    pub(in crate::http) enabled: Option<bool>,
    /// Its place among the connection's rules.
    pub(in crate::http) position: Option<i64>,
    /// The digest of its preview, where more than 20 people's roles change.
    pub(in crate::http) digest: Option<String>,
}

/// Why a removal may go on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct RemovedMapping {
    /// The digest of its preview, where more than 20 people's roles change.
    pub(in crate::http) digest: Option<String>,
}

/// Changes of the rules, which are made together or not at all.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = MappingChanges)]
pub(in crate::http) struct Changes {
    /// Each of them, in their order.
    pub(super) changes: Vec<Proposal>,
    /// The digest of the plan that was shown; needed where more than 20 people's roles change.
    pub(super) digest: Option<String>,
}

/// Tell what changes of the rules would do, and change nothing.
///
/// Who would gain, who would lose, who would become an admin and who would lose the last project, person by
/// person, with the digest that applying takes.
#[utoipa::path(
    post, path = "/organizations/{slug}/mappings/preview", operation_id = "preview_mappings",
    tag = "Mappings", params(("slug" = String, Path, description = "The organization's slug")),
    request_body = Changes, responses((status = 200, body = Plan)),
    security(("key" = ["mappings:read"])),
)]
pub(in crate::http) async fn preview(
    admin: Admin,
    Extension(request): Extension<RequestId>,
    Path(slug): Path<String>,
    body: Unread,
) -> Result<Json<Plan>, Problem> {
    let scope = Scope::MappingsRead;
    admin.admit(&slug, scope).await?;
    let asked: Changes = body.json().await?;
    let shape = shaped(&admin, (&slug, scope), &request, &asked).await?;
    Ok(Json(shape.foresee(&admin.gateway().store).await?))
}

/// Change several rules together, as their plan was shown.
///
/// With a digest only where the outcome still is what was shown: 409 `plan_changed` carries the plan as it
/// would be now. Without one only where at most 20 people's roles change.
#[utoipa::path(
    post, path = "/organizations/{slug}/mappings/apply", operation_id = "apply_mappings",
    tag = "Mappings", params(("slug" = String, Path, description = "The organization's slug")),
    request_body = Changes,
    responses(
        (status = 200, body = Applied),
        (status = 202, body = Applied, description = "Roles of many people are computed in batches"),
    ),
    security(("key" = ["mappings:write"])),
)]
pub(in crate::http) async fn apply(
    admin: Admin,
    Extension(request): Extension<RequestId>,
    Path(slug): Path<String>,
    body: Unread,
) -> Result<(StatusCode, Json<Applied>), Problem> {
    admin.admit(&slug, Scope::MappingsWrite).await?;
    let asked: Changes = body.json().await?;
    made(&admin, &slug, &request, asked).await
}

/// Add a rule that a group gives a role.
///
/// The group need not have been pushed yet. Nobody is made owner by a rule.
#[utoipa::path(
    post, path = "/organizations/{slug}/mappings", operation_id = "add_mapping", tag = "Mappings",
    params(("slug" = String, Path, description = "The organization's slug")),
    request_body = WantedMapping, responses((status = 201, body = Mapping)),
    security(("key" = ["mappings:write"])),
)]
pub(in crate::http) async fn add(
    admin: Admin,
    Extension(request): Extension<RequestId>,
    Path(slug): Path<String>,
    body: Unread,
) -> Result<Created<Mapping>, Problem> {
    admin.admit(&slug, Scope::MappingsWrite).await?;
    let wanted: WantedMapping = body.json().await?;
    let asked = Changes {
        changes: vec![Proposal::Add(wanted.mapping)],
        digest: wanted.digest,
    };
    let rule = rule(&admin, &slug, &request, (asked, None)).await?;
    let path = format!("/organizations/{slug}/mappings/{}", rule.id);
    Ok(Created::at(&admin, path, rule))
}

/// Change a rule: its role, its projects, its place, whether it counts.
#[utoipa::path(
    patch, path = "/organizations/{slug}/mappings/{id}", operation_id = "change_mapping",
    tag = "Mappings",
    params(
        ("slug" = String, Path, description = "The organization's slug"),
        ("id" = String, Path, description = "The rule's id"),
        IfMatch,
    ),
    request_body = ChangedMapping, responses((status = 200, body = Mapping)),
    security(("key" = ["mappings:write"])),
)]
pub(in crate::http) async fn change(
    admin: Admin,
    Extension(request): Extension<RequestId>,
    Path((slug, id)): Path<(String, String)>,
    body: Unread,
) -> Result<Json<Mapping>, Problem> {
    admin.admit(&slug, Scope::MappingsWrite).await?;
    let id = named(&id)?;
    let wanted: ChangedMapping = body.json().await?;
    let change = RuleChange {
        id,
        role: wanted.role,
        projects: wanted.projects,
        enabled: wanted.enabled,
        position: wanted.position,
    };
    let asked = Changes {
        changes: vec![Proposal::Update(change)],
        digest: wanted.digest,
    };
    let admin = admin.if_still(seen(id));
    let rule = rule(&admin, &slug, &request, (asked, Some(id))).await?;
    Ok(Json(rule))
}

/// Remove a rule, as if everybody had left its group; answers what that did.
#[utoipa::path(
    delete, path = "/organizations/{slug}/mappings/{id}", operation_id = "remove_mapping",
    tag = "Mappings",
    params(
        ("slug" = String, Path, description = "The organization's slug"),
        ("id" = String, Path, description = "The rule's id"),
        IfMatch,
    ),
    request_body = Option<RemovedMapping>,
    responses(
        (status = 200, body = Applied),
        (status = 202, body = Applied, description = "Roles of many people are computed in batches"),
    ),
    security(("key" = ["mappings:write"])),
)]
pub(in crate::http) async fn remove(
    admin: Admin,
    Extension(request): Extension<RequestId>,
    Path((slug, id)): Path<(String, String)>,
    body: Unread,
) -> Result<(StatusCode, Json<Applied>), Problem> {
    admin.admit(&slug, Scope::MappingsWrite).await?;
    let id = named(&id)?;
    let removal = Removal {
        connection_id: None,
        id,
    };
    let RemovedMapping { digest } = body.json().await?;
    let asked = Changes {
        changes: vec![Proposal::Remove(removal)],
        digest,
    };
    let admin = admin.if_still(seen(id));
    made(&admin, &slug, &request, asked).await
}

/// Set which role people have whom nothing else gives one.
#[utoipa::path(
    put, path = "/organizations/{slug}/default-role", operation_id = "set_default_role",
    tag = "Roles", params(("slug" = String, Path, description = "The organization's slug")),
    request_body = DefaultRole,
    responses(
        (status = 200, body = Applied),
        (status = 202, body = Applied, description = "Roles of many people are computed in batches"),
    ),
    security(("key" = ["mappings:write"])),
)]
pub(in crate::http) async fn default_role(
    admin: Admin,
    Extension(request): Extension<RequestId>,
    Path(slug): Path<String>,
    body: Unread,
) -> Result<(StatusCode, Json<Applied>), Problem> {
    admin.admit(&slug, Scope::MappingsWrite).await?;
    let wanted: DefaultRole = body.json().await?;
    let asked = Changes {
        changes: vec![Proposal::DefaultRole(wanted)],
        digest: None,
    };
    made(&admin, &slug, &request, asked).await
}

fn named(id: &str) -> Result<MappingId, Error> {
    id.parse().map_err(|_| Error::NotFound(Kind::Mapping))
}

/// The rules as these changes would make them. The organization's row is held only for that long.
async fn shaped(
    admin: &Admin,
    (slug, scope): (&str, Scope),
    request: &RequestId,
    asked: &Changes,
) -> Result<Shape, Problem> {
    let changes = asked.changes.clone();
    let shaped = admin.change(slug, scope, request, move |change, _| {
        let changes = changes.clone();
        async move { plan::shape(change, &changes).await }.boxed()
    });
    shaped.await
}

/// Makes these changes; says where roles are computed in batches after it.
pub(in crate::http) async fn made(
    admin: &Admin,
    slug: &str,
    request: &RequestId,
    asked: Changes,
) -> Result<(StatusCode, Json<Applied>), Problem> {
    let scope = Scope::MappingsWrite;
    let shape = shaped(admin, (slug, scope), request, &asked).await?;
    let seen = shape.ahead(&admin.gateway().store).await?;
    let made = admin.change(slug, scope, request, move |change, _| {
        let (asked, seen) = (asked.clone(), seen.clone());
        async move {
            plan::apply(
                change,
                &asked.changes,
                asked.digest.as_deref(),
                seen.as_ref(),
            )
            .await
        }
        .boxed()
    });
    let applied = made.await?;
    let status = match applied.recompute_id {
        Some(_) => StatusCode::ACCEPTED,
        None => StatusCode::OK,
    };
    Ok((status, Json(applied)))
}

/// Makes what is asked, and answers the rule of an id, or the one that was not there before.
async fn rule(
    admin: &Admin,
    slug: &str,
    request: &RequestId,
    (asked, id): (Changes, Option<MappingId>),
) -> Result<Mapping, Problem> {
    let scope = Scope::MappingsWrite;
    let shape = shaped(admin, (slug, scope), request, &asked).await?;
    let seen = shape.ahead(&admin.gateway().store).await?;
    let made = admin.change(slug, scope, request, move |change, _| {
        let (asked, seen) = (asked.clone(), seen.clone());
        async move {
            let before = mappings(change.tx, change.org).await?;
            plan::apply(
                change,
                &asked.changes,
                asked.digest.as_deref(),
                seen.as_ref(),
            )
            .await?;
            let mut rules = mappings(change.tx, change.org).await?.into_iter();
            let is_it = |rule: &Mapping| match id {
                Some(id) => rule.id == id,
                None => !before.iter().any(|known| known.id == rule.id),
            };
            rules.find(is_it).ok_or(Error::NotFound(Kind::Mapping))
        }
        .boxed()
    });
    made.await
}
