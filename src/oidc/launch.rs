//! The start of the hand-off after a sign-in that the identity provider began (OpenID Connect Core
//! §4): the browser goes to the app's initiate-login URI, and the app asks for its code itself, so
//! that no code is ever issued unasked.

use url::Url;

use super::redirect::{authority, plain, with_query};

/// How much of a RelayState is looked at.
const LONGEST: usize = 2048;

/// Where to send the browser: the app's own initiate-login URI, with who asks, whom to expect and,
/// if the app has registered such a place, where the person wanted to go.
pub fn hand_off_url(
    initiate_login_uri: &str,
    issuer: &str,
    login_hint: &str,
    target_link_uri: Option<&str>,
) -> String {
    let mut pairs = vec![("iss", issuer), ("login_hint", login_hint)];
    pairs.extend(target_link_uri.map(|target| ("target_link_uri", target)));
    with_query(initiate_login_uri, &pairs)
}

/// The place which a RelayState names, if it is an absolute http(s) URL at or below a launch URL
/// that the app registered; otherwise RelayState is not for us to use. What comes back is the
/// parsed form, so that the app reads the same place as was checked here.
pub fn target(relay_state: &str, launch_urls: &[String]) -> Option<String> {
    let relayed = parsed(relay_state)?;
    let path = relayed.path().to_ascii_lowercase();
    // An encoded separator is one segment to us and may be two, or a step upwards, to the app.
    if path.contains("%2f") || path.contains("%5c") {
        return None;
    }
    let mut launches = launch_urls.iter().filter_map(|url| parsed(url));
    let below = launches.any(|launch| begins_with(&relayed, &launch));
    below.then(|| relayed.into())
}

fn parsed(text: &str) -> Option<Url> {
    let authority = authority(text);
    if text.len() > LONGEST || !plain(text) || authority.is_empty() || authority.contains('@') {
        return None;
    }
    let url = Url::parse(text).ok()?;
    let web = matches!(url.scheme(), "http" | "https");
    (web && url.username().is_empty() && url.password().is_none()).then_some(url)
}

/// The same origin, and a path that goes on only where a segment ends. A launch URL with a query
/// admits its own path alone, and the query may go on only where a parameter ends.
fn begins_with(url: &Url, launch: &Url) -> bool {
    let goes_on = |text: &str, start: &str, boundary: char| {
        let rest = text.strip_prefix(start);
        rest.is_some_and(|rest| {
            rest.is_empty() || start.ends_with(boundary) || rest.starts_with(boundary)
        })
    };
    url.origin() == launch.origin()
        && launch.fragment().is_none()
        && match launch.query() {
            None => goes_on(url.path(), launch.path(), '/'),
            Some(query) => {
                url.path() == launch.path() && goes_on(url.query().unwrap_or(""), query, '&')
            }
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hand_off_names_issuer_person_and_place() {
        let table = [
            (
                "https://app.example/login",
                None,
                "https://app.example/login?iss=https%3A%2F%2Fu.example&login_hint=ada%40acme.example",
            ),
            (
                "https://app.example/login?a=1",
                Some("https://app.example/docs?x=1&y=2"),
                "https://app.example/login?a=1&iss=https%3A%2F%2Fu.example\
                 &login_hint=ada%40acme.example\
                 &target_link_uri=https%3A%2F%2Fapp.example%2Fdocs%3Fx%3D1%26y%3D2",
            ),
        ];
        for (uri, target, expected) in table {
            let url = hand_off_url(uri, "https://u.example", "ada@acme.example", target);
            assert_eq!(url, expected);
        }
    }

    fn launch_urls() -> Vec<String> {
        [
            "https://app.example/team",
            "https://files.example/",
            "https://q.example/open?tenant=1",
            "http://127.0.0.1:3000/demo/",
            "https://me@odd.example/",
            "not a url",
        ]
        .map(str::to_owned)
        .to_vec()
    }

    #[test]
    fn a_relay_state_at_or_below_a_launch_url_is_used() {
        let same = |text: &'static str| (text, text);
        let table = [
            same("https://app.example/team"),
            same("https://app.example/team/"),
            same("https://app.example/team/docs/7?tab=2#part"),
            same("https://app.example/team?x=https://evil.example/"),
            same("https://files.example/a/b"),
            same("https://q.example/open?tenant=1"),
            same("https://q.example/open?tenant=1&doc=2"),
            same("http://127.0.0.1:3000/demo/x"),
            ("https://app.example:443/team", "https://app.example/team"),
            ("HTTPS://APP.example/team", "https://app.example/team"),
            ("https://files.example", "https://files.example/"),
            (
                "https://app.example/team/a/../b",
                "https://app.example/team/b",
            ),
        ];
        for (relay_state, expected) in table {
            let found = target(relay_state, &launch_urls());
            assert_eq!(found.as_deref(), Some(expected), "{relay_state:?}");
        }
    }

    #[test]
    fn any_other_relay_state_is_left_out() {
        let long = format!("https://app.example/team/{}", "a".repeat(LONGEST));
        for relay_state in [
            "",
            "opaque-token",
            "/team",
            "//app.example/team",
            "https:app.example/team",
            "https:/app.example/team",
            "https:app.example/team?x=https://app.example/",
            "https:///app.example/team",
            "https://app.example/teams",
            "https://app.example/team.evil",
            "https://app.example/team/../admin",
            "https://app.example/team/%2e%2e/admin",
            "https://app.example/team/%2e%2e%2Fadmin",
            "https://app.example/team/..%5cadmin",
            "https://app.example/Team",
            "https://app.example/",
            "http://app.example/team",
            "https://app.example:8443/team",
            "https://app.example.evil/team",
            "https://app.example@evil.example/team",
            "https://app.example:x@evil.example/team",
            "https://user@app.example/team",
            "https://@app.example/team",
            "https://evil.example/https://app.example/team",
            "https://evil.example\\@app.example/team",
            "https://app.example\\team",
            "https://app.example/team\r\nSet-Cookie:x",
            "https://app.example/te\tam",
            " https://app.example/team",
            "https://app.example/team\0",
            "https://app\u{3002}example/team",
            "https://q.example/open",
            "https://q.example/open?tenant=11",
            "https://q.example/open/x?tenant=1",
            "http://127.0.0.1:3000/demo",
            "http://127.0.0.1:3001/demo/",
            "https://odd.example/",
            "javascript://app.example/team",
            "javascript:alert(1)",
            "ftp://app.example/team",
            &long,
        ] {
            assert_eq!(target(relay_state, &launch_urls()), None, "{relay_state:?}");
        }
        assert_eq!(target("https://app.example/team", &[]), None);
    }
}
