//! Files of people: those that were imported, the page of one with what became of each row, and the files to download.

use askama::Template;
use axum::extract::{Path, RawQuery};
use axum::http::{HeaderValue, header};
use axum::response::Response;
use axum::routing::get;
use axum::{Extension, Json, Router};

use crate::http::Gateway;
use crate::http::admin::asked::Asked;
use crate::http::admin::imports;
use crate::http::console::filters;
use crate::http::console::frame::page_with;
use crate::http::console::import_upload::{commit, preview};
use crate::http::console::invitations::{DAYS, day_of_expiry, fresh};
use crate::http::console::lists::{self, next};
use crate::http::console::{Answer, Form, Frame, Posted, Section, Visitor, done, unknown_action};
use crate::http::reply::page::see_other;
use crate::provisioning::import::view::{self, ImportDetail};

/// The routes.
pub(super) fn routes() -> Router<Gateway> {
    Router::new()
        .route(
            "/console/organizations/{slug}/imports",
            get(list).post(preview),
        )
        .route(
            "/console/organizations/{slug}/imports/commit",
            get(back).post(commit),
        )
        .route(
            "/console/organizations/{slug}/imports/template.csv",
            get(template_file),
        )
        .route(
            "/console/organizations/{slug}/imports/{id}",
            get(shown).post(posted),
        )
        .route(
            "/console/organizations/{slug}/imports/{id}/result.csv",
            get(result_file),
        )
}

#[derive(Template)]
#[template(path = "console/imports.html")]
struct Listed {
    frame: Frame,
    /// The file to be, and what goes with it.
    form: Form,
    imports: Vec<view::Import>,
    next: Option<String>,
    /// What the field of the day of expiry is.
    day: String,
    /// What a file may say.
    may: view::Template,
}

/// `GET .../imports`.
async fn list(visitor: Visitor, Path(slug): Path<String>, RawQuery(query): RawQuery) -> Answer {
    let asked = lists::form(query.as_deref());
    draw(&visitor, &slug, &asked, fresh()).await
}

/// The list, with the form as somebody filled it in.
pub(super) async fn draw(visitor: &Visitor, slug: &str, asked: &Form, form: Form) -> Answer {
    let of = || Path(slug.to_owned());
    let listing = Asked::of(&lists::asked(asked, &["after"]))?;
    let Json(page) = imports::list(visitor.admin(), of(), listing).await?;
    let Json(may) = imports::template(visitor.admin(), of()).await?;
    let shown = Listed {
        frame: Frame::of(visitor, slug, Section::Imports),
        next: next(asked, &[], page.next),
        imports: page.data,
        day: day_of_expiry(visitor.gateway.ids.clock().now()),
        may,
        form,
    };
    Ok(page_with(shown.form.status(), &shown))
}

/// `GET .../imports/commit`: a file is looked at before it is carried out.
async fn back(_: Visitor, Path(slug): Path<String>) -> Response {
    see_other(&format!("/console/organizations/{slug}/imports"))
}

#[derive(Template)]
#[template(path = "console/import.html")]
struct Imported {
    frame: Frame,
    form: Form,
    it: ImportDetail,
}

/// `GET .../imports/{id}`.
async fn shown(
    visitor: Visitor,
    Path((slug, id)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Answer {
    draw_one(&visitor, (&slug, &id), lists::form(query.as_deref())).await
}

async fn draw_one(visitor: &Visitor, (slug, id): (&str, &str), form: Form) -> Answer {
    let path = Path((slug.to_owned(), id.to_owned()));
    let Json(it) = imports::show(visitor.admin(), path).await?;
    let shown = Imported {
        frame: Frame::of(visitor, slug, Section::Imports).saying(said(form.value("done"))),
        it,
        form,
    };
    Ok(page_with(shown.form.status(), &shown))
}

fn said(done: &str) -> Option<&'static str> {
    Some(match done {
        "imported" => "The file is imported. What became of each of its rows stands below.",
        "revoke" => "The invitations of this file that were open were taken back.",
        _ => return None,
    })
}

/// `POST .../imports/{id}`.
async fn posted(
    Path((slug, id)): Path<(String, String)>,
    Posted { visitor, mut form }: Posted,
) -> Answer {
    if form.action() != "revoke" {
        return Err(unknown_action());
    }
    let path = Path((slug.clone(), id.clone()));
    let request = Extension(visitor.request.clone());
    if let Err(problem) = imports::revoke(visitor.admin(), request, path).await {
        lists::kept(&mut form, problem)?;
        return draw_one(&visitor, (&slug, &id), form).await;
    }
    let path = format!("/console/organizations/{slug}/imports/{id}");
    Ok(done(&path, "revoke"))
}

/// `GET .../imports/template.csv`.
async fn template_file(visitor: Visitor, Path(slug): Path<String>) -> Answer {
    let file = imports::template_file(visitor.admin(), Path(slug)).await?;
    Ok(not_kept(file))
}

/// `GET .../imports/{id}/result.csv`.
async fn result_file(visitor: Visitor, path: Path<(String, String)>) -> Answer {
    let file = imports::result_file(visitor.admin(), path).await?;
    Ok(not_kept(file))
}

/// A file that no cache keeps.
fn not_kept(mut file: Response) -> Response {
    let no_store = HeaderValue::from_static("no-store");
    file.headers_mut().insert(header::CACHE_CONTROL, no_store);
    file
}
