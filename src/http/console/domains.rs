//! Domains that an organization proves by a TXT record: what to publish, whether it is there, and the trust that
//! comes of it.

use askama::Template;
use axum::extract::{Path, RawQuery};
use axum::routing::get;
use axum::{Extension, Json, Router};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;

use crate::http::Gateway;
use crate::http::admin::asked::Unread;
use crate::http::admin::domains;
use crate::http::console::filters;
use crate::http::console::frame::page_with;
use crate::http::console::lists;
use crate::http::console::values::listed;
use crate::http::console::{Answer, Form, Frame, Posted, Section, Visitor, done, unknown_action};
use crate::http::reply::problem::{Problem, Type};

/// The routes.
pub(super) fn routes() -> Router<Gateway> {
    let page = get(shown).post(posted);
    Router::new().route("/console/organizations/{slug}/domains", page)
}

/// A domain, as the API lists it.
#[derive(Deserialize)]
pub(super) struct Proof {
    pub(super) domain: String,
    pub(super) state: String,
    record: Record,
    verified_at: Option<Timestamp>,
    pub(super) missing_since: Option<Timestamp>,
    listed_on: Vec<String>,
}

/// What to publish.
#[derive(Deserialize)]
struct Record {
    name: String,
    value: String,
}

/// The domains of an organization.
pub(super) async fn all(visitor: &Visitor, slug: &str) -> Result<Vec<Proof>, Problem> {
    let Json(answer) = domains::list(visitor.admin(), Path(slug.to_owned())).await?;
    listed(answer)
}

/// A domain, and whether what is wrong is about it.
struct Row {
    it: Proof,
    is_wrong: bool,
}

#[derive(Template)]
#[template(path = "console/domains.html")]
struct Domains {
    frame: Frame,
    /// What was asked for of one of them.
    form: Form,
    /// The one to be added.
    adding: Form,
    rows: Vec<Row>,
    /// Whether what is wrong stands beside a domain.
    is_beside: bool,
}

/// `GET .../domains`.
async fn shown(visitor: Visitor, Path(slug): Path<String>, RawQuery(query): RawQuery) -> Answer {
    let form = lists::form(query.as_deref());
    draw(&visitor, &slug, form, Form::default()).await
}

async fn draw(visitor: &Visitor, slug: &str, form: Form, adding: Form) -> Answer {
    let asked = form.value("domain").trim();
    let row = |it: Proof| Row {
        is_wrong: form.problem.is_some() && it.domain == asked,
        it,
    };
    let all = all(visitor, slug).await?;
    let rows: Vec<_> = all.into_iter().map(row).collect();
    let shown = Domains {
        frame: Frame::of(visitor, slug, Section::Domains).saying(said(form.value("done"))),
        is_beside: rows.iter().any(|row| row.is_wrong),
        rows,
        form,
        adding,
    };
    let status = match shown.adding.problem {
        Some(_) => shown.adding.status(),
        None => shown.form.status(),
    };
    Ok(page_with(status, &shown))
}

fn said(done: &str) -> Option<&'static str> {
    Some(match done {
        "add" => "Added. Publish its TXT record, and then verify it.",
        "verify" => "Verified: its addresses are trusted at each connection.",
        "remove" => "Removed. Whoever came by it stays.",
        _ => return None,
    })
}

/// `POST .../domains`: adds, verifies or removes one.
async fn posted(Path(slug): Path<String>, Posted { visitor, mut form }: Posted) -> Answer {
    let (admin, request) = (visitor.admin(), Extension(visitor.request.clone()));
    let domain = form.value("domain").trim().to_owned();
    let what = form.action().to_owned();
    let went = match &*what {
        "add" => {
            let wanted = Unread::of(&json!({"domain": domain}));
            domains::add(admin, request, Path(slug.clone()), wanted)
                .await
                .map(drop)
        }
        "verify" => domains::verify(admin, request, Path((slug.clone(), domain)))
            .await
            .map(drop),
        "remove" => domains::remove(admin, request, Path((slug.clone(), domain)))
            .await
            .map(drop),
        _ => return Err(unknown_action()),
    };
    let Err(problem) = went else {
        let path = format!("/console/organizations/{slug}/domains");
        return Ok(done(&path, &what));
    };
    match problem.kind() {
        // The name server's silence is told beside the domain, as its answer is.
        Type::DnsFailed => form.refused(&problem),
        _ => lists::kept(&mut form, problem)?,
    }
    let (form, adding) = match &*what {
        "add" => (Form::default(), form),
        _ => (form, Form::default()),
    };
    draw(&visitor, &slug, form, adding).await
}
