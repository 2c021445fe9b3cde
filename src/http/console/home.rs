//! Where the console begins: the operator's organizations, or the one that an admin administers.

use askama::Template;
use axum::extract::RawQuery;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Extension, Json, Router};
use serde_json::json;

use crate::http::Gateway;
use crate::http::admin::asked::{Asked, Unread};
use crate::http::admin::organizations::{self, Organization};
use crate::http::console::filters;
use crate::http::console::frame::page_with;
use crate::http::console::lists::{self, next};
use crate::http::console::{Answer, Form, Frame, Posted, Visitor, unknown_action};
use crate::http::reply::page;

/// The routes.
pub(super) fn routes() -> Router<Gateway> {
    Router::new().route("/console", get(shown).post(posted))
}

#[derive(Template)]
#[template(path = "console/organizations.html")]
struct Listed {
    frame: Frame,
    form: Form,
    organizations: Vec<Organization>,
    next: Option<String>,
    /// What lets the owner of one that was created a moment ago in.
    setup_url: Option<String>,
}

/// `GET /console`.
async fn shown(visitor: Visitor, RawQuery(query): RawQuery) -> Answer {
    if let Some((slug, _)) = &visitor.who.organization {
        return Ok(page::see_other(&format!("/console/organizations/{slug}")));
    }
    draw(&visitor, lists::form(query.as_deref()), None).await
}

async fn draw(visitor: &Visitor, form: Form, setup_url: Option<String>) -> Answer {
    let asked = Asked::of(&lists::asked(&form, &["after"]))?;
    let Json(page) = organizations::list(visitor.admin(), asked).await?;
    let shown = Listed {
        frame: Frame::bare(visitor),
        organizations: page.data,
        next: next(&form, &[], page.next),
        setup_url,
        form,
    };
    let status = match shown.setup_url {
        Some(_) => StatusCode::CREATED,
        None => shown.form.status(),
    };
    Ok(page_with(status, &shown))
}

/// `POST /console`: the operator creates an organization.
async fn posted(Posted { visitor, mut form }: Posted) -> Answer {
    if form.action() != "create" {
        return Err(unknown_action());
    }
    let wanted = json!(form.object(&["slug", "name", "owner"]));
    let request = Extension(visitor.request.clone());
    match organizations::create(visitor.admin(), request, Unread::of(&wanted)).await {
        Ok(created) => {
            let created = created.value;
            let slug = &created.organization.slug;
            match created.owner_setup_url {
                // It is shown this once.
                Some(url) => draw(&visitor, Form::default(), Some(url)).await,
                None => Ok(page::see_other(&format!("/console/organizations/{slug}"))),
            }
        }
        Err(problem) => {
            lists::kept(&mut form, problem)?;
            draw(&visitor, form, None).await
        }
    }
}
