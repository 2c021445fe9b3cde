//! The authorization endpoint (RFC 6749 §3.1, OpenID Connect Core §3.1.2): a browser with a good
//! session gets a code for the app. What is wrong with the app or its address is shown here and
//! redirects nowhere; everything else goes back to the app, save that nobody is signed in: then the
//! browser goes to an identity provider and comes back here, unless the app asked for no page
//! (`prompt=none`). An app may also ask that the person says whether to go on as who is there
//! (`prompt=select_account`).

use axum::Extension;
use axum::extract::{RawQuery, Request, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::Response;
use futures_util::FutureExt;
use jiff::Timestamp;
use url::form_urlencoded::Serializer;

use crate::http::auth::session::Browser;
use crate::http::auth::visit;
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
use crate::store::Reach;
use crate::store::rows::{AppRow, OrganizationRow};

/// `GET /oauth/authorize`.
pub(super) async fn by_query(
    State(gateway): State<Gateway>,
    Extension(request): Extension<RequestId>,
    method: Method,
    headers: HeaderMap,
    browser: Browser,
    RawQuery(query): RawQuery,
) -> Response {
    if !visit::is_one(&method, &headers) {
        return page::message(StatusCode::OK, "Sign in", "");
    }
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
        // Posted from a page elsewhere, the cookies of sessions do not come along: the browser comes
        // again as a visitor, who has them.
        Ok((_, pairs)) if browser.sessions.is_empty() && !browser.present.is_empty() => {
            let query = Serializer::new(String::new()).extend_pairs(pairs).finish();
            page::see_other(&gateway.link(&format!("/oauth/authorize?{query}")))
        }
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
        Ok(Decision::Choose(here)) => visit(&app).choose(&here),
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
    let found = gateway.store.read_of(Reach::Few, move |tx| {
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
    /// One of those who are there may go on, or somebody else come.
    Choose(Vec<Here>),
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
    let here = here(gateway, browser, app, now).await?;
    let hint = match &asked.id_token_hint {
        Some(hint) if !here.is_empty() && !asked.prompt.login => {
            Some(hint_of(gateway, app, hint, now).await?)
        }
        _ => None,
    };
    let fits = |it: &Here| it.served && it.suits(&asked, hint, now);
    let mut fitting = meant(here.into_iter().filter(fits).collect(), &asked);
    let several = fitting.len() > 1;
    if asked.prompt.select_account && !fitting.is_empty() || several && !asked.prompt.none {
        return Ok(Decision::Choose(fitting));
    }
    if several {
        let why = "several people are signed in here; name an organization";
        return Err(Code::AccountSelectionRequired.because(why).into());
    }
    let Some(Here { live, .. }) = fitting.pop() else {
        if asked.prompt.none {
            return Err(Code::LoginRequired
                .because("nobody who suits is signed in here")
                .into());
        }
        return Ok(Decision::SignIn(Box::new(asked)));
    };
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

/// Somebody who is signed in in the browser, to one organization.
pub(super) struct Here {
    pub(super) live: Live,
    pub(super) organization: OrganizationRow,
    /// Whether the app serves it. One that it does not serve is none for the app: it neither stands in
    /// the way of a sign-in, nor does an app learn of it.
    served: bool,
}

/// Those who are signed in in the browser.
async fn here(
    gateway: &Gateway,
    browser: &Browser,
    app: &AppRow,
    now: Timestamp,
) -> Result<Vec<Here>, Error> {
    let all = sessions::all(&gateway.store, browser.sessions.clone(), now).await?;
    if all.is_empty() {
        return Ok(Vec::new());
    }
    let app = app.id;
    let read = gateway.store.read_of(Reach::Few, move |tx| {
        let all = all.clone();
        async move {
            let mut here = Vec::new();
            for live in all {
                let org = live.session.org_id;
                if let Some(organization) = tx.organization(org).await? {
                    let served = tx.app_serves(app, org).await?;
                    here.push(Here {
                        live,
                        organization,
                        served,
                    });
                }
            }
            Ok::<_, Error>(here)
        }
        .boxed()
    });
    read.await
}

/// Of several who suit, the one whom the app expects (`login_hint`), if it is one.
fn meant(mut fitting: Vec<Here>, asked: &AuthorizeRequest) -> Vec<Here> {
    let expected = |it: &Here, hint: &str| {
        let user = &it.live.user;
        user.email.as_deref() == Some(hint) || user.id.to_string() == hint
    };
    let Some(hint) = &asked.login_hint else {
        return fitting;
    };
    if fitting.iter().filter(|it| expected(it, hint)).count() == 1 {
        fitting.retain(|it| expected(it, hint));
    }
    fitting
}

impl Here {
    /// Whether the session is one that the app asked for: of the organization and the connection
    /// that it names, of the person that it expects, recent enough, and not to be made anew.
    fn suits(&self, asked: &AuthorizeRequest, hint: Option<uuid::Uuid>, now: Timestamp) -> bool {
        let (live, organization) = (&self.live, &self.organization);
        let at = live.session.authenticated_at.0;
        let connection = live.connection().map(|row| row.id.to_string());
        let is_named =
            |named: &String| *named == organization.slug || *named == organization.id.to_string();
        !asked.prompt.login
            && asked.takes_authentication_of(at, now)
            && asked
                .connection
                .as_ref()
                .is_none_or(|it| connection.as_ref() == Some(it))
            && hint.is_none_or(|it| it == live.user.id.uuid())
            && asked.organization.as_ref().is_none_or(is_named)
    }
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
