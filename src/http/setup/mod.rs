//! The set-up portal: the pages of a link by which a customer's IT admin, who has no account, brings their identity
//! provider to work with us. Each step can be left and taken up again; what waits for the identity provider turns
//! green by itself once it calls. The pages ask the admin API's own operations, as the holder of the link.
//!
//! The link stays in the address: it is shared within a team, left and taken up again in another browser. No page
//! sends it on as a referrer, no cache keeps it, and it opens nothing once the connection is live.

mod act;
mod contact;
mod guide;
mod progress;

use std::ops::Deref;

use askama::Template;
use axum::extract::{FromRequestParts, Path, RawQuery, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::map_response;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router};

use crate::directory::setup::{LinkState, Step};
use crate::http::auth::admin::Admin;
use crate::http::auth::session;
use crate::http::console::{Form, filters, page_with, paths};
use crate::http::join::form::{self, Bound};
use crate::http::join::guarded;
use crate::http::join::link::ByLink;
use crate::http::reply::page;
use crate::http::reply::problem::{Problem, Type};
use crate::http::{Gateway, RequestId};
use crate::mail::wording::one_line;
use crate::provisioning::access::Credential;
use crate::provisioning::setup::{self, Visit};
use crate::provisioning::{Error, Source};
use crate::secret::{self, Hash};

use progress::Progress;

/// The routes.
pub(super) fn routes() -> Router<Gateway> {
    let other = |Extension(request): Extension<RequestId>| async move {
        page::method_not_allowed("GET, HEAD, POST", &request)
    };
    let page = || {
        get(shown)
            .post(posted)
            .fallback(other)
            .layer(map_response(guarded))
    };
    Router::new()
        .route("/setup/{token}", page())
        .route("/setup/{token}/{step}", page())
}

/// The pages of a link to set up with.
struct Portal;

/// What every answer of these pages needs.
struct Here {
    link: ByLink<Portal>,
    /// The step of the address; the first page where there is none.
    step: Option<Step>,
}

impl Deref for Here {
    type Target = ByLink<Portal>;

    fn deref(&self) -> &ByLink<Portal> {
        &self.link
    }
}

/// One page of the portal.
#[derive(Template)]
#[template(path = "setup/page.html")]
struct Page<'a> {
    assets: &'static crate::http::console::Paths,
    organization: String,
    visit: &'a Visit,
    progress: Progress,
    form: Form,
    csrf: &'a str,
    token: &'a str,
    /// The step that is shown.
    step: Option<Step>,
    /// The way to the step after it.
    next: Option<Step>,
    /// What is to be done at the identity provider.
    guide: Option<guide::Guide>,
    /// The token that was issued a moment ago.
    scim_token: Option<String>,
    notice: Option<&'static str>,
}

impl FromRequestParts<Gateway> for Here {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, gateway: &Gateway) -> Result<Self, Response> {
        let link = ByLink::from_request_parts(parts, gateway).await;
        let link: ByLink<Portal> = link.map_err(IntoResponse::into_response)?;
        let named = Path::<Vec<(String, String)>>::from_request_parts(parts, gateway).await;
        let named = named.map_or_else(|_| Vec::new(), |Path(named)| named);
        let step = named.iter().find(|(name, _)| name == "step");
        match step.map(|(_, word)| word.parse()).transpose() {
            Ok(step) => Ok(Self { link, step }),
            Err(_) => Err(page::not_found_here(&link.request)),
        }
    }
}

/// `GET /setup/{token}` and `GET /setup/{token}/{step}`.
async fn shown(here: Here, RawQuery(query): RawQuery) -> Response {
    let done = query
        .as_deref()
        .and_then(|query| query.strip_prefix("done="));
    let shown = async {
        let visit = here.visit().await?;
        if let Some(whom) = &visit.awaits {
            return Ok(here.asked(&visit, whom, contact::Notice::of(query.as_deref())));
        }
        here.page(&visit, Form::default(), (None, done.and_then(act::said)))
            .await
    };
    shown.await.unwrap_or_else(|response| response)
}

/// `POST /setup/{token}/{step}`.
async fn posted(here: Here, posted: Request) -> Response {
    here.acted(posted).await.unwrap_or_else(|response| response)
}

impl Here {
    /// The link, while it is good for anything.
    async fn visit(&self) -> Result<Visit, Response> {
        let context = self.gateway.context(Source::System, &self.request);
        let visit = setup::visit(&self.gateway.store, context, &self.token, self.secret());
        let visit = visit.await.map_err(|error| self.failed(error))?;
        match visit.link.state {
            LinkState::Open if visit.is_live => Err(self.live()),
            LinkState::Open => Ok(visit),
            LinkState::Expired | LinkState::Finished | LinkState::Revoked => Err(self.over()),
        }
    }

    /// The address of the page that is shown.
    fn path(&self) -> String {
        let step = self.step.map(|step| format!("/{}", step.as_str()));
        format!("/setup/{}{}", self.token, step.unwrap_or_default())
    }

    /// What the browser shows that has the link.
    fn secret(&self) -> Option<Hash> {
        self.browser.join.as_deref().map(secret::hash)
    }

    /// The holder of the link at the operations of the admin API.
    fn admin(&self) -> Admin {
        let holder = Credential::Setup(secret::hash(&self.token), self.secret());
        Admin::of(&self.gateway, holder)
    }

    async fn page(
        &self,
        visit: &Visit,
        form: Form,
        (scim_token, notice): (Option<String>, Option<&'static str>),
    ) -> Result<Response, Response> {
        let progress = Progress::read(&self.admin(), visit, self.step).await;
        let progress = progress.map_err(|problem| self.refused(&problem))?;
        let bound = Bound::of(&self.browser, self.gateway.ids.entropy(), &self.token);
        let covered = |step: &&Step| visit.link.purpose.covers(**step);
        let mut steps = Step::ALL.iter().filter(covered);
        let next = match self.step {
            None => steps.next(),
            Some(step) => steps.skip_while(|it| **it != step).nth(1),
        };
        let status = match scim_token {
            Some(_) => StatusCode::CREATED,
            None => form.status(),
        };
        let shown = Page {
            assets: paths(),
            organization: one_line(&visit.organization),
            guide: guide::of(&progress, self.step),
            next: next.copied(),
            step: self.step,
            csrf: &bound.field,
            token: &self.token,
            visit,
            progress,
            form,
            scim_token,
            notice,
        };
        let mut response = page_with(status, &shown);
        session::bind(response.headers_mut(), &self.gateway, &bound.secret);
        Ok(response)
    }

    /// What is answered to a form that does not come from a page that this browser was given.
    fn foreign(&self, headers: &HeaderMap, said: &str) -> Option<Response> {
        let is_bound = form::is_bound(&self.browser, &self.token, Some(said));
        if is_bound && !form::is_foreign(headers, &[&*self.gateway.public_url]) {
            return None;
        }
        let text = "The form did not come from a page of this browser, and nothing was changed. Open the link again, \
                    and send it once more; if you see this again, allow cookies for this site.";
        let (status, title) = (StatusCode::FORBIDDEN, "That did not work");
        let refused = page::refusal(status, title, "foreign_form", text, &self.request);
        Some(refused)
    }

    fn failed(&self, error: Error) -> Response {
        match error {
            Error::NotFound(_) => {
                let text = "This address sets nothing up. Copy all of it, or ask whoever sent it for another link.";
                self.missed(("No such link", "unknown_link"), text)
            }
            error => page::error(error, &self.request),
        }
    }

    /// What the operation of a page answered that is no fault of a form.
    fn refused(&self, problem: &Problem) -> Response {
        match problem.kind() {
            Type::Unauthorized => self.over(),
            Type::Unavailable => page::busy(&self.request),
            Type::InsufficientScope => {
                let title = "This link does not do that";
                let (status, reason) = (StatusCode::FORBIDDEN, problem.slug());
                page::refusal(status, title, reason, problem.detail(), &self.request)
            }
            kind => {
                let text = format!("{}. {}", problem.detail(), kind.help());
                page::refusal(
                    kind.status(),
                    kind.title(),
                    kind.slug(),
                    &text,
                    &self.request,
                )
            }
        }
    }

    fn over(&self) -> Response {
        let text = "This link is good no more: it was finished, taken back, or its time is over. Ask whoever sent it \
                    for another one.";
        let (status, title) = (StatusCode::GONE, "This link is over");
        page::refusal(status, title, "link_over", text, &self.request)
    }

    fn live(&self) -> Response {
        let text = "The connection is live, and this link changes nothing of it any more. An admin of the organization \
                    changes it at the console.";
        let (status, title) = (StatusCode::FORBIDDEN, "The connection is live");
        page::refusal(status, title, "connection_live", text, &self.request)
    }
}
