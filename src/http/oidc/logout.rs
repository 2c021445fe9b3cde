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
    let answer = Logout::read(
        &gateway,
        &request,
        &pairs,
        (&browser, browser.present.clone()),
    )
    .await;
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
    let answer = Logout::read(
        &gateway,
        &request,
        &pairs,
        (&browser, browser.present.clone()),
    )
    .await;
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
    let shown = (&browser, browser.sessions.clone());
    match Logout::read(&gateway, &request, &pairs, shown).await {
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
    people: Vec<Person>,
    app: Option<&'a str>,
    pairs: &'a [(&'static str, &'a str)],
}

/// Somebody who may sign out.
struct Person {
    who: String,
    organization: String,
    proof: String,
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
    browser: &'a Browser,
    /// The sessions of the browser that may be meant.
    here: Vec<Live>,
}

impl<'a> Logout<'a> {
    async fn read(
        gateway: &'a Gateway,
        support: &'a RequestId,
        pairs: &Pairs,
        (browser, present): (&'a Browser, Vec<Hash>),
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
        let here = sessions::all(&gateway.store, present, now);
        let here = meant(here.await.map_err(failed)?, hint.as_ref());
        Ok(Self {
            gateway,
            support,
            asked,
            hint,
            app,
            back,
            browser,
            here,
        })
    }

    /// Ends the session that the app's ID token names, or asks.
    async fn begin(self) -> Response {
        let Some(first) = self.here.first() else {
            return self.over(None);
        };
        let is_named = match &self.hint {
            Some(hint) => is_of(self.gateway, hint, first).await,
            None => Ok(false),
        };
        match is_named {
            Ok(true) => self.end(first).await,
            Ok(false) => self.ask().await,
            Err(error) => page::error(error, self.support),
        }
    }

    /// What the person said on our page.
    async fn answered(self, answer: &str, proof: &str) -> Response {
        if self.here.is_empty() {
            return self.over(None);
        }
        if answer != "sign_out" {
            let text = "Nothing was changed. You can close this page.";
            return page::message(StatusCode::OK, "You are still signed in", text);
        }
        let is_it = |live: &&Live| secret::equal(proof.as_bytes(), proof_of(live).as_bytes());
        match self.here.iter().find(is_it) {
            Some(live) => self.end(live).await,
            // The session became another one since the page was made.
            None => self.ask().await,
        }
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
            return self.over(Some(live));
        };
        let headers = response.headers_mut();
        session::end(headers, gateway, self.browser, Some(&live.session));
        response
    }

    /// There is no such session in the browser any more.
    fn over(&self, ended: Option<&Live>) -> Response {
        let text = "You can close this page. Applications that you opened from here may take a \
            moment to notice.";
        let mut response = match &self.back {
            Some(back) => page::see_other(back),
            None => page::message(StatusCode::OK, "You are signed out", text),
        };
        let (headers, ended) = (response.headers_mut(), ended.map(|live| &live.session));
        // Sessions of others than those that were meant stay.
        if ended.is_some() || self.hint.is_none() {
            session::end(headers, self.gateway, self.browser, ended);
        }
        response
    }

    /// Asks whether to sign out, or of which organization.
    async fn ask(&self) -> Response {
        let people = match self.people().await {
            Ok(people) => people,
            Err(error) => return page::error(error, self.support),
        };
        let asked = &self.asked;
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
            people,
            app: self.app.as_ref().map(|app| app.name.as_str()),
            pairs: &pairs,
        };
        let back: Vec<_> = self.back.iter().cloned().collect();
        let onward = page::onward(&self.gateway.public_url, &back);
        page::html(StatusCode::OK, &shown, &onward)
    }

    async fn people(&self) -> Result<Vec<Person>, Error> {
        let orgs: Vec<_> = self.here.iter().map(|live| live.session.org_id).collect();
        let read = self.gateway.store.read(move |tx| {
            let orgs = orgs.clone();
            async move {
                let mut slugs = Vec::new();
                for org in orgs {
                    let row = tx.organization(org).await?;
                    slugs.push(row.map(|row| row.slug).unwrap_or_default());
                }
                Ok::<_, Error>(slugs)
            }
            .boxed()
        });
        let person = |(live, organization): (&Live, String)| {
            let user = &live.user;
            let who = user.email.clone().or(user.display_name.clone());
            Person {
                who: who.unwrap_or_else(|| "somebody".to_owned()),
                organization,
                proof: proof_of(live),
            }
        };
        Ok(self.here.iter().zip(read.await?).map(person).collect())
    }
}

/// Whether an ID token is of this very session, or of one that it took over from.
async fn is_of(gateway: &Gateway, hint: &Hint, live: &Live) -> Result<bool, Error> {
    let (session, user) = (&live.session, &live.user);
    if hint.org != session.org_id.uuid() || hint.sub != user.id.uuid() {
        return Ok(false);
    }
    sessions::is_chained(&gateway.store, session, hint.sid.into()).await
}

/// The sessions that may be meant: that of the ID token or of its organization, else any.
fn meant(mut here: Vec<Live>, hint: Option<&Hint>) -> Vec<Live> {
    if let Some(hint) = hint {
        here.retain(|live| hint.org == live.session.org_id.uuid());
    }
    here
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
