//! Pages for people: HTML that works without JavaScript, with one stylesheet and no outside parts.
//! A refusal shows a stable reason and a reference that leads to the log, never an inner message.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use askama::Template;
use axum::Extension;
use axum::body::Body;
use axum::extract::OriginalUri;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use url::Url;

use crate::http::{Gateway, RequestId, reply};
use crate::provisioning::{Error, Refusal};
use crate::{saml, secret, store};

/// The stylesheet, as it stands in every page.
pub(in crate::http) const STYLE: &str = concat!(
    include_str!("../templates/tokens.css"),
    include_str!("../templates/page.css")
);

/// The stylesheet's hash: the only style that a page may have.
static STYLE_HASH: LazyLock<String> = LazyLock::new(|| STANDARD.encode(secret::hash(STYLE)));

/// The only script that a page may have: it submits the form.
pub(in crate::http) const SUBMIT: &str = "document.forms[0].submit()";

static SUBMIT_HASH: LazyLock<String> = LazyLock::new(|| STANDARD.encode(secret::hash(SUBMIT)));

const FRAME_OPTIONS: HeaderName = HeaderName::from_static("x-frame-options");

/// A heading, a sentence, and for a refusal its reason.
#[derive(Template)]
#[template(path = "message.html")]
struct Message<'a> {
    title: &'a str,
    text: &'a str,
    reason: Option<&'a str>,
    reference: &'a str,
}

/// A page whose forms go to this server, and from there on to these origins at most.
pub(in crate::http) fn html(
    status: StatusCode,
    page: &impl Template,
    onward: &[String],
) -> Response {
    let text = page.render().unwrap_or_else(|error| {
        tracing::error!(%error, "a page could not be written");
        String::new()
    });
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    let html = HeaderValue::from_static("text/html; charset=utf-8");
    headers.insert(header::CONTENT_TYPE, html);
    protect(headers, onward);
    response
}

/// Where a form's answer may lead whose way ends in an application: to these addresses of it, and from
/// there on anywhere, since an application goes on to hosts of its own, or sends the browser to sign in.
/// A browser stops at the first step that a content security policy does not name, and shows nobody why.
pub(in crate::http) fn onward(public_url: &str, addresses: &[String]) -> Vec<String> {
    let origin = |address: &String| {
        let origin = Url::parse(address).ok()?.origin();
        origin.is_tuple().then(|| origin.ascii_serialization())
    };
    let mut all: BTreeSet<_> = addresses.iter().filter_map(origin).collect();
    all.insert("https:".to_owned());
    if !public_url.starts_with("https:") {
        all.insert("http:".to_owned());
    }
    all.into_iter().collect()
}

/// Any origin that may be gone on to, where it is only known once the form is answered.
pub(in crate::http) fn anywhere(gateway: &Gateway) -> Vec<String> {
    onward(&gateway.public_url, &[])
}

/// A page whose form is submitted at once where scripts run, and by its button where not.
pub(in crate::http) fn submitted(page: &impl Template, onward: &[String]) -> Response {
    let mut response = html(StatusCode::OK, page, onward);
    let script = format!(" script-src 'sha256-{}';", *SUBMIT_HASH);
    guard(response.headers_mut(), &script, onward);
    response
}

fn guard(headers: &mut HeaderMap, script: &str, onward: &[String]) {
    let policy = format!(
        "default-src 'none';{script} style-src 'sha256-{}'; form-action 'self' {}; base-uri \
         'none'; frame-ancestors 'none'",
        *STYLE_HASH,
        onward.join(" ")
    );
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
}

fn protect(headers: &mut HeaderMap, onward: &[String]) {
    guard(headers, "", onward);
    let fixed = [
        (header::CACHE_CONTROL, "no-store"),
        // With less a form of ours would be posted from the origin `null`.
        (header::REFERRER_POLICY, "same-origin"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (FRAME_OPTIONS, "DENY"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

/// A redirect after which nothing is posted again (RFC 9110 §15.4.4), and which nobody keeps.
pub(in crate::http) fn see_other(location: &str) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SEE_OTHER;
    let headers = response.headers_mut();
    match HeaderValue::from_str(location) {
        Ok(location) => {
            headers.insert(header::LOCATION, location);
        }
        Err(_) => return plain_failure("a redirect to an address that is none"),
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(
        header::REFERRER_POLICY,
        HeaderValue::from_static("no-referrer"),
    );
    response
}

fn plain_failure(what: &'static str) -> Response {
    tracing::error!("{what}");
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}

/// A page that says something.
pub(in crate::http) fn message(status: StatusCode, title: &str, text: &str) -> Response {
    html(
        status,
        &Message {
            title,
            text,
            reason: None,
            reference: "",
        },
        &[],
    )
}

/// A refusal: its reason, a sentence, and where in the log to look.
pub(in crate::http) fn refusal(
    status: StatusCode,
    title: &str,
    reason: &str,
    text: &str,
    request: &RequestId,
) -> Response {
    let (reason, reference) = (Some(reason), &*request.0);
    html(
        status,
        &Message {
            title,
            text,
            reason,
            reference,
        },
        &[],
    )
}

const NOT_SIGNED_IN: &str = "You were not signed in";
const ASK: &str = "The answer of your identity provider was not accepted. Start again from your \
    identity provider; if it happens again, give your administrator the reference below.";

/// The status that a broken rule of SAML deserves.
pub(in crate::http) fn saml_status(error: &saml::Error) -> StatusCode {
    match error {
        saml::Error::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
        saml::Error::MediaType { .. } => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        saml::Error::AuthnContextUnmet { .. }
        | saml::Error::AuthnInstant { .. }
        | saml::Error::Status { .. } => StatusCode::FORBIDDEN,
        _ => StatusCode::BAD_REQUEST,
    }
}

/// A SAML message that broke a rule.
pub(in crate::http) fn saml(error: &saml::Error, request: &RequestId) -> Response {
    refusal(
        saml_status(error),
        NOT_SIGNED_IN,
        error.reason(),
        error.help().unwrap_or(ASK),
        request,
    )
}

/// A sign-in that a rule of the product refused.
pub(in crate::http) fn sign_in(why: Refusal, request: &RequestId) -> Response {
    refusal(
        StatusCode::FORBIDDEN,
        NOT_SIGNED_IN,
        why.reason(),
        why.help(),
        request,
    )
}

/// Whatever went wrong in a change or a question, as a page.
pub(in crate::http) fn error(error: Error, request: &RequestId) -> Response {
    let (status, reason, text) = match error {
        Error::SignIn(why) => return sign_in(why, request),
        Error::Store(error) => return of_store(&error, request),
        Error::Paused => return sign_in(Refusal::Paused, request),
        Error::NotFound(_) => (
            StatusCode::NOT_FOUND,
            "not_found",
            "There is nothing at this address.",
        ),
        Error::Unauthorized => (
            StatusCode::FORBIDDEN,
            "login_required",
            "You have to sign in first.",
        ),
        Error::SignInAnew => (
            StatusCode::FORBIDDEN,
            "sign_in_anew",
            "This takes a sign-in within the last minutes. Sign in once more.",
        ),
        Error::Stale => (
            StatusCode::CONFLICT,
            "changed_meanwhile",
            "The connection was changed meanwhile. Start again from your identity provider.",
        ),
        Error::Forbidden(_)
        | Error::Invitation(_)
        | Error::OwnerKept(_)
        | Error::Plan(..)
        | Error::Rule(_)
        | Error::Scim(_)
        | Error::Taken(_) => (StatusCode::FORBIDDEN, "refused", "This is not possible."),
    };
    refusal(status, "That did not work", reason, text, request)
}

fn of_store(error: &store::Error, request: &RequestId) -> Response {
    match error {
        store::Error::Lost | store::Error::Unavailable(_) => {
            tracing::warn!(%error, request.id = %request.0, "the store could not take an operation");
            busy(request)
        }
        store::Error::Behind
        | store::Error::Corrupt { .. }
        | store::Error::Engine(_)
        | store::Error::MasterKey(_)
        | store::Error::Taken(_)
        | store::Error::TooMany
        | store::Error::Uncertain(_) => {
            tracing::error!(%error, request.id = %request.0, "the store failed");
            failed(request)
        }
    }
}

/// Come again in a moment.
pub(in crate::http) fn busy(request: &RequestId) -> Response {
    let text = "Many people are coming in at once. Try again in a moment.";
    let status = StatusCode::SERVICE_UNAVAILABLE;
    let mut response = refusal(status, "One moment", "busy", text, request);
    response
        .headers_mut()
        .insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    response
}

/// The fault is ours.
pub(in crate::http) fn failed(request: &RequestId) -> Response {
    let text = "Something failed here. The reference below leads to the log.";
    let status = StatusCode::INTERNAL_SERVER_ERROR;
    refusal(status, "That did not work", "internal", text, request)
}

/// No connection has this address; it says the same whether the id is none or nobody's.
pub(in crate::http) fn unknown_connection(request: &RequestId) -> Response {
    let text = "No connection has this address. Ask your administrator to compare it with the \
        address that the connection shows.";
    refusal(
        StatusCode::NOT_FOUND,
        "No such connection",
        "unknown_connection",
        text,
        request,
    )
}

/// The path is right and the method is not.
pub(in crate::http) fn method_not_allowed(allow: &'static str, request: &RequestId) -> Response {
    let text =
        "This address is not made to be opened like this. Start from your identity provider.";
    let status = StatusCode::METHOD_NOT_ALLOWED;
    let mut response = refusal(status, "Not like this", "method_not_allowed", text, request);
    response
        .headers_mut()
        .insert(header::ALLOW, HeaderValue::from_static(allow));
    response
}

/// The answer of a path that leads nowhere, in the dialect of the door that it is nearest to.
pub(in crate::http) async fn not_found(
    OriginalUri(uri): OriginalUri,
    Extension(request): Extension<RequestId>,
) -> Response {
    if uri
        .path()
        .get(..6)
        .is_some_and(|start| start.eq_ignore_ascii_case("/scim/"))
    {
        return reply::scim::bare(StatusCode::NOT_FOUND);
    }
    not_found_here(&request)
}

/// There is nothing at an address of ours.
pub(in crate::http) fn not_found_here(request: &RequestId) -> Response {
    let text = "There is nothing at this address.";
    let status = StatusCode::NOT_FOUND;
    refusal(status, "Nothing here", "not_found", text, request)
}
