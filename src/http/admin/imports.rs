//! Imports: a file of people is looked at or committed, and committed ones are listed, shown, taken
//! back, and given back with what became of each row.
#![expect(
    unused_qualifications,
    reason = "the OpenAPI macro writes its types in full"
)]

use std::sync::Arc;

use axum::extract::{Path, Request};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use futures_util::FutureExt;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use crate::directory::scope::Scope;
use crate::http::RequestId;
use crate::http::admin::asked::Asked;
use crate::http::admin::paging::{Listing, Page};
use crate::http::admin::upload::Upload;
use crate::http::auth::admin::Admin;
use crate::http::reply::problem::{Problem, Type};
use crate::id::ImportId;
use crate::provisioning::import::view::{self, Import, ImportDetail, Template};
use crate::provisioning::import::{self, ImportOutcome, ImportReport, Settings, plan};
use crate::provisioning::invitations::actions::revoke_import_in;
use crate::provisioning::{Error, Kind};
use crate::roster;

/// What goes for the whole file: as query parameters, or as further parts of the form.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it describes what `Wish` reads")]
struct Options {
    /// Whether only to tell what would be done.
    #[param(default = false)]
    pub(in crate::http) dry_run: Option<bool>,
    /// The digest of the plan that was shown: only just this plan is carried out.
    pub(in crate::http) plan_digest: Option<String>,
    /// Whether an address that comes again with another role or other projects is an error.
    #[param(default = false)]
    pub(in crate::http) strict: Option<bool>,
    /// Whether the invitations are mailed.
    #[param(default = true)]
    pub(in crate::http) send_email: Option<bool>,
    /// In how many days they expire, 1 to 30; seven unless said.
    #[param(minimum = 1, maximum = 30)]
    pub(in crate::http) expires_in_days: Option<i64>,
    /// When they expire: a time with its zone, or a date, which means the end of that day in UTC.
    pub(in crate::http) expires_at: Option<String>,
    /// Plain text that goes with each, up to 500 characters.
    pub(in crate::http) message: Option<String>,
}

/// A form with the file as one of its parts.
#[derive(ToSchema)]
#[schema(as = ImportForm)]
#[expect(dead_code, reason = "it describes what `Upload` reads")]
struct Form {
    /// The CSV file. What is a query parameter may be a further part.
    #[schema(format = Binary, content_media_type = "text/csv")]
    pub(in crate::http) file: String,
}

/// What is asked of an import.
#[derive(Default)]
pub(in crate::http) struct Wish {
    dry_run: bool,
    digest: Option<String>,
    settings: Settings,
}

impl Wish {
    /// Reads what was said with the file.
    pub(in crate::http) fn read(said: Vec<(String, String)>) -> Result<Self, Problem> {
        let mut wish = Self::default();
        let mut names: Vec<String> = Vec::new();
        for (name, text) in said {
            let settings = &mut wish.settings;
            match name.as_str() {
                "dry_run" => wish.dry_run = switch("dry_run", &text)?,
                "plan_digest" => wish.digest = Some(text),
                "strict" => settings.strict = switch("strict", &text)?,
                "send_email" => settings.silent = !switch("send_email", &text)?,
                "expires_in_days" => settings.expires_in_days = Some(number(&text)?),
                "expires_at" => settings.expires_at = Some(text),
                "message" => settings.message = Some(text),
                unknown => {
                    let detail = format_args!("there is no parameter {unknown:?}");
                    return Err(Problem::new(Type::InvalidParameter, detail));
                }
            }
            if names.contains(&name) {
                let detail = format_args!("the parameter {name} is said twice");
                return Err(Problem::new(Type::InvalidParameter, detail));
            }
            names.push(name);
        }
        Ok(wish)
    }
}

fn switch(name: &'static str, text: &str) -> Result<bool, Problem> {
    let wrong = |_| Problem::parameter(name, "malformed", "true or false is possible");
    text.parse().map_err(wrong)
}

fn number(text: &str) -> Result<i64, Problem> {
    let wrong = |_| Problem::parameter("expires_in_days", "malformed", "a number is possible");
    text.parse().map_err(wrong)
}

/// Invite everybody whom a file names, or nobody.
///
/// The file is CSV (RFC 4180) in UTF-8 with the columns `email`, `role` and, if wanted, `projects`;
/// it is the body itself, or the part `file` of a form. Where one row is wrong nothing is done, and
/// 422 tells everything that is wrong. Who is there or invited already is skipped. The mails leave
/// after the answer. With `dry_run` only the plan is told; its `plan_digest` binds a later commit.
#[utoipa::path(
    post, path = "/organizations/{slug}/imports", operation_id = "create_import", tag = "Imports",
    params(("slug" = String, Path, description = "The organization's slug"), Options),
    request_body(content((String = "text/csv"), (Form = "multipart/form-data"))),
    responses(
        (status = 201, description = "Committed", body = ImportReport),
        (status = 200, description = "The plan; or every row is skipped", body = ImportReport),
    ),
    security(("key" = ["imports:write"])),
)]
pub(in crate::http) async fn create(
    admin: Admin,
    Extension(id): Extension<RequestId>,
    Path(slug): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let upload = uploaded(&admin, &slug, request).await?;
    let wish = Wish::read(upload.said)?;
    let report = carried_out(&admin, &id, &slug, &upload.file, wish).await?;
    answer(&admin, &slug, report)
}

/// The file that is sent, and what is said with it, once its sender was let in.
pub(in crate::http) async fn uploaded(
    admin: &Admin,
    slug: &str,
    request: Request,
) -> Result<Upload, Problem> {
    admin.admit(slug, Scope::ImportsWrite).await?;
    Upload::read(admin.gateway(), request).await
}

/// Does what is asked of a file, and tells how that ended, also where nothing is done.
pub(in crate::http) async fn carried_out(
    admin: &Admin,
    id: &RequestId,
    slug: &str,
    file: &[u8],
    wish: Wish,
) -> Result<ImportReport, Problem> {
    let scope = Scope::ImportsWrite;
    let import = Arc::new(import::Import::read(file, wish.settings));
    if wish.dry_run {
        let read = admin.read(slug, scope, move |tx, admitted| {
            let import = Arc::clone(&import);
            async move {
                let org = admitted.organization.id;
                let inviter = admitted.access.inviter(tx).await?;
                plan::preview(tx, org, admitted.now, &inviter, &import).await
            }
            .boxed()
        });
        read.await
    } else {
        let digest: Option<Arc<str>> = wish.digest.map(Into::into);
        let written = admin.change(slug, scope, id, move |change, access| {
            let (import, digest) = (import.clone(), digest.clone());
            async move {
                let inviter = access.inviter(change.tx).await?;
                import::commit(change, &inviter, &import, digest.as_deref()).await
            }
            .boxed()
        });
        written.await
    }
}

fn answer(admin: &Admin, slug: &str, report: ImportReport) -> Result<Response, Problem> {
    match (report.outcome, report.id) {
        (ImportOutcome::Refused, _) => Err(Problem::of_import(Type::ImportRefused, report)),
        (ImportOutcome::PlanChanged, _) => Err(Problem::of_import(Type::PlanChanged, report)),
        (_, Some(id)) => {
            let path = format!("/api/v1/organizations/{slug}/imports/{id}");
            let location = [(header::LOCATION, admin.gateway().link(&path))];
            Ok((StatusCode::CREATED, location, Json(report)).into_response())
        }
        (_, None) => Ok(Json(report).into_response()),
    }
}

/// List the committed imports.
#[utoipa::path(
    get, path = "/organizations/{slug}/imports", operation_id = "list_imports", tag = "Imports",
    params(("slug" = String, Path, description = "The organization's slug"), Listing),
    responses((status = 200, body = Page<Import>)),
    security(("key" = ["imports:read"])),
)]
pub(in crate::http) async fn list(
    admin: Admin,
    Path(slug): Path<String>,
    Asked(listing): Asked<Listing>,
) -> Result<Json<Page<Import>>, Problem> {
    let place = listing.place::<ImportId>()?;
    let rows = admin.read(&slug, Scope::ImportsRead, move |tx, admitted| {
        let limit = i64::try_from(place.reading()).unwrap_or(i64::MAX);
        async move { view::page(tx, admitted.organization.id, place.after, limit).await }.boxed()
    });
    Ok(Json(
        place.page(rows.await?, |import| import.id.to_string()),
    ))
}

/// Show a committed import, with what became of each row.
#[utoipa::path(
    get, path = "/organizations/{slug}/imports/{id}", operation_id = "show_import",
    tag = "Imports",
    params(
        ("slug" = String, Path, description = "The organization's slug"),
        ("id" = String, Path, description = "The import's id"),
    ),
    responses((status = 200, body = ImportDetail)),
    security(("key" = ["imports:read"])),
)]
pub(in crate::http) async fn show(
    admin: Admin,
    Path((slug, id)): Path<(String, String)>,
) -> Result<Json<ImportDetail>, Problem> {
    let id = id.parse::<ImportId>().ok();
    let read = admin.read(&slug, Scope::ImportsRead, move |tx, admitted| {
        async move {
            let id = id.ok_or(Error::NotFound(Kind::Import))?;
            view::detail(tx, admitted.organization.id, id).await
        }
        .boxed()
    });
    Ok(Json(read.await?))
}

/// Download the imported file with what became of each row.
///
/// Its columns as they came, then `status` and `detail`. No cell of it is a formula to a
/// spreadsheet. It is kept for 30 days.
#[utoipa::path(
    get, path = "/organizations/{slug}/imports/{id}/result.csv",
    operation_id = "download_import_result", tag = "Imports",
    params(
        ("slug" = String, Path, description = "The organization's slug"),
        ("id" = String, Path, description = "The import's id"),
    ),
    responses((status = 200, description = "The file", body = String, content_type = "text/csv")),
    security(("key" = ["imports:read"])),
)]
pub(in crate::http) async fn result_file(
    admin: Admin,
    Path((slug, id)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let parsed = id.parse::<ImportId>().ok();
    let read = admin.read(&slug, Scope::ImportsRead, move |tx, admitted| {
        async move {
            let id = parsed.ok_or(Error::NotFound(Kind::Import))?;
            Ok((
                id,
                view::result_file(tx, admitted.organization.id, id).await?,
            ))
        }
        .boxed()
    });
    let (id, bytes) = read.await?;
    Ok(file(&format!("import-{id}.csv"), bytes))
}

/// Tell what a file may say: its columns, and the roles and projects of the organization.
#[utoipa::path(
    get, path = "/organizations/{slug}/imports/template", operation_id = "show_import_template",
    tag = "Imports",
    params(("slug" = String, Path, description = "The organization's slug")),
    responses((status = 200, body = Template)),
    security(("key" = ["imports:read"])),
)]
pub(in crate::http) async fn template(
    admin: Admin,
    Path(slug): Path<String>,
) -> Result<Json<Template>, Problem> {
    let read = admin.read(&slug, Scope::ImportsRead, |tx, admitted| {
        async move {
            let rank = admitted.access.inviter(tx).await?.rank;
            view::template(tx, admitted.organization.id, rank).await
        }
        .boxed()
    });
    Ok(Json(read.await?))
}

/// Download the file to start from.
///
/// A header and two example rows, which an import refuses so that nobody mails them.
#[utoipa::path(
    get, path = "/organizations/{slug}/imports/template.csv",
    operation_id = "download_import_template", tag = "Imports",
    params(("slug" = String, Path, description = "The organization's slug")),
    responses((status = 200, description = "The file", body = String, content_type = "text/csv")),
    security(("key" = ["imports:read"])),
)]
pub(in crate::http) async fn template_file(
    admin: Admin,
    Path(slug): Path<String>,
) -> Result<Response, Problem> {
    admin.admit(&slug, Scope::ImportsRead).await?;
    Ok(file("people.csv", roster::template::bytes()))
}

/// How many invitations were taken back.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ImportRevoked)]
pub struct Revoked {
    /// How many.
    pub(in crate::http) revoked: usize,
}

/// Take back the invitations of an import that are still open.
#[utoipa::path(
    post, path = "/organizations/{slug}/imports/{id}/revoke", operation_id = "revoke_import",
    tag = "Imports",
    params(
        ("slug" = String, Path, description = "The organization's slug"),
        ("id" = String, Path, description = "The import's id"),
    ),
    responses((status = 200, body = Revoked)),
    security(("key" = ["imports:write"])),
)]
pub(in crate::http) async fn revoke(
    admin: Admin,
    Extension(request): Extension<RequestId>,
    Path((slug, id)): Path<(String, String)>,
) -> Result<Json<Revoked>, Problem> {
    let id = id.parse::<ImportId>().ok();
    let revoked = admin.change(&slug, Scope::ImportsWrite, &request, move |change, _| {
        async move {
            let id = id.ok_or(Error::NotFound(Kind::Import))?;
            revoke_import_in(change, id).await
        }
        .boxed()
    });
    let revoked = revoked.await?;
    Ok(Json(Revoked { revoked }))
}

/// A CSV file that a browser saves and does not show.
fn file(name: &str, bytes: Vec<u8>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{name}\""),
        ),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
    ];
    (headers, bytes).into_response()
}
