//! Sending logout messages: our answer to the identity provider, and our request when somebody
//! signs out here (SAML Profiles 4.4.3.3). By then the session has ended, whatever becomes of it.

use askama::Template;
use axum::response::Response;
use url::Url;

use crate::http::reply::page;
use crate::http::saml::{service_provider, signing_key};
use crate::http::{Gateway, RequestId};
use crate::provisioning::sessions::Live;
use crate::provisioning::{Error, provider, single_logout};
use crate::saml::logout::{Content, Outgoing};
use crate::saml::metadata::Binding;
use crate::saml::own_key::OwnKey;
use crate::store::rows::ConnectionRow;

/// "Go on to your identity provider": a form that carries a message.
#[derive(Template)]
#[template(path = "saml_logout.html")]
struct Form<'a> {
    host: &'a str,
    action: &'a str,
    name: &'a str,
    field: &'a str,
    relay_state: Option<&'a str>,
}

/// Whether somebody who signs out of this session is sent to the identity provider, too.
pub(in crate::http) fn reaches(gateway: &Gateway, live: &Live) -> bool {
    let now = gateway.ids.clock().now();
    live.session.name_id.is_some()
        && live.connection().is_some_and(|row| {
            provider::single_logout(row) && provider::endpoints(row, now).slo_requests().is_some()
        })
}

/// Sends the browser to the identity provider of the connection that a session came from, if it is
/// to be told; then the browser goes `back`. The session has ended: where the identity provider
/// cannot be told, there is nothing to send, and it is logged.
pub(in crate::http) async fn start(
    gateway: &Gateway,
    support: &RequestId,
    live: &Live,
    back: Option<String>,
) -> Option<Response> {
    match asked(gateway, live, back).await {
        Ok(response) => response,
        Err(error) => {
            tracing::error!(request.id = %support.0, %error,
                "an identity provider could not be told of a logout");
            None
        }
    }
}

async fn asked(
    gateway: &Gateway,
    live: &Live,
    back: Option<String>,
) -> Result<Option<Response>, Error> {
    let (Some(row), Some(name_id)) = (live.connection(), single_logout::name_of(&live.session))
    else {
        return Ok(None);
    };
    if !provider::single_logout(row) {
        return Ok(None);
    }
    let endpoints = provider::endpoints(row, gateway.ids.clock().now());
    let Some((binding, destination)) = endpoints.slo_requests() else {
        return Ok(None);
    };
    let key = signing_key(gateway, row).await?;
    let of = (row.org_id, row.id);
    let kept = single_logout::begin(&gateway.store, &gateway.ids, of, back).await?;
    let message = Outgoing {
        id: &kept.id,
        issue_instant: kept.created_at.0,
        destination,
        issuer: &service_provider(gateway, row.id).entity_id,
        content: Content::Request {
            name_id: &name_id,
            session_index: live.session.session_index.as_deref(),
            not_on_or_after: kept.expires_at.0,
        },
    };
    Ok(sent(gateway, binding, &message, None, &key))
}

/// Answers the identity provider that what it asked for is done; none where it has no address for
/// answers.
pub(super) async fn answer(
    gateway: &Gateway,
    row: &ConnectionRow,
    in_response_to: &str,
    relay_state: Option<&str>,
) -> Result<Option<Response>, Error> {
    let now = gateway.ids.clock().now();
    let endpoints = provider::endpoints(row, now);
    let Some((binding, destination)) = endpoints.slo_answers() else {
        return Ok(None);
    };
    let key = signing_key(gateway, row).await?;
    let id = single_logout::message(&gateway.ids);
    let message = Outgoing {
        id: &id,
        issue_instant: now,
        destination,
        issuer: &service_provider(gateway, row.id).entity_id,
        content: Content::Response { in_response_to },
    };
    Ok(sent(gateway, binding, &message, relay_state, &key))
}

/// The answer that sends a message on; none where it could not be written.
fn sent(
    gateway: &Gateway,
    binding: Binding,
    message: &Outgoing<'_>,
    relay_state: Option<&str>,
    key: &OwnKey,
) -> Option<Response> {
    if binding == Binding::Redirect {
        return Some(page::see_other(&message.redirect(relay_state, key)?));
    }
    let host = Url::parse(message.destination).ok();
    let form = Form {
        host: host.as_ref().and_then(Url::host_str).unwrap_or_default(),
        action: message.destination,
        name: message.parameter(),
        field: &message.field(key)?,
        relay_state,
    };
    // What is posted may be answered by a redirect to another of its addresses, and to an app's.
    Some(page::submitted(&form, &page::anywhere(gateway)))
}
