//! Redirect URIs: which may be registered, which is met by a request, and the one way to send a
//! browser back to one (RFC 6749 §3.1.2, §4.1.2; RFC 8252 §7.3; RFC 9207; RFC 9700 §2.1, §4.1).

use url::form_urlencoded::Serializer;
use url::{Host, Url};

use super::Error;

/// Why a redirect URI cannot be registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// It holds a space, a backslash, a control character or one outside ASCII.
    #[error("the URI holds a character that must be percent-encoded")]
    Character,
    /// It has a fragment.
    #[error("the URI must not have a fragment")]
    Fragment,
    /// It is no absolute URL.
    #[error("the URI must be an absolute URL with a host")]
    NotAbsolute,
    /// Its query has a name which the response adds.
    #[error("the query must not have code, state, iss or error: the response adds them")]
    Parameter,
    /// It is neither https nor http on loopback.
    #[error("the URI must be https, or http on a loopback address")]
    Scheme,
    /// It has a user name or password.
    #[error("the URI must not have a user name or password")]
    UserInfo,
}

const RESPONSE_PARAMETERS: [&str; 5] = ["code", "error", "error_description", "iss", "state"];

/// Whether an app may register this redirect URI or initiate-login URI: https, or http on a
/// loopback address or `localhost`, without fragment and user name.
pub fn valid_registration(uri: &str) -> Result<(), Unfit> {
    if !plain(uri) {
        return Err(Unfit::Character);
    }
    let url = Url::parse(uri).map_err(|_| Unfit::NotAbsolute)?;
    // A parser for the web forgives `https:app.example` and `https:///app.example`.
    if authority(uri).is_empty() {
        return Err(Unfit::NotAbsolute);
    }
    let loopback = match url.host() {
        None => return Err(Unfit::NotAbsolute),
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
    };
    if url.scheme() != "https" && !(url.scheme() == "http" && loopback) {
        return Err(Unfit::Scheme);
    }
    if url.fragment().is_some() {
        return Err(Unfit::Fragment);
    }
    if !url.username().is_empty() || url.password().is_some() || authority(uri).contains('@') {
        return Err(Unfit::UserInfo);
    }
    if url
        .query_pairs()
        .any(|(name, _)| RESPONSE_PARAMETERS.contains(&&*name))
    {
        return Err(Unfit::Parameter);
    }
    Ok(())
}

/// Whether the URI of a request is one of those registered: character for character, save that a
/// native app may listen on any port of a loopback address (RFC 8252 §7.3).
pub fn matches(registered: &[String], given: &str, native: bool) -> bool {
    registered.iter().any(|uri| {
        uri == given || (native && loopback(uri).is_some() && loopback(uri) == loopback(given))
    })
}

/// A loopback URI without its port: the address, and what follows. By name (`localhost`) it could
/// resolve to elsewhere, so only the two addresses count (RFC 8252 §8.3).
fn loopback(uri: &str) -> Option<(&'static str, &str)> {
    const V4: &str = "http://127.0.0.1";
    const V6: &str = "http://[::1]";
    let (address, rest) = [V4, V6]
        .into_iter()
        .find_map(|a| Some((a, uri.strip_prefix(a)?)))?;
    let rest = match rest.strip_prefix(':') {
        None => rest,
        Some(rest) => {
            let end = rest
                .find(|c: char| !c.is_ascii_digit())
                .unwrap_or(rest.len());
            let (port, rest) = rest.split_at_checked(end)?;
            port.parse::<u16>().ok().filter(|port| *port != 0)?;
            rest
        }
    };
    (rest.is_empty() || rest.starts_with(['/', '?'])).then_some((address, rest))
}

/// A redirect URI that was found to be the client's own, and the request's `state`: the only
/// thing that can send a browser back, so an unknown URI never gets a redirect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReturnTo {
    uri: String,
    state: Option<String>,
}

impl ReturnTo {
    /// For [`super::request::ClientPart`], which compares before it calls.
    pub(super) fn new(uri: String, state: Option<String>) -> Self {
        Self { uri, state }
    }

    /// The URI that the code gets bound to.
    pub fn uri(&self) -> &str {
        &self.uri
    }

    /// Where to send the browser with a code (RFC 6749 §4.1.2), from this issuer (RFC 9207 §2).
    pub fn with_code(&self, code: &str, issuer: &str) -> String {
        self.with(&[("code", code)], issuer)
    }

    /// Where to send the browser with an error (RFC 6749 §4.1.2.1).
    pub fn with_error(&self, error: &Error, issuer: &str) -> String {
        let description = error.description();
        self.with(
            &[
                ("error", error.code().as_str()),
                ("error_description", description),
            ],
            issuer,
        )
    }

    fn with(&self, answer: &[(&str, &str)], issuer: &str) -> String {
        let state = self.state.as_deref().map(|state| ("state", state));
        let pairs: Vec<_> = answer
            .iter()
            .copied()
            .chain(state)
            .chain([("iss", issuer)])
            .collect();
        with_query(&self.uri, &pairs)
    }
}

/// The registered URI, untouched, with these pairs after whatever query it has.
pub(super) fn with_query(uri: &str, pairs: &[(&str, &str)]) -> String {
    let query = Serializer::new(String::new()).extend_pairs(pairs).finish();
    let separator = match uri.split_once('?') {
        None => "?",
        Some((_, "")) => "",
        Some(_) => "&",
    };
    format!("{uri}{separator}{query}")
}

/// Whether the text has only printable ASCII and no backslash. Parsers for the web drop line ends
/// and read a backslash as a slash, so text with either means two things to two readers.
pub(super) fn plain(uri: &str) -> bool {
    uri.bytes().all(|b| b.is_ascii_graphic() && b != b'\\')
}

/// What stands between `//` and the path, as written; empty where there is no such thing.
pub(super) fn authority(uri: &str) -> &str {
    let rest = uri
        .split_once(':')
        .and_then(|(_, rest)| rest.strip_prefix("//"))
        .unwrap_or("");
    rest.split(['/', '?', '#']).next().unwrap_or("")
}

#[cfg(test)]
mod tests {
    use super::super::Code;
    use super::*;

    #[test]
    fn only_https_and_loopback_can_be_registered() {
        let table = [
            ("https://app.example/cb", Ok(())),
            ("https://app.example/cb?tenant=1", Ok(())),
            ("https://app.example", Ok(())),
            ("http://127.0.0.1:9000/cb", Ok(())),
            ("http://127.9.9.9/cb", Ok(())),
            ("http://[::1]/cb", Ok(())),
            ("http://localhost:3000/cb", Ok(())),
            ("http://app.example/cb", Err(Unfit::Scheme)),
            ("http://localhost.evil.example/cb", Err(Unfit::Scheme)),
            ("http://10.0.0.1/cb", Err(Unfit::Scheme)),
            ("ftp://app.example/cb", Err(Unfit::Scheme)),
            ("javascript:alert(1)", Err(Unfit::NotAbsolute)),
            ("com.example.app:/cb", Err(Unfit::NotAbsolute)),
            ("https:app.example", Err(Unfit::NotAbsolute)),
            ("https:///app.example", Err(Unfit::NotAbsolute)),
            ("https:app.example?x=https://x", Err(Unfit::NotAbsolute)),
            ("https://", Err(Unfit::NotAbsolute)),
            ("/cb", Err(Unfit::NotAbsolute)),
            ("", Err(Unfit::NotAbsolute)),
            ("https://app.example/cb#x", Err(Unfit::Fragment)),
            ("https://app.example/cb#", Err(Unfit::Fragment)),
            ("https://me@app.example/cb", Err(Unfit::UserInfo)),
            ("https://@app.example/cb", Err(Unfit::UserInfo)),
            ("https://a:b@app.example/cb", Err(Unfit::UserInfo)),
            ("https://app.example/cb?code=1", Err(Unfit::Parameter)),
            (
                "https://app.example/cb?x=1&st%61te=1",
                Err(Unfit::Parameter),
            ),
            ("https://app.example\\cb", Err(Unfit::Character)),
            ("https://app.example/\ncb", Err(Unfit::Character)),
            ("https://app.example/ cb", Err(Unfit::Character)),
            ("https://äpp.example/", Err(Unfit::Character)),
        ];
        for (uri, expected) in table {
            assert_eq!(valid_registration(uri), expected, "{uri:?}");
        }
    }

    #[test]
    fn a_redirect_uri_matches_character_for_character() {
        let registered = ["https://app.example/cb".to_owned()];
        assert!(matches(&registered, "https://app.example/cb", false));
        for given in [
            "",
            "https://app.example/cb/",
            "https://app.example/cb?x",
            "https://app.example/cb#x",
            "https://app.example:443/cb",
            "https://APP.example/cb",
            "https://app.example/x/../cb",
            "https://app.example/%63b",
            "https://app.example@evil.example/cb",
            "https://app.example.evil.example/cb",
            "http://app.example/cb",
            " https://app.example/cb",
        ] {
            assert!(!matches(&registered, given, true), "{given}");
        }
        assert!(!matches(&[], "", true));
    }

    #[test]
    fn only_a_native_app_may_choose_its_loopback_port() {
        let table = [
            ("http://127.0.0.1/cb", "http://127.0.0.1:51004/cb", true),
            ("http://127.0.0.1:1/cb", "http://127.0.0.1:2/cb", true),
            ("http://[::1]/cb?a=1", "http://[::1]:51004/cb?a=1", true),
            ("http://127.0.0.1", "http://127.0.0.1:80", true),
            ("http://127.0.0.1/cb", "http://127.0.0.1:51004/other", false),
            ("http://127.0.0.1/cb", "http://[::1]:51004/cb", false),
            ("http://127.0.0.1/cb", "http://127.0.0.1:0/cb", false),
            ("http://127.0.0.1/cb", "http://127.0.0.1:/cb", false),
            ("http://127.0.0.1/cb", "http://127.0.0.1:99999/cb", false),
            (
                "http://127.0.0.1/cb",
                "http://127.0.0.1:80@evil.example/cb",
                false,
            ),
            (
                "http://127.0.0.1/cb",
                "http://127.0.0.1.evil.example/cb",
                false,
            ),
            ("http://127.0.0.1/cb", "https://127.0.0.1:51004/cb", false),
            ("http://localhost/cb", "http://localhost:51004/cb", false),
            (
                "https://app.example/cb",
                "https://app.example:8443/cb",
                false,
            ),
        ];
        for (registered, given, native) in table {
            let registered = [registered.to_owned()];
            assert_eq!(matches(&registered, given, true), native, "{given}");
            assert!(!matches(&registered, given, false), "{given}");
        }
    }

    #[test]
    fn the_answer_goes_after_the_query_that_was_registered() {
        let error = Code::AccessDenied.because("not today");
        let table = [
            ("https://a.example/cb", "https://a.example/cb?"),
            ("https://a.example/cb?", "https://a.example/cb?"),
            ("https://a.example/cb?t=1", "https://a.example/cb?t=1&"),
        ];
        for (uri, start) in table {
            let to = ReturnTo::new(uri.to_owned(), Some("a b&iss=x\r\n".to_owned()));
            assert_eq!(
                to.with_code("c+1", "https://usher.example"),
                format!(
                    "{start}code=c%2B1&state=a+b%26iss%3Dx%0D%0A&iss=https%3A%2F%2Fusher.example"
                ),
            );
            let to = ReturnTo::new(uri.to_owned(), None);
            assert_eq!(
                to.with_error(&error, "i"),
                format!("{start}error=access_denied&error_description=not+today&iss=i"),
            );
        }
    }
}
