//! Keys of the admin API, for programs: an organization's, and the operator's. A key is shown once, in the answer
//! that issues it.

use askama::Template;
use axum::extract::{Path, RawQuery};
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Extension, Json, Router};
use serde_json::{Value, json};

use crate::directory::scope::{EVERYTHING, Scope};
use crate::http::Gateway;
use crate::http::admin::asked::{Asked, Unread};
use crate::http::admin::keys;
use crate::http::console::filters;
use crate::http::console::frame::page_with;
use crate::http::console::lists::{self, next};
use crate::http::console::values::{fault, number};
use crate::http::console::{Answer, Form, Frame, Posted, Section, Visitor, done, unknown_action};
use crate::http::reply::problem::Problem;
use crate::provisioning::settings::keys::{IssuedKey, Key};

/// The routes.
pub(super) fn routes() -> Router<Gateway> {
    Router::new()
        .route("/console/organizations/{slug}/keys", get(list).post(posted))
        .route("/console/keys", get(list_operator).post(posted_operator))
}

#[derive(Template)]
#[template(path = "console/keys.html")]
struct Listed {
    frame: Frame,
    form: Form,
    /// Whether they are the operator's.
    is_operators: bool,
    keys: Vec<Key>,
    next: Option<String>,
    scopes: Vec<(&'static str, &'static str)>,
    /// The secret of the one that was issued a moment ago.
    issued: Option<String>,
}

/// What a key may be for.
fn scopes() -> Vec<(&'static str, &'static str)> {
    let words = Scope::WORDS.iter().map(|word| (*word, *word));
    std::iter::once((EVERYTHING, "Everything, also what is yet to come"))
        .chain(words)
        .collect()
}

/// `GET .../keys` of an organization.
async fn list(visitor: Visitor, Path(slug): Path<String>, RawQuery(query): RawQuery) -> Answer {
    draw(&visitor, Some(&slug), lists::form(query.as_deref()), None).await
}

/// `GET /console/keys`.
async fn list_operator(visitor: Visitor, RawQuery(query): RawQuery) -> Answer {
    draw(&visitor, None, lists::form(query.as_deref()), None).await
}

/// The keys of an organization, or of the operator where none is named.
async fn draw(
    visitor: &Visitor,
    slug: Option<&str>,
    form: Form,
    issued: Option<IssuedKey>,
) -> Answer {
    let asked = Asked::of(&lists::asked(&form, &["after"]))?;
    let Json(page) = match slug {
        Some(slug) => keys::list(visitor.admin(), Path(slug.to_owned()), asked).await?,
        None => keys::list_operator(visitor.admin(), asked).await?,
    };
    let frame = match slug {
        Some(slug) => Frame::of(visitor, slug, Section::Keys),
        None => Frame::bare(visitor),
    };
    let notice = match form.value("done") {
        "revoke" => Some("Revoked, for good."),
        _ => None,
    };
    let shown = Listed {
        frame: frame.saying(notice),
        is_operators: slug.is_none(),
        keys: page.data,
        next: next(&form, &[], page.next),
        scopes: scopes(),
        issued: issued.map(|issued| issued.key),
        form,
    };
    let status = match shown.issued {
        Some(_) => StatusCode::CREATED,
        None => shown.form.status(),
    };
    Ok(page_with(status, &shown))
}

/// `POST .../keys` of an organization: issues one, or revokes one.
async fn posted(Path(slug): Path<String>, posted: Posted) -> Answer {
    act(Some(&slug), posted).await
}

/// `POST /console/keys`.
async fn posted_operator(posted: Posted) -> Answer {
    act(None, posted).await
}

async fn act(slug: Option<&str>, Posted { visitor, mut form }: Posted) -> Answer {
    let went = match form.action() {
        "issue" => issue(&visitor, slug, &form).await.map(Some),
        "revoke" => revoke(&visitor, slug, &form).await.map(|()| None),
        _ => return Err(unknown_action()),
    };
    match (went, slug) {
        (Ok(Some(issued)), _) => draw(&visitor, slug, Form::default(), Some(issued)).await,
        (Ok(None), Some(slug)) => Ok(done(
            &format!("/console/organizations/{slug}/keys"),
            "revoke",
        )),
        (Ok(None), None) => Ok(done("/console/keys", "revoke")),
        (Err(problem), _) => {
            lists::kept(&mut form, problem)?;
            draw(&visitor, slug, form, None).await
        }
    }
}

async fn issue(visitor: &Visitor, slug: Option<&str>, form: &Form) -> Result<IssuedKey, Problem> {
    let scopes = form.all("scopes");
    if scopes.is_empty() {
        // To the API it would be everything.
        return Err(fault("scopes", "Tick what the key may do."));
    }
    let mut wanted = form.object(&["name"]);
    let days = number(form, "expires_in_days")?;
    wanted.insert("scopes".to_owned(), json!(scopes));
    wanted.insert("expires_in_days".to_owned(), json!(days));
    let wanted = Unread::of(&Value::Object(wanted));
    let (admin, request) = (visitor.admin(), Extension(visitor.request.clone()));
    let issued = match slug {
        Some(slug) => keys::issue(admin, request, Path(slug.to_owned()), wanted).await?,
        None => keys::issue_operator(admin, request, wanted).await?,
    };
    Ok(issued.value)
}

async fn revoke(visitor: &Visitor, slug: Option<&str>, form: &Form) -> Result<(), Problem> {
    let id = form.value("id").to_owned();
    let how = Unread::of(&json!({"with_issued": form.is_on("with_issued")}));
    let (admin, request) = (visitor.admin(), Extension(visitor.request.clone()));
    match slug {
        Some(slug) => keys::revoke(admin, request, Path((slug.to_owned(), id)), how)
            .await
            .map(drop),
        None => keys::revoke_operator(admin, request, Path(id), how)
            .await
            .map(drop),
    }
}
