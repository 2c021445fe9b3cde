//! The page by which somebody confirms the link that their session was made by: a code goes to their address,
//! and the owner is asked.

use askama::Template;
use axum::extract::{RawQuery, Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use axum::{Extension, Router};
use futures_util::FutureExt;

use crate::http::auth::session::{self, Browser};
use crate::http::oidc::form::{self, said};
use crate::http::reply::page;
use crate::http::{Gateway, RequestId};
use crate::provisioning::links::proof;
use crate::provisioning::sessions::{self, Live};
use crate::provisioning::{Error, Source};

/// The routes.
pub(super) fn routes() -> Router<Gateway> {
    let other = |Extension(request): Extension<RequestId>| async move {
        page::method_not_allowed("GET, HEAD, POST", &request)
    };
    let page = get(shown).post(posted).fallback(other);
    Router::new().route("/signed-in/confirm", page)
}

#[derive(Template)]
#[template(path = "confirm_link.html")]
struct Form {
    id: String,
    organization: String,
    sent: bool,
    wrong: bool,
}

/// `GET /signed-in/confirm?organization=`.
async fn shown(
    State(gateway): State<Gateway>,
    Extension(request): Extension<RequestId>,
    browser: Browser,
    RawQuery(query): RawQuery,
) -> Response {
    let pairs = form::pairs(query.unwrap_or_default().as_bytes());
    let sent = said(&pairs, "sent").is_some();
    match capped(&gateway, &browser, said(&pairs, "organization")).await {
        Ok(Some(live)) => asking(&gateway, &request, &live, (sent, false)).await,
        Ok(None) => nothing(&request),
        Err(error) => page::error(error, &request),
    }
}

/// `POST /signed-in/confirm`: has a code mailed, or says it.
async fn posted(
    State(gateway): State<Gateway>,
    Extension(request): Extension<RequestId>,
    browser: Browser,
    posted: Request,
) -> Response {
    if !session::is_ours(posted.headers(), &gateway.public_url) {
        let text = "This form did not come from this server.";
        let (status, title) = (StatusCode::FORBIDDEN, "That did not work");
        return page::refusal(status, title, "foreign_form", text, &request);
    }
    let pairs = form::read(posted)
        .await
        .map_or_else(|_| Vec::new(), |(_, pairs)| pairs);
    let live = match capped(&gateway, &browser, said(&pairs, "organization")).await {
        Ok(Some(live)) => live,
        Ok(None) => return nothing(&request),
        Err(error) => return page::error(error, &request),
    };
    let done = match said(&pairs, "code") {
        Some(code) => say(&gateway, &request, &live, code).await,
        None => send(&gateway, &request, &live).await,
    };
    done.unwrap_or_else(|error| page::error(error, &request))
}

async fn send(gateway: &Gateway, request: &RequestId, live: &Live) -> Result<Response, Error> {
    let context = gateway.context(Source::User(live.user.id), request);
    proof::send(&gateway.store, context, live).await?;
    // Loading that page again mails nothing.
    let place = format!(
        "/signed-in/confirm?sent&organization={}",
        live.session.org_id
    );
    Ok(page::see_other(&place))
}

async fn say(
    gateway: &Gateway,
    request: &RequestId,
    live: &Live,
    code: &str,
) -> Result<Response, Error> {
    let context = gateway.context(Source::User(live.user.id), request);
    if !proof::say(&gateway.store, context, &gateway.links, live, code).await? {
        return Ok(asking(gateway, request, live, (false, true)).await);
    }
    let text = "The owner is asked, or else the operator. With their yes you sign in with your own \
        role; until then nothing changes. You can close this page.";
    Ok(page::message(
        StatusCode::OK,
        "You confirmed your sign-in",
        text,
    ))
}

/// The session of the organization that is named, if it could reach higher.
async fn capped(
    gateway: &Gateway,
    browser: &Browser,
    named: Option<&str>,
) -> Result<Option<Live>, Error> {
    let now = gateway.ids.clock().now();
    let all = sessions::all(&gateway.store, browser.sessions.clone(), now).await?;
    let is_it = |live: &Live| named == Some(live.session.org_id.to_string().as_str());
    let Some(live) = all.into_iter().find(is_it) else {
        return Ok(None);
    };
    let asked = live.clone();
    let read = gateway.store.read(move |tx| {
        let live = asked.clone();
        async move { proof::is_capped(tx, &live, now).await }.boxed()
    });
    Ok(read.await?.then_some(live))
}

async fn asking(
    gateway: &Gateway,
    request: &RequestId,
    live: &Live,
    (sent, wrong): (bool, bool),
) -> Response {
    let org = live.session.org_id;
    let read = gateway
        .store
        .read(move |tx| async move { Ok::<_, Error>(tx.organization(org).await?) }.boxed());
    let organization = match read.await {
        Ok(row) => row.map(|row| row.name).unwrap_or_default(),
        Err(error) => return page::error(error, request),
    };
    let status = if wrong {
        StatusCode::FORBIDDEN
    } else {
        StatusCode::OK
    };
    let form = Form {
        id: org.to_string(),
        organization,
        sent,
        wrong,
    };
    page::html(status, &form, &[])
}

/// Nobody is signed in who could confirm anything.
fn nothing(request: &RequestId) -> Response {
    let text = "There is nothing to confirm: nobody is signed in here whose role is higher than their \
        connection gives.";
    let (status, title) = (StatusCode::FORBIDDEN, "Nothing to confirm");
    page::refusal(status, title, "nothing_to_confirm", text, request)
}
