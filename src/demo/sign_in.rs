//! A person signs in from the identity provider and reaches the application behind; once the
//! directory has deactivated the person, nothing of it works any more.

use axum::http::Method;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use url::Url;

use crate::demo::Fault;
use crate::demo::client::{Asked, Browser, Reply, reason};
use crate::demo::expect::{Unexpected, ensure, says, text};
use crate::demo::portal::{self, ADA};
use crate::demo::setting::{Acme, ROLE, SLUG, path};
use crate::demo::stage::Stage;
use crate::demo::transcript::{Stopped, Transcript, Went};

/// What stands in front of a signature's value, whatever the prefix.
const OPEN: &str = "SignatureValue>";

/// The cookie of a session, on plain http.
pub(super) const SESSION: &str = "usher";

/// Ada: what her directory's client and her browser know.
pub(super) struct Ada {
    /// The id of her SCIM resource.
    pub(super) scim_id: String,
    /// Her browser.
    pub(super) browser: Browser,
}

/// Ada signs in.
pub(super) async fn signs_in(
    stage: &Stage,
    acme: &Acme,
    fault: Option<Fault>,
    ada: &Ada,
    transcript: &mut Transcript,
) -> Result<(), Stopped> {
    let mut response = portal::response(&acme.okta, &ADA, &stage.ids);
    if fault == Some(Fault::BadSignature) {
        response = with_another_signature(&response);
    }
    let acs = &acme.okta.addresses.acs_url;
    let asked = format!("POST {} (a signed SAMLResponse)", path(acs));
    let work = arrive(stage, &ada.browser, acs, &response);
    let login = transcript.step("Okta signs Ada in", asked, work).await?;
    let work = app_asks(&ada.browser, &login);
    let asked = format!("GET {}", short(&login));
    let authorize = transcript
        .step("The app starts its own request", asked, work)
        .await?;
    let work = code(stage, &ada.browser, &authorize);
    let asked = format!("GET {} (the session's cookie)", short(&authorize));
    let callback = transcript
        .step("Usher answers with a code", asked, work)
        .await?;
    let asked = format!(
        "GET {} -> POST /oauth/token, GET /oauth/jwks",
        short(&callback)
    );
    let work = token(&ada.browser, &callback);
    transcript
        .step("The app has a verified ID token", asked, work)
        .await?;
    let asked = format!("POST {} (the same, from another browser)", path(acs));
    let thief = Browser::new(stage.client.clone());
    let work = refused(&thief, acs, &response, "replayed");
    transcript.step("A response works once", asked, work).await
}

/// Ada is deactivated; she is out at every door.
pub(super) async fn is_out(
    stage: &Stage,
    acme: &Acme,
    ada: &Ada,
    transcript: &mut Transcript,
) -> Result<(), Stopped> {
    let login = stage.app.login_url();
    let work = async {
        let (authorize, _) = app_asks(&ada.browser, &login).await?;
        code(stage, &ada.browser, &authorize).await
    };
    let asked = "GET /app/login, GET /oauth/authorize";
    let callback = transcript
        .step("A code that is not used yet", asked, work)
        .await?;
    let asked = r#"PATCH /Users/ADA {"op": "replace", "value": {"active": false}}"#;
    transcript
        .step(
            "Okta deactivates Ada",
            asked,
            deactivate(acme, &ada.scim_id),
        )
        .await?;
    let asked = format!("GET {} -> POST /oauth/token", short(&callback));
    let work = app_refuses(&ada.browser, &callback, "invalid_grant");
    transcript
        .step("Her code is worth nothing", asked, work)
        .await?;
    let work = async {
        let (authorize, _) = app_asks(&ada.browser, &format!("{login}?prompt=none")).await?;
        let callback = ada.browser.get(&authorize).await?.expect(303)?.location()?;
        app_refuses(&ada.browser, &callback, "login_required").await
    };
    let asked = "GET /oauth/authorize?prompt=none (the session's cookie)";
    transcript.step("Her session is over", asked, work).await?;
    let acs = &acme.okta.addresses.acs_url;
    let asked = format!("POST {} (a fresh signed SAMLResponse)", path(acs));
    let fresh = portal::response(&acme.okta, &ADA, &stage.ids);
    let work = refused(&ada.browser, acs, &fresh, "deprovisioned");
    transcript
        .step("Her next sign-in is refused", asked, work)
        .await
}

async fn post(browser: &Browser, acs: &str, response: &str) -> Result<Reply, Unexpected> {
    let form = [("SAMLResponse", response), ("RelayState", "")];
    browser
        .visit(Asked::new(Method::POST, acs).form(&form)?)
        .await
}

/// The response is taken: a cookie, and on to the app.
async fn arrive(stage: &Stage, browser: &Browser, acs: &str, response: &str) -> Went<String> {
    let reply = post(browser, acs, response).await?.expect(303)?;
    ensure(browser.has(SESSION), "no session's cookie came")?;
    let onward = reply.location()?;
    let app = format!("{}?", stage.app.login_url());
    ensure(
        onward.starts_with(&app),
        format!("the browser is sent to {onward}"),
    )?;
    ensure(
        parameter(&onward, "iss")? == stage.public_url,
        "the app is not told the issuer",
    )?;
    let answered = format!("303 to {}, a session's cookie", short(&onward));
    Ok((onward, answered))
}

/// The app starts a request of its own.
pub(super) async fn app_asks(browser: &Browser, login: &str) -> Went<String> {
    let authorize = browser.get(login).await?.expect(303)?.location()?;
    ensure(
        parameter(&authorize, "code_challenge_method")? == "S256",
        "PKCE is not S256",
    )?;
    let state = parameter(&authorize, "state")?;
    ensure(!state.is_empty(), "the request has no state")?;
    parameter(&authorize, "nonce")?;
    let answered = format!(
        "303 to {}, with state, nonce and an S256 challenge",
        short(&authorize)
    );
    Ok((authorize, answered))
}

/// Usher answers it with a code.
pub(super) async fn code(stage: &Stage, browser: &Browser, authorize: &str) -> Went<String> {
    let callback = browser.get(authorize).await?.expect(303)?.location()?;
    let app = format!("{}?", stage.app.redirect_uri());
    ensure(
        callback.starts_with(&app),
        format!("the browser is sent to {callback}"),
    )?;
    let same = parameter(&callback, "state")? == parameter(authorize, "state")?;
    ensure(same, "the state that came back is another one")?;
    ensure(
        !parameter(&callback, "code")?.is_empty(),
        "the code is empty",
    )?;
    let answered = format!("303 to {}, a code and the same state", short(&callback));
    Ok((callback, answered))
}

async fn token(browser: &Browser, callback: &str) -> Went<()> {
    let claims = browser.get(callback).await?.expect(200)?.json()?;
    says(&claims, "/signed_in/email", ADA.address)?;
    says(&claims, "/signed_in/org_slug", SLUG)?;
    says(&claims, "/signed_in/role", ROLE)?;
    says(&claims, "/signed_in/projects", json!([]))?;
    let (email, version) = (ADA.address, claims.pointer("/signed_in/roles_version"));
    let version = version.and_then(Value::as_i64);
    let version = version.ok_or_else(|| Unexpected("no roles_version came".into()))?;
    let role = text(&claims, "/signed_in/role")?;
    let answered = format!("200, ES256: {email}, org {SLUG}, role {role}, roles_version {version}");
    Ok(((), answered))
}

async fn deactivate(acme: &Acme, id: &str) -> Went<()> {
    let operations = json!([{"op": "replace", "value": {"active": false}}]);
    let user = acme
        .okta
        .scim
        .patch(&format!("/Users/{id}"), operations)
        .await?
        .expect(200)?
        .json()?;
    says(&user, "/active", false)?;
    Ok(((), "200, active false".to_owned()))
}

/// The app could not sign its visitor in, and says what Usher said.
async fn app_refuses(browser: &Browser, callback: &str, error: &str) -> Went<()> {
    let answer = browser.get(callback).await?.expect(403)?.json()?;
    says(&answer, "/error", error)?;
    Ok(((), format!("refused: {error}")))
}

/// The response is refused, for this reason.
async fn refused(browser: &Browser, acs: &str, response: &str, why: &str) -> Went<()> {
    let reply = post(browser, acs, response).await?.expect(403)?;
    let page = reply.text();
    let said = reason(&page).unwrap_or("none");
    ensure(
        said == why,
        format!("expected the reason {why}, came {said}"),
    )?;
    Ok(((), format!("403, reason {said}")))
}

/// The same response with one character of its signature changed.
fn with_another_signature(response: &str) -> String {
    let xml = STANDARD.decode(response).unwrap_or_default();
    let xml = String::from_utf8_lossy(&xml).into_owned();
    let Some((head, rest)) = xml.split_once(OPEN) else {
        return response.to_owned();
    };
    let changed = match rest.strip_prefix('A') {
        Some(rest) => format!("B{rest}"),
        None => format!("A{}", rest.get(1..).unwrap_or_default()),
    };
    STANDARD.encode(format!("{head}{OPEN}{changed}"))
}

/// A parameter of a URL's query.
fn parameter(url: &str, name: &str) -> Result<String, Unexpected> {
    let parsed = Url::parse(url)?;
    let value = parsed
        .query_pairs()
        .find(|(known, _)| known == name)
        .map(|(_, v)| v.into_owned());
    value.ok_or_else(|| Unexpected(format!("{} has no {name}", short(url))))
}

/// A URL without origin and query.
pub(super) fn short(url: &str) -> String {
    let path = path(url);
    path.split_once('?')
        .map(|(path, _)| path.to_owned())
        .unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_changed_signature_differs_in_one_character() {
        for (before, after) in [
            (
                "<ds:SignatureValue>Abc</ds:SignatureValue>",
                "<ds:SignatureValue>Bbc</ds:SignatureValue>",
            ),
            (
                "<ds:SignatureValue>xbc</ds:SignatureValue>",
                "<ds:SignatureValue>Abc</ds:SignatureValue>",
            ),
        ] {
            assert_eq!(
                with_another_signature(&STANDARD.encode(before)),
                STANDARD.encode(after)
            );
        }
    }

    #[test]
    fn urls_are_told_in_short() {
        assert_eq!(
            short("http://127.0.0.1:8080/oauth/authorize?a=b"),
            "/oauth/authorize"
        );
        assert_eq!(short("/x?y"), "/x");
    }
}
