//! Domains that an organization proves to be its own, by a TXT record.

use axum::extract::Path;
use axum::{Extension, Json};
use futures_util::FutureExt;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::directory::email::domain_form;
use crate::directory::scope::Scope;
use crate::http::RequestId;
use crate::http::admin::asked::Unread;
use crate::http::admin::created::Created;
use crate::http::auth::admin::Admin;
use crate::http::reply::problem::{Problem, Type};
use crate::outbound::dns;
use crate::provisioning::settings::domain_looks::{self, Begun};
use crate::provisioning::settings::domains::{self, Domain, Removed};
use crate::provisioning::{Error, Kind};

/// A domain to prove.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = WantedDomain)]
pub(in crate::http) struct Wanted {
    /// The domain, such as acme.example.
    pub(in crate::http) domain: String,
}

/// List the domains that an organization proves.
#[utoipa::path(
    get, path = "/organizations/{slug}/domains", operation_id = "list_domains", tag = "Domains",
    params(("slug" = String, Path, description = "The organization's slug")),
    responses((status = 200, body = Value, description = "`data`: the domains")),
    security(("key" = ["domains:read"])),
)]
pub(in crate::http) async fn list(
    admin: Admin,
    Path(slug): Path<String>,
) -> Result<Json<Value>, Problem> {
    let data = all(&admin, &slug).await?;
    Ok(Json(json!({"data": data, "next": null, "has_more": false})))
}

/// The domains that an organization proves.
pub(in crate::http) async fn all(admin: &Admin, slug: &str) -> Result<Vec<Domain>, Problem> {
    let read = admin.read(slug, Scope::DomainsRead, |tx, admitted| {
        async move { domains::list(tx, admitted.organization.id).await }.boxed()
    });
    read.await
}

/// Begin to prove a domain.
///
/// The answer says which TXT record to publish. A domain that is there is answered as it is.
#[utoipa::path(
    post, path = "/organizations/{slug}/domains", operation_id = "add_domain", tag = "Domains",
    params(("slug" = String, Path, description = "The organization's slug")),
    request_body = Wanted, responses((status = 201, body = Domain)),
    security(("key" = ["domains:write"])),
)]
pub(in crate::http) async fn add(
    admin: Admin,
    Extension(request): Extension<RequestId>,
    Path(slug): Path<String>,
    body: Unread,
) -> Result<Created<Domain>, Problem> {
    let scope = Scope::DomainsWrite;
    admin.admit(&slug, scope).await?;
    let Wanted { domain } = body.json().await?;
    let written = admin.change(&slug, scope, &request, move |change, _| {
        let domain = domain.clone();
        async move { domains::add(change, &domain).await }.boxed()
    });
    let added = written.await?;
    let path = format!("/organizations/{slug}/domains/{}", added.domain);
    Ok(Created::at(&admin, path, added))
}

/// Show a domain that an organization proves.
#[utoipa::path(
    get, path = "/organizations/{slug}/domains/{domain}", operation_id = "show_domain",
    tag = "Domains",
    params(
        ("slug" = String, Path, description = "The organization's slug"),
        ("domain" = String, Path, description = "The domain"),
    ),
    responses((status = 200, body = Domain)),
    security(("key" = ["domains:read"])),
)]
pub(in crate::http) async fn show(
    admin: Admin,
    Path((slug, domain)): Path<(String, String)>,
) -> Result<Json<Domain>, Problem> {
    let (form, mut all) = (domain_form(&domain), all(&admin, &slug).await?);
    all.retain(|it| Some(&it.domain) == form.as_ref());
    let found = all.pop();
    Ok(Json(found.ok_or(Error::NotFound(Kind::Domain))?))
}

/// Look for a domain's TXT record, and trust the domain where it is there.
///
/// It is looked for once in ten seconds, from the adding on. A domain that is verified is answered as
/// it is, unless its record was gone of late.
#[utoipa::path(
    post, path = "/organizations/{slug}/domains/{domain}/verify", operation_id = "verify_domain",
    tag = "Domains",
    params(
        ("slug" = String, Path, description = "The organization's slug"),
        ("domain" = String, Path, description = "The domain"),
    ),
    responses((status = 200, body = Domain)),
    security(("key" = ["domains:write"])),
)]
pub(in crate::http) async fn verify(
    admin: Admin,
    Extension(request): Extension<RequestId>,
    Path((slug, domain)): Path<(String, String)>,
) -> Result<Json<Domain>, Problem> {
    let scope = Scope::DomainsWrite;
    let begun = admin.change(&slug, scope, &request, move |change, _| {
        let domain = domain.clone();
        async move { domain_looks::begin(change, &domain).await }.boxed()
    });
    let look = match begun.await? {
        Begun::Known(domain) => return Ok(Json(domain)),
        Begun::Look(look) => look,
    };
    let gateway = admin.gateway();
    let id = || u16::from_be_bytes(gateway.ids.entropy().bytes());
    let looked_up = dns::texts(gateway.name_server, look.name(), id).await;
    let found = looked_up.as_ref().ok().cloned();
    let written = admin.change(&slug, scope, &request, move |change, _| {
        let (look, found) = (look.clone(), found.clone());
        async move { domain_looks::finish(change, &look, found.as_deref()).await }.boxed()
    });
    let ended = written.await?;
    if let Err(fault) = looked_up {
        tracing::warn!(%fault, "A domain's record cannot be looked up");
        return Err(Problem::new(Type::DnsFailed, fault.outwardly()));
    }
    Ok(Json(ended.map_err(Error::from)?))
}

/// Stop trusting a domain on its proof, or proving it.
///
/// Who came by it stays. Connections on which the operator listed the domain speak for it all the same:
/// the answer names them.
#[utoipa::path(
    delete, path = "/organizations/{slug}/domains/{domain}", operation_id = "remove_domain",
    tag = "Domains",
    params(
        ("slug" = String, Path, description = "The organization's slug"),
        ("domain" = String, Path, description = "The domain"),
    ),
    responses((status = 200, body = Removed)),
    security(("key" = ["domains:write"])),
)]
pub(in crate::http) async fn remove(
    admin: Admin,
    Extension(request): Extension<RequestId>,
    Path((slug, domain)): Path<(String, String)>,
) -> Result<Json<Removed>, Problem> {
    let scope = Scope::DomainsWrite;
    admin.admit(&slug, scope).await?;
    let written = admin.change(&slug, scope, &request, move |change, _| {
        let domain = domain.clone();
        async move { domains::remove(change, &domain).await }.boxed()
    });
    Ok(Json(written.await?))
}
