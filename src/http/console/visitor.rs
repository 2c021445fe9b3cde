//! Whoever asks for a page of the console, by the cookie of their session there; and the forms that they post,
//! which are taken only from a page that this browser was given.

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::FutureExt;
use url::form_urlencoded::Serializer;

use crate::http::admin::conditional::Tags;
use crate::http::auth::admin::Admin;
use crate::http::auth::session::{self, Browser};
use crate::http::body::{self, Fault};
use crate::http::console::form::Form;
use crate::http::join::form::is_foreign;
use crate::http::oidc::form::{MEDIA_TYPE, pairs};
use crate::http::reply::page;
use crate::http::{Gateway, RequestId};
use crate::limits;
use crate::provisioning::access::{Credential, Holder};
use crate::provisioning::{Error, console};
use crate::secret::{self, Hash};

/// The field of a form that binds it to the browser.
pub(super) const CSRF: &str = "csrf";
/// The field with the tag of what the form's page had read.
pub(super) const READ: &str = "if_match";

/// Somebody at the console.
pub(in crate::http) struct Visitor {
    /// The gateway.
    pub(in crate::http) gateway: Gateway,
    /// This request.
    pub(in crate::http) request: RequestId,
    /// Who it is.
    pub(in crate::http) who: console::Visitor,
    /// What binds the forms of this browser.
    pub(in crate::http) csrf: String,
    /// The hash of their cookie.
    pub(in crate::http) cookie: Hash,
    /// The path and query that was asked for.
    path: String,
    /// What a form's page had read of the thing that it changes, by its tag.
    read: Option<Tags>,
}

impl Visitor {
    /// The same person at the operations of the admin API.
    pub(in crate::http) fn admin(&self) -> Admin {
        let admin = Admin::of(&self.gateway, Credential::Console(self.cookie));
        admin.matching(self.read.clone())
    }

    /// Whether it is the operator.
    pub(in crate::http) fn is_operator(&self) -> bool {
        matches!(self.who.access.holder, Holder::Operator(_))
    }

    /// Where whoever says anew who they are comes back to.
    pub(in crate::http) fn again(&self) -> String {
        with_next("/console/confirm", &self.path)
    }

    async fn of(parts: &Parts, gateway: &Gateway) -> Result<Self, Response> {
        let request = parts.extensions.get::<RequestId>().cloned();
        let request = request.unwrap_or_else(|| RequestId("".into()));
        let path = parts.uri.path_and_query();
        let path = path.map_or_else(|| "/console".to_owned(), ToString::to_string);
        let browser = Browser::of(&parts.headers, gateway);
        let nobody = || nobody(&parts.method, &path, &request);
        let secret = browser.console.ok_or_else(nobody)?;
        let cookie = secret::hash(&secret);
        let admin = Admin::of(gateway, Credential::Console(cookie));
        let found = admin.asking(move |tx, _, now| {
            async move { console::visitor(tx, &cookie, now).await }.boxed()
        });
        let who = match found.await {
            Ok(who) => who,
            Err(Error::Unauthorized) => return Err(nobody()),
            Err(error) => return Err(page::error(error, &request)),
        };
        Ok(Self {
            gateway: gateway.clone(),
            request,
            who,
            csrf: field(&secret),
            cookie,
            path,
            read: None,
        })
    }
}

/// What a form's field must say in the browser of this secret.
pub(super) fn field(secret: &str) -> String {
    URL_SAFE_NO_PAD.encode(secret::hash(&format!("console form {secret}")))
}

/// The address of a page that leads on to this path.
pub(super) fn with_next(page: &str, path: &str) -> String {
    let query = Serializer::new(String::new())
        .append_pair("next", path)
        .finish();
    format!("{page}?{query}")
}

/// Nobody is there: a visit is sent to sign in, and what was posted is not taken.
fn nobody(method: &Method, path: &str, request: &RequestId) -> Response {
    if method == Method::GET || method == Method::HEAD {
        return page::see_other(&with_next("/console/sign-in", path));
    }
    let text = "You are not signed in at the console any more, and nothing was changed. Open /console, sign in, and \
                do it once more.";
    let status = StatusCode::FORBIDDEN;
    page::refusal(status, "Signed out", "login_required", text, request)
}

impl FromRequestParts<Gateway> for Visitor {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, gateway: &Gateway) -> Result<Self, Response> {
        Self::of(parts, gateway).await
    }
}

/// A form that somebody at the console posted from a page of theirs.
pub(in crate::http) struct Posted {
    /// Who.
    pub(in crate::http) visitor: Visitor,
    /// What.
    pub(in crate::http) form: Form,
}

impl FromRequest<Gateway> for Posted {
    type Rejection = Response;

    async fn from_request(posted: Request, gateway: &Gateway) -> Result<Self, Response> {
        let (parts, body) = posted.into_parts();
        let mut visitor = Visitor::of(&parts, gateway).await?;
        let request = &visitor.request;
        if !is_form(&parts.headers) {
            let (status, reason) = (StatusCode::UNSUPPORTED_MEDIA_TYPE, "media_type");
            return Err(untaken(status, reason, request));
        }
        let known = std::future::ready(Ok::<_, Response>(()));
        let limit = limits::CONNECTION_BODY;
        let taken = body::read(&gateway.large_bodies, body, limit, known).await?;
        let taken = taken.map_err(|fault| match fault {
            Fault::Busy => page::busy(request),
            Fault::Incomplete => untaken(StatusCode::BAD_REQUEST, "body_incomplete", request),
            Fault::TooLarge => untaken(StatusCode::PAYLOAD_TOO_LARGE, "too_large", request),
            Fault::TooSlow => untaken(StatusCode::REQUEST_TIMEOUT, "body_too_slow", request),
        })?;
        let form = Form::of(pairs(&taken.bytes));
        if let Some(refused) = visitor.foreign(&parts.headers, form.value(CSRF)) {
            return Err(refused);
        }
        visitor.read = form.text(READ).map(Tags::of_form);
        Ok(Self { visitor, form })
    }
}

impl Visitor {
    /// What is answered to a form that does not come from a page that this browser was given.
    pub(super) fn foreign(&self, headers: &HeaderMap, said: &str) -> Option<Response> {
        let is_bound = secret::equal(self.csrf.as_bytes(), said.as_bytes());
        if is_bound && !is_foreign(headers, &[&*self.gateway.public_url]) {
            return None;
        }
        let status = StatusCode::FORBIDDEN;
        Some(untaken(status, "foreign_form", &self.request))
    }
}

fn is_form(headers: &HeaderMap) -> bool {
    let media = headers.get(header::CONTENT_TYPE);
    let media = media.and_then(|value| value.to_str().ok());
    let media = media.and_then(|value| value.split(';').next());
    media.is_some_and(|media| media.trim().eq_ignore_ascii_case(MEDIA_TYPE))
}

fn untaken(status: StatusCode, reason: &'static str, request: &RequestId) -> Response {
    let text = "The form did not arrive as it should, and nothing was changed. Go back, load the page again, and \
                send it once more.";
    page::refusal(status, "That did not work", reason, text, request)
}

/// Gives the browser its session at the console.
pub(super) fn begin(response: &mut Response, gateway: &Gateway, entered: &console::Entered) {
    let now = gateway.ids.clock().now();
    let seconds = entered.expires_at.duration_since(now).as_secs().max(0);
    let secret = entered.secret.reveal();
    session::console(response.headers_mut(), gateway, secret, seconds);
}
