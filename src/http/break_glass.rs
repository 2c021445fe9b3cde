//! The page by which the owner comes in without a connection, while the operator has opened it: it has a code
//! mailed to them, and takes the code in the browser that asked for it. Looking changes nothing.

use askama::Template;
use axum::extract::{RawQuery, Request};
use axum::http::StatusCode;
use axum::middleware::map_response;
use axum::response::Response;
use axum::routing::get;
use axum::{Extension, Router};

use crate::http::auth::session;
use crate::http::join::form::{self, Bound};
use crate::http::join::guarded;
use crate::http::join::link::ByLink;
use crate::http::oidc::form::said;
use crate::http::reply::page;
use crate::http::{Gateway, RequestId, signed_in};
use crate::mail::wording::{absolute, one_line};
use crate::provisioning::break_glass::{self, Look};
use crate::provisioning::{Error, Kind, Source};
use crate::secret::{self, Hash};

/// The routes.
pub(super) fn routes() -> Router<Gateway> {
    let other = |Extension(request): Extension<RequestId>| async move {
        page::method_not_allowed("GET, HEAD, POST", &request)
    };
    let page = get(shown).post(posted).fallback(other);
    Router::new().route("/break-glass/{token}", page.layer(map_response(guarded)))
}

/// What the page says first.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Notice {
    None,
    Enough,
    OnceMore,
    Sent,
    Wrong,
}

#[derive(Template)]
#[template(path = "break_glass.html")]
struct Entry<'a> {
    organization: String,
    until: String,
    csrf: &'a str,
    notice: Notice,
    is_sent: bool,
    is_wrong: bool,
}

/// The page of an opened sign-in.
struct Opened;

/// What every answer of this page needs.
type Visit = ByLink<Opened>;

/// `GET /break-glass/{token}`.
async fn shown(visit: Visit, RawQuery(query): RawQuery) -> Response {
    let notice = match query.as_deref() {
        Some("code") => Notice::Sent,
        Some("enough") => Notice::Enough,
        _ => Notice::None,
    };
    match visit.look().await {
        Ok(look) => visit.page(&look, notice),
        Err(response) => response,
    }
}

/// `POST /break-glass/{token}`: has a code mailed, or says it.
async fn posted(visit: Visit, posted: Request) -> Response {
    match visit.answered(posted).await {
        Ok(response) | Err(response) => response,
    }
}

impl Visit {
    async fn look(&self) -> Result<Look, Response> {
        let (gateway, now) = (&self.gateway, self.gateway.ids.clock().now());
        let look = break_glass::look(&gateway.store, &self.token, now);
        look.await.map_err(|error| self.failed(error))
    }

    async fn answered(&self, posted: Request) -> Result<Response, Response> {
        let (head, body) = posted.into_parts();
        let pairs = form::fields(&self.gateway, &self.request, &head.headers, body).await?;
        let said = |name| said(&pairs, name);
        let look = self.look().await?;
        if look.open_until.is_none() {
            return Ok(over());
        }
        let is_bound = form::is_bound(&self.browser, &self.token, said("csrf"));
        let secret = self.browser.join.as_deref().filter(|_| is_bound);
        let is_foreign = form::is_foreign(&head.headers, &[&*self.gateway.public_url]);
        let Some(secret) = secret.filter(|_| !is_foreign) else {
            return Ok(self.page(&look, Notice::OnceMore));
        };
        let browser = secret::hash(secret);
        match (said("action"), said("code")) {
            (Some("send"), _) => self.send(browser).await,
            (Some("say"), Some(code)) => self.say(browser, code).await,
            _ => {
                let text = "The form says nothing that can be done here. Open the link again.";
                let (status, title) = (StatusCode::BAD_REQUEST, "That did not work");
                let reason = "unknown_action";
                Err(page::refusal(status, title, reason, text, &self.request))
            }
        }
    }

    async fn send(&self, browser: Hash) -> Result<Response, Response> {
        // Whose word it is follows from the link.
        let context = self.gateway.context(Source::System, &self.request);
        let sent = break_glass::send(&self.gateway.store, context, &self.token, browser);
        let is_sent = sent.await.map_err(|error| self.failed(error))?;
        // Loading that page again mails nothing.
        Ok(page::see_other(if is_sent { "?code" } else { "?enough" }))
    }

    async fn say(&self, browser: Hash, code: &str) -> Result<Response, Response> {
        let gateway = &self.gateway;
        let context = gateway.context(Source::System, &self.request);
        let (store, links) = (&gateway.store, &gateway.links);
        let by = (browser, &*self.browser.sessions);
        let came = break_glass::say(store, context, links, (&self.token, code), by);
        match came.await.map_err(|error| self.failed(error))? {
            Some(came) => {
                let place = signed_in::onward(gateway, came.org, &came.email).await;
                Ok(signed_in::in_by(gateway, &came.cookie, place))
            }
            None => Ok(self.page(&self.look().await?, Notice::Wrong)),
        }
    }

    fn page(&self, look: &Look, notice: Notice) -> Response {
        let Some(until) = look.open_until else {
            return over();
        };
        let bound = Bound::of(&self.browser, self.gateway.ids.entropy(), &self.token);
        let entry = Entry {
            organization: one_line(&look.organization),
            until: absolute(until),
            csrf: &bound.field,
            notice,
            is_sent: matches!(notice, Notice::Sent | Notice::Wrong),
            is_wrong: notice == Notice::Wrong,
        };
        let status = if entry.is_wrong {
            StatusCode::FORBIDDEN
        } else {
            StatusCode::OK
        };
        // The right code goes on to the app.
        let onward = page::anywhere(&self.gateway);
        let mut response = page::html(status, &entry, &onward);
        session::bind(response.headers_mut(), &self.gateway, &bound.secret);
        response
    }

    fn failed(&self, error: Error) -> Response {
        let Error::NotFound(Kind::BreakGlass) = error else {
            return page::error(error, &self.request);
        };
        let text = "This address lets nobody in. Copy all of the link that you were given, or ask \
            whoever runs this Usher for another one.";
        self.missed(("No such link", "unknown_link"), text)
    }
}

/// It says the same whether its time is over, it was closed, or the owner is not who they were.
fn over() -> Response {
    let text = "It was closed, or its time is over, or the owner is not who it was opened for. Whoever \
        runs this Usher can open it anew.";
    page::message(StatusCode::GONE, "This sign-in is closed", text)
}
