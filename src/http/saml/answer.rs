//! The answer to the confirm page: a form posted from our own page, with the cookie that the page
//! set. The session starts here or never.

use axum::Extension;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::http::auth::session::{self, Browser};
use crate::http::oidc::form;
use crate::http::reply::page;
use crate::http::saml::{Named, acs, connection};
use crate::http::{Gateway, RequestId};
use crate::provisioning::sign_in::{confirm, decline};
use crate::provisioning::{Error, Refusal, Source};
use crate::secret;

/// The one place of ours where an answer may lead: an app's request, which is read anew there.
const AUTHORIZE: &str = "/oauth/authorize?";

/// `POST /saml/{connection}/continue`.
pub(super) async fn answer(
    State(gateway): State<Gateway>,
    Extension(request): Extension<RequestId>,
    named: Named,
    browser: Browser,
    posted: Request,
) -> Response {
    match answered(&gateway, &request, named, browser, posted).await {
        Ok(response) | Err(response) => response,
    }
}

async fn answered(
    gateway: &Gateway,
    request: &RequestId,
    named: Named,
    browser: Browser,
    posted: Request,
) -> Result<Response, Response> {
    let known = connection(gateway, named, request).await?;
    let row = &known.connection;
    let failed = |error: Error| {
        if let Error::SignIn(why) = &error {
            tracing::info!(connection.id = %row.id, request.id = %request.0,
                reason = why.reason(), "refused a sign-in");
        }
        let mut response = page::error(error, request);
        session::asked(response.headers_mut(), gateway);
        response
    };
    let expired = || failed(Error::SignIn(Refusal::ConfirmationExpired));
    if !session::is_ours(posted.headers(), &gateway.public_url) {
        return Err(page::sign_in(Refusal::ConfirmationExpired, request));
    }
    let secret = browser.question.clone().ok_or_else(expired)?;
    let (_, pairs) = form::read(posted).await.map_err(|_| expired())?;
    let said = |name: &str| {
        pairs
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, v)| v.as_str())
    };
    // The cookie is that of the page shown last; whoever answers an earlier one saw another name.
    let proof = said("proof").unwrap_or_default();
    if !secret::equal(proof.as_bytes(), proof_of(&secret).as_bytes()) {
        return Err(page::sign_in(Refusal::ConfirmationExpired, request));
    }
    let context = gateway.context(Source::SignIn(row.id), request);
    let place = (row.org_id, row.id);
    if said("answer") != Some("continue") {
        decline(&gateway.store, context, place, secret)
            .await
            .map_err(failed)?;
        let text = "Nobody was signed in anew. You can close this page.";
        let mut response = page::message(StatusCode::OK, "Nothing was changed", text);
        session::asked(response.headers_mut(), gateway);
        return Ok(response);
    }
    let (arrival, cookie) = confirm(&gateway.store, context, place, secret, browser.present)
        .await
        .map_err(failed)?;
    let hint = arrival.email.unwrap_or_else(|| arrival.user_id.to_string());
    let mut response = match said("continue").filter(|it| is_request(it)) {
        Some(place) => page::see_other(&gateway.link(place)),
        None => acs::onward(gateway, &arrival.connection, hint, said("target")).await,
    };
    let headers = response.headers_mut();
    session::begin(headers, gateway, &cookie, gateway.ids.clock().now());
    session::asked(headers, gateway);
    Ok(response)
}

/// What a page carries to prove that it asks the very question whose secret is in the cookie.
pub(super) fn proof_of(question: &str) -> String {
    URL_SAFE_NO_PAD.encode(secret::hash(&format!("proof:{question}")))
}

/// The app whose request a path of ours is.
pub(super) fn app_of(place: &str) -> Option<String> {
    let query = place.strip_prefix(AUTHORIZE)?;
    let mut pairs = url::form_urlencoded::parse(query.as_bytes());
    let (_, client_id) = pairs.find(|(name, _)| name == "client_id")?;
    Some(client_id.into_owned())
}

/// Whether a path of ours is that of an app's request.
pub(super) fn is_request(place: &str) -> bool {
    place.starts_with(AUTHORIZE) && place.bytes().all(|it| it.is_ascii_graphic())
}
