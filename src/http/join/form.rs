//! The posted form: read under a bound, and trusted only where it came from our page in the same
//! browser.

use axum::body::Body;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use url::Url;

use crate::http::auth::session::Browser;
use crate::http::body::{self, Fault};
use crate::http::join::Visit;
use crate::http::oidc::form::{MEDIA_TYPE, Pairs, pairs};
use crate::http::reply::page;
use crate::http::{Gateway, RequestId};
use crate::id::Entropy;
use crate::limits;
use crate::secret::{self, Bearer};

/// What binds a form to a browser: the secret of its cookie, and the field that follows from it
/// and the page's address.
pub(in crate::http) struct Bound {
    pub(in crate::http) secret: String,
    pub(in crate::http) field: String,
}

impl Bound {
    /// The one that the browser has already, so that a second page leaves the first one good; else
    /// a new one.
    pub(in crate::http) fn of(browser: &Browser, entropy: &Entropy, token: &str) -> Self {
        let fresh = || Bearer::new("", entropy).reveal().to_owned();
        let secret = browser.join.clone().unwrap_or_else(fresh);
        let field = field(&secret, token);
        Self { secret, field }
    }
}

fn field(secret: &str, token: &str) -> String {
    URL_SAFE_NO_PAD.encode(secret::hash(&format!("{secret} {token}")))
}

/// Whether the field follows from the browser's cookie.
pub(in crate::http) fn is_bound(browser: &Browser, token: &str, said: Option<&str>) -> bool {
    match (&browser.join, said) {
        (Some(secret), Some(said)) => {
            secret::equal(field(secret, token).as_bytes(), said.as_bytes())
        }
        _ => false,
    }
}

/// Whether the browser says that the form came from elsewhere. From a page that keeps its address
/// to itself, the origin is `null`: that says nothing.
pub(in crate::http) fn is_foreign(headers: &HeaderMap, homes: &[&str]) -> bool {
    let said = |name| headers.get(name).map(|value| value.to_str().unwrap_or(""));
    let home = |origin: &str| {
        homes
            .iter()
            .filter_map(|url| Url::parse(url).ok())
            .any(|url| url.origin().ascii_serialization() == origin)
    };
    match (said("sec-fetch-site"), said("origin")) {
        (Some(site), _) => site != "same-origin" && site != "none",
        (None, Some("null") | None) => false,
        (None, Some(origin)) => !home(origin),
    }
}

impl Visit {
    /// The fields of a posted form, or the page that says why there are none.
    pub(super) async fn fields(&self, headers: &HeaderMap, body: Body) -> Result<Pairs, Response> {
        fields(&self.gateway, &self.request, headers, body).await
    }
}

/// The fields of a form that is posted to its own page, or the page that says why there are none.
pub(in crate::http) async fn fields(
    gateway: &Gateway,
    request: &RequestId,
    headers: &HeaderMap,
    body: Body,
) -> Result<Pairs, Response> {
    let refused =
        |status, reason, text| page::refusal(status, "That did not work", reason, text, request);
    let media = headers.get(header::CONTENT_TYPE);
    let media = media.and_then(|value| value.to_str().ok());
    let media = media.and_then(|value| value.split(';').next());
    if !media.is_some_and(|media| media.trim().eq_ignore_ascii_case(MEDIA_TYPE)) {
        let text = "This address takes the form of its own page only.";
        return Err(refused(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "media_type",
            text,
        ));
    }
    let anybody = std::future::ready(Ok::<_, Response>(()));
    let taken = body::read(&gateway.large_forms, body, limits::JOIN_FORM, anybody).await?;
    let (status, reason) = match taken {
        Ok(taken) => return Ok(pairs(&taken.bytes)),
        Err(Fault::Busy) => return Err(page::busy(request)),
        Err(Fault::Incomplete) => (StatusCode::BAD_REQUEST, "body_incomplete"),
        Err(Fault::TooLarge) => (StatusCode::PAYLOAD_TOO_LARGE, "too_large"),
        Err(Fault::TooSlow) => (StatusCode::REQUEST_TIMEOUT, "body_too_slow"),
    };
    let text = "The form did not arrive as it should. Open the link again.";
    Err(refused(status, reason, text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_from_elsewhere_is_known() {
        let homes = ["https://usher.example", "https://join.acme.example"];
        for (given, foreign) in [
            (&[][..], false),
            (&[("sec-fetch-site", "same-origin")], false),
            (&[("sec-fetch-site", "none")], false),
            (&[("sec-fetch-site", "same-site")], true),
            (
                &[
                    ("sec-fetch-site", "cross-site"),
                    ("origin", "https://usher.example"),
                ],
                true,
            ),
            (
                &[("sec-fetch-site", "same-origin"), ("origin", "null")],
                false,
            ),
            (&[("origin", "https://usher.example")], false),
            (&[("origin", "https://join.acme.example")], false),
            (&[("origin", "null")], false),
            (&[("origin", "https://evil.example")], true),
        ] {
            let headers: HeaderMap = given
                .iter()
                .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
                .collect();
            assert_eq!(is_foreign(&headers, &homes), foreign, "{given:?}");
        }
    }

    #[test]
    fn a_field_is_bound_to_its_browser_and_its_page() {
        let entropy = Entropy::seeded(1);
        let browser = |join: Option<&str>| {
            let mut browser = Browser::default();
            browser.join = join.map(str::to_owned);
            browser
        };
        let bound = Bound::of(&browser(None), &entropy, "inv_a");
        let mine = browser(Some(&bound.secret));
        let other = Bound::of(&browser(None), &entropy, "inv_a");
        assert_eq!(Bound::of(&mine, &entropy, "inv_a").field, bound.field);
        for (browser, token, said, good) in [
            (&mine, "inv_a", Some(&*bound.field), true),
            (&mine, "inv_b", Some(&*bound.field), false),
            (&mine, "inv_a", Some(&*other.field), false),
            (&mine, "inv_a", None, false),
            (&browser(None), "inv_a", Some(&*bound.field), false),
            (
                &browser(Some(&other.secret)),
                "inv_a",
                Some(&*bound.field),
                false,
            ),
        ] {
            assert_eq!(is_bound(browser, token, said), good);
        }
    }
}
