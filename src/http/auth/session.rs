//! The browser's cookies. The session's own (`__Host-usher`, SameSite=Lax) does not come along
//! when an identity provider's page posts a response here, so a second one (SameSite=None) says
//! which session is in the browser: it holds the session's hash, which opens nothing. Both are there
//! once more under the organization's name (`__Host-usher.{organization}`), so that a sign-in to
//! another organization, which is of the same browser but of other cookies, leaves them alone. A third
//! (SameSite=Strict) binds the answer to the confirm page, a fourth (SameSite=Lax) the forms on the
//! page of an invitation, and a fifth (SameSite=None) our requests to identity providers, whose
//! answers are posted from elsewhere. Somebody's session at the console is in a sixth (SameSite=Lax). On plain http, which is for trying
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
use crate::store::rows::SessionRow;

const SESSION: &str = "usher";
const PRESENCE: &str = "usher-browser";
const QUESTION: &str = "usher-continue";
const JOIN: &str = "usher-join";
const REQUEST: &str = "usher-request";
const CONSOLE: &str = "usher-console";
/// How long the page of an invitation can stay open.
const JOIN_SECONDS: i64 = 24 * 60 * 60;
/// How long the confirm page can be answered.
const QUESTION_SECONDS: i64 = 300;

/// What a browser shows of itself.
#[derive(Clone, Debug, Default)]
pub(in crate::http) struct Browser {
    /// The hashes of its sessions' cookies, that of the latest sign-in first: those that let in.
    pub(in crate::http) sessions: Vec<Hash>,
    /// The hashes of the sessions that it has, by either cookie: good for asking who is there.
    pub(in crate::http) present: Vec<Hash>,
    /// The secret of a confirm page.
    pub(in crate::http) question: Option<String>,
    /// The secret that the forms of an invitation's page are bound to.
    pub(in crate::http) join: Option<String>,
    /// The secret that our requests to identity providers are bound to.
    pub(in crate::http) request: Option<String>,
    /// The secret of its session at the console.
    pub(in crate::http) console: Option<String>,
    /// What its cookies are called after their first part, and the session that each tells of.
    places: Vec<(String, Hash)>,
}

impl Browser {
    /// What the headers of a request show.
    pub(in crate::http) fn of(headers: &HeaderMap, gateway: &Gateway) -> Self {
        Self::read(headers, gateway.is_https())
    }

    fn read(headers: &HeaderMap, is_https: bool) -> Self {
        let (mut sessions, mut presence): (Vec<_>, Vec<_>) = (Vec::new(), Vec::new());
        for (place, value) in of_sessions(headers, &name(SESSION, is_https)) {
            sessions.push((place, secret::hash(&value)));
        }
        for (place, value) in of_sessions(headers, &name(PRESENCE, is_https)) {
            let hash = URL_SAFE_NO_PAD.decode(value).ok();
            presence.extend(hash.and_then(|it| Some((place, Hash::try_from(it).ok()?))));
        }
        let hashes = |places: &[(String, Hash)]| places.iter().map(|(_, hash)| *hash).collect();
        let places = [&sessions[..], &presence[..]].concat();
        let value = |base: &str| secret_of(headers, &name(base, is_https));
        Self {
            sessions: once_each(hashes(&sessions)),
            present: once_each(hashes(&places)),
            question: value(QUESTION),
            join: value(JOIN),
            request: value(REQUEST),
            console: value(CONSOLE),
            places,
        }
    }
}

/// The cookies of sessions: the one of the latest sign-in, and then those of organizations.
fn of_sessions(headers: &HeaderMap, name: &str) -> Vec<(String, String)> {
    let is_organization = |place: &str| {
        let id = place.strip_prefix('.');
        id.is_some_and(|id| id.len() == 32 && id.bytes().all(|b| b.is_ascii_hexdigit()))
    };
    let mut found: Vec<_> = pairs(headers)
        .filter_map(|(given, value)| Some((given.strip_prefix(name)?, value)))
        .filter(|(place, value)| {
            (place.is_empty() || is_organization(place)) && is_ours_by_form(value)
        })
        .map(|(place, value)| (place.to_owned(), value.to_owned()))
        .collect();
    found.sort_by_key(|(place, _)| !place.is_empty());
    found.truncate(limits::BROWSER_SESSIONS);
    found
}

fn once_each(hashes: Vec<Hash>) -> Vec<Hash> {
    let mut once = Vec::new();
    for hash in hashes {
        if !once.contains(&hash) {
            once.push(hash);
        }
    }
    once
}

impl FromRequestParts<Gateway> for Browser {
    type Rejection = Infallible;

    async fn from_request_parts(
        parts: &mut Parts,
        gateway: &Gateway,
    ) -> Result<Self, Self::Rejection> {
        Ok(Self::of(&parts.headers, gateway))
    }
}

fn name(base: &str, is_https: bool) -> String {
    if is_https {
        format!("__Host-{base}")
    } else {
        base.to_owned()
    }
}

/// The cookies' names and values (RFC 6265 §4.2.1).
fn pairs(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    let fields = headers.get_all(header::COOKIE).into_iter();
    fields
        .filter_map(|value| value.to_str().ok())
        .flat_map(|field| field.split(';'))
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (name.trim(), value.trim()))
}

/// Whether a value can be one that we set: 256 bits in base64url.
fn is_ours_by_form(value: &str) -> bool {
    let good = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    value.len() == 43 && value.bytes().all(good)
}

/// A cookie's value, if it is what we set.
fn secret_of(headers: &HeaderMap, name: &str) -> Option<String> {
    let (_, value) = pairs(headers).find(|(given, _)| *given == name)?;
    is_ours_by_form(value).then(|| value.to_owned())
}

/// How far a cookie goes along with requests from elsewhere.
#[derive(Clone, Copy)]
enum SameSite {
    Lax,
    None,
    Strict,
}

/// Gives the browser its session of an organization; those of others stay.
pub(in crate::http) fn begin(
    headers: &mut HeaderMap,
    gateway: &Gateway,
    cookie: &Cookie,
    now: Timestamp,
) {
    let seconds = cookie.expires_at.duration_since(now).as_secs().max(0);
    let presence = URL_SAFE_NO_PAD.encode(cookie.secret.hash());
    let secret = cookie.secret.reveal();
    for place in [String::new(), format!(".{}", cookie.org.uuid().simple())] {
        let (own, told) = (format!("{SESSION}{place}"), format!("{PRESENCE}{place}"));
        set(headers, gateway, &own, secret, seconds, SameSite::Lax);
        set(headers, gateway, &told, &presence, seconds, SameSite::None);
    }
}

/// Takes a session from the browser, or whatever it has of sessions that are over.
pub(in crate::http) fn end(
    headers: &mut HeaderMap,
    gateway: &Gateway,
    browser: &Browser,
    session: Option<&SessionRow>,
) {
    let is_it = |hash: &Hash| session.is_none_or(|session| session.hash == hash);
    let of_it = browser.places.iter().filter(|(_, hash)| is_it(hash));
    let mut places: Vec<&str> = of_it.map(|(place, _)| place.as_str()).collect();
    if session.is_none() {
        places.push("");
    }
    places.sort_unstable();
    places.dedup();
    for place in places {
        let (own, told) = (format!("{SESSION}{place}"), format!("{PRESENCE}{place}"));
        set(headers, gateway, &own, "", 0, SameSite::Lax);
        set(headers, gateway, &told, "", 0, SameSite::None);
    }
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

/// Gives the browser its session at the console, for so long; none for no time.
pub(in crate::http) fn console(
    headers: &mut HeaderMap,
    gateway: &Gateway,
    secret: &str,
    seconds: i64,
) {
    set(headers, gateway, CONSOLE, secret, seconds, SameSite::Lax);
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
            assert_eq!(!browser.sessions.is_empty(), read, "{cookie}");
        }
    }

    #[test]
    fn the_presence_cookie_tells_who_is_there_and_lets_nobody_in() {
        let hash = secret::hash(VALUE);
        let text = URL_SAFE_NO_PAD.encode(hash);
        let alone = format!("__Host-usher-browser={text}");
        let browser = Browser::read(&headers(&[("cookie", &alone)]), true);
        assert_eq!((browser.sessions, browser.present), (vec![], vec![hash]));
        let both = format!("{alone}; __Host-usher={VALUE}");
        let browser = Browser::read(&headers(&[("cookie", &both)]), true);
        assert_eq!(
            (browser.sessions, browser.present),
            (vec![hash], vec![hash])
        );
        // Shown as the session's cookie, the hash is hashed again and found nowhere.
        let forged = Browser::read(
            &headers(&[("cookie", &format!("__Host-usher={text}"))]),
            true,
        );
        assert_ne!(forged.sessions, vec![hash]);
    }

    #[test]
    fn each_organization_has_a_cookie_of_its_own_and_the_latest_comes_first() {
        let (first, second) = ("0".repeat(32), "f".repeat(32));
        let other = "B".repeat(43);
        let text = format!(
            "__Host-usher.{first}={VALUE}; __Host-usher.x={VALUE}; __Host-usher.{second}={other}; \
             __Host-usher={other}; __Host-usher-join={VALUE}"
        );
        let browser = Browser::read(&headers(&[("cookie", &text)]), true);
        let hashes = [secret::hash(&other), secret::hash(VALUE)];
        assert_eq!(browser.sessions, hashes);
        assert_eq!(browser.present, hashes);
        let places: Vec<_> = browser.places.iter().map(|(place, _)| &**place).collect();
        assert_eq!(places, ["", &format!(".{first}"), &format!(".{second}")]);
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
