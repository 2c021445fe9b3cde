//! The browser's cookies. The session's own (`__Host-usher`, SameSite=Lax) does not come along
//! when an identity provider's page posts a response here, so a second one (SameSite=None) says
//! which session is in the browser: it holds the session's hash, which opens nothing. A third
//! (SameSite=Strict) binds the answer to the confirm page, a fourth (SameSite=Lax) the forms on the
//! page of an invitation, and a fifth (SameSite=None) our requests to identity providers, whose
//! answers are posted from elsewhere. On plain http, which is for trying
//! out, the names have no prefix and the cookies are not Secure.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use url::Url;

use crate::http::Gateway;
use crate::limits;
use crate::provisioning::sign_in::Cookie;
use crate::secret::{self, Bearer, Hash};

const SESSION: &str = "usher";
const PRESENCE: &str = "usher-browser";
const QUESTION: &str = "usher-continue";
const JOIN: &str = "usher-join";
const REQUEST: &str = "usher-request";
/// How long the page of an invitation can stay open.
const JOIN_SECONDS: i64 = 24 * 60 * 60;
/// How long the confirm page can be answered.
const QUESTION_SECONDS: i64 = 300;

/// What a browser shows of itself.
#[derive(Clone, Debug)]
pub(in crate::http) struct Browser {
    /// The hash of its session's cookie: the one that lets in.
    pub(in crate::http) session: Option<Hash>,
    /// The hash of the session that it has, by either cookie: good for asking who is there.
    pub(in crate::http) present: Vec<Hash>,
    /// The secret of a confirm page.
    pub(in crate::http) question: Option<String>,
    /// The secret that the forms of an invitation's page are bound to.
    pub(in crate::http) join: Option<String>,
    /// The secret that our requests to identity providers are bound to.
    pub(in crate::http) request: Option<String>,
}

impl Browser {
    fn read(headers: &HeaderMap, is_https: bool) -> Self {
        let value = |base: &str| secret_of(headers, &name(base, is_https));
        let session = value(SESSION).map(|value| secret::hash(&value));
        let hash = |value: String| URL_SAFE_NO_PAD.decode(value).ok()?.try_into().ok();
        let presence: Option<Hash> = value(PRESENCE).and_then(hash);
        let mut present: Vec<Hash> = session.into_iter().collect();
        present.extend(presence.filter(|hash| session.as_ref() != Some(hash)));
        Self {
            session,
            present,
            question: value(QUESTION),
            join: value(JOIN),
            request: value(REQUEST),
        }
    }
}

impl FromRequestParts<Gateway> for Browser {
    type Rejection = Infallible;

    async fn from_request_parts(
        parts: &mut Parts,
        gateway: &Gateway,
    ) -> Result<Self, Self::Rejection> {
        Ok(Self::read(&parts.headers, gateway.is_https()))
    }
}

fn name(base: &str, is_https: bool) -> String {
    if is_https {
        format!("__Host-{base}")
    } else {
        base.to_owned()
    }
}

/// The cookie's value (RFC 6265 §4.2.1), if it is what we set: 256 bits in base64url.
fn secret_of(headers: &HeaderMap, name: &str) -> Option<String> {
    let fields = headers
        .get_all(header::COOKIE)
        .into_iter()
        .filter_map(|v| v.to_str().ok());
    let mut pairs = fields
        .flat_map(|field| field.split(';'))
        .filter_map(|p| p.split_once('='));
    let (_, value) = pairs.find(|(n, _)| n.trim() == name)?;
    let value = value.trim();
    let ours = value.len() == 43
        && value
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    ours.then(|| value.to_owned())
}

/// How far a cookie goes along with requests from elsewhere.
#[derive(Clone, Copy)]
enum SameSite {
    Lax,
    None,
    Strict,
}

/// Gives the browser its session.
pub(in crate::http) fn begin(
    headers: &mut HeaderMap,
    gateway: &Gateway,
    cookie: &Cookie,
    now: Timestamp,
) {
    let seconds = cookie.expires_at.duration_since(now).as_secs().max(0);
    let presence = URL_SAFE_NO_PAD.encode(cookie.secret.hash());
    set(
        headers,
        gateway,
        SESSION,
        cookie.secret.reveal(),
        seconds,
        SameSite::Lax,
    );
    set(
        headers,
        gateway,
        PRESENCE,
        &presence,
        seconds,
        SameSite::None,
    );
}

/// Takes the session from the browser.
pub(in crate::http) fn end(headers: &mut HeaderMap, gateway: &Gateway) {
    set(headers, gateway, SESSION, "", 0, SameSite::Lax);
    set(headers, gateway, PRESENCE, "", 0, SameSite::None);
}

/// Gives the browser the secret of a confirm page.
pub(in crate::http) fn ask(headers: &mut HeaderMap, gateway: &Gateway, secret: &Bearer) {
    set(
        headers,
        gateway,
        QUESTION,
        secret.reveal(),
        QUESTION_SECONDS,
        SameSite::Strict,
    );
}

/// Gives the browser the secret that the forms of an invitation's page are bound to.
pub(in crate::http) fn bind(headers: &mut HeaderMap, gateway: &Gateway, secret: &str) {
    set(headers, gateway, JOIN, secret, JOIN_SECONDS, SameSite::Lax);
}

/// Gives the browser the secret that our requests to identity providers are bound to.
pub(in crate::http) fn request(headers: &mut HeaderMap, gateway: &Gateway, secret: &str) {
    let seconds = limits::SAML_REQUEST_LIFE.as_secs();
    set(headers, gateway, REQUEST, secret, seconds, SameSite::None);
}

/// Takes the secret of a confirm page from the browser.
pub(in crate::http) fn asked(headers: &mut HeaderMap, gateway: &Gateway) {
    set(headers, gateway, QUESTION, "", 0, SameSite::Strict);
}

fn set(
    headers: &mut HeaderMap,
    gateway: &Gateway,
    base: &str,
    value: &str,
    seconds: i64,
    same_site: SameSite,
) {
    let is_https = gateway.is_https();
    // Browsers take SameSite=None from secure cookies only.
    let same_site = match same_site {
        SameSite::Strict => "Strict",
        SameSite::None if is_https => "None",
        SameSite::None | SameSite::Lax => "Lax",
    };
    let secure = if is_https { "; Secure" } else { "" };
    let name = name(base, is_https);
    let text = format!(
        "{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite={same_site}{secure}"
    );
    if let Ok(value) = HeaderValue::from_str(&text) {
        headers.append(header::SET_COOKIE, value);
    }
}

/// Whether a form was posted from a page of ours, as far as the browser says: what it says of the
/// site, or else of the origin. A client that says neither is no browser that could be misled.
pub(in crate::http) fn is_ours(headers: &HeaderMap, public_url: &str) -> bool {
    let said = |name: &str| {
        headers
            .get(name)
            .map(|value| value.to_str().unwrap_or("").to_owned())
    };
    match (said("sec-fetch-site"), said("origin")) {
        (Some(site), _) => site == "same-origin" || site == "none",
        (None, Some(origin)) => {
            Url::parse(public_url).is_ok_and(|url| url.origin().ascii_serialization() == origin)
        }
        (None, None) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALUE: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

    fn headers(of: &[(&'static str, &str)]) -> HeaderMap {
        of.iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect()
    }

    #[test]
    fn only_a_cookie_that_could_be_ours_is_read() {
        let good = format!("__Host-usher={VALUE}");
        for (cookie, read) in [
            (good.clone(), true),
            (format!("a=b; {good}; c"), true),
            (format!("usher={VALUE}"), false),
            (format!("__Host-usher={VALUE}A"), false),
            (format!("__Host-usher=continue:{VALUE}"), false),
            ("__Host-usher=".to_owned(), false),
            (format!("__host-usher={VALUE}"), false),
        ] {
            let browser = Browser::read(&headers(&[("cookie", &cookie)]), true);
            assert_eq!(browser.session.is_some(), read, "{cookie}");
        }
    }

    #[test]
    fn the_presence_cookie_tells_who_is_there_and_lets_nobody_in() {
        let hash = secret::hash(VALUE);
        let text = URL_SAFE_NO_PAD.encode(hash);
        let alone = format!("__Host-usher-browser={text}");
        let browser = Browser::read(&headers(&[("cookie", &alone)]), true);
        assert_eq!((browser.session, browser.present), (None, vec![hash]));
        let both = format!("{alone}; __Host-usher={VALUE}");
        let browser = Browser::read(&headers(&[("cookie", &both)]), true);
        assert_eq!((browser.session, browser.present), (Some(hash), vec![hash]));
        // Shown as the session's cookie, the hash is hashed again and found nowhere.
        let forged = Browser::read(
            &headers(&[("cookie", &format!("__Host-usher={text}"))]),
            true,
        );
        assert_ne!(forged.session, Some(hash));
    }

    #[test]
    fn a_form_from_elsewhere_is_not_ours() {
        let url = "https://usher.example/";
        for (given, ours) in [
            (vec![], true),
            (vec![("sec-fetch-site", "same-origin")], true),
            (
                vec![
                    ("sec-fetch-site", "cross-site"),
                    ("origin", "https://usher.example"),
                ],
                false,
            ),
            (vec![("sec-fetch-site", "same-site")], false),
            (vec![("origin", "https://usher.example")], true),
            (vec![("origin", "https://evil.example")], false),
            (vec![("origin", "null")], false),
        ] {
            assert_eq!(is_ours(&headers(&given), url), ours, "{given:?}");
        }
    }
}
