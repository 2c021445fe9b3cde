//! Signing in at the console: through a connection of the organization that somebody administers, or, while it has
//! none that brings people, by six digits that are mailed. Nobody learns which organizations, admins and connections
//! there are beyond what the organization's own sign-in page shows.

use askama::Template;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Query, Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Extension, Router};
use futures_util::FutureExt;
use jiff::SignedDuration;
use serde::Deserialize;
use tokio::time::{Instant, sleep_until};

use crate::directory::connection::ConnectionState;
use crate::http::auth::session::{self, Browser};
use crate::http::client::Client;
use crate::http::console::form::Form;
use crate::http::console::visitor::{Posted, begin, with_next};
use crate::http::console::{assets, frame, onward};
use crate::http::join::form::{self, Bound};
use crate::http::join::sent_away;
use crate::http::oidc::form::{Pairs, said};
use crate::http::reply::page;
use crate::http::saml::ask::{self, Wish};
use crate::http::{Gateway, RequestId};
use crate::id::ConnectionId;
use crate::limits;
use crate::provisioning::console::{self, Whom};
use crate::provisioning::{Error, Source};
use crate::secret::{self, Hash};
use crate::store::rows::ConnectionRow;

/// What the forms of this page are bound to.
const PAGE: &str = "console-sign-in";

/// The routes.
pub(super) fn routes() -> Router<Gateway> {
    Router::new()
        .route("/console/sign-in", get(shown).post(posted))
        .route("/console/sign-in/{connection}", get(through))
        .route("/console/sign-out", post(sign_out))
}

/// What the address of the page says.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Asked {
    /// Where to go on to.
    #[serde(default)]
    next: Option<String>,
    /// The organization.
    #[serde(default)]
    organization: Option<String>,
    /// Whether whoever comes is to say anew who they are.
    #[serde(default)]
    fresh: Option<String>,
}

/// What the page says first.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Notice {
    None,
    OnceMore,
    Sent,
    Wrong,
}

#[derive(Template)]
#[template(path = "console/sign_in.html")]
struct SignIn<'a> {
    assets: &'static assets::Paths,
    organization: &'a str,
    doors: Vec<(String, String)>,
    address: &'a str,
    next: &'a str,
    csrf: &'a str,
    notice: Notice,
}

/// `GET /console/sign-in`.
async fn shown(
    State(gateway): State<Gateway>,
    Extension(request): Extension<RequestId>,
    Query(asked): Query<Asked>,
    browser: Browser,
) -> Response {
    let next = onward(asked.next.as_deref()).to_owned();
    let of_path = next.strip_prefix("/console/organizations/");
    let of_path = of_path.and_then(|rest| rest.split(['/', '?']).next());
    let organization = asked.organization.as_deref().or(of_path);
    let form = Form::saying(&[
        ("organization", organization.unwrap_or_default()),
        ("next", &next),
    ]);
    draw(&gateway, &request, &browser, (&form, Notice::None)).await
}

async fn draw(
    gateway: &Gateway,
    request: &RequestId,
    browser: &Browser,
    (form, notice): (&Form, Notice),
) -> Response {
    let organization = form.value("organization").trim();
    let next = onward(form.text("next"));
    let doors = match doors(gateway, organization, next).await {
        Ok(doors) => doors,
        Err(error) => return page::error(error, request),
    };
    let bound = Bound::of(browser, gateway.ids.entropy(), PAGE);
    let shown = SignIn {
        assets: assets::paths(),
        organization,
        doors,
        address: form.value("address"),
        next,
        csrf: &bound.field,
        notice,
    };
    let status = match notice {
        Notice::None | Notice::Sent => StatusCode::OK,
        Notice::OnceMore | Notice::Wrong => StatusCode::FORBIDDEN,
    };
    let mut response = frame::page_with(status, &shown);
    session::bind(response.headers_mut(), gateway, &bound.secret);
    response
}

/// The connections through which people of an organization sign in: names and addresses.
async fn doors(gateway: &Gateway, slug: &str, next: &str) -> Result<Vec<(String, String)>, Error> {
    if slug.is_empty() {
        return Ok(Vec::new());
    }
    let slug = slug.to_owned();
    let rows = gateway.store.read(move |tx| {
        let slug = slug.clone();
        async move {
            Ok::<_, Error>(match tx.organization_by_slug(&slug).await? {
                Some(organization) => tx.connections(organization.id).await?,
                None => Vec::new(),
            })
        }
        .boxed()
    });
    let is_open = |row: &ConnectionRow| {
        row.state == ConnectionState::Active && !row.testing && row.sso_url.is_some()
    };
    let door = |row: ConnectionRow| {
        let path = format!("/console/sign-in/{}", row.id);
        (row.name, with_next(&path, next))
    };
    Ok(rows.await?.into_iter().filter(is_open).map(door).collect())
}

/// `GET /console/sign-in/{connection}`: on to the identity provider.
async fn through(
    State(gateway): State<Gateway>,
    Extension(request): Extension<RequestId>,
    named: Result<Path<String>, PathRejection>,
    Query(asked): Query<Asked>,
    browser: Browser,
) -> Response {
    let id = named
        .ok()
        .and_then(|Path(id)| id.parse::<ConnectionId>().ok());
    let Some(id) = id else {
        return page::unknown_connection(&request);
    };
    let read = gateway
        .store
        .read(move |tx| async move { Ok::<_, Error>(tx.connection_of_url(id).await?) }.boxed());
    let row = match read.await {
        Ok(Some(row)) => row,
        Ok(None) => return page::unknown_connection(&request),
        Err(error) => return page::error(error, &request),
    };
    let next = onward(asked.next.as_deref());
    let wish = Wish {
        continue_at: Some(with_next("/console/enter", next)),
        max_age: asked.fresh.map(|_| SignedDuration::ZERO),
        prompts: true,
    };
    ask::start(&gateway, &request, &row, &browser, wish).await
}

/// `POST /console/sign-in`: mails a code, or takes one.
async fn posted(
    State(gateway): State<Gateway>,
    Extension(request): Extension<RequestId>,
    client: Client,
    browser: Browser,
    posted: Request,
) -> Response {
    if let Some(away) = sent_away(&gateway, &client, &request) {
        return away;
    }
    let (head, body) = posted.into_parts();
    let pairs: Pairs = match form::fields(&gateway, &request, &head.headers, body).await {
        Ok(pairs) => pairs,
        Err(response) => return response,
    };
    let bound = form::is_bound(&browser, PAGE, said(&pairs, "csrf"));
    let form = Form::of(pairs);
    let here = browser.join.as_deref().map(secret::hash);
    let (true, Some(here)) = (
        bound && !form::is_foreign(&head.headers, &[&*gateway.public_url]),
        here,
    ) else {
        return draw(&gateway, &request, &browser, (&form, Notice::OnceMore)).await;
    };
    let whom = Whom::Typed {
        slug: form.value("organization").trim().to_owned(),
        address: form.value("address").trim().to_owned(),
    };
    let at = Instant::now() + limits::CODE_ANSWERED_AFTER;
    let answer = match form.text("code") {
        None => mailed(&gateway, &request, &browser, (&form, whom, here)).await,
        Some(code) => {
            let code = code.to_owned();
            entered(&gateway, &request, &browser, (&form, whom, here, &code)).await
        }
    };
    sleep_until(at).await;
    answer
}

async fn mailed(
    gateway: &Gateway,
    request: &RequestId,
    browser: &Browser,
    (form, whom, here): (&Form, Whom, Hash),
) -> Response {
    let context = gateway.context(Source::System, request);
    match console::mail(&gateway.store, context, whom, here).await {
        Ok(()) => draw(gateway, request, browser, (form, Notice::Sent)).await,
        Err(error) => page::error(error, request),
    }
}

async fn entered(
    gateway: &Gateway,
    request: &RequestId,
    browser: &Browser,
    (form, whom, here, code): (&Form, Whom, Hash, &str),
) -> Response {
    let context = gateway.context(Source::System, request);
    let (store, links) = (&gateway.store, &gateway.links);
    match console::say(store, context, links, (whom, code), here).await {
        Ok(Some(entered)) => {
            let mut response = page::see_other(onward(form.text("next")));
            begin(&mut response, gateway, &entered);
            response
        }
        Ok(None) => draw(gateway, request, browser, (form, Notice::Wrong)).await,
        Err(error) => page::error(error, request),
    }
}

/// `POST /console/sign-out`.
async fn sign_out(Posted { visitor, .. }: Posted) -> Response {
    let gateway = &visitor.gateway;
    let now = gateway.ids.clock().now();
    if let Err(error) = console::leave(&gateway.store, visitor.cookie, now).await {
        return page::error(error, &visitor.request);
    }
    let mut response = page::see_other("/console/sign-in");
    session::console(response.headers_mut(), gateway, "", 0);
    response
}
