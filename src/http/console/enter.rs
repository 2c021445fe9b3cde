//! Coming in at the console: by a link that lets in once, and after a sign-in through a connection. Opening a link
//! changes nothing, since mail filters and previews open links, too: its one button does.

use askama::Template;
use axum::extract::{Query, Request, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware::map_response;
use axum::response::Response;
use axum::routing::get;
use axum::{Extension, Router};
use serde::Deserialize;

use crate::http::auth::session::{self, Browser};
use crate::http::auth::visit;
use crate::http::console::visitor::begin;
use crate::http::console::{assets, frame, onward};
use crate::http::join::form::{self, Bound};
use crate::http::join::guarded;
use crate::http::join::link::ByLink;
use crate::http::oidc::form::said;
use crate::http::reply::page;
use crate::http::{Gateway, RequestId};
use crate::mail::wording::absolute;
use crate::provisioning::console::{self, Look};
use crate::provisioning::{Error, Source};
use crate::secret;

/// The routes.
pub(super) fn routes() -> Router<Gateway> {
    let link = get(shown).post(posted).layer(map_response(guarded));
    Router::new()
        .route("/console/enter", get(signed_in))
        .route("/console/enter/{token}", link)
}

#[derive(Template)]
#[template(path = "console/enter.html")]
struct Enter<'a> {
    assets: &'static assets::Paths,
    organization: Option<&'a str>,
    until: String,
    csrf: &'a str,
    once_more: bool,
}

/// What the address of the page says.
#[derive(Clone, Debug, Default, Deserialize)]
struct Asked {
    /// Where to go on to.
    #[serde(default)]
    next: Option<String>,
}

/// `GET /console/enter`: whoever signed in a moment ago for the console.
async fn signed_in(
    State(gateway): State<Gateway>,
    Extension(request): Extension<RequestId>,
    Query(asked): Query<Asked>,
    method: Method,
    headers: HeaderMap,
    browser: Browser,
) -> Response {
    if !visit::is_one(&method, &headers) {
        return page::message(StatusCode::OK, "The console", "");
    }
    let context = gateway.context(Source::System, &request);
    let former = browser.console.as_deref().map(secret::hash);
    let latest = browser.sessions.first().copied();
    let entered = console::enter_signed_in(&gateway.store, context, latest, former);
    match entered.await {
        Ok(Some(entered)) => {
            let mut response = page::see_other(onward(asked.next.as_deref()));
            begin(&mut response, &gateway, &entered);
            response
        }
        Ok(None) => {
            let text = "The console is for the admins of an organization, and takes a sign-in within the last \
                        minutes. Open /console and sign in once more; if it happens again, ask an admin for the role.";
            let (status, title) = (StatusCode::FORBIDDEN, "No console for you");
            page::refusal(status, title, "no_admin", text, &request)
        }
        Err(error) => page::error(error, &request),
    }
}

/// The page of a link that lets in once.
struct Entering;

/// What every answer of this page needs.
type Visit = ByLink<Entering>;

/// `GET /console/enter/{token}`.
async fn shown(visit: Visit) -> Response {
    visit.page(false).await
}

/// `POST /console/enter/{token}`.
async fn posted(visit: Visit, posted: Request) -> Response {
    visit.entered(posted).await
}

impl Visit {
    async fn page(&self, once_more: bool) -> Response {
        let (gateway, now) = (&self.gateway, self.gateway.ids.clock().now());
        match console::look(&gateway.store, &self.token, now).await {
            Ok(Some(look)) => self.offer(&look, once_more),
            Ok(None) => over(&self.request),
            Err(error) => self.failed(error),
        }
    }

    fn offer(&self, look: &Look, once_more: bool) -> Response {
        let bound = Bound::of(&self.browser, self.gateway.ids.entropy(), &self.token);
        let organization = look.organization.as_ref().map(|(_, name)| name.as_str());
        let shown = Enter {
            assets: assets::paths(),
            organization,
            until: absolute(look.expires_at),
            csrf: &bound.field,
            once_more,
        };
        let mut response = frame::page(&shown);
        session::bind(response.headers_mut(), &self.gateway, &bound.secret);
        response
    }

    async fn entered(&self, posted: Request) -> Response {
        let (head, body) = posted.into_parts();
        let (gateway, request) = (&self.gateway, &self.request);
        let pairs = match form::fields(gateway, request, &head.headers, body).await {
            Ok(pairs) => pairs,
            Err(response) => return response,
        };
        let is_bound = form::is_bound(&self.browser, &self.token, said(&pairs, "csrf"));
        if !is_bound || form::is_foreign(&head.headers, &[&*gateway.public_url]) {
            return self.page(true).await;
        }
        let context = gateway.context(Source::System, request);
        let former = self.browser.console.as_deref().map(secret::hash);
        match console::enter(&gateway.store, context, &self.token, former).await {
            Ok(Some(entered)) => {
                let home = entered.organization.as_ref();
                let home = home.map(|slug| format!("/console/organizations/{slug}"));
                let mut response = page::see_other(home.as_deref().unwrap_or("/console"));
                begin(&mut response, gateway, &entered);
                response
            }
            Ok(None) => over(request),
            Err(error) => self.failed(error),
        }
    }

    fn failed(&self, error: Error) -> Response {
        match error {
            Error::NotFound(_) => {
                let text = "This address lets nobody in. Copy all of it, or ask for another link.";
                self.missed(("No such link", "unknown_link"), text)
            }
            error => page::error(error, &self.request),
        }
    }
}

/// It says the same whether it was used, is too late, or is not whose it was.
fn over(request: &RequestId) -> Response {
    let text = "This link lets in once, for a while, and does not any more. Whoever runs this Usher makes another with \
                `usher console-link`.";
    let (status, title) = (StatusCode::GONE, "This link is used up");
    page::refusal(status, title, "link_over", text, request)
}
