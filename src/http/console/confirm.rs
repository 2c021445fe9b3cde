//! Saying anew who one is, before what decides who comes in from now on, or cannot be taken back.

use askama::Template;
use axum::Router;
use axum::extract::Query;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use serde::Deserialize;

use crate::http::Gateway;
use crate::http::console::frame::{self, Frame};
use crate::http::console::onward;
use crate::http::console::visitor::{Posted, Visitor, begin, with_next};
use crate::http::reply::page;
use crate::provisioning::Source;
use crate::provisioning::console::{self, Whom};
use crate::secret;

/// The routes.
pub(super) fn routes() -> Router<Gateway> {
    Router::new().route("/console/confirm", get(shown).post(posted))
}

/// What the address of the page says.
#[derive(Clone, Debug, Default, Deserialize)]
struct Asked {
    /// Where to go on to.
    #[serde(default)]
    next: Option<String>,
}

/// What the page says first.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Notice {
    None,
    Sent,
    Wrong,
}

#[derive(Template)]
#[template(path = "console/confirm.html")]
struct Confirm<'a> {
    frame: Frame,
    /// Where the connection that brought them does so again.
    door: Option<String>,
    has_mailbox: bool,
    next: &'a str,
    notice: Notice,
}

/// `GET /console/confirm`.
async fn shown(visitor: Visitor, Query(asked): Query<Asked>) -> Response {
    draw(&visitor, onward(asked.next.as_deref()), Notice::None)
}

fn draw(visitor: &Visitor, next: &str, notice: Notice) -> Response {
    let door = visitor.who.connection.map(|id| {
        let door = with_next(&format!("/console/sign-in/{id}"), next);
        format!("{door}&fresh=1")
    });
    let shown = Confirm {
        frame: Frame::bare(visitor),
        door,
        has_mailbox: visitor.who.has_mailbox,
        next,
        notice,
    };
    let status = match notice {
        Notice::None | Notice::Sent => StatusCode::OK,
        Notice::Wrong => StatusCode::FORBIDDEN,
    };
    frame::page_with(status, &shown)
}

/// `POST /console/confirm`: mails a code, or takes one.
async fn posted(Posted { visitor, form }: Posted) -> Response {
    let (gateway, request) = (&visitor.gateway, &visitor.request);
    let context = gateway.context(Source::System, request);
    let whom = Whom::Here(visitor.cookie);
    // The browser is known by its session.
    let browser = secret::hash(&visitor.csrf);
    let next = onward(form.text("next"));
    let Some(code) = form.text("code") else {
        return match console::mail(&gateway.store, context, whom, browser).await {
            Ok(()) => draw(&visitor, next, Notice::Sent),
            Err(error) => page::error(error, request),
        };
    };
    let said = console::say(
        &gateway.store,
        context,
        &gateway.links,
        (whom, code),
        browser,
    );
    match said.await {
        Ok(Some(entered)) => {
            let mut response = page::see_other(next);
            begin(&mut response, gateway, &entered);
            response
        }
        Ok(None) => draw(&visitor, next, Notice::Wrong),
        Err(error) => page::error(error, request),
    }
}
