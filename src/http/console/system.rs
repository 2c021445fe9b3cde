//! The installation, for the operator: whether it can serve, which version it is, and the keys that sign tokens for
//! apps.

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::routing::get;
use axum::{Extension, Json, Router};
use serde_json::{Value, json};

use crate::http::admin::asked::Unread;
use crate::http::admin::signing_keys;
use crate::http::console::filters;
use crate::http::console::frame::page_with;
use crate::http::console::lists;
use crate::http::console::{Answer, Form, Frame, Posted, Visitor, done, unknown_action};
use crate::http::{Gateway, health};
use crate::provisioning::signing_keys::Shown;

/// The routes.
pub(super) fn routes() -> Router<Gateway> {
    Router::new().route("/console/system", get(shown).post(posted))
}

/// Which keys are rotated.
const ALGORITHMS: [(&str, &str); 3] = [("", "All of them"), ("ES256", "ES256"), ("RS256", "RS256")];

#[derive(Template)]
#[template(path = "console/system.html")]
struct System {
    frame: Frame,
    form: Form,
    version: &'static str,
    public_url: String,
    is_ready: bool,
    keys: Vec<Shown>,
}

/// `GET /console/system`.
async fn shown(visitor: Visitor, RawQuery(query): RawQuery) -> Answer {
    draw(&visitor, lists::form(query.as_deref())).await
}

async fn draw(visitor: &Visitor, form: Form) -> Answer {
    let Json(keys) = signing_keys::list(visitor.admin()).await?;
    let ready = health::readyz(State(visitor.gateway.clone())).await;
    let notice = match form.value("done") {
        "rotate" => Some("Other keys sign from now on."),
        _ => None,
    };
    let shown = System {
        frame: Frame::bare(visitor).saying(notice),
        version: env!("CARGO_PKG_VERSION"),
        public_url: visitor.gateway.public_url.to_string(),
        is_ready: ready.status().is_success(),
        keys: keys.data,
        form,
    };
    Ok(page_with(shown.form.status(), &shown))
}

/// `POST /console/system`: rotates the keys.
async fn posted(Posted { visitor, mut form }: Posted) -> Answer {
    if form.action() != "rotate" {
        return Err(unknown_action());
    }
    let mut wanted = form.object(&["alg"]);
    wanted.insert("now".to_owned(), json!(form.is_on("now")));
    let wanted = Unread::of(&Value::Object(wanted));
    let request = Extension(visitor.request.clone());
    match signing_keys::rotate(visitor.admin(), request, wanted).await {
        Ok(_) => Ok(done("/console/system", "rotate")),
        Err(problem) => {
            lists::kept(&mut form, problem)?;
            draw(&visitor, form).await
        }
    }
}
