//! The assertion consumer service: a posted response (SAML Bindings §3.5) signs a person in. The
//! pure pipeline runs on a thread of its own under a bound, then one transaction decides.

use std::sync::Arc;

use askama::Template;
use axum::Extension;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use futures_util::FutureExt;
use jiff::Timestamp;
use url::Url;

use crate::directory::connection::ConnectionState;
use crate::directory::lint::Sighting;
use crate::http::auth::session::{self, Browser};
use crate::http::body::{self, Fault, Taken};
use crate::http::reply::page;
use crate::http::saml::answer;
use crate::http::saml::message::{self, Message, Read};
use crate::http::saml::told::{Attempted, Signed};
use crate::http::saml::{Named, connection, service_provider};
use crate::http::{Gateway, RequestId};
use crate::limits;
use crate::oidc::launch;
use crate::provisioning::hand_off::{self, Origin};
use crate::provisioning::sign_in::{Attempt, Outcome, Question, request, sign_in};
use crate::provisioning::{Error, Refusal, Source, provider};
use crate::saml::{self, Trace};
use crate::secret::{self, Hash};
use crate::store::Reach;
use crate::store::rows::ConnectionRow;

const NOT_SIGNED_IN: &str = "You were not signed in";

/// `POST /saml/{connection}/acs`.
pub(super) async fn acs(
    State(gateway): State<Gateway>,
    Extension(request): Extension<RequestId>,
    named: Named,
    browser: Browser,
    posted: Request,
) -> Response {
    match consume(&gateway, &request, named, browser, posted).await {
        Ok(response) | Err(response) => response,
    }
}

async fn consume(
    gateway: &Gateway,
    support: &RequestId,
    named: Named,
    browser: Browser,
    posted: Request,
) -> Result<Response, Response> {
    let known = connection(gateway, named, support).await?;
    let attempted = |trace| Attempted {
        gateway,
        row: &known.connection,
        support,
        trace,
    };
    let refused = async |why: Refusal| {
        log_refusal(&known.connection, why.reason(), support);
        attempted(Trace::default()).refused(why, None).await;
        page::sign_in(why, support)
    };
    if known.connection.state != ConnectionState::Active {
        return Err(refused(Refusal::Paused).await);
    }
    let asking = browser.request.as_deref().map(secret::hash);
    let outstanding = outstanding(gateway, &known.connection, asking)
        .await
        .map_err(|error| page::error(error, support))?;
    if outstanding.is_empty() && !known.connection.idp_initiated {
        return Err(refused(Refusal::IdpInitiatedOff).await);
    }
    let (head, body) = posted.into_parts();
    let body = read_body(gateway, body, NOT_SIGNED_IN, support).await?;
    let media = head.headers.get(header::CONTENT_TYPE);
    let message = Message {
        media: media.and_then(|it| it.to_str().ok()).map(str::to_owned),
        body,
        us: service_provider(gateway, known.connection.id),
        peer: Arc::clone(&known),
        links: Arc::clone(&gateway.links),
        outstanding,
        failures: Arc::clone(&gateway.decryptions),
        now: gateway.ids.clock().now(),
    };
    let (read, trace) = message::read(gateway, message, support).await?;
    let attempted = attempted(trace);
    let read = match read {
        Ok(read) => read,
        Err(error) => {
            unread(gateway, &known.connection, &error, support);
            return Err(attempted.unread(&error).await);
        }
    };
    if known.connection.testing {
        return Ok(attempted.tested(&read).await);
    }
    let is_foreign = is_foreign(&head.headers, &known.connection, gateway.ids.clock().now());
    enter(attempted, read, (browser.present, asking), is_foreign).await
}

/// Signs the person in, as the browser of these cookies.
async fn enter(
    attempted: Attempted<'_>,
    read: Read,
    (cookies, asking): (Vec<Hash>, Option<Hash>),
    is_foreign: bool,
) -> Result<Response, Response> {
    let (gateway, row, support) = (attempted.gateway, attempted.row, attempted.support);
    let signed = Signed::of(&read);
    let asked = read.assertion.in_response_to.clone();
    let attempt = Attempt {
        assertion: read.assertion,
        profile: read.profile,
        demands: row.demands.clone(),
        cookies,
        asking,
        is_foreign,
        trace: attempted.trace.clone(),
    };
    let context = gateway.context(Source::SignIn(row.id), support);
    let outcome = sign_in(&gateway.store, context, row.org_id, row.id, attempt).await;
    let outcome = match outcome {
        Ok(outcome) => outcome,
        Err(error) => {
            if let Error::SignIn(why) = &error {
                log_refusal(row, why.reason(), support);
                attempted.refused(*why, Some(signed)).await;
                if *why == Refusal::NotAfresh {
                    return not_afresh(gateway, row, (asked, asking), support).await;
                }
            }
            return Err(page::error(error, support));
        }
    };
    arrived(gateway, outcome, read.relay_state.as_deref())
        .await
        .map_err(|e| page::error(e, support))
}

/// The person did not authenticate afresh as an app had asked: the app learns it (OpenID Connect Core
/// 3.1.2.1), by its request as nobody who is there can meet it.
async fn not_afresh(
    gateway: &Gateway,
    row: &ConnectionRow,
    (asked, asking): (Option<String>, Option<Hash>),
    support: &RequestId,
) -> Result<Response, Response> {
    let mut place = None;
    if let (Some(id), Some(browser)) = (asked, asking) {
        place = request::relay(&gateway.store, (row.org_id, row.id), id, browser)
            .await
            .map_err(|error| page::error(error, support))?;
    }
    match place.filter(|place| answer::is_request(place)) {
        Some(place) => Ok(page::see_other(
            &gateway.link(&format!("{place}&max_age=0")),
        )),
        None => Err(page::sign_in(Refusal::NotAfresh, support)),
    }
}

/// The requests of ours that a browser may bring an answer to.
async fn outstanding(
    gateway: &Gateway,
    row: &ConnectionRow,
    asking: Option<Hash>,
) -> Result<Vec<String>, Error> {
    let Some(browser) = asking else {
        return Ok(Vec::new());
    };
    request::open(&gateway.store, &gateway.ids, (row.org_id, row.id), browser).await
}

fn unread(gateway: &Gateway, row: &ConnectionRow, error: &saml::Error, request: &RequestId) {
    if error.is_sha1() {
        let now = gateway.ids.clock().now();
        let place = (row.org_id, row.id);
        gateway.tally.note(place, Sighting::Sha1, now);
    }
    tracing::info!(connection.id = %row.id, request.id = %request.0, reason = error.reason(),
        %error, "refused a SAML response");
}

fn log_refusal(row: &ConnectionRow, reason: &str, request: &RequestId) {
    tracing::info!(connection.id = %row.id, request.id = %request.0, reason, "refused a sign-in");
}

/// Reads a posted form; one that did not arrive is refused under this title.
pub(super) async fn read_body(
    gateway: &Gateway,
    body: Body,
    title: &str,
    request: &RequestId,
) -> Result<Taken, Response> {
    let anybody = std::future::ready(Ok(()));
    let fault = match body::read(&gateway.large_forms, body, limits::SAML_FORM, anybody).await? {
        Ok(taken) => return Ok(taken),
        Err(fault) => fault,
    };
    let (status, reason) = match fault {
        Fault::Busy => return Err(page::busy(request)),
        Fault::Incomplete => (StatusCode::BAD_REQUEST, "body_incomplete"),
        Fault::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "too_large"),
        Fault::TooSlow => (StatusCode::REQUEST_TIMEOUT, "body_too_slow"),
    };
    let text = "The answer of your identity provider did not arrive as it should.";
    Err(page::refusal(status, title, reason, text, request))
}

/// Whether the page that posted a message is none of the identity provider's: its addresses for
/// sign-in have other origins than the browser says. A browser that says nothing tells nothing.
fn is_foreign(headers: &HeaderMap, row: &ConnectionRow, now: Timestamp) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else {
        return false;
    };
    let mut known = provider::endpoints(row, now).origins();
    let address = row.sso_url.as_deref().and_then(|url| Url::parse(url).ok());
    known.extend(address.map(|url| url.origin().ascii_serialization()));
    let is_it = |known: &String| known != "null" && origin.as_bytes() == known.as_bytes();
    !known.iter().any(is_it)
}

/// Sends the browser on, or asks.
async fn arrived(
    gateway: &Gateway,
    outcome: Outcome,
    relay_state: Option<&str>,
) -> Result<Response, Error> {
    let (arrival, cookie) = match outcome {
        Outcome::Already(arrival) => (arrival, None),
        Outcome::SignedIn(arrival, cookie) => (arrival, Some(cookie)),
        Outcome::Confirm(question) => return ask(gateway, question, relay_state).await,
    };
    let hint = arrival.email.unwrap_or_else(|| arrival.user_id.to_string());
    let mut response = match &arrival.continue_at {
        Some(place) => page::see_other(&gateway.link(place)),
        None => onward(gateway, &arrival.connection, hint, relay_state).await,
    };
    if let Some(cookie) = cookie {
        session::begin(
            response.headers_mut(),
            gateway,
            &cookie,
            gateway.ids.clock().now(),
        );
    }
    Ok(response)
}

/// 303 to the connection's app, or to our own page where it has none. The person is signed in by
/// now, so that not finding the app is no refusal.
pub(super) async fn onward(
    gateway: &Gateway,
    row: &ConnectionRow,
    hint: String,
    relay_state: Option<&str>,
) -> Response {
    let (from, relay_state) = (Origin::from(row), relay_state.map(str::to_owned));
    let issuer = gateway.public_url.clone();
    let found = gateway.store.read_of(Reach::Few, move |tx| {
        let (issuer, hint) = (issuer.clone(), hint.clone());
        let relay_state = relay_state.clone();
        async move { hand_off::destination(tx, from, &issuer, &hint, relay_state.as_deref()).await }
            .boxed()
    });
    let target = found.await.unwrap_or_else(|error| {
        tracing::error!(%error, "the app of a connection could not be looked up");
        None
    });
    page::see_other(&target.unwrap_or_else(|| gateway.link("/signed-in")))
}

/// "Sign in as this person?"
#[derive(Template)]
#[template(path = "confirm.html")]
struct Confirm<'a> {
    app: Option<&'a str>,
    who: &'a str,
    connection: &'a str,
    host: Option<&'a str>,
    action: &'a str,
    proof: &'a str,
    target: Option<&'a str>,
    elsewhere: bool,
    replaces: bool,
    continue_at: Option<&'a str>,
}

async fn ask(
    gateway: &Gateway,
    question: Question,
    relay_state: Option<&str>,
) -> Result<Response, Error> {
    let Question {
        connection: row,
        who,
        secret,
        elsewhere,
        replaces,
        continue_at,
    } = question;
    let (asked, relayed) = (row.clone(), relay_state.map(str::to_owned));
    let asking = continue_at.as_deref().and_then(answer::app_of);
    let place = gateway.store.read(move |tx| {
        let (row, relayed, asking) = (asked.clone(), relayed.clone(), asking.clone());
        async move {
            let app = match asking {
                Some(client_id) => tx.app_by_client_id(&client_id).await?,
                None => hand_off::app_of(tx, Origin::from(&row)).await?,
            };
            let Some(app) = app else {
                return Ok((None, None, vec![]));
            };
            let launch_urls = tx.launch_urls(app.id).await?;
            let target = relayed.and_then(|state| launch::target(&state, &launch_urls));
            let addresses = hand_off::addresses(tx, &app).await?;
            Ok::<_, Error>((Some(app.name), target, addresses))
        }
        .boxed()
    });
    let (app, target, addresses) = place.await?;
    let host = row.sso_url.as_deref().and_then(|url| Url::parse(url).ok());
    let page = Confirm {
        app: app.as_deref(),
        who: &who,
        connection: &row.name,
        host: host.as_ref().and_then(Url::host_str),
        action: &format!("/saml/{}/continue", row.id),
        proof: &answer::proof_of(secret.reveal()),
        target: target.as_deref(),
        elsewhere,
        replaces,
        continue_at: continue_at.as_deref(),
    };
    let onward = page::onward(&gateway.public_url, &addresses);
    let mut response = page::html(StatusCode::OK, &page, &onward);
    session::ask(response.headers_mut(), gateway, &secret);
    Ok(response)
}
