//! The single logout service (SAML Profiles 4.4): the identity provider ends sessions here, or
//! answers a request of ours, by redirect or in a form. A message that is not accepted changes
//! nothing.

use axum::Extension;
use axum::extract::{RawQuery, Request, State};
use axum::http::{Method, StatusCode, header};
use axum::response::Response;

use crate::directory::connection::ConnectionState;
use crate::directory::lint::Sighting;
use crate::http::body::Taken;
use crate::http::reply::page;
use crate::http::saml::acs::read_body;
use crate::http::saml::{Named, connection, leave, service_provider, slo_url};
use crate::http::{Gateway, RequestId};
use crate::provisioning::saml_peer::SamlPeer;
use crate::provisioning::{Error, Refusal, Source, provider, single_logout};
use crate::saml;
use crate::saml::logout::{self, Expected, Incoming, LogoutRequest, LogoutResponse, Message};

const NOT_SIGNED_OUT: &str = "You were not signed out";
const SIGNED_OUT: &str = "You are signed out";
const OVER: &str = "You can close this page. Applications that you opened from here may take a \
    moment to notice.";

/// `GET /saml/{connection}/slo` (SAML Bindings 3.4).
pub(super) async fn by_query(
    State(gateway): State<Gateway>,
    Extension(support): Extension<RequestId>,
    method: Method,
    named: Named,
    RawQuery(query): RawQuery,
) -> Response {
    if method == Method::HEAD {
        // A look ahead is no message.
        return page::message(StatusCode::OK, "Sign out", "");
    }
    let said = async |_: &Gateway, _: &RequestId| Ok(Carried::Query(query.unwrap_or_default()));
    match heard(&gateway, &support, named, said).await {
        Ok(response) | Err(response) => response,
    }
}

/// `POST /saml/{connection}/slo` (SAML Bindings 3.5).
pub(super) async fn by_form(
    State(gateway): State<Gateway>,
    Extension(support): Extension<RequestId>,
    named: Named,
    posted: Request,
) -> Response {
    let said = async |gateway: &Gateway, support: &RequestId| {
        let (head, body) = posted.into_parts();
        let body = read_body(gateway, body, NOT_SIGNED_OUT, support).await?;
        let media = head.headers.get(header::CONTENT_TYPE);
        let media = media.and_then(|it| it.to_str().ok()).map(str::to_owned);
        Ok(Carried::Form(media, body))
    };
    match heard(&gateway, &support, named, said).await {
        Ok(response) | Err(response) => response,
    }
}

/// What carries a message.
enum Carried {
    Query(String),
    /// Its media type and its octets.
    Form(Option<String>, Taken),
}

async fn heard(
    gateway: &Gateway,
    support: &RequestId,
    named: Named,
    said: impl AsyncFnOnce(&Gateway, &RequestId) -> Result<Carried, Response>,
) -> Result<Response, Response> {
    let known = connection(gateway, named, support).await?;
    if !provider::single_logout(&known.connection) {
        let text = "Single logout is off for this connection.";
        let (status, title) = (StatusCode::NOT_FOUND, "Nothing here");
        let reason = "single_logout_off";
        return Err(page::refusal(status, title, reason, text, support));
    }
    if known.connection.state != ConnectionState::Active {
        return Err(refused(&known, Refusal::Paused, support));
    }
    let carried = said(gateway, support).await?;
    let read = read(gateway, &known, carried, support).await?;
    let (message, relay_state) = read.map_err(|error| unread(gateway, &known, &error, support))?;
    match message {
        Message::Request(request) => {
            let relay_state = relay_state.as_deref();
            demanded(gateway, &known, request, relay_state, support).await
        }
        Message::Response(response) => answered(gateway, &known, &response, support).await,
    }
}

type Read = (Message, Option<String>);

/// Runs the pipeline beside the threads that answer requests, so many at once as there are cores.
async fn read(
    gateway: &Gateway,
    known: &SamlPeer,
    carried: Carried,
    support: &RequestId,
) -> Result<Result<Read, saml::Error>, Response> {
    let (ours, theirs) = (
        slo_url(gateway, known.connection.id),
        known.connection.idp_entity_id.clone().unwrap_or_default(),
    );
    let certificates = known.trusted.clone();
    let skew_seconds = known.connection.demands.skew_seconds();
    let now = gateway.ids.clock().now();
    let place = gateway.verifications.clone().acquire_owned().await;
    let place = place.map_err(|_| page::busy(support))?;
    let task = tokio::task::spawn_blocking(move || {
        let _place = place;
        let incoming = match &carried {
            Carried::Query(query) => Incoming::from_query(query)?,
            Carried::Form(media, body) => Incoming::from_form(media.as_deref(), &body.bytes)?,
        };
        let relay_state = incoming.relay_state().map(str::to_owned);
        let expected = Expected {
            slo_url: &ours,
            idp_entity_id: &theirs,
            skew_seconds,
        };
        let message = logout::receive(incoming, &certificates, &expected, now)?;
        Ok((message, relay_state))
    });
    task.await.map_err(|_| {
        tracing::error!(request.id = %support.0, "reading a SAML logout message failed");
        page::failed(support)
    })
}

/// Ends the sessions that the identity provider means, and answers it.
async fn demanded(
    gateway: &Gateway,
    known: &SamlPeer,
    request: LogoutRequest,
    relay_state: Option<&str>,
    support: &RequestId,
) -> Result<Response, Response> {
    let row = &known.connection;
    let (of, id) = ((row.org_id, row.id), request.id.clone());
    let context = gateway.context(Source::SignIn(row.id), support);
    let us = service_provider(gateway, row.id).entity_id;
    let ended = single_logout::demanded(&gateway.store, context, of, &us, request).await;
    let ended = ended.map_err(|error| match error {
        Error::SignIn(why) => refused(known, why, support),
        error => page::error(error, support),
    })?;
    tracing::info!(connection.id = %row.id, request.id = %support.0, sessions = ended,
        "the identity provider ended sessions");
    let answer = leave::answer(gateway, row, &id, relay_state).await;
    let answer = answer.map_err(|error| page::error(error, support))?;
    Ok(answer.unwrap_or_else(|| page::message(StatusCode::OK, SIGNED_OUT, OVER)))
}

/// Goes on to where the person was to go who signed out here, whatever the identity provider says.
async fn answered(
    gateway: &Gateway,
    known: &SamlPeer,
    response: &LogoutResponse,
    support: &RequestId,
) -> Result<Response, Response> {
    let row = &known.connection;
    let (of, id) = ((row.org_id, row.id), &response.in_response_to);
    let taken = single_logout::answered(&gateway.store, &gateway.ids, of, id).await;
    let taken = taken.map_err(|error| page::error(error, support))?;
    let Some(taken) = taken else {
        let error = saml::Error::InResponseToUnknown {
            expected: None,
            arrived: None,
        };
        return Err(unread(gateway, known, &error, support));
    };
    if !response.is_success {
        tracing::info!(connection.id = %row.id, request.id = %support.0,
            "the identity provider did not end every session");
    }
    Ok(match &taken.back {
        Some(back) => page::see_other(back),
        None => page::message(StatusCode::OK, SIGNED_OUT, OVER),
    })
}

/// A rule of SAML said no.
fn unread(
    gateway: &Gateway,
    known: &SamlPeer,
    error: &saml::Error,
    support: &RequestId,
) -> Response {
    let row = &known.connection;
    if error.is_sha1() {
        let now = gateway.ids.clock().now();
        gateway
            .tally
            .note((row.org_id, row.id), Sighting::Sha1, now);
    }
    tracing::info!(connection.id = %row.id, request.id = %support.0, reason = error.reason(),
        %error, "refused a SAML logout message");
    let text = "The message of your identity provider was not accepted. Close your browser to be \
        sure; if it happens again, give your administrator the reference below.";
    let status = page::saml_status(error);
    page::refusal(status, NOT_SIGNED_OUT, error.reason(), text, support)
}

/// A rule of the product said no.
fn refused(known: &SamlPeer, why: Refusal, support: &RequestId) -> Response {
    tracing::info!(connection.id = %known.connection.id, request.id = %support.0, reason = why.reason(),
        "refused a SAML logout message");
    let text = match why {
        Refusal::Replayed => "This logout was used before. Sign out at your identity provider.",
        why => why.help(),
    };
    let status = StatusCode::FORBIDDEN;
    page::refusal(status, NOT_SIGNED_OUT, why.reason(), text, support)
}
