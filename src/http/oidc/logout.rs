//! The end-session endpoint (OpenID Connect RP-Initiated Logout 1.0): an app sends the browser of
//! somebody who signs out. With an ID token of the very session that is in the browser it ends at
//! once; otherwise the person is asked, since any page may send a browser here. Then the browser goes
//! to an address that the app registered for it, or to none but ours.

use askama::Template;
use axum::Extension;
use axum::extract::{RawQuery, Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::FutureExt;

use crate::http::auth::session::{self, Browser};
use crate::http::oidc::form::{self, Pairs};
use crate::http::reply::page;
use crate::http::saml::leave;
use crate::http::{Gateway, RequestId};
use crate::oidc::claims::{Hint, verify_logout_hint};
use crate::oidc::logout::LogoutRequest;
use crate::oidc::request::PageError;
use crate::provisioning::Error;
use crate::provisioning::sessions::{self, Live};
use crate::secret::{self, Hash};
use crate::store::rows::AppRow;

const TITLE: &str = "The app's request is not in order";
/// What a session ended of.
const SIGNED_OUT: &str = "signed_out";

/// `GET /oauth/logout`.
pub(super) async fn by_query(
    State(gateway): State<Gateway>,
    Extension(request): Extension<RequestId>,
    browser: Browser,
    RawQuery(query): RawQuery,
) -> Response {
    let pairs = form::pairs(query.unwrap_or_default().as_bytes());
    let answer = Logout::read(&gateway, &request, &pairs, browser.present).await;
    match answer {
        Ok(logout) => logout.begin().await,
        Err(response) => response,
    }
}

/// `POST /oauth/logout`: the same as a form (§2).
pub(super) async fn by_form(
    State(gateway): State<Gateway>,
    Extension(request): Extension<RequestId>,
    browser: Browser,
    posted: Request,
) -> Response {
    let Ok((_, pairs)) = form::read(posted).await else {
        return unreadable(&request);
    };
    let answer = Logout::read(&gateway, &request, &pairs, browser.present).await;
    match answer {
        Ok(logout) => logout.begin().await,
        Err(response) => response,
    }
}

/// `POST /oauth/logout/confirm`: the answer of our own page. It carries a proof that the page was
/// made for the session that is in the browser now.
pub(super) async fn confirmed(
    State(gateway): State<Gateway>,
    Extension(request): Extension<RequestId>,
    browser: Browser,
    posted: Request,
) -> Response {
    if !session::is_ours(posted.headers(), &gateway.public_url) {
        let text = "This form did not come from this server.";
        let (status, title) = (StatusCode::FORBIDDEN, "That did not work");
        return page::refusal(status, title, "foreign_form", text, &request);
    }
    let Ok((_, mut pairs)) = form::read(posted).await else {
        return unreadable(&request);
    };
    let mut said = |name: &str| {
        let at = pairs.iter().position(|(n, _)| n == name);
        at.map(|at| pairs.remove(at).1).unwrap_or_default()
    };
    let (answer, proof) = (said("answer"), said("proof"));
    let present = browser.session.into_iter().collect();
    match Logout::read(&gateway, &request, &pairs, present).await {
        Ok(logout) => logout.answered(&answer, &proof).await,
        Err(response) => response,
    }
}

fn unreadable(request: &RequestId) -> Response {
    let text = "The app's request could not be read.";
    page::refusal(
        StatusCode::BAD_REQUEST,
        TITLE,
        "invalid_request",
        text,
        request,
    )
}

#[derive(Template)]
#[template(path = "sign_out.html")]
struct SignOut<'a> {
    who: &'a str,
    app: Option<&'a str>,
    proof: &'a str,
    pairs: &'a [(&'static str, &'a str)],
}

/// A request to end the browser's session.
struct Logout<'a> {
    gateway: &'a Gateway,
    support: &'a RequestId,
    asked: LogoutRequest,
    hint: Option<Hint>,
    app: Option<AppRow>,
    /// Where the browser goes then.
    back: Option<String>,
    /// The session that is in the browser.
    live: Option<Live>,
}

impl<'a> Logout<'a> {
    async fn read(
        gateway: &'a Gateway,
        support: &'a RequestId,
        pairs: &Pairs,
        present: Vec<Hash>,
    ) -> Result<Self, Response> {
        let wrong = |reason: &str, text: &str| {
            tracing::info!(request.id = %support.0, reason, "refused a logout request");
            page::refusal(StatusCode::BAD_REQUEST, TITLE, reason, text, support)
        };
        let asked = LogoutRequest::parse(pairs)
            .map_err(|error| wrong("invalid_request", error.description()))?;
        let hint = asked.id_token_hint.as_deref();
        let now = gateway.ids.clock().now();
        let failed = |error: Error| page::error(error, support);
        let keys = gateway.keys.now(now).await.map_err(failed)?;
        let hint = hint.and_then(|it| verify_logout_hint(&keys, it, &gateway.public_url));
        let named = hint.as_ref().map(Hint::client_id);
        if let (Some(id), Some(named)) = (asked.client_id.as_deref(), named)
            && id != named
        {
            let text = "The ID token was not given to this client_id.";
            return Err(wrong("client_mismatch", text));
        }
        let client_id = named.or(asked.client_id.as_deref()).map(str::to_owned);
        let known = registered(gateway, client_id.clone()).await;
        let known = known.map_err(failed)?;
        let page = |error: PageError| wrong(error.reason(), &error.to_string());
        if client_id.is_some() && known.is_none() {
            return Err(page(PageError::ClientUnknown));
        }
        let (app, addresses) = match known {
            Some((app, addresses)) => (Some(app), addresses),
            None => (None, Vec::new()),
        };
        let back = asked.back(&addresses);
        if asked.post_logout_redirect_uri.is_some() && back.is_none() {
            match (&app, &asked.id_token_hint) {
                (Some(_), _) => return Err(page(PageError::RedirectUnknown)),
                (None, None) => return Err(page(PageError::ClientMissing)),
                // An ID token that cannot be read any more names nobody: then nobody is gone to.
                (None, Some(_)) => {}
            }
        }
        let live = sessions::current(&gateway.store, present, now);
        let live = live.await.map_err(failed)?;
        Ok(Self {
            gateway,
            support,
            asked,
            hint,
            app,
            back,
            live,
        })
    }

    /// Ends the session that the app's ID token names, or asks.
    async fn begin(self) -> Response {
        let Some(live) = &self.live else {
            return self.over();
        };
        let is_it = |hint: &Hint| {
            let (session, user) = (&live.session, &live.user);
            hint.sid == session.id.uuid()
                && hint.org == session.org_id.uuid()
                && hint.sub == user.id.uuid()
        };
        if self.hint.as_ref().is_some_and(is_it) {
            return self.end(live).await;
        }
        self.ask(live)
    }

    /// What the person said on our page.
    async fn answered(self, answer: &str, proof: &str) -> Response {
        let Some(live) = &self.live else {
            return self.over();
        };
        if answer != "sign_out" {
            let text = "Nothing was changed. You can close this page.";
            return page::message(StatusCode::OK, "You are still signed in", text);
        }
        if !secret::equal(proof.as_bytes(), proof_of(live).as_bytes()) {
            // The session became another one since the page was made.
            return self.ask(live);
        }
        self.end(live).await
    }

    async fn end(&self, live: &Live) -> Response {
        let context = self.gateway.context(live.source(), self.support);
        let ended = sessions::end(&self.gateway.store, context, &live.session, SIGNED_OUT);
        match ended.await {
            Ok(()) => {}
            Err(error) => return page::error(error, self.support),
        }
        // The identity provider is told by the browser, which goes back then.
        let (gateway, back) = (self.gateway, self.back.clone());
        let Some(mut response) = leave::start(gateway, self.support, live, back).await else {
            return self.over();
        };
        session::end(response.headers_mut(), gateway);
        response
    }

    /// There is no session in the browser any more.
    fn over(&self) -> Response {
        let text = "You can close this page. Applications that you opened from here may take a \
            moment to notice.";
        let mut response = match &self.back {
            Some(back) => page::see_other(back),
            None => page::message(StatusCode::OK, "You are signed out", text),
        };
        session::end(response.headers_mut(), self.gateway);
        response
    }

    fn ask(&self, live: &Live) -> Response {
        let (user, asked) = (&live.user, &self.asked);
        let who = user.email.as_deref().or(user.display_name.as_deref());
        let client_id = self.app.as_ref().map(|app| app.client_id.as_str());
        let uri = asked.post_logout_redirect_uri.as_deref();
        let pairs: Vec<_> = [
            ("client_id", client_id),
            (
                "post_logout_redirect_uri",
                uri.filter(|_| self.back.is_some()),
            ),
            ("state", asked.state.as_deref()),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect();
        let shown = SignOut {
            who: who.unwrap_or("somebody"),
            app: self.app.as_ref().map(|app| app.name.as_str()),
            proof: &proof_of(live),
            pairs: &pairs,
        };
        let onward = if leave::reaches(self.gateway, live) {
            page::anywhere(self.gateway)
        } else {
            let back: Vec<_> = self.back.iter().cloned().collect();
            page::origins(&back)
        };
        page::html(StatusCode::OK, &shown, &onward)
    }
}

/// The app of this client id, with its addresses for after a logout.
async fn registered(
    gateway: &Gateway,
    client_id: Option<String>,
) -> Result<Option<(AppRow, Vec<String>)>, Error> {
    let Some(client_id) = client_id else {
        return Ok(None);
    };
    let found = gateway.store.read(move |tx| {
        let client_id = client_id.clone();
        async move {
            let Some(app) = tx.app_by_client_id(&client_id).await? else {
                return Ok(None);
            };
            let addresses = tx.post_logout_redirect_uris(app.id).await?;
            Ok::<_, Error>(Some((app, addresses)))
        }
        .boxed()
    });
    found.await
}

/// What our page carries to prove that it was made for this session: whoever knows neither its
/// cookie nor its hash cannot make it.
fn proof_of(live: &Live) -> String {
    let hash = URL_SAFE_NO_PAD.encode(&live.session.hash);
    URL_SAFE_NO_PAD.encode(secret::hash(&format!("sign out of {hash}")))
}
