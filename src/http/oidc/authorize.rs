//! The authorization endpoint (RFC 6749 §3.1, OpenID Connect Core §3.1.2): a browser with a good
//! session gets a code for the app. What is wrong with the app or its address is shown here and
//! redirects nowhere; everything else goes back to the app, save that nobody is signed in: then the
//! browser goes to an identity provider and comes back here, unless the app asked for no page
//! (`prompt=none`). An app may also ask that the person says whether to go on as who is there
//! (`prompt=select_account`).

use axum::Extension;
use axum::extract::{RawQuery, Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use futures_util::FutureExt;
use jiff::Timestamp;

use crate::http::auth::session::Browser;
use crate::http::oidc::form::{self, Pairs};
use crate::http::oidc::visit::Visit;
use crate::http::reply::{oauth, page};
use crate::http::{Gateway, RequestId};
use crate::oidc::Code;
use crate::oidc::claims::verify_id_token_hint;
use crate::oidc::redirect::ReturnTo;
use crate::oidc::request::{AuthorizeRequest, PageError};
use crate::provisioning::Error;
use crate::provisioning::hand_off::{self, Failure};
use crate::provisioning::sessions::{self, Live};
use crate::store::rows::AppRow;

/// `GET /oauth/authorize`.
pub(super) async fn by_query(
    State(gateway): State<Gateway>,
    Extension(request): Extension<RequestId>,
    browser: Browser,
    RawQuery(query): RawQuery,
) -> Response {
    let pairs = form::pairs(query.unwrap_or_default().as_bytes());
    authorize(&gateway, &request, &browser, &pairs).await
}

/// `POST /oauth/authorize`: the same as a form (OpenID Connect Core §3.1.2.1).
pub(super) async fn by_form(
    State(gateway): State<Gateway>,
    Extension(request): Extension<RequestId>,
    browser: Browser,
    posted: Request,
) -> Response {
    match form::read(posted).await {
        Ok((_, pairs)) => authorize(&gateway, &request, &browser, &pairs).await,
        Err((status, _)) => {
            let text = "The app's request could not be read.";
            page::refusal(status, TITLE, "invalid_request", text, &request)
        }
    }
}

const TITLE: &str = "The app's request is not in order";

async fn authorize(
    gateway: &Gateway,
    request: &RequestId,
    browser: &Browser,
    pairs: &Pairs,
) -> Response {
    let (app, to) = match client(gateway, request, pairs).await {
        Ok(client) => client,
        Err(response) => return response,
    };
    let visit = |app| Visit {
        gateway,
        support: request,
        browser,
        app,
        pairs,
    };
    match decide(gateway, request, browser, pairs, &app, &to).await {
        Ok(Decision::Code(location)) => page::see_other(&location),
        Ok(Decision::Choose(live)) => visit(&app).choose(&live.user),
        Ok(Decision::SignIn(asked)) => visit(&app).begin(&asked).await,
        Err(failure) => {
            let error = oauth::translated(failure, request);
            page::see_other(&to.with_error(&error, &gateway.public_url))
        }
    }
}

/// The app, and where its answer goes; or the page that says why there is none.
async fn client(
    gateway: &Gateway,
    request: &RequestId,
    pairs: &Pairs,
) -> Result<(AppRow, ReturnTo), Response> {
    let wrong = |error: PageError| {
        tracing::info!(request.id = %request.0, reason = error.reason(), "refused an app's request");
        let (status, text) = (StatusCode::BAD_REQUEST, error.to_string());
        page::refusal(status, TITLE, error.reason(), &text, request)
    };
    let part = AuthorizeRequest::client(pairs).map_err(wrong)?;
    let client_id = part.client_id.clone();
    let found = gateway.store.read(move |tx| {
        let client_id = client_id.clone();
        async move {
            let Some(app) = tx.app_by_client_id(&client_id).await? else {
                return Ok(None);
            };
            let registered = tx.redirect_uris(app.id).await?;
            Ok::<_, Error>(Some((app, registered)))
        }
        .boxed()
    });
    let found = found.await.map_err(|error| page::error(error, request))?;
    let (app, registered) = found.ok_or_else(|| wrong(PageError::ClientUnknown))?;
    // Apps are registered as confidential web apps: no port of theirs is free to choose.
    let to = part.return_to(&registered, false).map_err(wrong)?;
    Ok((app, to))
}

enum Decision {
    /// Whoever is there may go on, or somebody else come in their place.
    Choose(Box<Live>),
    Code(String),
    SignIn(Box<AuthorizeRequest>),
}

async fn decide(
    gateway: &Gateway,
    request: &RequestId,
    browser: &Browser,
    pairs: &Pairs,
    app: &AppRow,
    to: &ReturnTo,
) -> Result<Decision, Failure> {
    let asked = AuthorizeRequest::parse(pairs)?;
    let now = gateway.ids.clock().now();
    let cookies = browser.session.into_iter().collect();
    let live = sessions::current(&gateway.store, cookies, now).await?;
    let live = match live {
        Some(live) if suits(gateway, app, &asked, &live, now).await? => live,
        _ if asked.prompt.none => {
            return Err(Code::LoginRequired
                .because("nobody who suits is signed in here")
                .into());
        }
        _ => return Ok(Decision::SignIn(Box::new(asked))),
    };
    if asked.prompt.select_account {
        return Ok(Decision::Choose(Box::new(live)));
    }
    let context = gateway.context(live.source(), request);
    let session = (live.session.org_id, live.session.id);
    let code = hand_off::issue(&gateway.store, &context, app, session, to.uri(), &asked).await?;
    if let Err(error) = sessions::seen(&gateway.store, &live, now).await {
        tracing::warn!(%error, "a session's use could not be noted");
    }
    Ok(Decision::Code(
        to.with_code(code.reveal(), &gateway.public_url),
    ))
}

/// Whether the session is one that the app asked for: of the organization and the connection that
/// it names, of the person that it expects, recent enough, and not to be made anew.
async fn suits(
    gateway: &Gateway,
    app: &AppRow,
    asked: &AuthorizeRequest,
    live: &Live,
    now: Timestamp,
) -> Result<bool, Failure> {
    if asked.prompt.login || !asked.takes_authentication_of(live.session.authenticated_at.0, now) {
        return Ok(false);
    }
    if asked.connection.as_ref().is_some_and(|id| {
        live.connection()
            .is_none_or(|row| *id != row.id.to_string())
    }) {
        return Ok(false);
    }
    if let Some(hint) = &asked.id_token_hint {
        let hint = hint_of(gateway, app, hint, now).await?;
        if hint != live.user.id.uuid() {
            return Ok(false);
        }
    }
    let Some(named) = asked.organization.clone() else {
        return Ok(true);
    };
    let org = live.session.org_id;
    let is_it = gateway.store.read(move |tx| {
        let named = named.clone();
        async move {
            let row = tx.organization(org).await?;
            Ok::<_, Error>(row.is_some_and(|row| row.slug == named || row.id.to_string() == named))
        }
        .boxed()
    });
    Ok(is_it.await?)
}

async fn hint_of(
    gateway: &Gateway,
    app: &AppRow,
    hint: &str,
    now: Timestamp,
) -> Result<uuid::Uuid, Failure> {
    let keys = gateway.keys.now(now).await?;
    let hint = verify_id_token_hint(&keys, hint, &gateway.public_url, &app.client_id)?;
    Ok(hint.sub)
}
