//! The page of an invitation's link. Looking changes nothing, so that whatever opens links before
//! people do may do so; each answer is one button of a form. The forms are bound to a cookie that
//! the page sets: an answer without it gets the page once more.

mod act;
pub(in crate::http) mod form;
pub(in crate::http) mod link;
mod misses;
mod other;
mod view;
mod words;

use axum::extract::RawQuery;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::map_response;
use axum::response::Response;
use axum::routing::get;
use axum::{Extension, Router};
use jiff::SignedDuration;

use crate::http::auth::session;
use crate::http::client::Client;
use crate::http::join::form::Bound;
use crate::http::join::link::ByLink;
use crate::http::join::view::{Asked, show};
use crate::http::reply::page;
use crate::http::{Gateway, RequestId};
use crate::provisioning::invitations::look::{Look, look};
use crate::provisioning::{Error, Kind};

pub use misses::Misses;

const ROBOTS: HeaderName = HeaderName::from_static("x-robots-tag");

/// The routes.
pub(super) fn routes() -> Router<Gateway> {
    let page = get(shown).post(act::posted).fallback(other_method);
    Router::new().route("/join/{token}", page.layer(map_response(guarded)))
}

/// The address of the page is a secret: it stays out of caches, of other sites and of searches.
pub(in crate::http) async fn guarded(mut response: Response) -> Response {
    let fixed = [
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (ROBOTS, "noindex"),
    ];
    for (name, value) in fixed {
        let value = HeaderValue::from_static(value);
        response.headers_mut().insert(name, value);
    }
    response
}

async fn other_method(Extension(request): Extension<RequestId>) -> Response {
    page::method_not_allowed("GET, HEAD, POST", &request)
}

/// The page of an invitation.
struct Joining;

/// What every answer of this page needs.
type Visit = ByLink<Joining>;

/// `GET /join/{token}`.
async fn shown(visit: Visit, RawQuery(query): RawQuery) -> Response {
    let asked = match query.as_deref() {
        Some("code") => Asked::Code,
        Some("other") => Asked::OtherCode,
        _ => Asked::First,
    };
    match visit.look().await {
        Ok(look) => visit.page(&look, asked),
        Err(response) => response,
    }
}

impl Visit {
    /// What the link shows now.
    async fn look(&self) -> Result<Look, Response> {
        let (gateway, now) = (&self.gateway, self.gateway.ids.clock().now());
        let cookies = self.browser.sessions.clone();
        look(&gateway.store, &gateway.links, &self.token, cookies, now)
            .await
            .map_err(|error| self.failed(error))
    }

    /// The page for how the invitation stands, with forms that this browser can post.
    fn page(&self, look: &Look, asked: Asked) -> Response {
        let bound = Bound::of(&self.browser, self.gateway.ids.entropy(), &self.token);
        let place = (&*self.gateway.public_url, self.gateway.ids.clock().now());
        let mut response = show(&look.page, asked, &bound.field, place);
        session::bind(response.headers_mut(), &self.gateway, &bound.secret);
        response
    }

    fn failed(&self, error: Error) -> Response {
        match error {
            // It says the same of one that was cut, made up, or is somebody else's.
            Error::NotFound(Kind::Invitation) => {
                let text = "This address is no invitation. Open the link from your mail again, or copy all of \
                    it; if it still does not work, ask whoever invited you.";
                self.missed(("No such invitation", "unknown_invitation"), text)
            }
            error => page::error(error, &self.request),
        }
    }
}

/// Notes that somebody came with no link of ours; answers what they get who do it all the time. Only these are
/// counted, and only these are sent away: many people may share an address, and whoever holds a good link is
/// none who guesses.
pub(in crate::http) fn sent_away(
    gateway: &Gateway,
    client: &Client,
    request: &RequestId,
) -> Option<Response> {
    let now = gateway.ids.clock().now();
    let until = gateway.misses.note(client.0?, now)?;
    Some(too_many(until.duration_since(now), request))
}

/// Somebody tries one address after the other.
fn too_many(left: SignedDuration, request: &RequestId) -> Response {
    let text = "Too many links were opened from your network that lead nowhere, as this one does. Open \
        the one that you were given again, or copy all of it.";
    let status = StatusCode::TOO_MANY_REQUESTS;
    let response = page::refusal(status, "One moment", "too_many_misses", text, request);
    after(response, left)
}

/// An answer that asks to come again after so long.
pub(in crate::http) fn after(mut response: Response, left: SignedDuration) -> Response {
    let seconds = left.as_secs() + i64::from(left.subsec_nanos() > 0);
    let headers = response.headers_mut();
    headers.insert(header::RETRY_AFTER, seconds.into());
    response
}

/// Whether the browser came by the organization's other public URL. The sign-in that the app
/// would start at the first one knows nothing of a session here.
fn is_alternate(headers: &HeaderMap, look: &Look, public_url: &str) -> bool {
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    let alternate = look.alternate.as_deref().map(words::authority);
    host.is_some() && host == alternate.as_deref() && host != Some(&words::authority(public_url))
}
